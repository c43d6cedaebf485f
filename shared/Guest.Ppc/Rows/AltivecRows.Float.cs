using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Floating point, always rounding to nearest. The host's vector operations have AltiVec's NaN rules except that an invented NaN is negative, and where
// several operands of a multiply-add are NaNs; so the vector MXCSR has invalid operation unmasked, and what raises it comes here again with Exact set.
internal static unsafe partial class AltivecRows
{
    private static void Vaddfp(PpcEmitter e, uint w) => FloatBinary(e, w, VecOp.FAdd);
    private static void Vsubfp(PpcEmitter e, uint w) => FloatBinary(e, w, VecOp.FSub);
    private static void Vmaxfp(PpcEmitter e, uint w) => FloatBinary(e, w, VecOp.FMax);
    private static void Vminfp(PpcEmitter e, uint w) => FloatBinary(e, w, VecOp.FMin);
    private static void Vmaddfp(PpcEmitter e, uint w) => FloatTernary(e, w, VecOp.FMulAdd);
    private static void Vnmsubfp(PpcEmitter e, uint w) => FloatTernary(e, w, VecOp.FNegMulSub);
    private static void Vrefp(PpcEmitter e, uint w) => FloatUnary(e, w, VecOp.FRecip);
    private static void Vrsqrtefp(PpcEmitter e, uint w) => FloatUnary(e, w, VecOp.FRecipSqrt);
    private static void Vrfin(PpcEmitter e, uint w) => FloatUnary(e, w, VecOp.FRoundNearest);
    private static void Vrfiz(PpcEmitter e, uint w) => FloatUnary(e, w, VecOp.FRoundZero);
    private static void Vrfip(PpcEmitter e, uint w) => FloatUnary(e, w, VecOp.FRoundUp);
    private static void Vrfim(PpcEmitter e, uint w) => FloatUnary(e, w, VecOp.FRoundDown);
    private static void Vcmpeqfp(PpcEmitter e, uint w) => FloatCompare(e, w, VecOp.FEq);
    private static void Vcmpgefp(PpcEmitter e, uint w) => FloatCompare(e, w, VecOp.FGe);
    private static void Vcmpgtfp(PpcEmitter e, uint w) => FloatCompare(e, w, VecOp.FGt);

    // vexptefp and vlogefp: too rare to be worth host code.
    private static void Estimate(PpcEmitter e, uint w) => CallExact(e, w);

    private static void Vcmpbfp(PpcEmitter e, uint w)
    {
        FloatBinary(e, w, VecOp.FBounds);
        if (!PpcWord.HasVectorRc(w))
            return;

        // CR6 "equal" when all are in bounds; as an ordering: negative, and low half zero.
        int outside = VecI32(e, VecOp.Any, e.Vr(PpcWord.Rt(w)));
        e.SetCr(6, e.Ir.Or(e.Ir.Zext32(outside), e.Ir.Const64(1UL << 63)));
        e.SetCrSo(6, e.Const(0));
    }

    private static void Vcfsx(PpcEmitter e, uint w) => FromInteger(e, w, VecOp.FFromS32);
    private static void Vcfux(PpcEmitter e, uint w) => FromInteger(e, w, VecOp.FFromU32);
    private static void Vctsxs(PpcEmitter e, uint w) => ToInteger(e, w, VecOp.FClampS32, VecOp.FTruncateS32, 0x4F000000, 1);
    private static void Vctuxs(PpcEmitter e, uint w) => ToInteger(e, w, VecOp.FClampU32, VecOp.FTruncateU32, 0x4F800000, 0);

    private static void CallExact(PpcEmitter e, uint w) => e.Call(AltivecState.FloatHelper, IrType.None, e.Const(w));

    private static void FloatUnary(PpcEmitter e, uint w, VecOp op)
    {
        if (e.Exact)
        {
            CallExact(e, w);
            return;
        }

        e.UseVectorFloat();
        e.SetVr(PpcWord.Rt(w), Vec(e, op, B(e, w)));
    }

    private static void FloatBinary(PpcEmitter e, uint w, VecOp op)
    {
        if (e.Exact)
        {
            CallExact(e, w);
            return;
        }

        e.UseVectorFloat();
        Binary(e, w, op);
    }

    // vA * vC with vB.
    private static void FloatTernary(PpcEmitter e, uint w, VecOp op)
    {
        if (e.Exact)
        {
            CallExact(e, w);
            return;
        }

        e.UseVectorFloat();
        e.SetVr(PpcWord.Rt(w), Vec(e, op, A(e, w), C(e, w), B(e, w)));
    }

    private static void FloatCompare(PpcEmitter e, uint w, VecOp op)
    {
        FloatBinary(e, w, op);
        RecordCompare(e, w, e.Vr(PpcWord.Rt(w)));
    }

    private static void FromInteger(PpcEmitter e, uint w, VecOp op)
    {
        int scale = PpcWord.Ra(w);
        if (!e.Exact)
            e.UseVectorFloat();
        int value = Vec(e, op, B(e, w));
        e.SetVr(PpcWord.Rt(w), scale == 0 ? value : Vec(e, VecOp.FScale, value, immediate: -scale));
    }

    // Clamping first keeps the host's conversion from raising invalid operation; what was clamped is what saturates.
    private static void ToInteger(PpcEmitter e, uint w, VecOp clamp, VecOp truncate, uint limit, int overShift)
    {
        if (e.Exact)
        {
            CallExact(e, w);
            return;
        }

        e.UseVectorFloat();
        int scaled = Vec(e, VecOp.FScale, B(e, w), immediate: PpcWord.Ra(w));
        int clamped = Vec(e, clamp, scaled);
        int over = Vec(e, VecOp.FGe, scaled, Constant(e, limit));
        if (overShift != 0)
            over = Vec(e, VecOp.ShrUImm32, over, immediate: overShift);
        int result = Vec(e, VecOp.Or, Vec(e, truncate, clamped), over);
        AddSat(e, scaled, clamped);
        e.SetVr(PpcWord.Rt(w), result);
    }
}
