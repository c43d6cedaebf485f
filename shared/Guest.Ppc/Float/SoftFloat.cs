using System.Numerics;

namespace Suite.Guest.Ppc.Float;

/// <summary>
/// PowerPC floating-point arithmetic in integers, after IEEE 754 and the Power ISA (2.07 I 4.3 to 4.6). It is exact in result and status: this is
/// what the interpreter executes, what the lazily kept parts of the FPSCR are recomputed with, and what compiled code is tested against.
/// Operands are the bits of doubles. Nothing is allocated.
/// </summary>
public static partial class SoftFloat
{
    /// <summary>fadd, fadds.</summary>
    public static FpResult Add(ulong a, ulong b, FpMode mode) => Sum(new Unpacked(a), new Unpacked(b), false, mode);

    /// <summary>fsub, fsubs.</summary>
    public static FpResult Sub(ulong a, ulong b, FpMode mode) => Sum(new Unpacked(a), new Unpacked(b), true, mode);

    /// <summary>fmul, fmuls: the second operand is the instruction's C.</summary>
    public static FpResult Mul(ulong a, ulong c, FpMode mode)
    {
        Unpacked x = new(a), y = new(c);
        if (x.IsNaN || y.IsNaN)
            return PropagateNaN(x, y, default, 0, mode);
        bool sign = x.Sign != y.Sign;
        if (x.IsInfinity || y.IsInfinity)
            return x.IsZero || y.IsZero ? Invalid(Fpscr.VxImz, mode) : Number(SignOf(sign) | Unpacked.ExponentMask, 0, mode);
        if (x.IsZero || y.IsZero)
            return Number(SignOf(sign), 0, mode);
        return Round(sign, x.Exponent + y.Exponent + 1, Product(x, y), mode);
    }

    /// <summary>fdiv, fdivs.</summary>
    public static FpResult Div(ulong a, ulong b, FpMode mode)
    {
        Unpacked x = new(a), y = new(b);
        if (x.IsNaN || y.IsNaN)
            return PropagateNaN(x, y, default, 0, mode);
        bool sign = x.Sign != y.Sign;
        if (x.IsInfinity)
            return y.IsInfinity ? Invalid(Fpscr.VxIdi, mode) : Number(SignOf(sign) | Unpacked.ExponentMask, 0, mode);
        if (y.IsInfinity)
            return Number(SignOf(sign), 0, mode);
        if (y.IsZero)
            return x.IsZero ? Invalid(Fpscr.VxZdz, mode) : Number(SignOf(sign) | Unpacked.ExponentMask, Fpscr.Zx, mode);
        if (x.IsZero)
            return Number(SignOf(sign), 0, mode);

        // Halved so that the quotient is below 2^64; its leading one is then at bit 63 or 62.
        UInt128 dividend = new(x.Significand >> 1, 0);
        (UInt128 quotient, UInt128 remainder) = UInt128.DivRem(dividend, y.Significand);
        quotient = quotient << 64 | (remainder != 0 ? UInt128.One : UInt128.Zero);
        return Round(sign, x.Exponent - y.Exponent, quotient, mode);
    }

    /// <summary>fsqrt, fsqrts.</summary>
    public static FpResult Sqrt(ulong b, FpMode mode)
    {
        Unpacked x = new(b);
        if (x.IsNaN)
            return PropagateNaN(x, default, default, 0, mode);
        if (x.IsZero)
            return Number(b, 0, mode);
        if (x.Sign)
            return Invalid(Fpscr.VxSqrt, mode);
        if (x.IsInfinity)
            return Number(b, 0, mode);

        bool odd = (x.Exponent & 1) != 0;
        UInt128 radicand = new UInt128(x.Significand, 0) >> (odd ? 0 : 1);
        ulong root = SquareRoot(radicand, out bool exact);
        return Round(false, x.Exponent >> 1, new UInt128(root, exact ? 0UL : 1UL), mode);
    }

    /// <summary>
    /// fmadd and its relatives: a * c + b, or - b, with one rounding; the result is negated after rounding unless it is a NaN.
    /// </summary>
    public static FpResult MulAdd(ulong a, ulong c, ulong b, bool subtract, bool negate, FpMode mode)
    {
        FpResult result = MulAdd(new Unpacked(a), new Unpacked(c), new Unpacked(b), subtract, mode);
        if (!negate || (result.Bits & ~Unpacked.SignBit) > Unpacked.ExponentMask)
            return result;
        return Number(result.Bits ^ Unpacked.SignBit, result.Status & ~Fpscr.Fprf, mode);
    }

    /// <summary>frsp.</summary>
    public static FpResult RoundToSingle(ulong b, uint control)
    {
        FpMode mode = new(control, Single: true);
        Unpacked x = new(b);
        if (x.IsNaN)
            return PropagateNaN(x, default, default, 0, mode);
        if (x.IsInfinity || x.IsZero)
            return Number(b, 0, mode);
        return Round(x.Sign, x.Exponent, new UInt128(x.Significand, 0), mode);
    }

