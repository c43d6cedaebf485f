using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Logic, extension, counting, rotation and shifts (Power ISA 2.07 I 3.3.13, 3.3.14).
internal static unsafe partial class IntegerRows
{
    private static PpcRow[] Logical =>
    [
        PpcRow.D("ori", 24, "ra,rs,ui", &Ori),
        PpcRow.D("oris", 25, "ra,rs,ui", &Oris),
        PpcRow.D("xori", 26, "ra,rs,ui", &Xori),
        PpcRow.D("xoris", 27, "ra,rs,ui", &Xoris),
        PpcRow.D("andi.", 28, "ra,rs,ui", &AndiRecord),
        PpcRow.D("andis.", 29, "ra,rs,ui", &AndisRecord),
        PpcRow.X("and", 31, 28, "ra,rs,rb,.", &And),
        PpcRow.X("andc", 31, 60, "ra,rs,rb,.", &Andc),
        PpcRow.X("or", 31, 444, "ra,rs,rb,.", &Or),
        PpcRow.X("orc", 31, 412, "ra,rs,rb,.", &Orc),
        PpcRow.X("xor", 31, 316, "ra,rs,rb,.", &Xor),
        PpcRow.X("nand", 31, 476, "ra,rs,rb,.", &Nand),
        PpcRow.X("nor", 31, 124, "ra,rs,rb,.", &Nor),
        PpcRow.X("eqv", 31, 284, "ra,rs,rb,.", &Eqv),
        PpcRow.X("extsb", 31, 954, "ra,rs,.", &Extsb),
        PpcRow.X("extsh", 31, 922, "ra,rs,.", &Extsh),
        PpcRow.X("cntlzw", 31, 26, "ra,rs,.", &Cntlzw),
        PpcRow.X("popcntb", 31, 122, "ra,rs", &Popcntb),
        PpcRow.D("rlwinm", 21, "ra,rs,sh,mb,me,.", &Rlwinm),
        PpcRow.D("rlwimi", 20, "ra,rs,sh,mb,me,.", &Rlwimi),
        PpcRow.D("rlwnm", 23, "ra,rs,rb,mb,me,.", &Rlwnm),
        PpcRow.X("slw", 31, 24, "ra,rs,rb,.", &Slw),
        PpcRow.X("srw", 31, 536, "ra,rs,rb,.", &Srw),
        PpcRow.X("sraw", 31, 792, "ra,rs,rb,.", &Sraw),
        PpcRow.X("srawi", 31, 824, "ra,rs,sh,.", &Srawi),
    ];

    /// <summary>The mask of ones from bit <paramref name="mb"/> to bit <paramref name="me"/>, wrapping round (Power ISA: MASK).</summary>
    internal static uint Mask(int mb, int me)
    {
        uint from = uint.MaxValue >> mb, to = uint.MaxValue << 31 - me;
        return mb <= me ? from & to : from | to;
    }

    /// <summary>Result to RA, comparison to CR0 if Rc.</summary>
    internal static void FinishRa(PpcEmitter e, uint w, int result)
    {
        e.SetGpr(PpcWord.Ra(w), result);
        RecordIf(e, w, result);
    }

    private static int Rs(PpcEmitter e, uint w) => e.Gpr(PpcWord.Rt(w));

    private static int Rb(PpcEmitter e, uint w) => e.Gpr(PpcWord.Rb(w));

    private static bool SameSources(uint w) => PpcWord.Rt(w) == PpcWord.Rb(w);

    private static void Ori(PpcEmitter e, uint w) => Immediate(e, w, IrOp.Or, PpcWord.Ui(w));

    private static void Oris(PpcEmitter e, uint w) => Immediate(e, w, IrOp.Or, PpcWord.Ui(w) << 16);

    private static void Xori(PpcEmitter e, uint w) => Immediate(e, w, IrOp.Xor, PpcWord.Ui(w));

