using Suite.Guest.Ppc.Float;
using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// fres and frsqrte in integers, digit for digit as SoftFloat computes them; operands whose result is not a plain normal number are the interpreter's.
internal static unsafe partial class FloatRows
{
    private const ulong UpperBits = 0xFFF0_0000_0000_0000;
    private const uint ExponentBits = 0x7FF0_0000, ExponentUnit = 0x0010_0000;

    private static void Res(PpcEmitter e, uint w)
    {
        if (IsExact(e, w))
            return;
        IrBlock ir = e.Ir;
        int b = e.Fpr(PpcWord.Rb(w));
        int bits = ir.Convert(IrOp.FBits, IrType.I64, b);

        // Exponents from -126 to 125.
        int exponent = ir.Sub(ir.And(ir.High(bits), e.Const(ExponentBits)), e.Const(897 * ExponentUnit));
        e.TrapIf(ir.Compare(IrOp.LeU, e.Const(252 * ExponentUnit), exponent), PpcTrap.Interpret);
        int digits = ir.And(ir.Binary(IrOp.DivU, ir.Const64(1UL << 62), Significand(ir, bits)), ir.Const64(0xFFFF_FF80));

        // Subtracting the whole upper part keeps the sign; bit 30 of the digits carries into the exponent.
        int upper = ir.Sub(ir.Const64(2044UL << 52), ir.And(bits, ir.Const64(UpperBits)));
        int result = ir.Add(upper, ir.Binary(IrOp.Shl, digits, ir.Const64(22)));
        Finish(e, w, ir.Convert(IrOp.FFromBits, IrType.F64, result), -1, b, -1);
    }

    private static void Rsqrte(PpcEmitter e, uint w)
    {
        if (IsExact(e, w))
            return;
        IrBlock ir = e.Ir;
        int b = e.Fpr(PpcWord.Rb(w));
        int bits = ir.Convert(IrOp.FBits, IrType.I64, b);

        // Positive and normal: with the sign on top of the exponent, 1 to 2046.
        int biased = ir.Binary(IrOp.ShrU, bits, ir.Const64(52));
        e.TrapIf(ir.Compare(IrOp.LeU, ir.Const64(2046), ir.Sub(biased, ir.Const64(1))), PpcTrap.Interpret);
        int d = ir.Binary(IrOp.ShrU, Significand(ir, bits), ir.And(biased, ir.Const64(1)));
        int y = ir.Sub(ir.Const64(SoftFloat.RootStart), ir.Binary(IrOp.ShrU, ir.Binary(IrOp.Mul, d, ir.Const64(SoftFloat.RootSlope)), ir.Const64(32)));
        y = RootStep(ir, d, RootStep(ir, d, y));
        y = ir.Select(ir.Compare(IrOp.LtU, y, ir.Const64(SoftFloat.One)), ir.Const64(SoftFloat.One), y);

        int half = ir.Binary(IrOp.ShrU, ir.Add(biased, ir.Const64(1)), ir.Const64(1));
        int result = ir.Add(ir.Binary(IrOp.Shl, ir.Sub(ir.Const64(1533), half), ir.Const64(52)), ir.Binary(IrOp.Shl, y, ir.Const64(22)));
        Finish(e, w, ir.Convert(IrOp.FFromBits, IrType.F64, result), -1, b, -1);
    }

    /// <summary>The upper 32 bits of a normal number's significand, the leading one at bit 31.</summary>
    private static int Significand(IrBlock ir, int bits) =>
        ir.Binary(IrOp.Or, ir.And(ir.Binary(IrOp.ShrU, bits, ir.Const64(21)), ir.Const64(0x7FFF_FFFF)), ir.Const64(0x8000_0000));

    /// <summary>y (3 - d y y) / 2.</summary>
    private static int RootStep(IrBlock ir, int d, int y)
    {
        int square = ir.Binary(IrOp.ShrU, ir.Binary(IrOp.Mul, y, y), ir.Const64(30));
        int rest = ir.Sub(ir.Const64(SoftFloat.Three), ir.Binary(IrOp.ShrU, ir.Binary(IrOp.Mul, square, d), ir.Const64(32)));
        return ir.Binary(IrOp.ShrU, ir.Binary(IrOp.Mul, y, rest), ir.Const64(31));
    }
}
