using Suite.Guest.Ppc.Float;

namespace Suite.Tests.Guest.Ppc;

/// <summary>Random operands that meet the corners: few significand digits, exponents that meet each other and the ends of the range, special values.</summary>
internal struct FloatOperands(ulong seed)
{
    private ulong _state = seed * 0x9E37_79B9_7F4A_7C15 + 1;

    private static ReadOnlySpan<uint> SpecialSingles =>
    [
        0x0000_0000, 0x0000_0001, 0x007F_FFFF, 0x0080_0000, 0x3F80_0000, 0x3F7F_FFFF, 0x7F7F_FFFF, 0x7F80_0000, 0x7FC0_0000, 0x7F80_0001, 0x7FA1_2345, 0x7FD5_4321,
    ];

    private static ReadOnlySpan<ulong> SpecialDoubles =>
    [
        0, 1, 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000, 0x3FF0_0000_0000_0000, 0x3FEF_FFFF_FFFF_FFFF, 0x7FEF_FFFF_FFFF_FFFF, 0x7FF0_0000_0000_0000,
        0x7FF8_0000_0000_0000, 0x7FF0_0000_0000_0001, 0x7FF4_1234_5678_9ABC, 0x7FFA_BCDE_F012_3456, 0x41DF_FFFF_FFC0_0000, 0x41E0_0000_0000_0000, 0x41DF_FFFF_FFE0_0000,
    ];

    public ulong Next()
    {
        // xorshift64*
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return _state * 0x2545_F491_4F6C_DD1D;
    }

    public ulong Double()
    {
        ulong r = Next();
        ulong sign = r & 0x8000_0000_0000_0000;
        switch (r & 15)
        {
            case 0:
                return sign | SpecialDoubles[(int)(r >> 8 & 0xFF) % SpecialDoubles.Length];
            case 1:
                return Next();
            case 2:
                return sign | Fraction();
        }
        ulong exponent = (r >> 4 & 3) switch
        {
            0 => 1023 - 32 + (r >> 8 & 63),
            1 => 1 + (r >> 8 & 63),
            2 => 2046 - (r >> 8 & 63),
            _ => (r >> 8 & 1) == 0 ? 511 - 32 + (r >> 9 & 63) : 1535 - 32 + (r >> 9 & 63),
        };
        return sign | exponent << 52 | Fraction();
    }

    /// <summary>A single, as the double that holds it.</summary>
    public ulong Single() => SoftFloat.FromSingleBits(SingleBits());

    public uint SingleBits()
    {
        ulong r = Next();
        uint sign = (uint)r & 0x8000_0000;
        switch (r & 15)
        {
            case 0:
                return sign | SpecialSingles[(int)(r >> 8 & 0xFF) % SpecialSingles.Length];
            case 1:
                return (uint)Next();
            case 2:
                return sign | (uint)(Fraction() >> 29);
        }
        uint exponent = (uint)((r >> 4 & 3) switch
        {
            0 => 127 - 16 + (r >> 8 & 31),
            1 => 1 + (r >> 8 & 31),
            2 => 254 - (r >> 8 & 31),
            _ => (r >> 8 & 1) == 0 ? 63 - 16 + (r >> 9 & 31) : 191 - 16 + (r >> 9 & 31),
        });
        return sign | exponent << 23 | (uint)(Fraction() >> 29);
    }

    /// <summary>52 bits: all random, or runs of equal bits at either end.</summary>
    private ulong Fraction()
    {
        ulong r = Next();
        int run = (int)(r >> 58) % 53;
        ulong mask = (1UL << run) - 1, bits = r & 0x000F_FFFF_FFFF_FFFF;
        return (r >> 52 & 7) switch
        {
            0 => bits & mask,
            1 => bits & ~mask,
            2 => bits | mask,
            3 => (bits | ~mask) & 0x000F_FFFF_FFFF_FFFF,
            4 => mask,
            5 => ~mask & 0x000F_FFFF_FFFF_FFFF,
            _ => bits,
        };
    }
}