    private static void Xoris(PpcEmitter e, uint w) => Immediate(e, w, IrOp.Xor, PpcWord.Ui(w) << 16);

    private static void Immediate(PpcEmitter e, uint w, IrOp op, uint value)
    {
        if (value == 0 && PpcWord.Rt(w) == PpcWord.Ra(w))
            return;
        e.SetGpr(PpcWord.Ra(w), value == 0 ? Rs(e, w) : e.Ir.Binary(op, Rs(e, w), e.Const(value)));
    }

    private static void AndiRecord(PpcEmitter e, uint w) => AndImmediate(e, w, PpcWord.Ui(w));

    private static void AndisRecord(PpcEmitter e, uint w) => AndImmediate(e, w, PpcWord.Ui(w) << 16);

    private static void AndImmediate(PpcEmitter e, uint w, uint value)
    {
        int result = e.Ir.And(Rs(e, w), e.Const(value));
        e.SetGpr(PpcWord.Ra(w), result);
        e.Record(result);
    }

    private static void And(PpcEmitter e, uint w) => FinishRa(e, w, SameSources(w) ? Rs(e, w) : e.Ir.And(Rs(e, w), Rb(e, w)));

    private static void Andc(PpcEmitter e, uint w) => FinishRa(e, w, e.Ir.Binary(IrOp.AndNot, Rs(e, w), Rb(e, w)));

    private static void Or(PpcEmitter e, uint w) => FinishRa(e, w, SameSources(w) ? Rs(e, w) : e.Ir.Or(Rs(e, w), Rb(e, w)));

    private static void Orc(PpcEmitter e, uint w) => FinishRa(e, w, e.Ir.Or(Rs(e, w), e.Ir.Unary(IrOp.Not, Rb(e, w))));

    private static void Xor(PpcEmitter e, uint w) => FinishRa(e, w, SameSources(w) ? e.Const(0) : e.Ir.Xor(Rs(e, w), Rb(e, w)));

    private static void Nand(PpcEmitter e, uint w) => FinishRa(e, w, e.Ir.Unary(IrOp.Not, e.Ir.And(Rs(e, w), Rb(e, w))));

    private static void Nor(PpcEmitter e, uint w) => FinishRa(e, w, e.Ir.Unary(IrOp.Not, SameSources(w) ? Rs(e, w) : e.Ir.Or(Rs(e, w), Rb(e, w))));

    private static void Eqv(PpcEmitter e, uint w) =>
        FinishRa(e, w, SameSources(w) ? e.Const(uint.MaxValue) : e.Ir.Unary(IrOp.Not, e.Ir.Xor(Rs(e, w), Rb(e, w))));

    private static void Extsb(PpcEmitter e, uint w) => FinishRa(e, w, e.Ir.Unary(IrOp.Sext8, Rs(e, w)));

    private static void Extsh(PpcEmitter e, uint w) => FinishRa(e, w, e.Ir.Unary(IrOp.Sext16, Rs(e, w)));

    private static void Cntlzw(PpcEmitter e, uint w) => FinishRa(e, w, e.Ir.Unary(IrOp.Clz, Rs(e, w)));

    private static void Popcntb(PpcEmitter e, uint w)
    {
        IrBlock ir = e.Ir;
        int x = Rs(e, w);
        int pairs = ir.Sub(x, ir.And(ir.Binary(IrOp.ShrU, x, e.Const(1)), e.Const(0x55555555)));
        int nibbles = ir.Add(ir.And(pairs, e.Const(0x33333333)), ir.And(ir.Binary(IrOp.ShrU, pairs, e.Const(2)), e.Const(0x33333333)));
        e.SetGpr(PpcWord.Ra(w), ir.And(ir.Add(nibbles, ir.Binary(IrOp.ShrU, nibbles, e.Const(4))), e.Const(0x0F0F0F0F)));
    }

