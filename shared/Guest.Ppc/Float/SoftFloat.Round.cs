using System.Diagnostics;
using System.Numerics;

namespace Suite.Guest.Ppc.Float;

/// <summary>Rounding, packing, classes, and the results that are not numbers.</summary>
public static partial class SoftFloat
{
    /// <summary>The quiet NaN an invalid operation generates.</summary>
    public const ulong DefaultNaN = 0x7FF8_0000_0000_0000;

    private const ulong LowOfSingle = 0x1FFF_FFFF;

    /// <summary>
    /// Rounds a value that is exact but for a sticky last bit. Bit 127 of the significand weighs 2^exponent; the significand is not zero.
    /// Underflow is detected before rounding (Power ISA 2.07 I 4.4.4).
    /// </summary>
    private static FpResult Round(bool sign, int exponent, UInt128 significand, FpMode mode)
    {
        Debug.Assert(significand != 0);
        int zeros = (int)UInt128.LeadingZeroCount(significand);
        significand <<= zeros;
        exponent -= zeros;

        uint status = 0;
        if (exponent < mode.MinExponent)
        {
            if (!mode.UnderflowEnabled)
                return RoundTiny(sign, exponent, significand, mode);
            status = Fpscr.Ux;
            exponent += mode.Adjustment;
        }

        ulong digits = RoundDigits(sign, significand, mode, ref status);
        if (digits >> mode.Digits != 0)
        {
            digits >>= 1;
            exponent++;
        }
        if (exponent > mode.MaxExponent && (status & Fpscr.Ux) == 0)
        {
            if (!mode.OverflowEnabled)
                return Overflowed(sign, mode);
            status |= Fpscr.Ox;
            exponent -= mode.Adjustment;
        }
        return Number(Pack(sign, exponent, digits, mode), status, mode);
    }

    /// <summary>Underflow that is not enabled: the digits below the smallest denormal are lost, and only a loss is an exception.</summary>
    private static FpResult RoundTiny(bool sign, int exponent, UInt128 significand, FpMode mode)
    {
        uint status = 0;
        if (mode.NonIeee)
        {
            // As the host's flush-to-zero does it: unless rounding as if the exponent were unbounded reaches the normal numbers.
            ulong unbounded = RoundDigits(sign, significand, mode, ref status);
            if (exponent + 1 < mode.MinExponent || unbounded >> mode.Digits == 0)
                return Number(SignOf(sign), Fpscr.Ux | Fpscr.Xx | Fpscr.Fi, mode);
            status = 0;
        }

        ulong digits = RoundDigits(sign, ShiftRightSticky(significand, mode.MinExponent - exponent), mode, ref status);
        if ((status & Fpscr.Xx) != 0)
            status |= Fpscr.Ux;
        return Number(Pack(sign, mode.MinExponent, digits, mode), status, mode);
    }

    /// <summary>Rounds to the mode's number of digits, which may carry into one more; adds XX, FI and FR.</summary>
    private static ulong RoundDigits(bool sign, UInt128 significand, FpMode mode, ref uint status)
    {
        int drop = 128 - mode.Digits;
        ulong digits = (ulong)(significand >> drop);
        UInt128 rest = significand << mode.Digits;
        if (rest == 0)
            return digits;
        status |= Fpscr.Xx | Fpscr.Fi;
        if (!RoundsAway(mode.Rounding, sign, (digits & 1) != 0, rest))
            return digits;
        status |= Fpscr.Fr;
        return digits + 1;
    }

    /// <summary>Whether the magnitude is incremented; rest is what is cut off, as a fraction of 2^128 and not zero.</summary>
    private static bool RoundsAway(FpRounding rounding, bool sign, bool odd, UInt128 rest) => rounding switch
    {
        FpRounding.Nearest => rest > Half || rest == Half && odd,
        FpRounding.TowardZero => false,
        FpRounding.Up => !sign,
        _ => sign,
    };

    private static UInt128 Half => new(0x8000_0000_0000_0000, 0);

    private static FpResult Overflowed(bool sign, FpMode mode)
    {
        bool toInfinity = mode.Rounding switch
        {
            FpRounding.Nearest => true,
            FpRounding.TowardZero => false,
            FpRounding.Up => !sign,
            _ => sign,
        };
        ulong magnitude = toInfinity ? Unpacked.ExponentMask : mode.Single ? 0x47EF_FFFF_E000_0000UL : 0x7FEF_FFFF_FFFF_FFFFUL;
        return Number(SignOf(sign) | magnitude, Fpscr.Ox | Fpscr.Xx | Fpscr.Fi | (toInfinity ? Fpscr.Fr : 0), mode);
    }

    /// <summary>Builds a double from digits whose leading position weighs 2^exponent; denormals have that position empty.</summary>
    private static ulong Pack(bool sign, int exponent, ulong digits, FpMode mode)
    {
        if (digits == 0)
            return SignOf(sign);
        ulong aligned = digits << 53 - mode.Digits;
        int zeros = BitOperations.LeadingZeroCount(aligned) - 11;
        int room = exponent + Unpacked.Bias - 1;
        if (zeros > room)
            return SignOf(sign) | (room >= 0 ? aligned << room : 0);
        int biased = exponent - zeros + Unpacked.Bias;
        if (biased >= 0x7FF)
            return SignOf(sign) | Unpacked.ExponentMask;
        return SignOf(sign) | (ulong)biased << Unpacked.FractionBits | aligned << zeros & Unpacked.FractionMask;
    }

    /// <summary>A result that is a number: its class is added to the status.</summary>
    private static FpResult Number(ulong bits, uint status, FpMode mode) => new(bits, status | ClassOf(bits, mode.Single));

    /// <summary>
    /// FPRF of a value (Power ISA 2.07 I figure 47), in place. A single is denormalized when it is so in single format.
    /// </summary>
    public static uint ClassOf(ulong bits, bool single)
    {
        bool sign = (long)bits < 0;
        ulong magnitude = bits & ~Unpacked.SignBit;
        uint code = magnitude switch
        {
            > Unpacked.ExponentMask => 0x11,
            Unpacked.ExponentMask => sign ? 0x09u : 0x05u,
            0 => sign ? 0x12u : 0x02u,
            _ when magnitude < (single ? 0x3810_0000_0000_0000UL : 0x0010_0000_0000_0000UL) => sign ? 0x18u : 0x14u,
            _ => sign ? 0x08u : 0x04u,
        };
        return code << Fpscr.FprfShift;
    }

    /// <summary>An invalid operation on operands that are no NaN.</summary>
    private static FpResult Invalid(uint cause, FpMode mode) => Number(DefaultNaN, cause, mode);

    /// <summary>The first NaN in the order A, B, C, made quiet; VXSNAN if any of them signals.</summary>
    private static FpResult PropagateNaN(in Unpacked a, in Unpacked b, in Unpacked c, uint status, FpMode mode)
    {
        if (a.IsSignaling || b.IsSignaling || c.IsSignaling)
            status |= Fpscr.VxSnan;
        ulong chosen = (a.IsNaN ? a.Bits : b.IsNaN ? b.Bits : c.Bits) | Unpacked.QuietBit;
        return Number(mode.Single ? chosen & ~LowOfSingle : chosen, status, mode);
    }

    private static ulong SignOf(bool sign) => sign ? Unpacked.SignBit : 0;

    private static UInt128 ShiftRightSticky(UInt128 value, int count)
    {
        if (count == 0)
            return value;
        if (count >= 128)
            return value != 0 ? UInt128.One : UInt128.Zero;
        UInt128 shifted = value >> count;
        return shifted << count != value ? shifted | UInt128.One : shifted;
    }
}
