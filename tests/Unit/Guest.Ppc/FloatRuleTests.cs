using Suite.Guest.Ppc.Float;

namespace Suite.Tests.Guest.Ppc;

/// <summary>What the host's unit cannot show: rules of the Power ISA (2.07 I 4) and their values worked out by hand; conversions.</summary>
public class FloatRuleTests
{
    private const uint Inexact = Fpscr.Xx | Fpscr.Fi, Normal = 0x4000, Denormal = 0x14000, NaN = 0x11000;
    private const ulong One = 0x3FF0_0000_0000_0000, Infinity = 0x7FF0_0000_0000_0000, MinusInfinity = 0xFFF0_0000_0000_0000, Largest = 0x7FEF_FFFF_FFFF_FFFF;

    private static readonly FpMode Double = new(0, false), Single = new(0, true);

    [Fact]
    public void Enabled_overflow_takes_1536_or_192_from_the_exponent()
    {
        Assert.Equal(new FpResult(0x1FFF_FFFF_FFFF_FFFF, Fpscr.Ox | Normal), SoftFloat.Mul(Largest, 0x4000_0000_0000_0000, new FpMode(Fpscr.Oe, false)));
        Assert.Equal(new FpResult(0x3C80_0000_0000_0000, Fpscr.Ox | Normal), SoftFloat.Mul(0x47E0_0000_0000_0000, 0x4090_0000_0000_0000, new FpMode(Fpscr.Oe, true)));
        Assert.Equal(new FpResult(0x3BF0_0000_0000_0000, Fpscr.Ox | Fpscr.Fr | Inexact | Normal), SoftFloat.RoundToSingle(0x47EF_FFFF_FFFF_FFFF, Fpscr.Oe));
    }

    [Fact]
    public void Enabled_underflow_adds_1536_or_192_to_the_exponent_and_needs_no_loss()
    {
        Assert.Equal(new FpResult(0x5C50_0000_0000_0000, Fpscr.Ux | Normal), SoftFloat.Mul(0x0010_0000_0000_0000, 0x3C30_0000_0000_0000, new FpMode(Fpscr.Ue, false)));
        Assert.Equal(new FpResult(0x42A0_0000_0000_0000, Fpscr.Ux | Normal), SoftFloat.RoundToSingle(0x36A0_0000_0000_0000, Fpscr.Ue));
        Assert.Equal(new FpResult(0x36A0_0000_0000_0000, Denormal), SoftFloat.RoundToSingle(0x36A0_0000_0000_0000, 0));
    }

    [Fact]
    public void Underflow_is_found_before_rounding() => Assert.Equal(new FpResult(0x0010_0000_0000_0000, Fpscr.Ux | Inexact | Fpscr.Fr | Normal),
        SoftFloat.Mul(0x3FEF_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000, Double));

    [Fact]
    public void Of_several_NaNs_A_comes_before_B_and_B_before_C()
    {
        const ulong A = 0x7FF8_0000_0000_000A, B = 0x7FF0_0000_0000_000B, C = 0x7FF8_0000_0000_000C, Quiet = 0x0008_0000_0000_0000;
        Assert.Equal(new FpResult(A, Fpscr.VxSnan | NaN), SoftFloat.MulAdd(A, C, B, false, false, Double));
        Assert.Equal(new FpResult(B | Quiet, Fpscr.VxSnan | NaN), SoftFloat.MulAdd(One, C, B, false, true, Double));
        Assert.Equal(new FpResult(C, NaN), SoftFloat.MulAdd(One, C, One, false, true, Double));
        Assert.Equal(new FpResult(B | Quiet, Fpscr.VxImz | Fpscr.VxSnan | NaN), SoftFloat.MulAdd(0, Infinity, B, false, false, Double));
        Assert.Equal(new FpResult(C, Fpscr.VxImz | NaN), SoftFloat.MulAdd(Infinity, 0, C, false, false, Double));
        Assert.Equal(new FpResult(0x7FF8_0000_0000_0000, Fpscr.VxSnan | NaN), SoftFloat.RoundToSingle(B, 0));
    }

