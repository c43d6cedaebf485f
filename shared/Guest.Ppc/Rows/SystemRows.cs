using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

/// <summary>Special registers, the condition register as a whole, time base; instructions of the operating system, which trap (Power ISA 2.07 I 3.3.17, II 6, III).</summary>
internal static unsafe partial class SystemRows
{
    public static PpcRow[] Rows =>
    [
        PpcRow.X("mfspr", 31, 339, "rt,spr", &Mfspr),
        PpcRow.X("mtspr", 31, 467, "spr,rs", &Mtspr),
        PpcRow.X("mftb", 31, 371, "rt,tbr", &Mftb, PpcFeature.TimeBase),
        new("mfocrf", 0xFC1007FE, 31u << 26 | 1u << 20 | 19 << 1, "rt,fxm", PpcFeature.None, &Mfocrf),
        new("mfcr", 0xFC1007FE, 31u << 26 | 19 << 1, "rt", PpcFeature.None, &Mfcr),
        new("mtocrf", 0xFC1007FE, 31u << 26 | 1u << 20 | 144 << 1, "fxm,rs", PpcFeature.None, &Mtcrf),
        new("mtcrf", 0xFC1007FE, 31u << 26 | 144 << 1, "fxm,rs", PpcFeature.None, &Mtcrf),
        PpcRow.X("mfpmr", 31, 334, "rt,spr", &Mfpmr, PpcFeature.BookE),
        PpcRow.X("mtpmr", 31, 462, "spr,rs", &Mtpmr, PpcFeature.BookE),
        .. Privileged,
    ];

    // CR as a word.
    private static void Mfcr(PpcEmitter e, uint w)
    {
        int cr = -1;
        for (int n = 0; n < 8; n++)
        {
            int field = n == 7 ? e.CrBits(n) : e.Ir.Binary(IrOp.Shl, e.CrBits(n), e.Const((uint)(28 - n * 4)));
            cr = cr < 0 ? field : e.Ir.Or(cr, field);
        }
        e.SetGpr(PpcWord.Rt(w), cr);
    }

    // One field at its place, the others zero (the architecture leaves them undefined).
    private static void Mfocrf(PpcEmitter e, uint w)
    {
        uint fxm = PpcWord.Fxm(w);
        if (!uint.IsPow2(fxm))
        {
            Mfcr(e, w);
            return;
        }
        int shift = (int)uint.TrailingZeroCount(fxm) * 4;
        int bits = e.CrBits(7 - shift / 4);
        e.SetGpr(PpcWord.Rt(w), shift == 0 ? bits : e.Ir.Binary(IrOp.Shl, bits, e.Const((uint)shift)));
    }

    private static void Mtcrf(PpcEmitter e, uint w)
    {
        int value = e.Gpr(PpcWord.Rt(w));
        for (int n = 0; n < 8; n++)
            if ((PpcWord.Fxm(w) & 0x80 >> n) != 0)
                e.SetCrBits(n, n == 7 ? value : e.Ir.Binary(IrOp.ShrU, value, e.Const((uint)(28 - n * 4))));
    }

    private static void Mfspr(PpcEmitter e, uint w)
    {
        int spr = PpcWord.Spr(w);
        int value = ReadSpr(e, spr);
        if (value >= 0)
            e.SetGpr(PpcWord.Rt(w), value);
        else
            UnknownSpr(e, spr);
    }

    private static void Mtspr(PpcEmitter e, uint w)
    {
        int spr = PpcWord.Spr(w), value = e.Gpr(PpcWord.Rt(w));
        if (spr == PpcSpr.Xer)
            WriteXer(e, value);
        else if (PlainSlot(e.Model, spr) is >= 0 and int slot)
            e.Put(slot, value);
        else
            UnknownSpr(e, spr);
    }

    private static void Mftb(PpcEmitter e, uint w)
    {
        int tbr = PpcWord.Spr(w);
        if (tbr is PpcSpr.TimeBaseRead or PpcSpr.TimeBaseUpperRead)
            e.SetGpr(PpcWord.Rt(w), ReadSpr(e, tbr));
        else
            e.Illegal();
    }

