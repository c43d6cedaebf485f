using Suite.LinuxUser.Compat;

namespace Suite.LinuxUser.Symbols;

/// <summary>
/// Reads DWARF data from bytes that may be damaged: behind the end everything reads as 0 and <see cref="Failed"/> is set. Nothing throws.
/// </summary>
/// <param name="data">The bytes.</param>
/// <param name="address">Guest address of the first one, for encodings relative to their own place.</param>
/// <param name="wordBytes">Bytes of an address.</param>
/// <param name="bigEndian">Byte order.</param>
internal ref struct DwarfCursor(ReadOnlySpan<byte> data, ulong address, int wordBytes, bool bigEndian)
{
    private const int Omitted = 0xFF, Indirect = 0x80;

    private readonly ReadOnlySpan<byte> _data = data;

    /// <summary>Offset of the next byte.</summary>
    public int Position { get; set; }

    /// <summary>Something was read that is not there.</summary>
    public bool Failed { get; private set; }

    public readonly int WordBytes => wordBytes;

    public readonly bool AtEnd => Failed || Position >= _data.Length;

    /// <summary>Guest address of the next byte.</summary>
    public readonly ulong Address => address + (ulong)Position;

    public byte Byte() => (byte)Number(1);

    /// <summary>An unsigned integer of 1, 2, 4 or 8 bytes.</summary>
    public ulong Number(int size, bool signed = false)
    {
        if (!Has(size))
            return 0;
        ulong value = GuestNumber.Read(_data.Slice(Position, size), bigEndian, signed);
        Position += size;
        return value;
    }

    /// <summary>An address.</summary>
    public ulong Word() => Number(wordBytes);

    public ulong Uleb()
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = Byte();
            if (shift < 64)
                value |= (ulong)(b & 0x7F) << shift;
            if ((b & 0x80) == 0)
                return value;
        }
    }

    public long Sleb()
    {
        ulong value = 0;
        for (int shift = 0; ;)
        {
            byte b = Byte();
            if (shift < 64)
                value |= (ulong)(b & 0x7F) << shift;
            shift += 7;
            if ((b & 0x80) != 0)
                continue;
            if ((b & 0x40) != 0 && shift < 64)
                value |= ulong.MaxValue << shift;
            return (long)value;
        }
    }

    /// <summary>A NUL-terminated string, without the NUL.</summary>
    public ReadOnlySpan<byte> Text()
    {
        if (AtEnd)
            return Fail();
        int end = _data[Position..].IndexOf((byte)0);
        if (end < 0)
            return Fail();
        ReadOnlySpan<byte> text = _data.Slice(Position, end);
        Position += end + 1;
        return text;
    }

    /// <summary>The next bytes.</summary>
    public ReadOnlySpan<byte> Block(ulong length)
    {
        if (length > int.MaxValue || !Has((int)length))
            return Fail();
        ReadOnlySpan<byte> block = _data.Slice(Position, (int)length);
        Position += (int)length;
        return block;
    }

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> Rest() => AtEnd ? default : Block((ulong)(_data.Length - Position));

    /// <summary>A pointer in one of the encodings of .eh_frame (LSB Core, "DWARF Exception Header Encoding").</summary>
    /// <param name="encoding">DW_EH_PE_*; the indirect ones are not supported and fail.</param>
    /// <param name="dataBase">What DW_EH_PE_datarel is relative to.</param>
    /// <param name="value">The pointer.</param>
    /// <returns>False when there is none (DW_EH_PE_omit) or it cannot be read.</returns>
    public bool Pointer(int encoding, ulong dataBase, out ulong value)
    {
        value = 0;
        if (encoding == Omitted)
            return false;
        ulong here = Address;
        ulong raw = (encoding & 0x0F) switch
        {
            0 => Word(),
            1 => Uleb(),
            2 => Number(2),
            3 => Number(4),
            4 or 12 => Number(8),
            9 => (ulong)Sleb(),
            10 => Number(2, signed: true),
            11 => Number(4, signed: true),
            _ => Unknown(),
        };
        value = raw + (encoding & 0x70) switch
        {
            0x10 => here,
            0x30 => dataBase,
            _ => 0,
        };
        if (wordBytes == 4)
            value = (uint)value;
        return !Failed && (encoding & Indirect) == 0;
    }

    /// <summary>Reads over a pointer whose value does not matter.</summary>
    public void SkipPointer(int encoding) => Pointer(encoding, 0, out _);

    private ulong Unknown()
    {
        Failed = true;
        return 0;
    }

    private ReadOnlySpan<byte> Fail()
    {
        Failed = true;
        return default;
    }

    private bool Has(int size)
    {
        if (!Failed && size >= 0 && size <= _data.Length - Position && Position >= 0)
            return true;
        Failed = true;
        return false;
    }
}
