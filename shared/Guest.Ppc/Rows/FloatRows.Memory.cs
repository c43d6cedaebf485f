using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Loads and stores: bits move unchanged, and singles are converted without rounding or exceptions (Power ISA 2.07 I 4.6.2, 4.6.3).
internal static unsafe partial class FloatRows
{
    private static PpcRow[] Memory =>
    [
        PpcRow.D("lfs", 48, "frt,d(ra)", &Lfs, Basic),
        PpcRow.D("lfsu", 49, "frt,d(ra)", &Lfsu, Basic),
        PpcRow.D("lfd", 50, "frt,d(ra)", &Lfd, Basic),
        PpcRow.D("lfdu", 51, "frt,d(ra)", &Lfdu, Basic),
        PpcRow.D("stfs", 52, "frs,d(ra)", &Stfs, Basic),
        PpcRow.D("stfsu", 53, "frs,d(ra)", &Stfsu, Basic),
        PpcRow.D("stfd", 54, "frs,d(ra)", &Stfd, Basic),
        PpcRow.D("stfdu", 55, "frs,d(ra)", &Stfdu, Basic),
        PpcRow.X("lfsx", 31, 535, "frt,ra0,rb", &Lfsx, Basic),
        PpcRow.X("lfsux", 31, 567, "frt,ra,rb", &Lfsux, Basic),
        PpcRow.X("lfdx", 31, 599, "frt,ra0,rb", &Lfdx, Basic),
        PpcRow.X("lfdux", 31, 631, "frt,ra,rb", &Lfdux, Basic),
        PpcRow.X("stfsx", 31, 663, "frs,ra0,rb", &Stfsx, Basic),
        PpcRow.X("stfsux", 31, 695, "frs,ra,rb", &Stfsux, Basic),
        PpcRow.X("stfdx", 31, 727, "frs,ra0,rb", &Stfdx, Basic),
        PpcRow.X("stfdux", 31, 759, "frs,ra,rb", &Stfdux, Basic),
        PpcRow.X("stfiwx", 31, 983, "frs,ra0,rb", &Stfiwx, Basic | PpcFeature.FloatStfiwx),
    ];

    private static void Lfs(PpcEmitter e, uint w) => LoadSingle(e, w, e.Base(PpcWord.Ra(w)), PpcWord.Si(w));

    private static void Lfsu(PpcEmitter e, uint w) => Update(e, w, LoadSingle(e, w, e.EffectiveAddress(PpcWord.Ra(w), PpcWord.Si(w))));

    private static void Lfsx(PpcEmitter e, uint w) => LoadSingle(e, w, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)));

    private static void Lfsux(PpcEmitter e, uint w) => Update(e, w, LoadSingle(e, w, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w))));

    private static void Lfd(PpcEmitter e, uint w) => LoadDouble(e, w, e.Base(PpcWord.Ra(w)), PpcWord.Si(w));

    private static void Lfdu(PpcEmitter e, uint w) => Update(e, w, LoadDouble(e, w, e.EffectiveAddress(PpcWord.Ra(w), PpcWord.Si(w))));

    private static void Lfdx(PpcEmitter e, uint w) => LoadDouble(e, w, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)));

    private static void Lfdux(PpcEmitter e, uint w) => Update(e, w, LoadDouble(e, w, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w))));

    private static void Stfs(PpcEmitter e, uint w) => StoreSingle(e, w, e.Base(PpcWord.Ra(w)), PpcWord.Si(w));

    private static void Stfsu(PpcEmitter e, uint w) => Update(e, w, StoreSingle(e, w, e.EffectiveAddress(PpcWord.Ra(w), PpcWord.Si(w))));

    private static void Stfsx(PpcEmitter e, uint w) => StoreSingle(e, w, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)));

    private static void Stfsux(PpcEmitter e, uint w) => Update(e, w, StoreSingle(e, w, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w))));

    private static void Stfd(PpcEmitter e, uint w) => StoreDouble(e, w, e.Base(PpcWord.Ra(w)), PpcWord.Si(w));

    private static void Stfdu(PpcEmitter e, uint w) => Update(e, w, StoreDouble(e, w, e.EffectiveAddress(PpcWord.Ra(w), PpcWord.Si(w))));

    private static void Stfdx(PpcEmitter e, uint w) => StoreDouble(e, w, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)));

    private static void Stfdux(PpcEmitter e, uint w) => Update(e, w, StoreDouble(e, w, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w))));

    private static void Stfiwx(PpcEmitter e, uint w)
    {
        int bits = e.Ir.Convert(IrOp.FBits, IrType.I64, e.Fpr(PpcWord.Rt(w)));
        e.Ir.Store(MemKind.U32Be, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)), e.Ir.Low(bits));
    }

    /// <summary>The host quiets a signalling NaN and calls that invalid: with the exception unmasked it faults, and the interpreter loads it.</summary>
    private static int LoadSingle(PpcEmitter e, uint w, int address, int displacement = 0)
    {
        e.UseScalarFloat();
        int single = e.Ir.Load(MemKind.U32Be, address, displacement);
        if (e.Exact)
            e.SetFpr(PpcWord.Rt(w), e.Call(PpcHelpers.FloatFromSingle, IrType.F64, single));
        else
            e.SetSingle(PpcWord.Rt(w), e.Ir.Convert(IrOp.FFromBits, IrType.F32, single));
        return address;
    }

    private static int LoadDouble(PpcEmitter e, uint w, int address, int displacement = 0)
    {
        e.SetFpr(PpcWord.Rt(w), e.Ir.Load(MemKind.F64Be, address, displacement));
        return address;
    }

    /// <summary>
    /// What the block knows as a single is stored as that. Else bits are picked, denormals being the interpreter's: the host would round what is no single, and
    /// quiet signalling NaNs.
    /// </summary>
    private static int StoreSingle(PpcEmitter e, uint w, int address, int displacement = 0)
    {
        int value = e.Fpr(PpcWord.Rt(w)), single;
        if (e.Exact)
        {
            single = e.Call(PpcHelpers.FloatToSingle, IrType.I32, value);
        }
        else if (e.WantSingle(PpcWord.Rt(w)) is var known and >= 0)
        {
            single = e.Ir.Convert(IrOp.FBits, IrType.I32, known);
        }
        else
        {
            int bits = e.Ir.Convert(IrOp.FBits, IrType.I64, value);
            TrapIfBelow(e, bits, SmallestSingle);
            int upper = e.Ir.And(e.Ir.High(bits), e.Const(0xC000_0000));
            single = e.Ir.Or(upper, e.Ir.And(e.Ir.Low(e.Ir.Binary(IrOp.ShrU, bits, e.Ir.Const64(29))), e.Const(0x3FFF_FFFF)));
        }

        e.Ir.Store(MemKind.U32Be, address, single, displacement);
        return address;
    }

    private static int StoreDouble(PpcEmitter e, uint w, int address, int displacement = 0)
    {
        e.Ir.Store(MemKind.F64Be, address, e.Fpr(PpcWord.Rt(w)), displacement);
        return address;
    }

    /// <summary>The base register after the access.</summary>
    private static void Update(PpcEmitter e, uint w, int address) => e.SetGpr(PpcWord.Ra(w), address);
}