    private static FpResult Sum(in Unpacked x, in Unpacked y, bool subtract, FpMode mode)
    {
        if (x.IsNaN || y.IsNaN)
            return PropagateNaN(x, y, default, 0, mode);
        bool ySign = y.Sign != subtract;
        if (x.IsInfinity)
            return y.IsInfinity && x.Sign != ySign ? Invalid(Fpscr.VxIsi, mode) : Number(x.Bits, 0, mode);
        if (y.IsInfinity)
            return Number(SignOf(ySign) | Unpacked.ExponentMask, 0, mode);
        if (x.IsZero && y.IsZero)
            return Number(SignOf(x.Sign == ySign ? x.Sign : mode.Rounding == FpRounding.Down), 0, mode);
        if (x.IsZero)
            return Round(ySign, y.Exponent, new UInt128(y.Significand, 0), mode);
        UInt128 wide = new(x.Significand, 0);
        return y.IsZero ? Round(x.Sign, x.Exponent, wide, mode)
            : SumOfFinite(x.Sign, x.Exponent, wide, ySign, y.Exponent, new UInt128(y.Significand, 0), mode);
    }

    private static FpResult MulAdd(in Unpacked a, in Unpacked c, in Unpacked b, bool subtract, FpMode mode)
    {
        bool isZeroByInfinity = a.IsInfinity && c.IsZero || a.IsZero && c.IsInfinity;
        if (a.IsNaN || b.IsNaN || c.IsNaN)
            return PropagateNaN(a, b, c, isZeroByInfinity ? Fpscr.VxImz : 0, mode);
        if (isZeroByInfinity)
            return Invalid(Fpscr.VxImz, mode);
        bool sign = a.Sign != c.Sign, bSign = b.Sign != subtract;
        if (a.IsInfinity || c.IsInfinity)
            return b.IsInfinity && bSign != sign ? Invalid(Fpscr.VxIsi, mode) : Number(SignOf(sign) | Unpacked.ExponentMask, 0, mode);
        if (b.IsInfinity)
            return Number(SignOf(bSign) | Unpacked.ExponentMask, 0, mode);
        if (a.IsZero || c.IsZero)
        {
            return b.IsZero ? Number(SignOf(sign == bSign ? sign : mode.Rounding == FpRounding.Down), 0, mode)
                : Round(bSign, b.Exponent, new UInt128(b.Significand, 0), mode);
        }

        // The product has at most 106 digits, so that at least 21 of its low bits are zero.
        UInt128 product = Product(a, c);
        int exponent = a.Exponent + c.Exponent + 1;
        if ((long)(ulong)(product >> 64) >= 0)
        {
            product <<= 1;
            exponent--;
        }
        return b.IsZero ? Round(sign, exponent, product, mode)
            : SumOfFinite(sign, exponent, product, bSign, b.Exponent, new UInt128(b.Significand, 0), mode);
    }

    /// <summary>
    /// Adds two values whose leading ones are at bit 127 and whose last bits are zero. What the smaller one loses by alignment is kept as a
    /// sticky bit, which suffices: bits are lost only when it is so much smaller that the sum loses at most one leading digit.
    /// </summary>
    private static FpResult SumOfFinite(bool xSign, int xExponent, UInt128 x, bool ySign, int yExponent, UInt128 y, FpMode mode)
    {
        if (xExponent < yExponent || xExponent == yExponent && x < y)
        {
            (xSign, ySign) = (ySign, xSign);
            (xExponent, yExponent) = (yExponent, xExponent);
            (x, y) = (y, x);
        }

        y = ShiftRightSticky(y >> 1, xExponent - yExponent);
        x >>= 1;
        UInt128 sum = xSign == ySign ? x + y : x - y;
        return sum == 0 ? Number(SignOf(mode.Rounding == FpRounding.Down), 0, mode) : Round(xSign, xExponent + 1, sum, mode);
    }

    private static UInt128 Product(in Unpacked x, in Unpacked y)
    {
        ulong high = Math.BigMul(x.Significand, y.Significand, out ulong low);
        return new UInt128(high, low);
    }

    /// <summary>The integer square root, digit by digit; the radicand is at least 2^126.</summary>
    private static ulong SquareRoot(UInt128 radicand, out bool exact)
    {
        ulong root = 0;
        UInt128 square = 0;
        for (int bit = 63; bit >= 0; bit--)
        {
            // (root + d)^2 = root^2 + 2 root d + d^2
            UInt128 candidate = square + ((UInt128)root << bit + 1) + (UInt128.One << 2 * bit);
            if (candidate > radicand)
                continue;
            square = candidate;
            root |= 1UL << bit;
        }
        exact = square == radicand;
        return root;
    }
}
