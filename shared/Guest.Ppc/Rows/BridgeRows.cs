using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

/// <summary>Instructions of POWER that the 601 keeps (PowerPC 601 User's Manual, appendix B; AIX Assembler Language Reference).</summary>
internal static unsafe class BridgeRows
{
    private const int CacheLineBytes = 64;

    public static PpcRow[] Rows =>
    [
        PpcRow.Xo("abs", 31, 360, "rt,ra,o,.", &Abs, PpcFeature.Power),
        PpcRow.Xo("nabs", 31, 488, "rt,ra,o,.", &Nabs, PpcFeature.Power),
        PpcRow.Xo("doz", 31, 264, "rt,ra,rb,o,.", &Doz, PpcFeature.Power),
        PpcRow.D("dozi", 9, "rt,ra,si", &Dozi, PpcFeature.Power),
        PpcRow.Xo("mul", 31, 107, "rt,ra,rb,o,.", &Mul, PpcFeature.Power),
        PpcRow.Xo("div", 31, 331, "rt,ra,rb,o,.", &Div, PpcFeature.Power),
        PpcRow.Xo("divs", 31, 363, "rt,ra,rb,o,.", &Divs, PpcFeature.Power),
        PpcRow.X("clcs", 31, 531, "rt,ra", &Clcs, PpcFeature.Power),
        PpcRow.X("lscbx", 31, 277, "rt,ra0,rb,.", &Lscbx, PpcFeature.Power),
        PpcRow.X("maskg", 31, 29, "ra,rs,rb,.", &Maskg, PpcFeature.Power),
        PpcRow.X("maskir", 31, 541, "ra,rs,rb,.", &Maskir, PpcFeature.Power),
        PpcRow.D("rlmi", 22, "ra,rs,rb,mb,me,.", &Rlmi, PpcFeature.Power),
        PpcRow.X("rrib", 31, 537, "ra,rs,rb,.", &Rrib, PpcFeature.Power),
        PpcRow.X("sle", 31, 153, "ra,rs,rb,.", &Sle, PpcFeature.Power),
        PpcRow.X("sleq", 31, 217, "ra,rs,rb,.", &Sleq, PpcFeature.Power),
        PpcRow.X("sliq", 31, 184, "ra,rs,sh,.", &Sliq, PpcFeature.Power),
        PpcRow.X("slliq", 31, 248, "ra,rs,sh,.", &Slliq, PpcFeature.Power),
        PpcRow.X("sllq", 31, 216, "ra,rs,rb,.", &Sllq, PpcFeature.Power),
        PpcRow.X("slq", 31, 152, "ra,rs,rb,.", &Slq, PpcFeature.Power),
        PpcRow.X("sraiq", 31, 952, "ra,rs,sh,.", &Sraiq, PpcFeature.Power),
        PpcRow.X("sraq", 31, 920, "ra,rs,rb,.", &Sraq, PpcFeature.Power),
        PpcRow.X("sre", 31, 665, "ra,rs,rb,.", &Sre, PpcFeature.Power),
        PpcRow.X("srea", 31, 921, "ra,rs,rb,.", &Srea, PpcFeature.Power),
        PpcRow.X("sreq", 31, 729, "ra,rs,rb,.", &Sreq, PpcFeature.Power),
        PpcRow.X("sriq", 31, 696, "ra,rs,sh,.", &Sriq, PpcFeature.Power),
        PpcRow.X("srliq", 31, 760, "ra,rs,sh,.", &Srliq, PpcFeature.Power),
        PpcRow.X("srlq", 31, 728, "ra,rs,rb,.", &Srlq, PpcFeature.Power),
        PpcRow.X("srq", 31, 664, "ra,rs,rb,.", &Srq, PpcFeature.Power),
    ];

    private static int Rs(PpcEmitter e, uint w) => e.Gpr(PpcWord.Rt(w));

    private static int Ra(PpcEmitter e, uint w) => e.Gpr(PpcWord.Ra(w));

    private static int Rb(PpcEmitter e, uint w) => e.Gpr(PpcWord.Rb(w));

    private static void Abs(PpcEmitter e, uint w)
    {
        int a = Ra(e, w), sign = e.Ir.Binary(IrOp.ShrS, a, e.Const(31));
        if (PpcWord.HasOe(w))
            IntegerRows.SetOverflow(e, e.Ir.Compare(IrOp.Eq, a, e.Const(0x80000000)));
        IntegerRows.Finish(e, w, e.Ir.Sub(e.Ir.Xor(a, sign), sign));
    }

