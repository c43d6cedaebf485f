using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Multiple and string forms (Power ISA 2.07 I 3.3.6, 3.3.7). A fault inside one may leave some registers loaded, which the architecture allows;
// the base register is written last, so that the instruction can be done again.
internal static unsafe partial class LoadStoreRows
{
    private static PpcRow[] Multiple =>
    [
        PpcRow.D("lmw", 46, "rt,d(ra)", &Lmw),
        PpcRow.D("stmw", 47, "rs,d(ra)", &Stmw),
        PpcRow.X("lswi", 31, 597, "rt,ra0,nb", &Lswi),
        PpcRow.X("lswx", 31, 533, "rt,ra0,rb", &Lswx),
        PpcRow.X("stswi", 31, 725, "rs,ra0,nb", &Stswi),
        PpcRow.X("stswx", 31, 661, "rs,ra0,rb", &Stswx),
    ];

    private static void Lmw(PpcEmitter e, uint w)
    {
        int ra = PpcWord.Ra(w), rt = PpcWord.Rt(w), d = PpcWord.Si(w);
        int address = e.Base(ra);
        int forBase = -1;
        for (int n = rt; n < 32; n++)
        {
            int value = e.Ir.Load(MemKind.U32Be, address, d + (n - rt) * 4);
            if (n == ra && ra != 0)
                forBase = value;
            else
                e.SetGpr(n, value);
        }
        if (forBase >= 0)
            e.SetGpr(ra, forBase);
    }

    private static void Stmw(PpcEmitter e, uint w)
    {
        int rs = PpcWord.Rt(w);
        int address = e.Base(PpcWord.Ra(w));
        for (int n = rs; n < 32; n++)
            e.Ir.Store(MemKind.U32Be, address, e.Gpr(n), PpcWord.Si(w) + (n - rs) * 4);
    }

    private static void Lswi(PpcEmitter e, uint w)
    {
        int bytes = ImmediateBytes(w);
        if (InRange(PpcWord.Rt(w), bytes, PpcWord.Ra(w)))
            e.Illegal();
        else
            LoadString(e, PpcWord.Rt(w), e.Base(PpcWord.Ra(w)), bytes);
    }

    private static void Lswx(PpcEmitter e, uint w)
    {
        if (!CountIsKnown(e, out int bytes))
            return;
        int rt = PpcWord.Rt(w), ra = PpcWord.Ra(w), rb = PpcWord.Rb(w);
        if (InRange(rt, bytes, ra) && ra != 0 || InRange(rt, bytes, rb))
            e.Illegal();
        else
            LoadString(e, rt, e.EffectiveAddressIndexed(ra, rb), bytes);
    }

    private static void Stswi(PpcEmitter e, uint w) => StoreString(e, PpcWord.Rt(w), e.Base(PpcWord.Ra(w)), ImmediateBytes(w));

    private static void Stswx(PpcEmitter e, uint w)
    {
        if (CountIsKnown(e, out int bytes))
            StoreString(e, PpcWord.Rt(w), e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)), bytes);
    }

    private static int ImmediateBytes(uint w) => PpcWord.Rb(w) == 0 ? 32 : PpcWord.Rb(w);

    // The count is in XER: only the interpreter, which builds for one execution, knows it.
    private static bool CountIsKnown(PpcEmitter e, out int bytes)
    {
        bytes = (int)(e.Peek(PpcSlot.XerCount) & 0x7F);
        if (!e.Exact)
            e.Trap(PpcTrap.Interpret);
        return e.Exact;
    }

    // Whether a register is among those that a string of so many bytes fills.
    private static bool InRange(int first, int bytes, int register) => (register - first & 31) < (bytes + 3) / 4;

    private static void LoadString(PpcEmitter e, int rt, int address, int bytes)
    {
        for (int at = 0; at < bytes; at += 4)
        {
            int left = bytes - at;
            int value = left >= 4 ? e.Ir.Load(MemKind.U32Be, address, at) : e.Ir.Binary(IrOp.Shl, e.Ir.Load(MemKind.U8, address, at), e.Const(24));
            for (int i = 1; left < 4 && i < left; i++)
                value = e.Ir.Or(value, e.Ir.Binary(IrOp.Shl, e.Ir.Load(MemKind.U8, address, at + i), e.Const((uint)(24 - 8 * i))));
            e.SetGpr(rt + at / 4 & 31, value);
        }
    }

    private static void StoreString(PpcEmitter e, int rs, int address, int bytes)
    {
        for (int at = 0; at < bytes; at += 4)
        {
            int left = bytes - at;
            int value = e.Gpr(rs + at / 4 & 31);
            if (left >= 4)
                e.Ir.Store(MemKind.U32Be, address, value, at);
            for (int i = 0; left < 4 && i < left; i++)
                e.Ir.Store(MemKind.U8, address, e.Ir.Binary(IrOp.ShrU, value, e.Const((uint)(24 - 8 * i))), at + i);
        }
    }
}
