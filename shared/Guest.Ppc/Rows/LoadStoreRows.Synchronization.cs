using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Reservations, barriers, caches (Power ISA 2.07 II 4.3, 4.4).
internal static unsafe partial class LoadStoreRows
{
    private static PpcRow[] Synchronization =>
    [
        PpcRow.X("lwarx", 31, 20, "rt,ra0,rb", &Lwarx),
        PpcRow.X1("stwcx.", 31, 150, "rs,ra0,rb", &Stwcx),
        PpcRow.X("sync", 31, 598, "l", &Sync),
        PpcRow.X("eieio", 31, 854, "", &Nothing),
        PpcRow.X("isync", 19, 150, "", &Isync),
        PpcRow.X("wait", 31, 62, "l", &Nothing, PpcFeature.Wait),
        PpcRow.X("dcbz", 31, 1014, "ra0,rb", &Dcbz),
        PpcRow.X("dcba", 31, 758, "ra0,rb", &Nothing, PpcFeature.Dcba),
        PpcRow.X("dcbt", 31, 278, "ra0,rb", &Nothing),
        PpcRow.X("dcbtst", 31, 246, "ra0,rb", &Nothing),
        PpcRow.X("icbt", 31, 22, "ct,ra0,rb", &Nothing, PpcFeature.BookE),
        PpcRow.X("icbt", 31, 262, "ra0,rb", &Nothing, PpcFeature.Core40x),
        PpcRow.X("dcbst", 31, 54, "ra0,rb", &Touch),
        PpcRow.X("dcbf", 31, 86, "ra0,rb", &Touch),
        PpcRow.X("icbi", 31, 982, "ra0,rb", &Touch),
        PpcRow.X("eciwx", 31, 310, "rt,ra0,rb", &External, PpcFeature.ExternalControl),
        PpcRow.X("ecowx", 31, 438, "rs,ra0,rb", &External, PpcFeature.ExternalControl),
    ];

    // A reservation is the address and what was read: stwcx. compares and exchanges.
    private static void Lwarx(PpcEmitter e, uint w)
    {
        int address = e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w));
        e.TrapIf(e.Ir.And(address, e.Const(3)), PpcTrap.Alignment);
        int value = e.Ir.Load(MemKind.U32Be, address);
        e.Put(PpcSlot.ReserveAddress, address);
        e.Put(PpcSlot.ReserveValue, value);
        e.SetGpr(PpcWord.Rt(w), value);
    }

    // With another address the word is exchanged for itself.
    private static void Stwcx(PpcEmitter e, uint w)
    {
        int address = e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w));
        e.TrapIf(e.Ir.And(address, e.Const(3)), PpcTrap.Alignment);
        int reserved = e.Ir.Compare(IrOp.Eq, address, e.Get(PpcSlot.ReserveAddress));
        int old = e.Get(PpcSlot.ReserveValue);
        int stored = e.Ir.Emit(IrOp.CompareExchange32, IrType.I32, address, old, e.Ir.Select(reserved, e.Gpr(PpcWord.Rt(w)), old));
        e.Put(PpcSlot.ReserveAddress, e.Const(PpcSlot.NoReservation));

        // EQ is success, LT and GT are clear: comparing success with 1 as unsigned would set LT, so the bits are made.
        int done = e.Ir.And(stored, reserved);
        e.SetCrWithSo(0, e.Ir.Convert(IrOp.OrderFromBits, IrType.I64, e.Ir.Binary(IrOp.Shl, done, e.Const(1))));
    }

    // The host keeps loads, and stores, in order, which is all that lwsync (L = 1) asks.
    private static void Sync(PpcEmitter e, uint w)
    {
        if (PpcWord.Bits(w, 9, 10) != 1)
            e.Ir.Emit(IrOp.Fence, IrType.None);
    }

    // Pages with translated code are watched, so there is nothing to refetch; but what was translated with the code ahead of this may have been rewritten since
    // by another thread, so it goes on with a look-up.
    private static void Isync(PpcEmitter e, uint w) => e.Exit(e.NextPc);

    // Hints.
    private static void Nothing(PpcEmitter e, uint w)
    {
    }

    private static void Touch(PpcEmitter e, uint w) => e.Ir.Load(MemKind.U8, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)));

    private static void Dcbz(PpcEmitter e, uint w)
    {
        int line = e.Model.CacheLine;
        int address = e.Ir.And(e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)), e.Const((uint)-line));
        int zero = e.Ir.Const64(0);
        for (int at = 0; at < line; at += 8)
            e.Ir.Store(MemKind.U64Be, address, zero, at);
    }

    // Linux leaves EAR disabled, and answers the storage interrupt with SIGBUS.
    private static void External(PpcEmitter e, uint w) => e.Trap(PpcTrap.Alignment);
}
