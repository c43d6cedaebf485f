using System.Numerics;

namespace Suite.Guest.Ppc.Float;

/// <summary>Kinds of binary64 values.</summary>
internal enum FpKind : byte
{
    Zero,
    Finite,
    Infinity,
    QuietNaN,
    SignalingNaN,
}

/// <summary>A binary64 value taken apart. For a finite value the significand has its leading one at bit 63, denormal or not, and that bit weighs 2^Exponent.</summary>
internal readonly struct Unpacked
{
    public const ulong SignBit = 0x8000_0000_0000_0000, ExponentMask = 0x7FF0_0000_0000_0000, FractionMask = 0x000F_FFFF_FFFF_FFFF, QuietBit = 0x0008_0000_0000_0000;
    public const int FractionBits = 52, Bias = 1023;

    public readonly ulong Bits;
    public readonly ulong Significand;
    public readonly int Exponent;
    public readonly FpKind Kind;

    public Unpacked(ulong bits)
    {
        Bits = bits;
        int biased = (int)(bits >> FractionBits) & 0x7FF;
        ulong fraction = bits & FractionMask;
        if (biased == 0x7FF)
        {
            Kind = fraction == 0 ? FpKind.Infinity : (fraction & QuietBit) != 0 ? FpKind.QuietNaN : FpKind.SignalingNaN;
        }
        else if (biased != 0)
        {
            Kind = FpKind.Finite;
            Significand = fraction << 11 | SignBit;
            Exponent = biased - Bias;
        }
        else if (fraction != 0)
        {
            Kind = FpKind.Finite;
            int zeros = BitOperations.LeadingZeroCount(fraction);
            Significand = fraction << zeros;
            Exponent = 1 - Bias + 11 - zeros;
        }
    }

    public bool Sign => (long)Bits < 0;

    public bool IsNaN => Kind >= FpKind.QuietNaN;

    public bool IsSignaling => Kind == FpKind.SignalingNaN;

    public bool IsInfinity => Kind == FpKind.Infinity;

    public bool IsZero => Kind == FpKind.Zero;
}