    // User mode may read the performance monitor's registers without the privilege bit; nothing is counted.
    private static void Mfpmr(PpcEmitter e, uint w)
    {
        if (PpcSpr.IsPrivileged(PpcWord.Spr(w)))
            e.Privileged();
        else
            e.SetGpr(PpcWord.Rt(w), e.Const(0));
    }

    private static void Mtpmr(PpcEmitter e, uint w) => e.Privileged();

    private static int ReadSpr(PpcEmitter e, int spr)
    {
        PpcModel model = e.Model;
        if (PlainSlot(model, spr) is >= 0 and int slot)
            return e.Get(slot);
        return spr switch
        {
            PpcSpr.Xer => ReadXer(e),
            // Privileged, but Linux answers it for user mode (arch/powerpc/kernel/traps.c, emulate_instruction).
            PpcSpr.Pvr => e.Const(model.Pvr),
            PpcSpr.TimeBaseRead when model.Has(PpcFeature.TimeBase) => e.Call(PpcHelpers.TimeBaseLow, IrType.I32),
            PpcSpr.TimeBaseUpperRead when model.Has(PpcFeature.TimeBase) => e.Call(PpcHelpers.TimeBaseHigh, IrType.I32),
            PpcSpr.RtcUpper when model.Has(PpcFeature.RealTimeClock) => e.Call(PpcHelpers.RtcSeconds, IrType.I32),
            PpcSpr.RtcLower when model.Has(PpcFeature.RealTimeClock) => e.Call(PpcHelpers.RtcNanoseconds, IrType.I32),
            PpcSpr.Decrementer601 when model.Has(PpcFeature.RealTimeClock) => e.Const(0),
            >= PpcSpr.Sprg4Read and <= PpcSpr.Sprg7Read when model.Has(PpcFeature.UserSprg) => e.Const(0),
            >= PpcSpr.FirstUserMonitor and <= PpcSpr.LastUserMonitor when model.Has(PpcFeature.UserMonitor) => e.Const(0),
            _ => -1,
        };
    }

    // The slot of a register that is just 32 bits to read and write; -1 if it is not.
    private static int PlainSlot(PpcModel model, int spr) => spr switch
    {
        PpcSpr.Lr => PpcSlot.Lr,
        PpcSpr.Ctr => PpcSlot.Ctr,
        PpcSpr.VrSave when model.Has(PpcFeature.Altivec) => PpcSlot.VrSave,
        PpcSpr.VrSave when model.Has(PpcFeature.UserSprg) => PpcSlot.Usprg0,
        PpcSpr.Spefscr when model.Has(PpcFeature.SpeSingle) && !model.Has(PpcFeature.Altivec) => PpcSlot.Spefscr,
        PpcSpr.Mq when model.Has(PpcFeature.Power) => PpcSlot.Mq,
        _ => -1,
    };

    private static void UnknownSpr(PpcEmitter e, int spr)
    {
        if (PpcSpr.IsPrivileged(spr))
            e.Privileged();
        else
            e.Illegal();
    }

    private static int ReadXer(PpcEmitter e)
    {
        int Bit(int slot, int shift) => e.Ir.Binary(IrOp.Shl, e.Get(slot), e.Const((uint)shift));
        int upper = e.Ir.Or(Bit(PpcSlot.XerSo, 31), e.Ir.Or(Bit(PpcSlot.XerOv, 30), Bit(PpcSlot.XerCa, 29)));
        return e.Ir.Or(upper, e.Get(PpcSlot.XerCount));
    }

    private static void WriteXer(PpcEmitter e, int value)
    {
        e.Put(PpcSlot.XerSo, e.Ir.Binary(IrOp.ShrU, value, e.Const(31)));
        e.Put(PpcSlot.XerOv, e.Ir.And(e.Ir.Binary(IrOp.ShrU, value, e.Const(30)), e.Const(1)));
        e.Put(PpcSlot.XerCa, e.Ir.And(e.Ir.Binary(IrOp.ShrU, value, e.Const(29)), e.Const(1)));
        e.Put(PpcSlot.XerCount, e.Ir.And(value, e.Const(e.Model.XerCountMask)));
    }
}
