using System.Numerics;

namespace Suite.Jit.Ir;

/// <summary>Fused multiply and add rounded to odd, by exact integers.</summary>
internal static class OddRounding
{
    private const int FractionBits = 52, SmallestExponent = -1074;

    /// <summary>a * b + c; see <see cref="IrOp.FMulAddOdd"/>.</summary>
    public static double MultiplyAdd(double a, double b, double c)
    {
        double r = Math.FusedMultiplyAdd(a, b, c);
        if (double.IsNaN(r) || !double.IsFinite(a) || !double.IsFinite(b) || !double.IsFinite(c))
            return r;
        if (double.IsInfinity(r))
            return double.CopySign(double.MaxValue, r);

        // All in units of the smallest product.
        BigInteger exact = Units(a) * Units(b) + (Units(c) << -SmallestExponent);
        BigInteger rounded = Units(r) << -SmallestExponent;
        if (exact == rounded)
            return r;
        ulong bits = BitConverter.DoubleToUInt64Bits(r);
        if (BigInteger.Abs(rounded) > BigInteger.Abs(exact))
            bits--;
        return BitConverter.UInt64BitsToDouble(bits | 1);
    }

    // A double as a multiple of the smallest one.
    private static BigInteger Units(double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int exponent = (int)(bits >> FractionBits & 0x7FF);
        BigInteger fraction = bits & (1UL << FractionBits) - 1;
        BigInteger magnitude = exponent == 0 ? fraction : (fraction + (1UL << FractionBits)) << exponent - 1;
        return value < 0 ? -magnitude : magnitude;
    }
}
