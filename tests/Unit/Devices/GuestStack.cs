using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Devices.Net;

namespace Suite.Tests.Devices;

/// <summary>A guest's side of a user-mode network, packet by packet: what it sends is put together by hand, what it gets is kept.</summary>
internal sealed class GuestStack : INetReceiver, IDisposable
{
    public const uint Guest = 0x0A00020F, Gateway = 0x0A000202, Dns = 0x0A000203;

    public static readonly byte[] Mac = [0x52, 0x54, 0, 0x12, 0x34, 0x56];

    private readonly DeviceBench _bench = new();
    private readonly Queue<byte[]> _frames = [];

    public GuestStack(UserNetworkOptions? options = null)
    {
        Loop = new HostLoop(new Lock());
        Network = new UserNetwork(options ?? new UserNetworkOptions(), Loop, _bench.Clock) { Receiver = this };
    }

    public HostLoop Loop { get; }

    public UserNetwork Network { get; }

    public bool CanReceive { get; set; } = true;

    public void Receive(ReadOnlySpan<byte> frame) => _frames.Enqueue(frame.ToArray());

    public void Dispose()
    {
        Network.Dispose();
        Loop.Dispose();
    }

    public void Advance(double seconds) => _bench.Advance((long)(seconds * VirtualClock.Second));

    /// <summary>Lets the host's side happen until a frame comes; null when none does.</summary>
    public byte[]? Next(int milliseconds = 2000)
    {
        for (long end = HostLoop.Milliseconds + milliseconds; _frames.Count == 0 && HostLoop.Milliseconds < end;)
            Loop.RunOnce(10);
        return _frames.TryDequeue(out byte[]? frame) ? frame : null;
    }

    /// <summary>The IP payload of the next frame, which must be one of this protocol.</summary>
    public byte[] NextIp(byte protocol, out uint from)
    {
        byte[] frame = Next() ?? throw new InvalidOperationException("no frame came");
        Assert.Equal(0x0800, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)));
        Assert.Equal(protocol, frame[23]);
        Assert.Equal(0, InternetChecksum.Of(frame.AsSpan(14, 20)));
        from = BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(26));
        int length = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16));
        byte[] payload = frame.AsSpan(34, length - 20).ToArray();
        if (protocol is 6 or 17)
            Assert.Equal(0, UserNetwork.Checksum(from, BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(30)), protocol, payload));
        return payload;
    }

    public void SendArp(uint about)
    {
        byte[] frame = new byte[42];
        frame.AsSpan(0, 6).Fill(0xFF);
        Mac.CopyTo(frame, 6);
        new byte[] { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 }.CopyTo(frame, 12);
        Mac.CopyTo(frame, 22);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(28), Guest);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(38), about);
        Network.Send(frame);
    }

    public void SendIp(byte protocol, uint to, ReadOnlySpan<byte> payload, uint from = Guest, ushort fragment = 0, ushort id = 7)
    {
        byte[] frame = new byte[34 + payload.Length];
        new byte[] { 0x52, 0x55, 10, 0, 2, 2 }.CopyTo(frame, 0);
        Mac.CopyTo(frame, 6);
        frame[12] = 8;
        Span<byte> ip = frame.AsSpan(14);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(20 + payload.Length));
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], id);
        BinaryPrimitives.WriteUInt16BigEndian(ip[6..], fragment);
        (ip[8], ip[9]) = (64, protocol);
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], from);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], to);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Of(ip[..20]));
        payload.CopyTo(ip[20..]);
        Network.Send(frame);
    }

    public static byte[] Udp(ushort from, ushort to, ReadOnlySpan<byte> data)
    {
        byte[] packet = new byte[8 + data.Length];
        BinaryPrimitives.WriteUInt16BigEndian(packet, from);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), to);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)packet.Length);
        data.CopyTo(packet.AsSpan(8));
        return packet; // no checksum, which UDP allows
    }

    public void SendTcp(ushort from, uint to, ushort port, uint sequence, uint acknowledged, TcpFlags flags, ReadOnlySpan<byte> data = default, ushort window = 0xFFFF)
    {
        byte[] packet = new byte[20 + data.Length];
        BinaryPrimitives.WriteUInt16BigEndian(packet, from);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), port);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), acknowledged);
        (packet[12], packet[13]) = (0x50, (byte)flags);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(14), window);
        data.CopyTo(packet.AsSpan(20));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(16), UserNetwork.Checksum(Guest, to, 6, packet));
        SendIp(6, to, packet);
    }

    /// <summary>The next TCP segment.</summary>
    public (uint Sequence, uint Acknowledged, TcpFlags Flags, byte[] Data) NextTcp()
    {
        byte[] packet = NextIp(6, out _);
        Assert.True(TcpSegment.TryRead(packet, out TcpSegment segment));
        return (segment.Sequence, segment.Acknowledged, segment.Flags, segment.Payload.ToArray());
    }
}
