using Suite.Guest.Ppc.Float;

namespace Suite.Tests.Guest.Ppc;

/// <summary>Soft float against the host's unit: results, exceptions, FR, classes, in all rounding modes.</summary>
public class FloatArithmeticTests
{
    private const int Rounds = 15_000;
    private const ulong SignBit = 0x8000_0000_0000_0000, Infinity = 0x7FF0_0000_0000_0000;

    [Theory]
    [InlineData("add", false), InlineData("add", true), InlineData("sub", false), InlineData("sub", true), InlineData("mul", false), InlineData("mul", true)]
    [InlineData("div", false), InlineData("div", true), InlineData("sqrt", false), InlineData("sqrt", true)]
    [InlineData("madd", false), InlineData("madd", true), InlineData("msub", false), InlineData("msub", true)]
    public void Agrees_with_the_host(string operation, bool single)
    {
        var operands = new FloatOperands((ulong)operation.Length * 7 + operation[0] + (single ? 100UL : 0));
        for (int round = 0; round < Rounds; round++)
        {
            ulong a = single ? operands.SingleBits() : operands.Double(), b = single ? operands.SingleBits() : operands.Double(), c = single ? operands.SingleBits() : operands.Double();
            if (operation == "sqrt" && (round & 7) != 0)
                b &= single ? 0x7FFF_FFFFu : ~SignBit;
            if (operation is "madd" or "msub" && (round & 3) == 0)
                c = NearProduct(a, b, c, single);
            for (int rounding = 0; rounding < 4; rounding++)
                Check(operation, single, a, b, c, rounding);
        }
    }

    [Fact]
    public void Rounding_to_single_agrees_with_the_host()
    {
        var operands = new FloatOperands(11);
        for (int round = 0; round < Rounds; round++)
        {
            ulong b = (round & 1) == 0 ? operands.Double() : operands.Single() + (operands.Next() & 0x3FFF_FFFF);
            for (int rounding = 0; rounding < 4; rounding++)
            {
                ulong host = SoftFloat.FromSingleBits((uint)FloatHost.Run(FloatHost.ToSingle, 0, b, 0, rounding, out uint flags));
                ulong truncated = SoftFloat.FromSingleBits((uint)FloatHost.Run(FloatHost.ToSingle, 0, b, 0, 1, out _));
                Compare($"frsp {b:x} rn {rounding}", true, SoftFloat.RoundToSingle(b, (uint)rounding), host, truncated, flags);
            }
        }
    }

    [Fact]
    public void Non_ieee_mode_flushes_as_the_host_does()
    {
        var operands = new FloatOperands(12);
        for (int round = 0; round < Rounds; round++)
        {
            ulong a = operands.Double(), b = operands.Double();
            for (uint rounding = 0; rounding < 4; rounding++)
            {
                ulong host = FloatHost.Run(FloatHost.Mul, a, b, 0, (int)rounding, out uint flags, flushToZero: true);
                if (!IsNaN(a) && !IsNaN(b))
                    host = Positive(host, flags);
                FpResult soft = SoftFloat.Mul(a, b, new FpMode(Fpscr.Ni | rounding, false));
                Assert.True(host == soft.Bits && (flags & 0x3C) == (Flags(soft.Status) & 0x3C), $"{a:x} * {b:x} rn {rounding}: {soft.Bits:x} {soft.Status:x}, host {host:x} {flags:x}");
            }
        }
    }

