using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Across lanes: whole-register shifts, permutes, merges, splats, packs.
internal static unsafe partial class AltivecRows
{
    private static void Vsl(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShlBits);
    private static void Vsr(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShrBits);
    private static void Vslo(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShlBytes);
    private static void Vsro(PpcEmitter e, uint w) => Binary(e, w, VecOp.ShrBytes);

    private static void Vsldoi(PpcEmitter e, uint w) =>
        e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Align, A(e, w), B(e, w), immediate: 16 - (PpcWord.Rc(w) & 15)));

    private static void Vperm(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Permute, A(e, w), B(e, w), C(e, w)));

    private static void Vmrghb(PpcEmitter e, uint w) => Merge(e, w, VecOp.InterleaveHigh8);
    private static void Vmrghh(PpcEmitter e, uint w) => Merge(e, w, VecOp.InterleaveHigh16);
    private static void Vmrghw(PpcEmitter e, uint w) => Merge(e, w, VecOp.InterleaveHigh32);
    private static void Vmrglb(PpcEmitter e, uint w) => Merge(e, w, VecOp.InterleaveLow8);
    private static void Vmrglh(PpcEmitter e, uint w) => Merge(e, w, VecOp.InterleaveLow16);
    private static void Vmrglw(PpcEmitter e, uint w) => Merge(e, w, VecOp.InterleaveLow32);

    private static void Vspltb(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Splat8, B(e, w), immediate: 15 - (PpcWord.Ra(w) & 15)));
    private static void Vsplth(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Splat16, B(e, w), immediate: 7 - (PpcWord.Ra(w) & 7)));
    private static void Vspltw(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Splat32, B(e, w), immediate: 3 - (PpcWord.Ra(w) & 3)));
    private static void Vspltisb(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Constant(e, (byte)PpcWord.Sim(w) * 0x01010101u));
    private static void Vspltish(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Constant(e, (ushort)PpcWord.Sim(w) * 0x00010001u));
    private static void Vspltisw(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Constant(e, (uint)PpcWord.Sim(w)));

    private static void Vpkuhum(PpcEmitter e, uint w) => Pack(e, w, VecOp.Pack16);
    private static void Vpkuwum(PpcEmitter e, uint w) => Pack(e, w, VecOp.Pack32);
    private static void Vpkpx(PpcEmitter e, uint w) => Pack(e, w, VecOp.PackPixel);
    private static void Vpkuhus(PpcEmitter e, uint w) => PackUnsigned(e, w, VecOp.PackU16U8, VecOp.ShrUImm16, 8);
    private static void Vpkuwus(PpcEmitter e, uint w) => PackUnsigned(e, w, VecOp.PackU32U16, VecOp.ShrUImm32, 16);
    private static void Vpkshus(PpcEmitter e, uint w) => PackUnsigned(e, w, VecOp.PackS16U8, VecOp.ShrUImm16, 8);
    private static void Vpkswus(PpcEmitter e, uint w) => PackUnsigned(e, w, VecOp.PackS32U16, VecOp.ShrUImm32, 16);
    private static void Vpkshss(PpcEmitter e, uint w) => PackSigned(e, w, VecOp.PackS16S8, VecOp.ShrSImm16, VecOp.ShrUImm16, 16);
    private static void Vpkswss(PpcEmitter e, uint w) => PackSigned(e, w, VecOp.PackS32S16, VecOp.ShrSImm32, VecOp.ShrUImm32, 32);

    private static void Vupkhsb(PpcEmitter e, uint w) => Unpack(e, w, VecOp.WidenHighS8);
    private static void Vupkhsh(PpcEmitter e, uint w) => Unpack(e, w, VecOp.WidenHighS16);
    private static void Vupkhpx(PpcEmitter e, uint w) => Unpack(e, w, VecOp.WidenHighPixel);
    private static void Vupklsb(PpcEmitter e, uint w) => Unpack(e, w, VecOp.WidenLowS8);
    private static void Vupklsh(PpcEmitter e, uint w) => Unpack(e, w, VecOp.WidenLowS16);
    private static void Vupklpx(PpcEmitter e, uint w) => Unpack(e, w, VecOp.WidenLowPixel);

    // vA's element comes first, which is the higher lane.
    private static void Merge(PpcEmitter e, uint w, VecOp op) => e.SetVr(PpcWord.Rt(w), Vec(e, op, B(e, w), A(e, w)));

    private static void Pack(PpcEmitter e, uint w, VecOp op) => e.SetVr(PpcWord.Rt(w), Vec(e, op, B(e, w), A(e, w)));

    // To unsigned: saturated when any bit above the result's is set.
    private static void PackUnsigned(PpcEmitter e, uint w, VecOp op, VecOp shift, int narrow)
    {
        int a = A(e, w), b = B(e, w), result = Vec(e, op, b, a);
        AddSat(e, Vec(e, shift, Vec(e, VecOp.Or, a, b), immediate: narrow));
        e.SetVr(PpcWord.Rt(w), result);
    }

    // To signed: saturated when a bit above the result's differs from the sign.
    private static void PackSigned(PpcEmitter e, uint w, VecOp op, VecOp shiftSigned, VecOp shift, int width)
    {
        int a = A(e, w), b = B(e, w), result = Vec(e, op, b, a);
        int excessA = Vec(e, VecOp.Xor, a, Vec(e, shiftSigned, a, immediate: width - 1));
        int excess = Vec(e, VecOp.OrXor, excessA, b, Vec(e, shiftSigned, b, immediate: width - 1));
        AddSat(e, Vec(e, shift, excess, immediate: width / 2 - 1));
        e.SetVr(PpcWord.Rt(w), result);
    }

    private static void Unpack(PpcEmitter e, uint w, VecOp op) => e.SetVr(PpcWord.Rt(w), Vec(e, op, B(e, w)));
}
