using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Half-word multiplication and multiply-accumulate, and dlmzb, of the 405 and 440 (PPC405 Processor Core User's Manual, appendix on implementation-specific instructions).
internal static unsafe partial class IntegerRows
{
    private const int High = 16, LowHalf = 0;

    private static PpcRow[] Multiply4xx =>
    [
        Mac("macchw", 172, &Macchw),
        Mac("macchws", 236, &Macchws),
        Mac("macchwsu", 204, &Macchwsu),
        Mac("macchwu", 140, &Macchwu),
        Mac("machhw", 44, &Machhw),
        Mac("machhws", 108, &Machhws),
        Mac("machhwsu", 76, &Machhwsu),
        Mac("machhwu", 12, &Machhwu),
        Mac("maclhw", 428, &Maclhw),
        Mac("maclhws", 492, &Maclhws),
        Mac("maclhwsu", 460, &Maclhwsu),
        Mac("maclhwu", 396, &Maclhwu),
        Mac("nmacchw", 174, &Nmacchw),
        Mac("nmacchws", 238, &Nmacchws),
        Mac("nmachhw", 46, &Nmachhw),
        Mac("nmachhws", 110, &Nmachhws),
        Mac("nmaclhw", 430, &Nmaclhw),
        Mac("nmaclhws", 494, &Nmaclhws),
        PpcRow.X("mulchw", 4, 168, "rt,ra,rb,.", &Mulchw, PpcFeature.Mac4xx),
        PpcRow.X("mulchwu", 4, 136, "rt,ra,rb,.", &Mulchwu, PpcFeature.Mac4xx),
        PpcRow.X("mulhhw", 4, 40, "rt,ra,rb,.", &Mulhhw, PpcFeature.Mac4xx),
        PpcRow.X("mulhhwu", 4, 8, "rt,ra,rb,.", &Mulhhwu, PpcFeature.Mac4xx),
        PpcRow.X("mullhw", 4, 424, "rt,ra,rb,.", &Mullhw, PpcFeature.Mac4xx),
        PpcRow.X("mullhwu", 4, 392, "rt,ra,rb,.", &Mullhwu, PpcFeature.Mac4xx),
        PpcRow.X("dlmzb", 31, 78, "ra,rs,rb,.", &Dlmzb, PpcFeature.Dlmzb),
    ];

    private static PpcRow Mac(string name, uint extended, delegate*<PpcEmitter, uint, void> emit) =>
        PpcRow.Xo(name, 4, extended, "rt,ra,rb,o,.", emit, PpcFeature.Mac4xx);

    // The letters behind "mac": c cross (low half of ra, high half of rb), h both high, l both low.
    private static void Macchw(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, LowHalf, High), false, false);
    private static void Macchws(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, LowHalf, High), false, true);
    private static void Macchwsu(PpcEmitter e, uint w) => AccumulateUnsigned(e, w, UnsignedProduct(e, w, LowHalf, High), true);
    private static void Macchwu(PpcEmitter e, uint w) => AccumulateUnsigned(e, w, UnsignedProduct(e, w, LowHalf, High), false);
    private static void Machhw(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, High, High), false, false);
    private static void Machhws(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, High, High), false, true);
    private static void Machhwsu(PpcEmitter e, uint w) => AccumulateUnsigned(e, w, UnsignedProduct(e, w, High, High), true);
    private static void Machhwu(PpcEmitter e, uint w) => AccumulateUnsigned(e, w, UnsignedProduct(e, w, High, High), false);
    private static void Maclhw(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, LowHalf, LowHalf), false, false);
    private static void Maclhws(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, LowHalf, LowHalf), false, true);
    private static void Maclhwsu(PpcEmitter e, uint w) => AccumulateUnsigned(e, w, UnsignedProduct(e, w, LowHalf, LowHalf), true);
    private static void Maclhwu(PpcEmitter e, uint w) => AccumulateUnsigned(e, w, UnsignedProduct(e, w, LowHalf, LowHalf), false);
    private static void Nmacchw(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, LowHalf, High), true, false);
    private static void Nmacchws(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, LowHalf, High), true, true);
    private static void Nmachhw(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, High, High), true, false);
    private static void Nmachhws(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, High, High), true, true);
    private static void Nmaclhw(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, LowHalf, LowHalf), true, false);
    private static void Nmaclhws(PpcEmitter e, uint w) => Accumulate(e, w, SignedProduct(e, w, LowHalf, LowHalf), true, true);
    private static void Mulchw(PpcEmitter e, uint w) => Finish(e, w, SignedProduct(e, w, LowHalf, High));
    private static void Mulchwu(PpcEmitter e, uint w) => Finish(e, w, UnsignedProduct(e, w, LowHalf, High));
    private static void Mulhhw(PpcEmitter e, uint w) => Finish(e, w, SignedProduct(e, w, High, High));
    private static void Mulhhwu(PpcEmitter e, uint w) => Finish(e, w, UnsignedProduct(e, w, High, High));
    private static void Mullhw(PpcEmitter e, uint w) => Finish(e, w, SignedProduct(e, w, LowHalf, LowHalf));
    private static void Mullhwu(PpcEmitter e, uint w) => Finish(e, w, UnsignedProduct(e, w, LowHalf, LowHalf));

    private static int SignedProduct(PpcEmitter e, uint w, int aHalf, int bHalf) =>
        e.Ir.Binary(IrOp.Mul, SignedHalf(e, PpcWord.Ra(w), aHalf), SignedHalf(e, PpcWord.Rb(w), bHalf));

    private static int UnsignedProduct(PpcEmitter e, uint w, int aHalf, int bHalf) =>
        e.Ir.Binary(IrOp.Mul, UnsignedHalf(e, PpcWord.Ra(w), aHalf), UnsignedHalf(e, PpcWord.Rb(w), bHalf));

    private static int SignedHalf(PpcEmitter e, int register, int half) =>
        half == High ? e.Ir.Binary(IrOp.ShrS, e.Gpr(register), e.Const(16)) : e.Ir.Unary(IrOp.Sext16, e.Gpr(register));

    private static int UnsignedHalf(PpcEmitter e, int register, int half) =>
        half == High ? e.Ir.Binary(IrOp.ShrU, e.Gpr(register), e.Const(16)) : e.Ir.And(e.Gpr(register), e.Const(0xFFFF));

    private static void Accumulate(PpcEmitter e, uint w, int product, bool negative, bool saturate)
    {
        IrBlock ir = e.Ir;
        int a = ir.Sext32(e.Gpr(PpcWord.Rt(w))), p = ir.Sext32(product);
        int sum = negative ? ir.Sub(a, p) : ir.Add(a, p);
        int result = ir.Low(sum);
        int overflow = ir.Compare(IrOp.Ne, ir.Sext32(result), sum);
        if (saturate)
            result = ir.Select(overflow, ir.Xor(ir.Binary(IrOp.ShrS, ir.High(sum), e.Const(31)), e.Const(0x7FFFFFFF)), result);
        if (PpcWord.HasOe(w))
            SetOverflow(e, overflow);
        Finish(e, w, result);
    }

    private static void AccumulateUnsigned(PpcEmitter e, uint w, int product, bool saturate)
    {
        IrBlock ir = e.Ir;
        int sum = ir.Add(ir.Zext32(e.Gpr(PpcWord.Rt(w))), ir.Zext32(product));
        int overflow = ir.High(sum);
        int result = saturate ? ir.Or(ir.Low(sum), ir.Unary(IrOp.Neg, overflow)) : ir.Low(sum);
        if (PpcWord.HasOe(w))
            SetOverflow(e, overflow);
        Finish(e, w, result);
    }

    // The number of the leftmost zero byte of rs and rb together (8 when there is none), into ra and XER; CR0 says which half it was in.
    private static void Dlmzb(PpcEmitter e, uint w)
    {
        IrBlock ir = e.Ir;
        int high = Rs(e, w), low = Rb(e, w);
        int inHigh = ZeroBytes(e, high), inLow = ZeroBytes(e, low);
        int highCount = LeadingByte(e, inHigh), lowCount = LeadingByte(e, inLow);
        int anyHigh = ir.Compare(IrOp.Ne, inHigh, e.Const(0)), anyLow = ir.Compare(IrOp.Ne, inLow, e.Const(0));
        int count = ir.Select(anyHigh, highCount, ir.Select(anyLow, ir.Add(lowCount, e.Const(4)), e.Const(8)));
        if (PpcWord.HasRc(w))
            e.SetCrBits(0, ir.Or(e.Get(PpcSlot.XerSo), ir.Select(anyHigh, e.Const(4), ir.Select(anyLow, e.Const(8), e.Const(2)))));
        e.SetGpr(PpcWord.Ra(w), count);
        e.Put(PpcSlot.XerCount, ir.Or(ir.And(e.Get(PpcSlot.XerCount), e.Const(~0x7Fu)), count));
    }

    // 80h in every byte that is zero, exactly.
    private static int ZeroBytes(PpcEmitter e, int x)
    {
        int carried = e.Ir.Add(e.Ir.And(x, e.Const(0x7F7F7F7F)), e.Const(0x7F7F7F7F));
        return e.Ir.Unary(IrOp.Not, e.Ir.Or(e.Ir.Or(carried, x), e.Const(0x7F7F7F7F)));
    }

    private static int LeadingByte(PpcEmitter e, int flags) => e.Ir.Add(e.Ir.Binary(IrOp.ShrU, e.Ir.Unary(IrOp.Clz, flags), e.Const(3)), e.Const(1));
}
