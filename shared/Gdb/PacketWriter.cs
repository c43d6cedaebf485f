using System.Text;

namespace Suite.Gdb;

/// <summary>Collects an answer and frames it.</summary>
internal sealed class PacketWriter
{
    private readonly List<byte> _payload = [];

    /// <summary>Bytes so far.</summary>
    public int Length => _payload.Count;

    public PacketWriter Clear()
    {
        _payload.Clear();
        return this;
    }

    /// <summary>ASCII text.</summary>
    public PacketWriter Text(string text)
    {
        foreach (char c in text)
            _payload.Add((byte)c);
        return this;
    }

    /// <summary>A number in hexadecimal digits without leading zeroes.</summary>
    public PacketWriter Number(ulong value) => Text(value.ToString("x"));

    /// <summary>A byte as two digits.</summary>
    public PacketWriter Byte(byte value)
    {
        _payload.Add(Hex.Character(value >> 4));
        _payload.Add(Hex.Character(value));
        return this;
    }

    /// <summary>Bytes as pairs of digits.</summary>
    public PacketWriter HexBytes(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            Byte(b);
        return this;
    }

    /// <summary>Text as pairs of digits.</summary>
    public PacketWriter HexText(string text) => HexBytes(Encoding.UTF8.GetBytes(text));

    /// <summary>Bytes as they are; escaped when framed.</summary>
    public PacketWriter Binary(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            _payload.Add(b);
        return this;
    }

    /// <summary>A thread-id.</summary>
    /// <param name="multiprocess">With the process.</param>
    public PacketWriter Thread(GdbThreadId thread, bool multiprocess)
    {
        if (multiprocess)
            Text("p").Number((ulong)thread.Process).Text(".");
        return Number((ulong)thread.Thread);
    }

    /// <summary>$ payload # checksum, with # $ } * escaped.</summary>
    public byte[] Frame()
    {
        List<byte> frame = new(_payload.Count + 8) { (byte)'$' };
        byte sum = 0;
        foreach (byte b in _payload)
        {
            if (b is (byte)'#' or (byte)'$' or (byte)'}' or (byte)'*')
            {
                frame.Add((byte)'}');
                frame.Add((byte)(b ^ 0x20));
                sum += (byte)('}' + (b ^ 0x20));
            }
            else
            {
                frame.Add(b);
                sum += b;
            }
        }

        frame.AddRange([(byte)'#', Hex.Character(sum >> 4), Hex.Character(sum)]);
        return [.. frame];
    }
}
