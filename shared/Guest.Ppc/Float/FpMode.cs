namespace Suite.Guest.Ppc.Float;

/// <summary>Rounding modes as FPSCR[RN] encodes them.</summary>
public enum FpRounding
{
    Nearest,
    TowardZero,
    Up,
    Down,
}

/// <summary>What governs one operation: the control bits of an FPSCR value and the precision of the result.</summary>
/// <param name="Control">An FPSCR value; only enables, NI and RN matter.</param>
/// <param name="Single">The result is rounded to single precision (and still held as a double).</param>
public readonly record struct FpMode(uint Control, bool Single)
{
    public FpRounding Rounding => (FpRounding)(Control & Fpscr.Rn);

    public bool OverflowEnabled => (Control & Fpscr.Oe) != 0;

    public bool UnderflowEnabled => (Control & Fpscr.Ue) != 0;

    public bool NonIeee => (Control & Fpscr.Ni) != 0;

    /// <summary>Bits of the significand, with the implied one.</summary>
    internal int Digits => Single ? 24 : 53;

    /// <summary>Exponent of the smallest normal number.</summary>
    internal int MinExponent => Single ? -126 : -1022;

    /// <summary>Exponent of the largest finite number.</summary>
    internal int MaxExponent => Single ? 127 : 1023;

    /// <summary>What is added to or taken from the exponent when an enabled underflow or overflow occurs (Power ISA 2.07 I 4.4.3, 4.4.4).</summary>
    internal int Adjustment => Single ? 192 : 1536;
}
