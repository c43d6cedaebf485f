using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Lane by lane: logic, arithmetic, comparisons, shifts.
internal static unsafe partial class AltivecRows
{
    private static void Vand(PpcEmitter e, uint w) => Binary(e, w, VecOp.And);
    private static void Vandc(PpcEmitter e, uint w) => Binary(e, w, VecOp.AndNot);
    private static void Vor(PpcEmitter e, uint w) => Binary(e, w, VecOp.Or);
    private static void Vxor(PpcEmitter e, uint w) => Binary(e, w, VecOp.Xor);
    private static void Vnor(PpcEmitter e, uint w) => Binary(e, w, VecOp.Nor);
    private static void Vsel(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Select, A(e, w), B(e, w), C(e, w)));

    private static void Vaddubm(PpcEmitter e, uint w) => Binary(e, w, VecOp.Add8);
    private static void Vadduhm(PpcEmitter e, uint w) => Binary(e, w, VecOp.Add16);
    private static void Vadduwm(PpcEmitter e, uint w) => Binary(e, w, VecOp.Add32);
    private static void Vaddcuw(PpcEmitter e, uint w) => Binary(e, w, VecOp.AddCarry32);
    private static void Vaddubs(PpcEmitter e, uint w) => Saturating(e, w, VecOp.AddU8, VecOp.Add8);
    private static void Vadduhs(PpcEmitter e, uint w) => Saturating(e, w, VecOp.AddU16, VecOp.Add16);
    private static void Vadduws(PpcEmitter e, uint w) => Saturating(e, w, VecOp.AddU32, VecOp.Add32);
    private static void Vaddsbs(PpcEmitter e, uint w) => Saturating(e, w, VecOp.AddS8, VecOp.Add8);
    private static void Vaddshs(PpcEmitter e, uint w) => Saturating(e, w, VecOp.AddS16, VecOp.Add16);
    private static void Vaddsws(PpcEmitter e, uint w) => Saturating(e, w, VecOp.AddS32, VecOp.Add32);
    private static void Vsububm(PpcEmitter e, uint w) => Binary(e, w, VecOp.Sub8);
    private static void Vsubuhm(PpcEmitter e, uint w) => Binary(e, w, VecOp.Sub16);
    private static void Vsubuwm(PpcEmitter e, uint w) => Binary(e, w, VecOp.Sub32);
    private static void Vsubcuw(PpcEmitter e, uint w) => Binary(e, w, VecOp.SubCarry32);
    private static void Vsububs(PpcEmitter e, uint w) => Saturating(e, w, VecOp.SubU8, VecOp.Sub8);
    private static void Vsubuhs(PpcEmitter e, uint w) => Saturating(e, w, VecOp.SubU16, VecOp.Sub16);
    private static void Vsubuws(PpcEmitter e, uint w) => Saturating(e, w, VecOp.SubU32, VecOp.Sub32);
    private static void Vsubsbs(PpcEmitter e, uint w) => Saturating(e, w, VecOp.SubS8, VecOp.Sub8);
    private static void Vsubshs(PpcEmitter e, uint w) => Saturating(e, w, VecOp.SubS16, VecOp.Sub16);
    private static void Vsubsws(PpcEmitter e, uint w) => Saturating(e, w, VecOp.SubS32, VecOp.Sub32);

    private static void Vavgub(PpcEmitter e, uint w) => Binary(e, w, VecOp.AvgU8);
    private static void Vavguh(PpcEmitter e, uint w) => Binary(e, w, VecOp.AvgU16);
    private static void Vavguw(PpcEmitter e, uint w) => Binary(e, w, VecOp.AvgU32);
    private static void Vavgsb(PpcEmitter e, uint w) => Binary(e, w, VecOp.AvgS8);
    private static void Vavgsh(PpcEmitter e, uint w) => Binary(e, w, VecOp.AvgS16);
    private static void Vavgsw(PpcEmitter e, uint w) => Binary(e, w, VecOp.AvgS32);
    private static void Vmaxub(PpcEmitter e, uint w) => Binary(e, w, VecOp.MaxU8);
    private static void Vmaxuh(PpcEmitter e, uint w) => Binary(e, w, VecOp.MaxU16);
    private static void Vmaxuw(PpcEmitter e, uint w) => Binary(e, w, VecOp.MaxU32);
    private static void Vmaxsb(PpcEmitter e, uint w) => Binary(e, w, VecOp.MaxS8);
    private static void Vmaxsh(PpcEmitter e, uint w) => Binary(e, w, VecOp.MaxS16);
    private static void Vmaxsw(PpcEmitter e, uint w) => Binary(e, w, VecOp.MaxS32);
    private static void Vminub(PpcEmitter e, uint w) => Binary(e, w, VecOp.MinU8);
    private static void Vminuh(PpcEmitter e, uint w) => Binary(e, w, VecOp.MinU16);
    private static void Vminuw(PpcEmitter e, uint w) => Binary(e, w, VecOp.MinU32);
    private static void Vminsb(PpcEmitter e, uint w) => Binary(e, w, VecOp.MinS8);
    private static void Vminsh(PpcEmitter e, uint w) => Binary(e, w, VecOp.MinS16);
    private static void Vminsw(PpcEmitter e, uint w) => Binary(e, w, VecOp.MinS32);

    private static void Vcmpequb(PpcEmitter e, uint w) => IntegerCompare(e, w, VecOp.Eq8);
    private static void Vcmpequh(PpcEmitter e, uint w) => IntegerCompare(e, w, VecOp.Eq16);
    private static void Vcmpequw(PpcEmitter e, uint w) => IntegerCompare(e, w, VecOp.Eq32);
    private static void Vcmpgtub(PpcEmitter e, uint w) => IntegerCompare(e, w, VecOp.GtU8);
    private static void Vcmpgtuh(PpcEmitter e, uint w) => IntegerCompare(e, w, VecOp.GtU16);
    private static void Vcmpgtuw(PpcEmitter e, uint w) => IntegerCompare(e, w, VecOp.GtU32);
    private static void Vcmpgtsb(PpcEmitter e, uint w) => IntegerCompare(e, w, VecOp.GtS8);
    private static void Vcmpgtsh(PpcEmitter e, uint w) => IntegerCompare(e, w, VecOp.GtS16);
    private static void Vcmpgtsw(PpcEmitter e, uint w) => IntegerCompare(e, w, VecOp.GtS32);

    private static void Vrlb(PpcEmitter e, uint w) => Binary(e, w, VecOp.RotL8);
    private static void Vrlh(PpcEmitter e, uint w) => Binary(e, w, VecOp.RotL16);
    private static void Vrlw(PpcEmitter e, uint w) => Binary(e, w, VecOp.RotL32);
    private static void Vslb(PpcEmitter e, uint w) => Binary(e, w, VecOp.Shl8);
    private static void Vslh(PpcEmitter e, uint w) => Binary(e, w, VecOp.Shl16);
    private static void Vslw(PpcEmitter e, uint w) => Binary(e, w, VecOp.Shl32);
    private static void Vsrb(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShrU8);
    private static void Vsrh(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShrU16);
    private static void Vsrw(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShrU32);
    private static void Vsrab(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShrS8);
    private static void Vsrah(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShrS16);
    private static void Vsraw(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShrS32);

    private static int A(PpcEmitter e, uint w) => e.Vr(PpcWord.Ra(w));
    private static int B(PpcEmitter e, uint w) => e.Vr(PpcWord.Rb(w));
    private static int C(PpcEmitter e, uint w) => e.Vr(PpcWord.Rc(w));

    private static int Vec(PpcEmitter e, VecOp op, int a, int b = -1, int c = -1, int immediate = 0) =>
        e.Ir.Emit(IrOp.Vec, IrType.V128, a, b, c, VecImm.Pack(op, immediate));

    private static int VecI32(PpcEmitter e, VecOp op, int a, int b = -1) => e.Ir.Emit(IrOp.Vec, IrType.I32, a, b, imm: VecImm.Pack(op));

    private static int Constant(PpcEmitter e, uint word) => Vec(e, VecOp.Constant32, -1, immediate: (int)word);

    private static void Binary(PpcEmitter e, uint w, VecOp op) => e.SetVr(PpcWord.Rt(w), Vec(e, op, A(e, w), B(e, w)));

    // SAT from the difference to the wrapped result: saturation always changes the value, as the exact result is out of range.
    private static void Saturating(PpcEmitter e, uint w, VecOp op, VecOp wrapping)
    {
        int a = A(e, w), b = B(e, w), result = Vec(e, op, a, b);
        int wrapped = Vec(e, wrapping, a, b);
        AddSat(e, result, wrapped);
        e.SetVr(PpcWord.Rt(w), result);
    }

    private static void AddSat(PpcEmitter e, int saturated, int wrapped) => e.Put(PpcSlot.SatBits, Vec(e, VecOp.OrXor, e.Get(PpcSlot.SatBits), saturated, wrapped));

    private static void AddSat(PpcEmitter e, int excess) => e.Put(PpcSlot.SatBits, Vec(e, VecOp.Or, e.Get(PpcSlot.SatBits), excess));

    private static void IntegerCompare(PpcEmitter e, uint w, VecOp op)
    {
        int result = Vec(e, op, A(e, w), B(e, w));
        e.SetVr(PpcWord.Rt(w), result);
        RecordCompare(e, w, result);
    }

    // CR6 when Rc is set: "less" for all lanes true, "equal" for all false. As an ordering: negative (not greater), the lane bits below (not equal
    // unless none is set), and bit 62 (less) by the carry out of 16 set bits.
    private static void RecordCompare(PpcEmitter e, uint w, int result)
    {
        if (!PpcWord.HasVectorRc(w))
            return;
        int mask = e.Ir.Zext32(VecI32(e, VecOp.Mask8, result));
        int carry = e.Ir.Binary(IrOp.Shl, e.Ir.Add(mask, e.Ir.Const64(1)), e.Ir.Const64(62 - 16));
        e.SetCr(6, e.Ir.Or(e.Ir.Or(mask, carry), e.Ir.Const64(1UL << 63)));
        e.SetCrSo(6, e.Const(0));
    }
}
