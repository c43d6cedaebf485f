using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Loads and stores. Even halfwords are the upper ones of a word. In big-endian memory, doublewords, words and halfwords in order are the same bytes.
internal static unsafe partial class SpeRows
{
    private const uint IndexedBit = 1;

    private static void LoadDouble(PpcEmitter e, uint w)
    {
        (int address, int d) = Address(e, w, 8);
        int high = e.Ir.Load(MemKind.U32Be, address, d);
        Set(e, w, high, e.Ir.Load(MemKind.U32Be, address, d + 4));
    }

    private static void StoreDouble(PpcEmitter e, uint w)
    {
        (int address, int d) = Address(e, w, 8);
        e.Ir.Store(MemKind.U64Be, address, e.Ir.Or(e.Ir.Binary(IrOp.Shl, e.Ir.Zext32(e.GprHigh(PpcWord.Rt(w))), e.Ir.Const64(32)), e.Ir.Zext32(e.Gpr(PpcWord.Rt(w)))), d);
    }

    private static void Evlhhesplat(PpcEmitter e, uint w)
    {
        int half = e.Ir.Binary(IrOp.Shl, LoadOne(e, w, MemKind.U16Be), e.Const(16));
        Set(e, w, half, half);
    }

    private static void Evlhhousplat(PpcEmitter e, uint w)
    {
        int half = LoadOne(e, w, MemKind.U16Be);
        Set(e, w, half, half);
    }

    private static void Evlhhossplat(PpcEmitter e, uint w)
    {
        int half = LoadOne(e, w, MemKind.S16Be);
        Set(e, w, half, half);
    }

    private static void Evlwhe(PpcEmitter e, uint w)
    {
        int word = LoadOne(e, w, MemKind.U32Be);
        Set(e, w, e.Ir.And(word, e.Const(0xFFFF0000)), e.Ir.Binary(IrOp.Shl, word, e.Const(16)));
    }

    private static void Evlwhou(PpcEmitter e, uint w)
    {
        int word = LoadOne(e, w, MemKind.U32Be);
        Set(e, w, e.Ir.Binary(IrOp.ShrU, word, e.Const(16)), e.Ir.And(word, e.Const(0xFFFF)));
    }

    private static void Evlwhos(PpcEmitter e, uint w)
    {
        int word = LoadOne(e, w, MemKind.U32Be);
        Set(e, w, e.Ir.Binary(IrOp.ShrS, word, e.Const(16)), e.Ir.Unary(IrOp.Sext16, word));
    }

    private static void Evlwwsplat(PpcEmitter e, uint w)
    {
        int word = LoadOne(e, w, MemKind.U32Be);
        Set(e, w, word, word);
    }

    private static void Evlwhsplat(PpcEmitter e, uint w)
    {
        int word = LoadOne(e, w, MemKind.U32Be), sixteen = e.Const(16);
        int high = e.Ir.Or(e.Ir.And(word, e.Const(0xFFFF0000)), e.Ir.Binary(IrOp.ShrU, word, sixteen));
        Set(e, w, high, e.Ir.Or(e.Ir.And(word, e.Const(0xFFFF)), e.Ir.Binary(IrOp.Shl, word, sixteen)));
    }

    private static void Evstwhe(PpcEmitter e, uint w)
    {
        int high = e.Ir.And(e.GprHigh(PpcWord.Rt(w)), e.Const(0xFFFF0000));
        StoreWord(e, w, e.Ir.Or(high, e.Ir.Binary(IrOp.ShrU, e.Gpr(PpcWord.Rt(w)), e.Const(16))));
    }

    private static void Evstwho(PpcEmitter e, uint w)
    {
        int low = e.Ir.And(e.Gpr(PpcWord.Rt(w)), e.Const(0xFFFF));
        StoreWord(e, w, e.Ir.Or(low, e.Ir.Binary(IrOp.Shl, e.GprHigh(PpcWord.Rt(w)), e.Const(16))));
    }

    private static void Evstwwe(PpcEmitter e, uint w) => StoreWord(e, w, e.GprHigh(PpcWord.Rt(w)));
    private static void Evstwwo(PpcEmitter e, uint w) => StoreWord(e, w, e.Gpr(PpcWord.Rt(w)));

    private static int LoadOne(PpcEmitter e, uint w, MemKind kind)
    {
        (int address, int d) = Address(e, w, MemAccess.Size(kind));
        return e.Ir.Load(kind, address, d);
    }

    private static void StoreWord(PpcEmitter e, uint w, int value)
    {
        (int address, int d) = Address(e, w, 4);
        e.Ir.Store(MemKind.U32Be, address, value, d);
    }

    // The displacement field counts operands.
    private static (int Address, int Displacement) Address(PpcEmitter e, uint w, int size) =>
        (w & IndexedBit) == 0 ? (e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)), 0) : (e.Base(PpcWord.Ra(w)), PpcWord.Rb(w) * size);
}
