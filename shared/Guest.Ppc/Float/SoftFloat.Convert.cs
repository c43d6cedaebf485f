using System.Numerics;

namespace Suite.Guest.Ppc.Float;

/// <summary>Conversions to and from integers, and the exact ones between memory's singles and the registers' doubles.</summary>
public static partial class SoftFloat
{
    /// <summary>To a signed word, saturating; the result's low 32 bits, sign-extended. A NaN becomes the most negative number (fctiw).</summary>
    public static FpResult ToInt32(ulong b, FpRounding rounding) => ToInteger(b, rounding, 0x8000_0000, 0x7FFF_FFFF);

    /// <summary>To an unsigned word, saturating; a NaN becomes zero.</summary>
    public static FpResult ToUInt32(ulong b, FpRounding rounding) => ToInteger(b, rounding, 0, 0xFFFF_FFFF);

    /// <summary>To a signed doubleword, saturating; a NaN becomes the most negative number.</summary>
    public static FpResult ToInt64(ulong b, FpRounding rounding) => ToInteger(b, rounding, 0x8000_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFF);

    /// <summary>From an integer, rounded to the mode's precision.</summary>
    public static FpResult FromInt64(long value, FpMode mode)
    {
        if (value == 0)
            return Number(0, 0, mode);
        ulong magnitude = value < 0 ? 0 - (ulong)value : (ulong)value;
        return Round(value < 0, 63, new UInt128(magnitude, 0), mode);
    }

    /// <summary>What lfs puts into a register: the same value, or the same NaN, signalling or not (Power ISA 2.07 I 4.6.2).</summary>
    public static ulong FromSingleBits(uint single)
    {
        ulong sign = (ulong)(single & 0x8000_0000) << 32;
        uint exponent = single >> 23 & 0xFF, fraction = single & 0x7F_FFFF;
        if (exponent == 0xFF)
            return sign | Unpacked.ExponentMask | (ulong)fraction << 29;
        if (exponent != 0)
            return sign | (ulong)(exponent + 896) << Unpacked.FractionBits | (ulong)fraction << 29;
        if (fraction == 0)
            return sign;
        int zeros = BitOperations.LeadingZeroCount(fraction) - 8;
        return sign | (ulong)(897 - zeros) << Unpacked.FractionBits | (ulong)fraction << 29 + zeros & Unpacked.FractionMask;
    }

    /// <summary>
    /// What stfs stores (Power ISA 2.07 I 4.6.3): no rounding, excess digits are cut off. The manual leaves open what becomes of values
    /// below the smallest denormal: they become zero.
    /// </summary>
    public static uint ToSingleBits(ulong b)
    {
        uint sign = (uint)(b >> 32) & 0x8000_0000;
        int exponent = (int)(b >> Unpacked.FractionBits) & 0x7FF;
        if (exponent > 896)
            return (uint)(b >> 32) & 0xC000_0000 | (uint)(b >> 29) & 0x3FFF_FFFF;
        if (exponent < 874)
            return sign;
        ulong digits = 1UL << Unpacked.FractionBits | b & Unpacked.FractionMask;
        return sign | (uint)(digits >> 29 + 897 - exponent);
    }

    /// <summary>Magnitudes are compared with the largest ones allowed on either side of zero.</summary>
    private static FpResult ToInteger(ulong b, FpRounding rounding, ulong largestNegative, ulong largestPositive)
    {
        Unpacked x = new(b);
        ulong limit = x.Sign ? largestNegative : largestPositive;
        if (x.IsNaN)
            return new(0 - largestNegative, Fpscr.VxCvi | (x.IsSignaling ? Fpscr.VxSnan : 0));
        if (x.IsZero)
            return default;
        if (x.IsInfinity || x.Exponent > 63)
            return new(x.Sign ? 0 - limit : limit, Fpscr.VxCvi);

        UInt128 fixedPoint = ShiftRightSticky(new UInt128(x.Significand, 0), 63 - x.Exponent);
        UInt128 magnitude = fixedPoint >> 64, rest = fixedPoint << 64;
        uint status = 0;
        if (rest != 0)
        {
            status = Fpscr.Xx | Fpscr.Fi;
            if (RoundsAway(rounding, x.Sign, ((ulong)magnitude & 1) != 0, rest))
            {
                magnitude += UInt128.One;
                status |= Fpscr.Fr;
            }
        }
        if (magnitude > limit)
            return new(x.Sign ? 0 - limit : limit, Fpscr.VxCvi);
        return new(x.Sign ? 0 - (ulong)magnitude : (ulong)magnitude, status);
    }
}
