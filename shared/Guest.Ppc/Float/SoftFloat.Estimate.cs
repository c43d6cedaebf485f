namespace Suite.Guest.Ppc.Float;

/// <summary>
/// fres and frsqrte. The Power ISA leaves the values open and bounds the error (one part in 256 and in 32). These are plain integer
/// formulas, better than one part in 2^22 and in 2^10, which compiled code can follow without touching the host's floating-point status:
/// an estimate does not set XX.
/// </summary>
public static partial class SoftFloat
{
    /// <summary>fres.</summary>
    public static FpResult ReciprocalEstimate(ulong b, uint control)
    {
        FpMode mode = new(control, Single: true);
        Unpacked x = new(b);
        if (x.IsNaN)
            return PropagateNaN(x, default, default, 0, mode);
        if (x.IsZero)
            return Number(SignOf(x.Sign) | Unpacked.ExponentMask, Fpscr.Zx, mode);
        if (x.IsInfinity)
            return Number(SignOf(x.Sign), 0, mode);

        // Cut to single precision beforehand, so that only over- and underflow remain for rounding.
        ulong digits = ReciprocalDigits(x.Significand >> 32) & 0xFFFF_FF80;
        FpResult result = Round(x.Sign, 0 - x.Exponent, new UInt128(digits << 32, 0), mode);
        return result with { Status = result.Status & ~(Fpscr.Xx | Fpscr.Fr | Fpscr.Fi) };
    }

    /// <summary>frsqrte.</summary>
    public static FpResult SquareRootEstimate(ulong b, uint control)
    {
        FpMode mode = new(control, Single: false);
        Unpacked x = new(b);
        if (x.IsNaN)
            return PropagateNaN(x, default, default, 0, mode);
        if (x.IsZero)
            return Number(SignOf(x.Sign) | Unpacked.ExponentMask, Fpscr.Zx, mode);
        if (x.Sign)
            return Invalid(Fpscr.VxSqrt, mode);
        if (x.IsInfinity)
            return Number(0, 0, mode);

        // b = d * 2^(2h) with d in [1/4, 1).
        int half = (x.Exponent >> 1) + 1;
        ulong quarter = x.Significand >> ((x.Exponent & 1) != 0 ? 32 : 33);
        return Round(false, -half, new UInt128(RootDigits(quarter) << 33, 0), mode) with { Status = Fpscr.Fprf & ClassOf(0x3FF0_0000_0000_0000, false) };
    }

    /// <summary>From m in [1, 2), in units of 2^-31, to 1/m in units of 2^-31, not above it.</summary>
    internal static ulong ReciprocalDigits(ulong m) => (1UL << 62) / m;

    /// <summary>
    /// From d in [1/4, 1), in units of 2^-32, to about 1/sqrt(d) in units of 2^-30: a straight line that is right to one part in ten,
    /// and two of Newton's steps y (3 - d y y) / 2, which come from below.
    /// </summary>
    internal static ulong RootDigits(ulong d)
    {
        ulong y = RootStart - (d * RootSlope >> 32);
        y = RootStep(d, RootStep(d, y));
        return y < One ? One : y;
    }

    /// <summary>2.2 and 1.25 in units of 2^-30.</summary>
    internal const ulong RootStart = 0x8CCC_CCCD, RootSlope = 0x5000_0000;

    /// <summary>In units of 2^-30.</summary>
    internal const ulong One = 0x4000_0000, Three = 0xC000_0000;

    private static ulong RootStep(ulong d, ulong y)
    {
        ulong square = y * y >> 30;
        return y * (Three - (square * d >> 32)) >> 31;
    }
}
