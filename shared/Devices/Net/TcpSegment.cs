using System.Buffers.Binary;

namespace Suite.Devices.Net;

/// <summary>Bits of a TCP header.</summary>
[Flags]
internal enum TcpFlags : byte
{
    None = 0,
    Fin = 1,
    Syn = 2,
    Reset = 4,
    Push = 8,
    Acknowledge = 16,
}

/// <summary>A TCP segment that was received (RFC 9293).</summary>
internal readonly ref struct TcpSegment
{
    public const int HeaderBytes = 20;

    private const int DefaultMss = 536, SmallestMss = 64, MostShift = 14;

    private TcpSegment(ReadOnlySpan<byte> packet, int header)
    {
        (SourcePort, DestinationPort) = (BinaryPrimitives.ReadUInt16BigEndian(packet), BinaryPrimitives.ReadUInt16BigEndian(packet[2..]));
        (Sequence, Acknowledged) = (BinaryPrimitives.ReadUInt32BigEndian(packet[4..]), BinaryPrimitives.ReadUInt32BigEndian(packet[8..]));
        Flags = (TcpFlags)packet[13];
        Window = BinaryPrimitives.ReadUInt16BigEndian(packet[14..]);
        Payload = packet[header..];
        (Mss, Shift) = (DefaultMss, -1);
        ReadOnlySpan<byte> options = packet[HeaderBytes..header];
        const byte end = 0, none = 1, mss = 2, scale = 3;
        while (options.Length > 0 && options[0] != end)
        {
            if (options[0] == none)
            {
                options = options[1..];
                continue;
            }

            if (options.Length < 2 || options[1] < 2 || options[1] > options.Length)
                break;
            if (options[0] == mss && options[1] == 4)
                Mss = Math.Max(BinaryPrimitives.ReadUInt16BigEndian(options[2..]), (ushort)SmallestMss);
            else if (options[0] == scale && options[1] == 3)
                Shift = Math.Min((int)options[2], MostShift);
            options = options[options[1]..];
        }
    }

    public ushort SourcePort { get; }

    public ushort DestinationPort { get; }

    public uint Sequence { get; }

    public uint Acknowledged { get; }

    public TcpFlags Flags { get; }

    public ushort Window { get; }

    /// <summary>The largest segment the sender takes.</summary>
    public int Mss { get; }

    /// <summary>The sender's window scale; -1 when it has none.</summary>
    public int Shift { get; }

    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Sequence numbers it covers.</summary>
    public uint Length => (uint)Payload.Length + (Has(TcpFlags.Syn) ? 1u : 0) + (Has(TcpFlags.Fin) ? 1u : 0);

    public bool Has(TcpFlags flag) => (Flags & flag) != 0;

    /// <summary>Reads a packet; false when it is malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> packet, out TcpSegment segment)
    {
        segment = default;
        if (packet.Length < HeaderBytes)
            return false;
        int header = (packet[12] >> 4) * 4;
        if (header < HeaderBytes || header > packet.Length)
            return false;
        segment = new TcpSegment(packet, header);
        return true;
    }
}