    private static void Check(string operation, bool single, ulong a, ulong b, ulong c, int rounding)
    {
        ulong x = Widen(a, single), y = Widen(b, single), z = Widen(c, single);
        var mode = new FpMode((uint)rounding, single);
        (FpResult soft, nint host) = operation switch
        {
            "add" => (SoftFloat.Add(x, y, mode), single ? FloatHost.AddSingle : FloatHost.Add),
            "sub" => (SoftFloat.Sub(x, y, mode), single ? FloatHost.SubSingle : FloatHost.Sub),
            "mul" => (SoftFloat.Mul(x, y, mode), single ? FloatHost.MulSingle : FloatHost.Mul),
            "div" => (SoftFloat.Div(x, y, mode), single ? FloatHost.DivSingle : FloatHost.Div),
            "sqrt" => (SoftFloat.Sqrt(y, mode), single ? FloatHost.SqrtSingle : FloatHost.Sqrt),
            "madd" => (SoftFloat.MulAdd(x, y, z, false, false, mode), single ? FloatHost.MulAddSingle : FloatHost.MulAdd),
            _ => (SoftFloat.MulAdd(x, y, z, true, false, mode), single ? FloatHost.MulSubSingle : FloatHost.MulSub),
        };
        ulong expected = Widen(FloatHost.Run(host, a, b, c, rounding, out uint flags), single);
        ulong truncated = Widen(FloatHost.Run(host, a, b, c, 1, out _), single);
        string what = $"{operation}{(single ? "s" : "")} {x:x} {y:x} {z:x} rn {rounding}";
        if (operation.StartsWith('m') && operation != "mul")
        {
            // The order of three NaNs differs, and so does the flag of 0 * infinity + NaN.
            FpResult product = SoftFloat.Mul(x, y, mode);
            ulong order = IsNaN(x) ? x : IsNaN(z) ? z : IsNaN(y) ? y : 0;
            if (order != 0)
            {
                uint cause = (IsSignaling(x) || IsSignaling(y) || IsSignaling(z) ? Fpscr.VxSnan : 0) | product.Status & Fpscr.VxImz;
                Assert.True(soft == new FpResult(order | 0x0008_0000_0000_0000, cause | 0x11u << Fpscr.FprfShift), what);
                return;
            }
        }
        if (!(IsNaN(x) && operation != "sqrt") && !IsNaN(y))
            expected = Positive(expected, flags);
        Compare(what, single, soft, expected, truncated, flags);

        if (operation.StartsWith('m') && operation != "mul")
        {
            FpResult negated = SoftFloat.MulAdd(x, y, z, operation == "msub", true, mode);
            Assert.Equal(IsNaN(soft.Bits) ? soft.Bits : soft.Bits ^ SignBit, negated.Bits);
            Assert.Equal(soft.Status & ~Fpscr.Fprf | SoftFloat.ClassOf(negated.Bits, single), negated.Status);
        }
    }

    private static void Compare(string what, bool single, FpResult soft, ulong expected, ulong truncated, uint flags)
    {
        Assert.True(soft.Bits == expected, $"{what}: {soft.Bits:x}, host {expected:x}");
        uint status = Flags(soft.Status);
        ulong smallest = single ? 0x3810_0000_0000_0000UL : 0x0010_0000_0000_0000UL;
        if ((status & ~flags) == FloatHost.Ue && (expected & ~SignBit) == smallest)
            flags |= FloatHost.Ue; // the host looks for underflow after rounding
        Assert.True(status == (flags & 0x3D), $"{what}: {soft.Bits:x} status {soft.Status:x}, host {flags:x}");
        Assert.Equal((flags & FloatHost.Pe) != 0, (soft.Status & Fpscr.Fi) != 0);
        if ((flags & FloatHost.Ie) == 0 && !IsNaN(expected))
            Assert.True(((soft.Status & Fpscr.Fr) != 0) == ((expected & ~SignBit) != (truncated & ~SignBit)), $"{what}: FR");
        Assert.Equal(SoftFloat.ClassOf(expected, single), soft.Status & Fpscr.Fprf);
    }

    /// <summary>The NaN that the host generates is negative.</summary>
    private static ulong Positive(ulong expected, uint flags) => expected == 0xFFF8_0000_0000_0000 && (flags & FloatHost.Ie) != 0 ? SoftFloat.DefaultNaN : expected;

    private static uint Flags(uint status) =>
        ((status & Fpscr.Invalid) != 0 ? FloatHost.Ie : 0) | ((status & Fpscr.Zx) != 0 ? FloatHost.Ze : 0) | ((status & Fpscr.Ox) != 0 ? FloatHost.Oe : 0)
        | ((status & Fpscr.Ux) != 0 ? FloatHost.Ue : 0) | ((status & Fpscr.Xx) != 0 ? FloatHost.Pe : 0);

    /// <summary>An addend that cancels or nearly cancels the product.</summary>
    private static ulong NearProduct(ulong a, ulong b, ulong c, bool single)
    {
        if (single)
            return BitConverter.SingleToUInt32Bits(-(BitConverter.UInt32BitsToSingle((uint)a) * BitConverter.UInt32BitsToSingle((uint)b))) + (uint)(c & 3);
        return BitConverter.DoubleToUInt64Bits(-(BitConverter.UInt64BitsToDouble(a) * BitConverter.UInt64BitsToDouble(b))) + (c & 3);
    }

    private static ulong Widen(ulong bits, bool single) => single ? SoftFloat.FromSingleBits((uint)bits) : bits;

    private static bool IsNaN(ulong bits) => (bits & ~SignBit) > Infinity;

    private static bool IsSignaling(ulong bits) => IsNaN(bits) && (bits & 0x0008_0000_0000_0000) == 0;
}
