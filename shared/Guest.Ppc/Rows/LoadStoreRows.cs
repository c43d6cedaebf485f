using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

/// <summary>Integer loads and stores (Power ISA 2.07 I 3.3.2 to 3.3.5).</summary>
internal static unsafe partial class LoadStoreRows
{
    public static PpcRow[] Rows =>
    [
        PpcRow.D("lwz", 32, "rt,d(ra)", &Lwz),
        PpcRow.D("lwzu", 33, "rt,d(ra)", &Lwzu),
        PpcRow.D("lbz", 34, "rt,d(ra)", &Lbz),
        PpcRow.D("lbzu", 35, "rt,d(ra)", &Lbzu),
        PpcRow.D("stw", 36, "rs,d(ra)", &Stw),
        PpcRow.D("stwu", 37, "rs,d(ra)", &Stwu),
        PpcRow.D("stb", 38, "rs,d(ra)", &Stb),
        PpcRow.D("stbu", 39, "rs,d(ra)", &Stbu),
        PpcRow.D("lhz", 40, "rt,d(ra)", &Lhz),
        PpcRow.D("lhzu", 41, "rt,d(ra)", &Lhzu),
        PpcRow.D("lha", 42, "rt,d(ra)", &Lha),
        PpcRow.D("lhau", 43, "rt,d(ra)", &Lhau),
        PpcRow.D("sth", 44, "rs,d(ra)", &Sth),
        PpcRow.D("sthu", 45, "rs,d(ra)", &Sthu),
        PpcRow.X("lwzx", 31, 23, "rt,ra0,rb", &Lwzx),
        PpcRow.X("lwzux", 31, 55, "rt,ra,rb", &Lwzux),
        PpcRow.X("lbzx", 31, 87, "rt,ra0,rb", &Lbzx),
        PpcRow.X("lbzux", 31, 119, "rt,ra,rb", &Lbzux),
        PpcRow.X("stwx", 31, 151, "rs,ra0,rb", &Stwx),
        PpcRow.X("stwux", 31, 183, "rs,ra,rb", &Stwux),
        PpcRow.X("stbx", 31, 215, "rs,ra0,rb", &Stbx),
        PpcRow.X("stbux", 31, 247, "rs,ra,rb", &Stbux),
        PpcRow.X("lhzx", 31, 279, "rt,ra0,rb", &Lhzx),
        PpcRow.X("lhzux", 31, 311, "rt,ra,rb", &Lhzux),
        PpcRow.X("lhax", 31, 343, "rt,ra0,rb", &Lhax),
        PpcRow.X("lhaux", 31, 375, "rt,ra,rb", &Lhaux),
        PpcRow.X("sthx", 31, 407, "rs,ra0,rb", &Sthx),
        PpcRow.X("sthux", 31, 439, "rs,ra,rb", &Sthux),
        PpcRow.X("lwbrx", 31, 534, "rt,ra0,rb", &Lwbrx),
        PpcRow.X("lhbrx", 31, 790, "rt,ra0,rb", &Lhbrx),
        PpcRow.X("stwbrx", 31, 662, "rs,ra0,rb", &Stwbrx),
        PpcRow.X("sthbrx", 31, 918, "rs,ra0,rb", &Sthbrx),
        .. Multiple,
        .. Synchronization,
    ];

