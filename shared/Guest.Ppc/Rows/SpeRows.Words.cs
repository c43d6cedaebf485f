using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// A register's upper and lower word, each by itself.
internal static unsafe partial class SpeRows
{
    private static void Evaddw(PpcEmitter e, uint w) => Binary(e, w, IrOp.Add);
    private static void Evand(PpcEmitter e, uint w) => Binary(e, w, IrOp.And);
    private static void Evandc(PpcEmitter e, uint w) => Binary(e, w, IrOp.AndNot);
    private static void Evor(PpcEmitter e, uint w) => Binary(e, w, IrOp.Or);
    private static void Evxor(PpcEmitter e, uint w) => Binary(e, w, IrOp.Xor);
    private static void Evnor(PpcEmitter e, uint w) => Binary(e, w, IrOp.Or, invert: true);
    private static void Evnand(PpcEmitter e, uint w) => Binary(e, w, IrOp.And, invert: true);
    private static void Eveqv(PpcEmitter e, uint w) => Binary(e, w, IrOp.Xor, invert: true);
    private static void Evslw(PpcEmitter e, uint w) => Shift(e, w, IrOp.Shl);
    private static void Evsrwu(PpcEmitter e, uint w) => Shift(e, w, IrOp.ShrU);
    private static void Evsrws(PpcEmitter e, uint w) => Shift(e, w, IrOp.ShrS);
    private static void Evslwi(PpcEmitter e, uint w) => WithImmediate(e, w, IrOp.Shl, PpcWord.Ra(w), PpcWord.Rb(w));
    private static void Evsrwiu(PpcEmitter e, uint w) => WithImmediate(e, w, IrOp.ShrU, PpcWord.Ra(w), PpcWord.Rb(w));
    private static void Evsrwis(PpcEmitter e, uint w) => WithImmediate(e, w, IrOp.ShrS, PpcWord.Ra(w), PpcWord.Rb(w));
    private static void Evrlwi(PpcEmitter e, uint w) => WithImmediate(e, w, IrOp.RotL, PpcWord.Ra(w), PpcWord.Rb(w));
    private static void Evaddiw(PpcEmitter e, uint w) => WithImmediate(e, w, IrOp.Add, PpcWord.Rb(w), PpcWord.Ra(w));
    private static void Evsubifw(PpcEmitter e, uint w) => WithImmediate(e, w, IrOp.Sub, PpcWord.Rb(w), PpcWord.Ra(w));
    private static void Evneg(PpcEmitter e, uint w) => Unary(e, w, IrOp.Neg);
    private static void Evextsb(PpcEmitter e, uint w) => Unary(e, w, IrOp.Sext8);
    private static void Evextsh(PpcEmitter e, uint w) => Unary(e, w, IrOp.Sext16);
    private static void Evsplati(PpcEmitter e, uint w) => Splat(e, w, (uint)PpcWord.Sim(w));
    private static void Evsplatfi(PpcEmitter e, uint w) => Splat(e, w, (uint)PpcWord.Sim(w) << 27);

    // b - a.
    private static void Evsubfw(PpcEmitter e, uint w)
    {
        (int a, int b) = (PpcWord.Ra(w), PpcWord.Rb(w));
        Set(e, w, e.Ir.Sub(e.GprHigh(b), e.GprHigh(a)), e.Ir.Sub(e.Gpr(b), e.Gpr(a)));
    }

    private static void Evorc(PpcEmitter e, uint w)
    {
        (int a, int b) = (PpcWord.Ra(w), PpcWord.Rb(w));
        Set(e, w, e.Ir.Or(e.GprHigh(a), e.Ir.Unary(IrOp.Not, e.GprHigh(b))), e.Ir.Or(e.Gpr(a), e.Ir.Unary(IrOp.Not, e.Gpr(b))));
    }

    private static void Evrlw(PpcEmitter e, uint w) => Binary(e, w, IrOp.RotL);

    private static void Evmergehi(PpcEmitter e, uint w) => Set(e, w, e.GprHigh(PpcWord.Ra(w)), e.GprHigh(PpcWord.Rb(w)));
    private static void Evmergelo(PpcEmitter e, uint w) => Set(e, w, e.Gpr(PpcWord.Ra(w)), e.Gpr(PpcWord.Rb(w)));
    private static void Evmergehilo(PpcEmitter e, uint w) => Set(e, w, e.GprHigh(PpcWord.Ra(w)), e.Gpr(PpcWord.Rb(w)));
    private static void Evmergelohi(PpcEmitter e, uint w) => Set(e, w, e.Gpr(PpcWord.Ra(w)), e.GprHigh(PpcWord.Rb(w)));

    // The field's first two bits choose for the upper and lower word.
    private static void Evsel(PpcEmitter e, uint w)
    {
        (int a, int b) = (PpcWord.Ra(w), PpcWord.Rb(w));
        int field = e.Cr((int)(w & 7));
        int high = e.Ir.Convert(IrOp.OrderLess, IrType.I32, field), low = e.Ir.Convert(IrOp.OrderGreater, IrType.I32, field);
        Set(e, w, e.Ir.Select(high, e.GprHigh(a), e.GprHigh(b)), e.Ir.Select(low, e.Gpr(a), e.Gpr(b)));
    }

    private static void Compute(PpcEmitter e, uint w) => e.Call(SpeState.Helper, IrType.None, e.Const(w));

    // The helper yields the four bits of the condition field.
    private static void Compare(PpcEmitter e, uint w) => e.SetCrBits(PpcWord.Bf(w), e.Call(SpeState.Helper, IrType.I32, e.Const(w)));

    private static void Set(PpcEmitter e, uint w, int high, int low)
    {
        e.SetGprHigh(PpcWord.Rt(w), high);
        e.SetGpr(PpcWord.Rt(w), low);
    }

    private static void Unary(PpcEmitter e, uint w, IrOp op) => Set(e, w, e.Ir.Unary(op, e.GprHigh(PpcWord.Ra(w))), e.Ir.Unary(op, e.Gpr(PpcWord.Ra(w))));

    private static void Binary(PpcEmitter e, uint w, IrOp op, bool invert = false)
    {
        (int a, int b) = (PpcWord.Ra(w), PpcWord.Rb(w));
        int high = e.Ir.Binary(op, e.GprHigh(a), e.GprHigh(b)), low = e.Ir.Binary(op, e.Gpr(a), e.Gpr(b));
        Set(e, w, invert ? e.Ir.Unary(IrOp.Not, high) : high, invert ? e.Ir.Unary(IrOp.Not, low) : low);
    }

    // Counts from 32 to 63 shift everything out.
    private static void Shift(PpcEmitter e, uint w, IrOp op)
    {
        (int a, int b) = (PpcWord.Ra(w), PpcWord.Rb(w));
        Set(e, w, One(e.GprHigh(a), e.GprHigh(b)), One(e.Gpr(a), e.Gpr(b)));

        int One(int value, int count)
        {
            int wide = op == IrOp.ShrS ? e.Ir.Sext32(value) : e.Ir.Zext32(value);
            return e.Ir.Low(e.Ir.Binary(op, wide, e.Ir.Zext32(e.Ir.And(count, e.Const(63)))));
        }
    }

    private static void WithImmediate(PpcEmitter e, uint w, IrOp op, int register, int immediate)
    {
        int value = e.Const((uint)immediate);
        Set(e, w, e.Ir.Binary(op, e.GprHigh(register), value), e.Ir.Binary(op, e.Gpr(register), value));
    }

    private static void Splat(PpcEmitter e, uint w, uint value) => Set(e, w, e.Const(value), e.Const(value));
}
