using System.Buffers.Binary;

namespace Suite.Machines.Display.Vnc;

/// <summary>How a client wants pixels (RFC 6143, section 7.4).</summary>
internal sealed class VncPixelFormat
{
    /// <summary>Bytes of its description.</summary>
    public const int Bytes = 16;

    private int _redShift = 16, _greenShift = 8, _blueShift, _redBits = 8, _greenBits = 8, _blueBits = 8;

    /// <summary>8, 16 or 32.</summary>
    public int BitsPerPixel { get; private set; } = 32;

    /// <summary>Bits of a pixel that count.</summary>
    public int Depth { get; private set; } = 24;

    /// <summary>The most significant byte comes first.</summary>
    public bool IsBigEndian { get; private set; }

    /// <summary>Pixels are numbers of a table that the server gives.</summary>
    public bool HasColourMap { get; private set; }

    /// <summary>Bytes of a pixel.</summary>
    public int BytesPerPixel => BitsPerPixel / 8;

    /// <summary>Bytes of a pixel in ZRLE: the byte that is always 0 is left out where there is one at an end.</summary>
    public int CompactBytes => HasCompactForm ? 3 : BytesPerPixel;

    private bool HasCompactForm => BitsPerPixel == 32 && !HasColourMap && Depth <= 24 && (IsInLow || IsInHigh);

    private bool IsInLow => Math.Max(Math.Max(_redShift + _redBits, _greenShift + _greenBits), _blueShift + _blueBits) <= 24;

    private bool IsInHigh => Math.Min(Math.Min(_redShift, _greenShift), _blueShift) >= 8;

    /// <summary>Reads a description; false when it cannot be served.</summary>
    public bool TryRead(ReadOnlySpan<byte> from)
    {
        int bits = from[0];
        if (bits is not (8 or 16 or 32))
            return false;
        (BitsPerPixel, Depth, IsBigEndian, HasColourMap) = (bits, from[1], from[2] != 0, from[3] == 0);
        if (HasColourMap)
        {
            // The table has three bits of red and green, two of blue.
            (_redBits, _greenBits, _blueBits, _redShift, _greenShift, _blueShift) = (3, 3, 2, 0, 3, 6);
            return bits == 8;
        }

        if (!TryBits(BinaryPrimitives.ReadUInt16BigEndian(from[4..]), out _redBits) || !TryBits(BinaryPrimitives.ReadUInt16BigEndian(from[6..]), out _greenBits)
            || !TryBits(BinaryPrimitives.ReadUInt16BigEndian(from[8..]), out _blueBits))
            return false;
        (_redShift, _greenShift, _blueShift) = (from[10], from[11], from[12]);
        return _redShift + _redBits <= bits && _greenShift + _greenBits <= bits && _blueShift + _blueBits <= bits;
    }

    /// <summary>Writes the description.</summary>
    public void Write(Span<byte> to)
    {
        to[..Bytes].Clear();
        (to[0], to[1], to[2], to[3]) = ((byte)BitsPerPixel, (byte)Depth, IsBigEndian ? (byte)1 : (byte)0, HasColourMap ? (byte)0 : (byte)1);
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], (ushort)((1 << _redBits) - 1));
        BinaryPrimitives.WriteUInt16BigEndian(to[6..], (ushort)((1 << _greenBits) - 1));
        BinaryPrimitives.WriteUInt16BigEndian(to[8..], (ushort)((1 << _blueBits) - 1));
        (to[10], to[11], to[12]) = ((byte)_redShift, (byte)_greenShift, (byte)_blueShift);
    }

    /// <summary>A pixel's value for 0x00RRGGBB.</summary>
    public uint Convert(uint rgb) =>
        (rgb >> 16 & 0xFF) >> (8 - _redBits) << _redShift | (rgb >> 8 & 0xFF) >> (8 - _greenBits) << _greenShift | (rgb & 0xFF) >> (8 - _blueBits) << _blueShift;

    /// <summary>Appends a pixel.</summary>
    public void Append(VncOutput to, uint rgb)
    {
        uint value = Convert(rgb);
        Span<byte> at = to.Take(BytesPerPixel);
        switch (BytesPerPixel)
        {
            case 1:
                at[0] = (byte)value;
                break;
            case 2 when IsBigEndian:
                BinaryPrimitives.WriteUInt16BigEndian(at, (ushort)value);
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)value);
                break;
            case 4 when IsBigEndian:
                BinaryPrimitives.WriteUInt32BigEndian(at, value);
                break;
            default:
                BinaryPrimitives.WriteUInt32LittleEndian(at, value);
                break;
        }
    }

    /// <summary>Appends a pixel of ZRLE.</summary>
    public void AppendCompact(VncOutput to, uint rgb)
    {
        if (!HasCompactForm)
        {
            Append(to, rgb);
            return;
        }

        uint value = IsInLow ? Convert(rgb) : Convert(rgb) >> 8;
        Span<byte> at = to.Take(3);
        (at[IsBigEndian ? 2 : 0], at[1], at[IsBigEndian ? 0 : 2]) = ((byte)value, (byte)(value >> 8), (byte)(value >> 16));
    }

    // A largest value is one less than a power of two, and has 8 bits at most here.
    private static bool TryBits(ushort max, out int bits)
    {
        bits = int.Log2(max + 1);
        return max <= 0xFF && max == (1 << bits) - 1;
    }
}