    private static void Nabs(PpcEmitter e, uint w)
    {
        int a = Ra(e, w), sign = e.Ir.Binary(IrOp.ShrS, a, e.Const(31));
        if (PpcWord.HasOe(w))
            e.Put(PpcSlot.XerOv, e.Const(0));
        IntegerRows.Finish(e, w, e.Ir.Sub(sign, e.Ir.Xor(a, sign)));
    }

    private static void Doz(PpcEmitter e, uint w)
    {
        int a = Ra(e, w), b = Rb(e, w);
        int difference = e.Ir.Sub(b, a), isLess = e.Ir.Compare(IrOp.LtS, b, a);

        // Not less, so only a difference above 2^31 - 1 overflows, and it looks negative.
        if (PpcWord.HasOe(w))
            IntegerRows.SetOverflow(e, e.Ir.Binary(IrOp.AndNot, e.Ir.Binary(IrOp.ShrU, difference, e.Const(31)), isLess));
        IntegerRows.Finish(e, w, e.Ir.Select(isLess, e.Const(0), difference));
    }

    private static void Dozi(PpcEmitter e, uint w)
    {
        int a = Ra(e, w), b = e.Const((uint)PpcWord.Si(w));
        e.SetGpr(PpcWord.Rt(w), e.Ir.Select(e.Ir.Compare(IrOp.LtS, b, a), e.Const(0), e.Ir.Sub(b, a)));
    }

    private static void Mul(PpcEmitter e, uint w)
    {
        int product = e.Ir.Binary(IrOp.Mul, e.Ir.Sext32(Ra(e, w)), e.Ir.Sext32(Rb(e, w)));
        int low = e.Ir.Low(product);
        if (PpcWord.HasOe(w))
            IntegerRows.SetOverflow(e, e.Ir.Compare(IrOp.Ne, e.Ir.Sext32(low), product));
        e.SetGpr(PpcWord.Rt(w), e.Ir.High(product));
        e.Put(PpcSlot.Mq, low);
        IntegerRows.RecordIf(e, w, low);
    }

    private static void Div(PpcEmitter e, uint w)
    {
        int high = e.Ir.Binary(IrOp.Shl, e.Ir.Zext32(Ra(e, w)), e.Ir.Const64(32));
        Divide(e, w, e.Ir.Or(high, e.Ir.Zext32(e.Get(PpcSlot.Mq))));
    }

    private static void Divs(PpcEmitter e, uint w) => Divide(e, w, e.Ir.Sext32(Ra(e, w)));

    // Quotient to RT, remainder to MQ and compared.
    private static void Divide(PpcEmitter e, uint w, int dividend)
    {
        IrBlock ir = e.Ir;
        int divisor = ir.Sext32(Rb(e, w));
        int quotient = ir.Binary(IrOp.DivS, dividend, divisor);
        int remainder = ir.Low(ir.Sub(dividend, ir.Binary(IrOp.Mul, quotient, divisor)));
        int result = ir.Low(quotient);
        if (PpcWord.HasOe(w))
            IntegerRows.SetOverflow(e, ir.Or(ir.Compare(IrOp.Ne, ir.Sext32(result), quotient), ir.Compare(IrOp.Eq, divisor, ir.Const64(0))));
        e.SetGpr(PpcWord.Rt(w), result);
        e.Put(PpcSlot.Mq, remainder);
        IntegerRows.RecordIf(e, w, remainder);
    }

    // RA 12 to 15 ask for the line size of the instruction cache, the data cache, the smaller, the larger.
    private static void Clcs(PpcEmitter e, uint w) => e.SetGpr(PpcWord.Rt(w), e.Const(PpcWord.Ra(w) is >= 12 and <= 15 ? CacheLineBytes : 0u));

