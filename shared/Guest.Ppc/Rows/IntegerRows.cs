using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

/// <summary>Integer arithmetic, comparison and counting (Power ISA 2.07 I 3.3.8 to 3.3.12).</summary>
internal static unsafe partial class IntegerRows
{
    public static PpcRow[] Rows =>
    [
        PpcRow.D("addi", 14, "rt,ra0,si", &Addi),
        PpcRow.D("addis", 15, "rt,ra0,si", &Addis),
        PpcRow.D("addic", 12, "rt,ra,si", &Addic),
        PpcRow.D("addic.", 13, "rt,ra,si", &AddicRecord),
        PpcRow.D("subfic", 8, "rt,ra,si", &Subfic),
        PpcRow.D("mulli", 7, "rt,ra,si", &Mulli),
        PpcRow.Xo("add", 31, 266, "rt,ra,rb,o,.", &Add),
        PpcRow.Xo("subf", 31, 40, "rt,ra,rb,o,.", &Subf),
        PpcRow.Xo("addc", 31, 10, "rt,ra,rb,o,.", &Addc),
        PpcRow.Xo("subfc", 31, 8, "rt,ra,rb,o,.", &Subfc),
        PpcRow.Xo("adde", 31, 138, "rt,ra,rb,o,.", &Adde),
        PpcRow.Xo("subfe", 31, 136, "rt,ra,rb,o,.", &Subfe),
        PpcRow.Xo("addme", 31, 234, "rt,ra,o,.", &Addme),
        PpcRow.Xo("subfme", 31, 232, "rt,ra,o,.", &Subfme),
        PpcRow.Xo("addze", 31, 202, "rt,ra,o,.", &Addze),
        PpcRow.Xo("subfze", 31, 200, "rt,ra,o,.", &Subfze),
        PpcRow.Xo("neg", 31, 104, "rt,ra,o,.", &Neg),
        PpcRow.Xo("mullw", 31, 235, "rt,ra,rb,o,.", &Mullw),
        PpcRow.Xo("mulhw", 31, 75, "rt,ra,rb,.", &Mulhw),
        PpcRow.Xo("mulhwu", 31, 11, "rt,ra,rb,.", &Mulhwu),
        PpcRow.Xo("divw", 31, 491, "rt,ra,rb,o,.", &Divw),
        PpcRow.Xo("divwu", 31, 459, "rt,ra,rb,o,.", &Divwu),
        PpcRow.D("cmpi", 11, "bf,ra,si", &Cmpi),
        PpcRow.D("cmpli", 10, "bf,ra,ui", &Cmpli),
        PpcRow.X("cmp", 31, 0, "bf,ra,rb", &Cmp),
        PpcRow.X("cmpl", 31, 32, "bf,ra,rb", &Cmpl),
        PpcRow.A("isel", 31, 15, "rt,ra0,rb,bc", &Isel),
        PpcRow.X("mcrxr", 31, 512, "bf", &Mcrxr),
        .. Logical,
        .. Multiply4xx,
    ];

    private static void Addi(PpcEmitter e, uint w) => e.SetGpr(PpcWord.Rt(w), e.EffectiveAddress(PpcWord.Ra(w), PpcWord.Si(w)));

    private static void Addis(PpcEmitter e, uint w) => e.SetGpr(PpcWord.Rt(w), e.EffectiveAddress(PpcWord.Ra(w), PpcWord.Si(w) << 16));

    private static void Addic(PpcEmitter e, uint w) => AddImmediate(e, w);

    private static void AddicRecord(PpcEmitter e, uint w) => e.Record(AddImmediate(e, w));

    private static int AddImmediate(PpcEmitter e, uint w)
    {
        int sum = e.Ir.Add(e.Ir.Zext32(e.Gpr(PpcWord.Ra(w))), e.Ir.Const64((uint)PpcWord.Si(w)));
        return Carry(e, w, sum);
    }

