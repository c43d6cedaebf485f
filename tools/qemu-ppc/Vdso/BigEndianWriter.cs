using System.Buffers.Binary;

namespace Suite.Tools.Ppc.Vdso;

/// <summary>Fills a block of bytes from front to back, big-endian; what lies between aligned pieces stays zero.</summary>
internal sealed class BigEndianWriter(byte[] block)
{
    private readonly byte[] _block = block;

    /// <summary>Offset of the next byte.</summary>
    public int At { get; set; }

    public void Byte(int value) => _block[At++] = (byte)value;

    public void Half(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_block.AsSpan(At), (ushort)value);
        At += 2;
    }

    public void Word(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_block.AsSpan(At), value);
        At += 4;
    }

    public void Word(int value) => Word((uint)value);

    public void Words(ReadOnlySpan<uint> values)
    {
        foreach (uint value in values)
            Word(value);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_block.AsSpan(At));
        At += bytes.Length;
    }

    /// <summary>DWARF's unsigned number of variable length.</summary>
    public void Uleb(uint value)
    {
        for (; value >= 0x80; value >>= 7)
            Byte((int)(value & 0x7F | 0x80));
        Byte((int)value);
    }

    /// <summary>DWARF's signed number of variable length, for values from 0 to 8191 bytes as frame offsets are.</summary>
    public void SlebOffset(uint value)
    {
        for (; value >= 0x40; value >>= 7)
            Byte((int)(value & 0x7F | 0x80));
        Byte((int)value);
    }

    /// <summary>Moves on to a multiple of a power of two.</summary>
    public void Align(int alignment) => At = (At + alignment - 1) & -alignment;

    /// <summary>Writes a word at an earlier place.</summary>
    public void Patch(int at, int value) => BinaryPrimitives.WriteInt32BigEndian(_block.AsSpan(at), value);
}