    // Bytes to registers until one equals XER bits 16-23; XER bits 25-31 say how many at most, and then how many there were.
    private static void Lscbx(PpcEmitter e, uint w)
    {
        if (!e.Exact)
        {
            e.Trap(PpcTrap.Interpret);
            return;
        }
        int rt = PpcWord.Rt(w), ra = PpcWord.Ra(w), rb = PpcWord.Rb(w);
        int address = e.EffectiveAddressIndexed(ra, rb);
        uint xer = e.Peek(PpcSlot.XerCount), wanted = xer >> 8 & 0xFF, count = xer & 0x7F;
        int so = e.Get(PpcSlot.XerSo);
        if (PpcWord.HasRc(w))
            e.SetCrBits(0, so);
        for (uint i = 0; i < count; i++)
        {
            int register = (int)(rt + i / 4) & 31, shift = (int)(24 - i % 4 * 8);
            int value = e.Ir.Load(MemKind.U8, address, (int)i);
            int isLast = e.Ir.Compare(IrOp.Eq, value, e.Const(wanted));

            // The address registers are left alone.
            if (register != rb && (register != ra || ra == 0))
                e.SetGpr(register, IntegerRows.Insert(e, e.Ir.Binary(IrOp.Shl, value, e.Const((uint)shift)), 0xFFu << shift, e.Gpr(register)));
            e.Put(PpcSlot.XerCount, e.Ir.Select(isLast, e.Const(xer & ~0x7Fu | i + 1), e.Const(xer)));
            if (PpcWord.HasRc(w))
                e.SetCrBits(0, e.Ir.Or(so, e.Ir.Binary(IrOp.Shl, isLast, e.Const(1))));
            e.ExitIf(isLast, e.NextPc);
        }
    }

    private static void Maskg(PpcEmitter e, uint w)
    {
        int first = e.Ir.And(Rs(e, w), e.Const(31)), last = e.Ir.And(Rb(e, w), e.Const(31));
        int from = e.Ir.Binary(IrOp.ShrU, e.Const(uint.MaxValue), first);
        int to = e.Ir.Binary(IrOp.Shl, e.Const(uint.MaxValue), e.Ir.Sub(e.Const(31), last));
        IntegerRows.FinishRa(e, w, e.Ir.Select(e.Ir.Compare(IrOp.LeU, first, last), e.Ir.And(from, to), e.Ir.Or(from, to)));
    }

    private static void Maskir(PpcEmitter e, uint w) => IntegerRows.FinishRa(e, w, Merge(e, Rs(e, w), Rb(e, w), Ra(e, w)));

    private static void Rlmi(PpcEmitter e, uint w)
    {
        uint mask = IntegerRows.Mask(PpcWord.Rc(w), PpcWord.Me(w));
        IntegerRows.FinishRa(e, w, IntegerRows.Insert(e, e.Ir.Binary(IrOp.RotL, Rs(e, w), Rb(e, w)), mask, Ra(e, w)));
    }

    private static void Rrib(PpcEmitter e, uint w)
    {
        int bit = e.Ir.Binary(IrOp.ShrU, e.Const(0x80000000), Rb(e, w));
        IntegerRows.FinishRa(e, w, Merge(e, e.Ir.Binary(IrOp.ShrS, Rs(e, w), e.Const(31)), bit, Ra(e, w)));
    }

    // Left shifts. "Rotated" is rs rotated left, its mask the bits that a shift would keep.
    private static void Sle(PpcEmitter e, uint w) => Rotated(e, w, RotateLeft(e, w, Rb(e, w)), LeftMask(e, Rb(e, w)), -1);

    private static void Sleq(PpcEmitter e, uint w) => Rotated(e, w, RotateLeft(e, w, Rb(e, w)), LeftMask(e, Rb(e, w)), e.Get(PpcSlot.Mq));

    private static void Sliq(PpcEmitter e, uint w) => Rotated(e, w, RotateLeft(e, w, Sh(e, w)), LeftMask(e, Sh(e, w)), -1);

    private static void Slliq(PpcEmitter e, uint w) => Rotated(e, w, RotateLeft(e, w, Sh(e, w)), LeftMask(e, Sh(e, w)), e.Get(PpcSlot.Mq));

    private static void Slq(PpcEmitter e, uint w) => Rotated(e, w, RotateLeft(e, w, Rb(e, w)), UnlessBit26(e, w, LeftMask(e, Rb(e, w))), -1);

    private static void Sllq(PpcEmitter e, uint w) => Long(e, w, RotateLeft(e, w, Rb(e, w)), LeftMask(e, Rb(e, w)));

    // Right shifts.
    private static void Sre(PpcEmitter e, uint w) => Rotated(e, w, RotateRight(e, w, Rb(e, w)), RightMask(e, Rb(e, w)), -1);