    [Fact]
    public void Invalid_operations_name_their_cause()
    {
        Assert.Equal(new FpResult(SoftFloat.DefaultNaN, Fpscr.VxIsi | NaN), SoftFloat.Add(Infinity, MinusInfinity, Double));
        Assert.Equal(new FpResult(SoftFloat.DefaultNaN, Fpscr.VxIsi | NaN), SoftFloat.MulAdd(Infinity, One, Infinity, true, true, Single));
        Assert.Equal(new FpResult(SoftFloat.DefaultNaN, Fpscr.VxIdi | NaN), SoftFloat.Div(Infinity, MinusInfinity, Double));
        Assert.Equal(new FpResult(SoftFloat.DefaultNaN, Fpscr.VxZdz | NaN), SoftFloat.Div(0, 0, Double));
        Assert.Equal(new FpResult(SoftFloat.DefaultNaN, Fpscr.VxImz | NaN), SoftFloat.Mul(0, Infinity, Double));
        Assert.Equal(new FpResult(SoftFloat.DefaultNaN, Fpscr.VxSqrt | NaN), SoftFloat.Sqrt(MinusInfinity, Double));
        Assert.Equal(new FpResult(SoftFloat.DefaultNaN, Fpscr.VxSqrt | NaN), SoftFloat.SquareRootEstimate(0xBFF0_0000_0000_0000, 0));
        Assert.Equal(new FpResult(MinusInfinity, Fpscr.Zx | 0x9000), SoftFloat.Div(0xBFF0_0000_0000_0000, 0, Double));
        Assert.Equal(new FpResult(1, Fpscr.VxVc), SoftFloat.CompareOrdered(SoftFloat.DefaultNaN, One, 0));
        Assert.Equal(new FpResult(1, Fpscr.VxVc | Fpscr.VxSnan), SoftFloat.CompareOrdered(0x7FF0_0000_0000_0001, One, 0));
        Assert.Equal(new FpResult(1, Fpscr.VxSnan), SoftFloat.CompareOrdered(0x7FF0_0000_0000_0001, One, Fpscr.Ve));
        Assert.Equal(new FpResult(1, 0), SoftFloat.CompareUnordered(SoftFloat.DefaultNaN, One));
        Assert.Equal(new FpResult(2, 0), SoftFloat.CompareUnordered(0, Unpacked.SignBit));
    }

    [Theory]
    [InlineData(2147483647.5, FpRounding.TowardZero, 0x7FFF_FFFF, Inexact), InlineData(2147483647.5, FpRounding.Nearest, 0x7FFF_FFFF, Fpscr.VxCvi)]
    [InlineData(-2147483648.5, FpRounding.Nearest, int.MinValue, Inexact), InlineData(-2147483648.5, FpRounding.Down, int.MinValue, Fpscr.VxCvi)]
    [InlineData(2.5, FpRounding.Nearest, 2, Inexact), InlineData(3.5, FpRounding.Nearest, 4, Inexact | Fpscr.Fr), InlineData(-0.25, FpRounding.Down, -1, Inexact | Fpscr.Fr)]
    [InlineData(0.25, FpRounding.Up, 1, Inexact | Fpscr.Fr), InlineData(-3.0, FpRounding.Up, -3, 0u), InlineData(double.PositiveInfinity, FpRounding.Up, int.MaxValue, Fpscr.VxCvi)]
    [InlineData(double.NaN, FpRounding.Up, int.MinValue, Fpscr.VxCvi)]
    public void Conversion_to_a_word(double value, FpRounding rounding, int expected, uint status)
    {
        FpResult result = SoftFloat.ToInt32(BitConverter.DoubleToUInt64Bits(value), rounding);
        Assert.Equal((expected, status), ((int)result.Bits, result.Status));
        Assert.Equal((ulong)(long)(int)result.Bits, result.Bits);
    }

    [Theory]
    [InlineData(4294967295.0, 0xFFFF_FFFFu, 0u), InlineData(4294967295.5, 0xFFFF_FFFFu, Fpscr.VxCvi), InlineData(-0.5, 0u, Inexact), InlineData(-1.0, 0u, Fpscr.VxCvi), InlineData(double.NaN, 0u, Fpscr.VxCvi)]
    public void Conversion_to_an_unsigned_word(double value, uint expected, uint status) =>
        Assert.Equal(new FpResult(expected, status), SoftFloat.ToUInt32(BitConverter.DoubleToUInt64Bits(value), FpRounding.Nearest));