    private static void Rlwinm(PpcEmitter e, uint w)
    {
        int shift = PpcWord.Rb(w);
        uint mask = Mask(PpcWord.Rc(w), PpcWord.Me(w)), left = uint.MaxValue << shift;
        int s = Rs(e, w);
        int result;
        if (shift != 0 && mask == left)
            result = e.Ir.Binary(IrOp.Shl, s, e.Const((uint)shift));
        else if (shift != 0 && mask == ~left)
            result = e.Ir.Binary(IrOp.ShrU, s, e.Const((uint)(32 - shift)));
        else
        {
            result = shift == 0 ? s : e.Ir.Binary(IrOp.RotL, s, e.Const((uint)shift));
            if (mask != uint.MaxValue)
                result = e.Ir.And(result, e.Const(mask));
        }
        FinishRa(e, w, result);
    }

    private static void Rlwimi(PpcEmitter e, uint w)
    {
        int shift = PpcWord.Rb(w);
        uint mask = Mask(PpcWord.Rc(w), PpcWord.Me(w));
        int rotated = shift == 0 ? Rs(e, w) : e.Ir.Binary(IrOp.RotL, Rs(e, w), e.Const((uint)shift));
        FinishRa(e, w, mask == uint.MaxValue ? rotated : Insert(e, rotated, mask, e.Gpr(PpcWord.Ra(w))));
    }

    private static void Rlwnm(PpcEmitter e, uint w)
    {
        uint mask = Mask(PpcWord.Rc(w), PpcWord.Me(w));
        int rotated = e.Ir.Binary(IrOp.RotL, Rs(e, w), Rb(e, w));
        FinishRa(e, w, mask == uint.MaxValue ? rotated : e.Ir.And(rotated, e.Const(mask)));
    }

    /// <summary>The bits of <paramref name="value"/> under the mask, those of <paramref name="into"/> elsewhere.</summary>
    internal static int Insert(PpcEmitter e, int value, uint mask, int into) =>
        e.Ir.Or(e.Ir.And(value, e.Const(mask)), e.Ir.And(into, e.Const(~mask)));

    // Counts are taken modulo 64, so a 64-bit shift gives the right answer for 32 and more.
    private static void Slw(PpcEmitter e, uint w) => FinishRa(e, w, e.Ir.Low(e.Ir.Binary(IrOp.Shl, e.Ir.Zext32(Rs(e, w)), e.Ir.Zext32(Rb(e, w)))));

    private static void Srw(PpcEmitter e, uint w) => FinishRa(e, w, e.Ir.Low(e.Ir.Binary(IrOp.ShrU, e.Ir.Zext32(Rs(e, w)), e.Ir.Zext32(Rb(e, w)))));

    private static void Sraw(PpcEmitter e, uint w)
    {
        int value = e.Ir.Sext32(Rs(e, w)), count = e.Ir.Zext32(Rb(e, w));
        int shifted = e.Ir.Binary(IrOp.ShrS, value, count);
        int lost = e.Ir.Compare(IrOp.Ne, e.Ir.Binary(IrOp.Shl, shifted, count), value);
        int result = e.Ir.Low(shifted);
        e.Put(PpcSlot.XerCa, e.Ir.And(lost, e.Ir.Binary(IrOp.ShrU, Rs(e, w), e.Const(31))));
        FinishRa(e, w, result);
    }

    private static void Srawi(PpcEmitter e, uint w)
    {
        int shift = PpcWord.Rb(w);
        int s = Rs(e, w);
        int result = shift == 0 ? s : e.Ir.Binary(IrOp.ShrS, s, e.Const((uint)shift));

        // CA: the sign and any bit shifted out, that is: together they are more than the sign alone.
        uint watched = 0x80000000 | (1u << shift) - 1;
        e.Put(PpcSlot.XerCa, shift == 0 ? e.Const(0) : e.Ir.Compare(IrOp.LtU, e.Const(0x80000000), e.Ir.And(s, e.Const(watched))));
        FinishRa(e, w, result);
    }
}