    private static void Sreq(PpcEmitter e, uint w) => Rotated(e, w, RotateRight(e, w, Rb(e, w)), RightMask(e, Rb(e, w)), e.Get(PpcSlot.Mq));

    private static void Sriq(PpcEmitter e, uint w) => Rotated(e, w, RotateRight(e, w, Sh(e, w)), RightMask(e, Sh(e, w)), -1);

    private static void Srliq(PpcEmitter e, uint w) => Rotated(e, w, RotateRight(e, w, Sh(e, w)), RightMask(e, Sh(e, w)), e.Get(PpcSlot.Mq));

    private static void Srq(PpcEmitter e, uint w) => Rotated(e, w, RotateRight(e, w, Rb(e, w)), UnlessBit26(e, w, RightMask(e, Rb(e, w))), -1);

    private static void Srlq(PpcEmitter e, uint w) => Long(e, w, RotateRight(e, w, Rb(e, w)), RightMask(e, Rb(e, w)));

    // Algebraic right shifts.
    private static void Srea(PpcEmitter e, uint w) => Algebraic(e, w, RotateRight(e, w, Rb(e, w)), RightMask(e, Rb(e, w)));

    private static void Sraiq(PpcEmitter e, uint w) => Algebraic(e, w, RotateRight(e, w, Sh(e, w)), RightMask(e, Sh(e, w)));

    private static void Sraq(PpcEmitter e, uint w) => Algebraic(e, w, RotateRight(e, w, Rb(e, w)), UnlessBit26(e, w, RightMask(e, Rb(e, w))));

    private static int Sh(PpcEmitter e, uint w) => e.Const((uint)PpcWord.Rb(w));

    private static int RotateLeft(PpcEmitter e, uint w, int count) => e.Ir.Binary(IrOp.RotL, Rs(e, w), count);

    private static int RotateRight(PpcEmitter e, uint w, int count) => e.Ir.Binary(IrOp.RotL, Rs(e, w), e.Ir.Unary(IrOp.Neg, count));

    private static int LeftMask(PpcEmitter e, int count) => e.Ir.Binary(IrOp.Shl, e.Const(uint.MaxValue), count);

    private static int RightMask(PpcEmitter e, int count) => e.Ir.Binary(IrOp.ShrU, e.Const(uint.MaxValue), count);

    // Shift counts of 32 and more leave no bit.
    private static int UnlessBit26(PpcEmitter e, uint w, int mask) => e.Ir.Select(e.Ir.And(Rb(e, w), e.Const(32)), e.Const(0), mask);

    private static int Merge(PpcEmitter e, int value, int mask, int into) => e.Ir.Or(e.Ir.And(value, mask), e.Ir.Binary(IrOp.AndNot, into, mask));

    // MQ gets the rotated word, RA what the mask keeps of it, with another word's bits elsewhere.
    private static void Rotated(PpcEmitter e, uint w, int rotated, int mask, int fill)
    {
        int result = fill < 0 ? e.Ir.And(rotated, mask) : Merge(e, rotated, mask, fill);
        e.Put(PpcSlot.Mq, rotated);
        IntegerRows.FinishRa(e, w, result);
    }

    private static void Algebraic(PpcEmitter e, uint w, int rotated, int mask)
    {
        int s = Rs(e, w);
        int sign = e.Ir.Binary(IrOp.ShrS, s, e.Const(31));
        int lost = e.Ir.Compare(IrOp.Ne, e.Ir.Binary(IrOp.AndNot, rotated, mask), e.Const(0));
        int result = Merge(e, rotated, mask, sign);
        e.Put(PpcSlot.XerCa, e.Ir.And(lost, e.Ir.Binary(IrOp.ShrU, s, e.Const(31))));
        e.Put(PpcSlot.Mq, rotated);
        IntegerRows.FinishRa(e, w, result);
    }

    // sllq, srlq: MQ fills in, and alone remains for counts of 32 and more; MQ itself stays.
    private static void Long(PpcEmitter e, uint w, int rotated, int mask)
    {
        int mq = e.Get(PpcSlot.Mq);
        int isLong = e.Ir.And(Rb(e, w), e.Const(32));
        IntegerRows.FinishRa(e, w, e.Ir.Select(isLong, e.Ir.And(mq, mask), Merge(e, rotated, mask, mq)));
    }
}