    [Fact]
    public void Integer_conversions_agree_with_the_host()
    {
        var operands = new FloatOperands(21);
        for (int round = 0; round < 100_000; round++)
        {
            ulong value = operands.Double(), integer = operands.Next() >> (int)(operands.Next() & 63);
            for (int rounding = 0; rounding < 4; rounding++)
            {
                FpResult word = SoftFloat.ToInt32(value, (FpRounding)rounding), doubleword = SoftFloat.ToInt64(value, (FpRounding)rounding);
                ulong hostWord = FloatHost.Run(FloatHost.ToInt32, value, 0, 0, rounding, out uint flags), hostDoubleword = FloatHost.Run(FloatHost.ToInt64, value, 0, 0, rounding, out uint flags64);
                Assert.Equal((flags & FloatHost.Ie) != 0, (word.Status & Fpscr.VxCvi) != 0);
                Assert.Equal((flags & FloatHost.Pe) != 0, (word.Status & Fpscr.Xx) != 0);
                Assert.Equal((flags64 & FloatHost.Ie) != 0, (doubleword.Status & Fpscr.VxCvi) != 0);
                if ((flags & FloatHost.Ie) == 0)
                    Assert.Equal((uint)hostWord, (uint)word.Bits);
                if ((flags64 & FloatHost.Ie) == 0)
                    Assert.Equal(hostDoubleword, doubleword.Bits);

                FpResult number = SoftFloat.FromInt64((long)integer, new FpMode((uint)rounding, false)), single = SoftFloat.FromInt64((long)integer, new FpMode((uint)rounding, true));
                Assert.Equal(FloatHost.Run(FloatHost.FromInt64, integer, 0, 0, rounding, out flags), number.Bits);
                Assert.Equal((flags & FloatHost.Pe) != 0, (number.Status & Fpscr.Xx) != 0);
                Assert.Equal(SoftFloat.FromSingleBits((uint)FloatHost.Run(FloatHost.FromInt64Single, integer, 0, 0, rounding, out _)), single.Bits);
            }
        }
    }

    [Fact]
    public void Every_single_survives_a_register()
    {
        for (ulong bits = 0; bits <= uint.MaxValue; bits += 0x3FFD)
            Assert.Equal((uint)bits, SoftFloat.ToSingleBits(SoftFloat.FromSingleBits((uint)bits)));
        for (uint bits = 0x7F80_0001; bits < 0x7F80_1000; bits++)
            Assert.Equal(bits, SoftFloat.ToSingleBits(SoftFloat.FromSingleBits(bits)));
        Assert.Equal(0x3FFF_FFFFu, SoftFloat.ToSingleBits(0x3FFF_FFFF_FFFF_FFFF)); // cut, not rounded
    }

    [Fact]
    public void Estimates_are_within_the_manuals_bounds()
    {
        var operands = new FloatOperands(22);
        for (int round = 0; round < 100_000; round++)
        {
            double x = BitConverter.UInt64BitsToDouble(operands.Single() & ~Unpacked.SignBit);
            if (!(x > 1e-37 && x < 1e37))
                continue;
            double reciprocal = BitConverter.UInt64BitsToDouble(SoftFloat.ReciprocalEstimate(BitConverter.DoubleToUInt64Bits(x), 0).Bits);
            double root = BitConverter.UInt64BitsToDouble(SoftFloat.SquareRootEstimate(BitConverter.DoubleToUInt64Bits(x), 0).Bits);
            Assert.True(Math.Abs(reciprocal * x - 1) < Math.ScaleB(1, -22) && Math.Abs(root * Math.Sqrt(x) - 1) < Math.ScaleB(1, -10), $"{x:r}");
        }
    }

    [Fact]
    public void Control_bits_reach_the_hosts_control_word()
    {
        Assert.Equal(0x1F00u, FpscrState.MxcsrOf(FpscrState.Watched));
        Assert.Equal(0x7F00u, FpscrState.MxcsrOf(FpscrState.Watched | 1));
        Assert.Equal(0x5F00u, FpscrState.MxcsrOf(FpscrState.Watched | 2));
        Assert.Equal(0x3F00u, FpscrState.MxcsrOf(FpscrState.Watched | 3));
        Assert.Equal(0x9F00u, FpscrState.MxcsrOf(FpscrState.Watched | Fpscr.Ni));
        Assert.Equal(0x1D00u, FpscrState.MxcsrOf(FpscrState.Watched | Fpscr.Ze));
        Assert.Equal(0x1B00u, FpscrState.MxcsrOf(FpscrState.Watched | Fpscr.Oe));
        Assert.Equal(0x0700u, FpscrState.MxcsrOf(FpscrState.Watched | Fpscr.Ue));
        Assert.Equal(0x0F00u, FpscrState.MxcsrOf(FpscrState.Watched | Fpscr.Xe));
    }

    [Fact]
    public void Exceptions_that_fpscr_does_not_have_yet_are_unmasked()
    {
        Assert.Equal(0x1100u, FpscrState.MxcsrOf(0));
        Assert.Equal(0x1500u, FpscrState.MxcsrOf(Fpscr.Ox));
        Assert.Equal(0x1900u, FpscrState.MxcsrOf(Fpscr.Ux));
        Assert.Equal(0x1300u, FpscrState.MxcsrOf(Fpscr.Zx));
        Assert.Equal(0x1900u, FpscrState.MxcsrOf(0, underflowMasked: true));
        Assert.Equal(0x9900u, FpscrState.MxcsrOf(Fpscr.Ni));
    }
}