    private static void Subfic(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w)), b = e.Const((uint)PpcWord.Si(w));
        e.SetGpr(PpcWord.Rt(w), e.Ir.Sub(b, a));
        e.Put(PpcSlot.XerCa, e.Ir.Compare(IrOp.LeU, a, b));
    }

    private static void Mulli(PpcEmitter e, uint w) =>
        e.SetGpr(PpcWord.Rt(w), e.Ir.Binary(IrOp.Mul, e.Gpr(PpcWord.Ra(w)), e.Const((uint)PpcWord.Si(w))));

    private static void Add(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w)), b = e.Gpr(PpcWord.Rb(w));
        int result = e.Ir.Add(a, b);
        SumOverflow(e, w, a, b, result);
        Finish(e, w, result);
    }

    private static void Subf(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w)), b = e.Gpr(PpcWord.Rb(w));
        int result = e.Ir.Sub(b, a);
        DifferenceOverflow(e, w, a, b, result);
        Finish(e, w, result);
    }

    private static void Addc(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w)), b = e.Gpr(PpcWord.Rb(w));
        int result = Carry(e, w, e.Ir.Add(e.Ir.Zext32(a), e.Ir.Zext32(b)));
        SumOverflow(e, w, a, b, result);
        RecordIf(e, w, result);
    }

    private static void Subfc(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w)), b = e.Gpr(PpcWord.Rb(w));
        int result = e.Ir.Sub(b, a);
        e.Put(PpcSlot.XerCa, e.Ir.Compare(IrOp.LeU, a, b));
        DifferenceOverflow(e, w, a, b, result);
        Finish(e, w, result);
    }

    private static void Adde(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w)), b = e.Gpr(PpcWord.Rb(w));
        AddWithCarry(e, w, a, b);
    }

    private static void Subfe(PpcEmitter e, uint w)
    {
        if (PpcWord.Ra(w) == PpcWord.Rb(w))
        {
            // The usual way to turn CA into a mask: CA stays, and nothing overflows.
            int mask = e.Ir.Sub(e.Get(PpcSlot.XerCa), e.Const(1));
            if (PpcWord.HasOe(w))
                e.Put(PpcSlot.XerOv, e.Const(0));
            Finish(e, w, mask);
            return;
        }
        AddWithCarry(e, w, e.Ir.Unary(IrOp.Not, e.Gpr(PpcWord.Ra(w))), e.Gpr(PpcWord.Rb(w)));
    }

    private static void Addme(PpcEmitter e, uint w) => AddWithCarry(e, w, e.Gpr(PpcWord.Ra(w)), e.Const(uint.MaxValue));

    private static void Subfme(PpcEmitter e, uint w) => AddWithCarry(e, w, e.Ir.Unary(IrOp.Not, e.Gpr(PpcWord.Ra(w))), e.Const(uint.MaxValue));

    private static void Addze(PpcEmitter e, uint w) => AddCarryOnly(e, w, e.Gpr(PpcWord.Ra(w)));

    private static void Subfze(PpcEmitter e, uint w) => AddCarryOnly(e, w, e.Ir.Unary(IrOp.Not, e.Gpr(PpcWord.Ra(w))));

    private static void Neg(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w));
        if (PpcWord.HasOe(w))
            SetOverflow(e, e.Ir.Compare(IrOp.Eq, a, e.Const(0x80000000)));
        Finish(e, w, e.Ir.Unary(IrOp.Neg, a));
    }

    private static void Mullw(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w)), b = e.Gpr(PpcWord.Rb(w));
        int result = e.Ir.Binary(IrOp.Mul, a, b);
        if (PpcWord.HasOe(w))
            SetOverflow(e, e.Ir.Compare(IrOp.Ne, e.Ir.Binary(IrOp.MulHighS, a, b), e.Ir.Binary(IrOp.ShrS, result, e.Const(31))));
        Finish(e, w, result);
    }

    private static void Mulhw(PpcEmitter e, uint w) => Finish(e, w, e.Ir.Binary(IrOp.MulHighS, e.Gpr(PpcWord.Ra(w)), e.Gpr(PpcWord.Rb(w))));

    private static void Mulhwu(PpcEmitter e, uint w) => Finish(e, w, e.Ir.Binary(IrOp.MulHighU, e.Gpr(PpcWord.Ra(w)), e.Gpr(PpcWord.Rb(w))));

    // Where the quotient does not exist, the result is the dividend; the architecture leaves it undefined.
    private static void Divw(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w)), b = e.Gpr(PpcWord.Rb(w));
        if (PpcWord.HasOe(w))
        {
            int tooBig = e.Ir.And(e.Ir.Compare(IrOp.Eq, a, e.Const(0x80000000)), e.Ir.Compare(IrOp.Eq, b, e.Const(uint.MaxValue)));
            SetOverflow(e, e.Ir.Or(tooBig, e.Ir.Compare(IrOp.Eq, b, e.Const(0))));
        }
        Finish(e, w, e.Ir.Binary(IrOp.DivS, a, b));
    }

    private static void Divwu(PpcEmitter e, uint w)
    {
        int a = e.Gpr(PpcWord.Ra(w)), b = e.Gpr(PpcWord.Rb(w));
        if (PpcWord.HasOe(w))
            SetOverflow(e, e.Ir.Compare(IrOp.Eq, b, e.Const(0)));
        Finish(e, w, e.Ir.Binary(IrOp.DivU, a, b));
    }

    private static void Cmpi(PpcEmitter e, uint w) =>
        e.SetCrWithSo(PpcWord.Bf(w), e.Ir.OrderS(e.Gpr(PpcWord.Ra(w)), e.Const((uint)PpcWord.Si(w))));

    private static void Cmpli(PpcEmitter e, uint w) => e.SetCrWithSo(PpcWord.Bf(w), e.Ir.OrderU(e.Gpr(PpcWord.Ra(w)), e.Const(PpcWord.Ui(w))));

    private static void Cmp(PpcEmitter e, uint w) => e.SetCrWithSo(PpcWord.Bf(w), e.Ir.OrderS(e.Gpr(PpcWord.Ra(w)), e.Gpr(PpcWord.Rb(w))));

    private static void Cmpl(PpcEmitter e, uint w) => e.SetCrWithSo(PpcWord.Bf(w), e.Ir.OrderU(e.Gpr(PpcWord.Ra(w)), e.Gpr(PpcWord.Rb(w))));

    private static void Isel(PpcEmitter e, uint w) =>
        e.SetGpr(PpcWord.Rt(w), e.Ir.Select(e.CrBit(PpcWord.Rc(w)), e.Base(PpcWord.Ra(w)), e.Gpr(PpcWord.Rb(w))));

    private static void Mcrxr(PpcEmitter e, uint w)
    {
        int zero = e.Const(0);
        int ov = e.Ir.Binary(IrOp.Shl, e.Get(PpcSlot.XerOv), e.Const(2)), ca = e.Ir.Binary(IrOp.Shl, e.Get(PpcSlot.XerCa), e.Const(1));
        int bits = e.Ir.Or(e.Ir.Binary(IrOp.Shl, e.Get(PpcSlot.XerSo), e.Const(3)), e.Ir.Or(ov, ca));
        e.SetCrBits(PpcWord.Bf(w), bits);
        e.Put(PpcSlot.XerSo, zero);
        e.Put(PpcSlot.XerOv, zero);
        e.Put(PpcSlot.XerCa, zero);
    }

    /// <summary>XER.OV, and XER.SO with it.</summary>
    internal static void SetOverflow(PpcEmitter e, int overflow)
    {
        e.Put(PpcSlot.XerOv, overflow);
        e.Put(PpcSlot.XerSo, e.Ir.Or(e.Get(PpcSlot.XerSo), overflow));
    }

    /// <summary>Result to RT, comparison to CR0 if Rc.</summary>
    internal static void Finish(PpcEmitter e, uint w, int result)
    {
        e.SetGpr(PpcWord.Rt(w), result);
        RecordIf(e, w, result);
    }

    internal static void RecordIf(PpcEmitter e, uint w, int result)
    {
        if (PpcWord.HasRc(w))
            e.Record(result);
    }

    private static void AddWithCarry(PpcEmitter e, uint w, int a, int b)
    {
        int sum = e.Ir.Add(e.Ir.Add(e.Ir.Zext32(a), e.Ir.Zext32(b)), e.Ir.Zext32(e.Get(PpcSlot.XerCa)));
        int result = Carry(e, w, sum);
        SumOverflow(e, w, a, b, result);
        RecordIf(e, w, result);
    }

    private static void AddCarryOnly(PpcEmitter e, uint w, int a)
    {
        int result = Carry(e, w, e.Ir.Add(e.Ir.Zext32(a), e.Ir.Zext32(e.Get(PpcSlot.XerCa))));
        SumOverflow(e, w, a, e.Const(0), result);
        RecordIf(e, w, result);
    }

    // RT and CA from a sum of 33 bits.
    private static int Carry(PpcEmitter e, uint w, int sum)
    {
        int result = e.Ir.Low(sum);
        e.SetGpr(PpcWord.Rt(w), result);
        e.Put(PpcSlot.XerCa, e.Ir.High(sum));
        return result;
    }

    private static void SumOverflow(PpcEmitter e, uint w, int a, int b, int result)
    {
        if (PpcWord.HasOe(w))
            SetOverflow(e, e.Ir.Binary(IrOp.ShrU, e.Ir.And(e.Ir.Xor(a, result), e.Ir.Xor(b, result)), e.Const(31)));
    }

    // b - a
    private static void DifferenceOverflow(PpcEmitter e, uint w, int a, int b, int result)
    {
        if (PpcWord.HasOe(w))
            SetOverflow(e, e.Ir.Binary(IrOp.ShrU, e.Ir.And(e.Ir.Xor(a, b), e.Ir.Xor(b, result)), e.Const(31)));
    }
}