    private static void Lwz(PpcEmitter e, uint w) => Load(e, w, MemKind.U32Be);
    private static void Lwzu(PpcEmitter e, uint w) => LoadUpdate(e, w, MemKind.U32Be, indexed: false);
    private static void Lwzx(PpcEmitter e, uint w) => LoadIndexed(e, w, MemKind.U32Be);
    private static void Lwzux(PpcEmitter e, uint w) => LoadUpdate(e, w, MemKind.U32Be, indexed: true);
    private static void Lbz(PpcEmitter e, uint w) => Load(e, w, MemKind.U8);
    private static void Lbzu(PpcEmitter e, uint w) => LoadUpdate(e, w, MemKind.U8, indexed: false);
    private static void Lbzx(PpcEmitter e, uint w) => LoadIndexed(e, w, MemKind.U8);
    private static void Lbzux(PpcEmitter e, uint w) => LoadUpdate(e, w, MemKind.U8, indexed: true);
    private static void Lhz(PpcEmitter e, uint w) => Load(e, w, MemKind.U16Be);
    private static void Lhzu(PpcEmitter e, uint w) => LoadUpdate(e, w, MemKind.U16Be, indexed: false);
    private static void Lhzx(PpcEmitter e, uint w) => LoadIndexed(e, w, MemKind.U16Be);
    private static void Lhzux(PpcEmitter e, uint w) => LoadUpdate(e, w, MemKind.U16Be, indexed: true);
    private static void Lha(PpcEmitter e, uint w) => Load(e, w, MemKind.S16Be);
    private static void Lhau(PpcEmitter e, uint w) => LoadUpdate(e, w, MemKind.S16Be, indexed: false);
    private static void Lhax(PpcEmitter e, uint w) => LoadIndexed(e, w, MemKind.S16Be);
    private static void Lhaux(PpcEmitter e, uint w) => LoadUpdate(e, w, MemKind.S16Be, indexed: true);
    private static void Lwbrx(PpcEmitter e, uint w) => LoadIndexed(e, w, MemKind.U32Le);
    private static void Lhbrx(PpcEmitter e, uint w) => LoadIndexed(e, w, MemKind.U16Le);
    private static void Stw(PpcEmitter e, uint w) => Store(e, w, MemKind.U32Be);
    private static void Stwu(PpcEmitter e, uint w) => StoreUpdate(e, w, MemKind.U32Be, indexed: false);
    private static void Stwx(PpcEmitter e, uint w) => StoreIndexed(e, w, MemKind.U32Be);
    private static void Stwux(PpcEmitter e, uint w) => StoreUpdate(e, w, MemKind.U32Be, indexed: true);
    private static void Stb(PpcEmitter e, uint w) => Store(e, w, MemKind.U8);
    private static void Stbu(PpcEmitter e, uint w) => StoreUpdate(e, w, MemKind.U8, indexed: false);
    private static void Stbx(PpcEmitter e, uint w) => StoreIndexed(e, w, MemKind.U8);
    private static void Stbux(PpcEmitter e, uint w) => StoreUpdate(e, w, MemKind.U8, indexed: true);
    private static void Sth(PpcEmitter e, uint w) => Store(e, w, MemKind.U16Be);
    private static void Sthu(PpcEmitter e, uint w) => StoreUpdate(e, w, MemKind.U16Be, indexed: false);
    private static void Sthx(PpcEmitter e, uint w) => StoreIndexed(e, w, MemKind.U16Be);
    private static void Sthux(PpcEmitter e, uint w) => StoreUpdate(e, w, MemKind.U16Be, indexed: true);
    private static void Stwbrx(PpcEmitter e, uint w) => StoreIndexed(e, w, MemKind.U32Le);
    private static void Sthbrx(PpcEmitter e, uint w) => StoreIndexed(e, w, MemKind.U16Le);

    private static void Load(PpcEmitter e, uint w, MemKind kind) =>
        e.SetGpr(PpcWord.Rt(w), e.Ir.Load(kind, e.Base(PpcWord.Ra(w)), PpcWord.Si(w)));

    private static void LoadIndexed(PpcEmitter e, uint w, MemKind kind) =>
        e.SetGpr(PpcWord.Rt(w), e.Ir.Load(kind, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w))));

    private static void LoadUpdate(PpcEmitter e, uint w, MemKind kind, bool indexed)
    {
        int rt = PpcWord.Rt(w), ra = PpcWord.Ra(w);
        if (ra == 0 || ra == rt)
        {
            e.Illegal();
            return;
        }
        int address = UpdateAddress(e, w, indexed);
        e.SetGpr(rt, e.Ir.Load(kind, address));
        e.SetGpr(ra, address);
    }

    private static void Store(PpcEmitter e, uint w, MemKind kind) =>
        e.Ir.Store(kind, e.Base(PpcWord.Ra(w)), e.Gpr(PpcWord.Rt(w)), PpcWord.Si(w));

    private static void StoreIndexed(PpcEmitter e, uint w, MemKind kind) =>
        e.Ir.Store(kind, e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)), e.Gpr(PpcWord.Rt(w)));

    private static void StoreUpdate(PpcEmitter e, uint w, MemKind kind, bool indexed)
    {
        int ra = PpcWord.Ra(w);
        if (ra == 0)
        {
            e.Illegal();
            return;
        }
        int address = UpdateAddress(e, w, indexed);
        e.Ir.Store(kind, address, e.Gpr(PpcWord.Rt(w)));
        e.SetGpr(ra, address);
    }

    private static int UpdateAddress(PpcEmitter e, uint w, bool indexed) =>
        indexed ? e.EffectiveAddressIndexed(PpcWord.Ra(w), PpcWord.Rb(w)) : e.EffectiveAddress(PpcWord.Ra(w), PpcWord.Si(w));
}
