using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Loads and stores, VSCR. Low address bits are ignored; nothing here can be misaligned.
internal static unsafe partial class AltivecRows
{
    // The element loads leave the other elements undefined, so they may load all of the same quadword: it faults when they do.
    private static void Lvx(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), e.Ir.Emit(IrOp.VecLoad, IrType.V128, Address(e, w)));

    private static void Stvx(PpcEmitter e, uint w) => e.Ir.Emit(IrOp.VecStore, IrType.None, Address(e, w), e.Vr(PpcWord.Rt(w)));

    // Guest byte i is sh + i, host byte h is guest byte 15 - h.
    private static void Lvsl(PpcEmitter e, uint w) => e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Ramp, e.Ir.And(Address(e, w), e.Const(15)), immediate: 15));

    // Guest byte i is 16 - sh + i.
    private static void Lvsr(PpcEmitter e, uint w) =>
        e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.Ramp, e.Ir.Unary(IrOp.Neg, e.Ir.And(Address(e, w), e.Const(15))), immediate: 31));

    private static void Stvebx(PpcEmitter e, uint w) => StoreElement(e, w, MemKind.U8, 1, 0);
    private static void Stvehx(PpcEmitter e, uint w) => StoreElement(e, w, MemKind.U16Be, 0x0101, 0x0100);
    private static void Stvewx(PpcEmitter e, uint w) => StoreElement(e, w, MemKind.U32Be, 0x01010101, 0x03020100);

    private static void StoreElement(PpcEmitter e, uint w, MemKind kind, uint repeat, uint offsets)
    {
        uint size = (uint)MemAccess.Size(kind);
        int address = Address(e, w);
        int lowest = e.Ir.And(e.Ir.Unary(IrOp.Not, address), e.Const(16 - size)); // the element's least significant byte in host order
        int picks = size == 1 ? lowest : e.Ir.Add(e.Ir.Binary(IrOp.Mul, lowest, e.Const(repeat)), e.Const(offsets));
        int element = VecI32(e, VecOp.PickBytes, e.Vr(PpcWord.Rt(w)), picks);
        e.Ir.Store(kind, size == 1 ? address : e.Ir.And(address, e.Const(~(size - 1))), element);
    }

    // The data stream instructions are hints.
    private static void Nothing(PpcEmitter e, uint w)
    {
    }

    private static void Mfvscr(PpcEmitter e, uint w)
    {
        int value = e.Ir.Or(e.Get(PpcSlot.Vscr), VecI32(e, VecOp.Any, e.Get(PpcSlot.SatBits)));
        e.SetVr(PpcWord.Rt(w), Vec(e, VecOp.FromI32, value));
    }

    private static void Mtvscr(PpcEmitter e, uint w)
    {
        e.UseScalarFloat(); // so that the next use of the vector MXCSR loads the new one
        int value = VecI32(e, VecOp.PickBytes, B(e, w), e.Const(0x03020100));
        int nonJava = e.Ir.And(value, e.Const(AltivecState.NonJava));
        e.Put(PpcSlot.VectorMxcsr, e.Ir.Select(nonJava, e.Const(AltivecState.MxcsrNonJava), e.Const(AltivecState.MxcsrJava)));
        e.Put(PpcSlot.Vscr, e.Ir.And(value, e.Const(AltivecState.NonJava | AltivecState.Saturated)));
        e.Put(PpcSlot.SatBits, Constant(e, 0));
    }

    private static int Address(PpcEmitter e, uint w) => e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w));
}
