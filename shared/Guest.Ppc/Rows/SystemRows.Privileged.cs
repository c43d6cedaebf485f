namespace Suite.Guest.Ppc;

// Instructions of the operating system: in user mode each is a privileged-instruction interrupt.
internal static unsafe partial class SystemRows
{
    private static PpcRow[] Privileged =>
    [
        PpcRow.X("rfi", 19, 50, "", &Trap),
        PpcRow.X("rfci", 19, 51, "", &Trap, PpcFeature.Embedded),
        PpcRow.X("rfdi", 19, 39, "", &Trap, PpcFeature.BookE),
        PpcRow.X("rfmci", 19, 38, "", &Trap, PpcFeature.BookE),
        PpcRow.X("mfmsr", 31, 83, "rt", &Trap),
        PpcRow.X("mtmsr", 31, 146, "rs", &Trap),
        PpcRow.X("mtsr", 31, 210, "sr,rs", &Trap),
        PpcRow.X("mtsrin", 31, 242, "rs,rb", &Trap),
        PpcRow.X("mfsr", 31, 595, "rt,sr", &Trap),
        PpcRow.X("mfsrin", 31, 659, "rt,rb", &Trap),
        PpcRow.X("tlbie", 31, 306, "rb", &Trap),
        PpcRow.X("tlbia", 31, 370, "", &Trap),
        PpcRow.X("tlbsync", 31, 566, "", &Trap),
        PpcRow.X("tlbld", 31, 978, "rb", &Trap, PpcFeature.SoftTlb),
        PpcRow.X("tlbli", 31, 1010, "rb", &Trap, PpcFeature.SoftTlb),
        PpcRow.X("dcbi", 31, 470, "ra0,rb", &Trap),
        PpcRow.X("wrtee", 31, 131, "rs", &Trap, PpcFeature.Embedded),
        PpcRow.X("wrteei", 31, 163, "e", &Trap, PpcFeature.Embedded),
        PpcRow.X("mfdcr", 31, 323, "rt,dcrn", &Trap, PpcFeature.Embedded),
        PpcRow.X("mtdcr", 31, 451, "dcrn,rs", &Trap, PpcFeature.Embedded),
        PpcRow.X("tlbre", 31, 946, "", &Trap, PpcFeature.Embedded),
        PpcRow.X("tlbwe", 31, 978, "", &Trap, PpcFeature.Embedded),
        PpcRow.X("tlbsx", 31, 914, "rt,ra0,rb", &Trap, PpcFeature.Embedded),
        PpcRow.X("tlbivax", 31, 786, "ra0,rb", &Trap, PpcFeature.BookE),
        PpcRow.X("dccci", 31, 454, "ra0,rb", &Trap, PpcFeature.Core4xx),
        PpcRow.X("iccci", 31, 966, "ra0,rb", &Trap, PpcFeature.Core4xx),
        PpcRow.X("dcread", 31, 486, "rt,ra0,rb", &Trap, PpcFeature.Core4xx),
        PpcRow.X("icread", 31, 998, "ra0,rb", &Trap, PpcFeature.Core4xx),

        // Linux leaves cache locking to itself (MSR.UCLE is 0).
        PpcRow.X("dcbtls", 31, 166, "ct,ra0,rb", &Trap, PpcFeature.CacheLock),
        PpcRow.X("dcbtstls", 31, 134, "ct,ra0,rb", &Trap, PpcFeature.CacheLock),
        PpcRow.X("dcblc", 31, 390, "ct,ra0,rb", &Trap, PpcFeature.CacheLock),
        PpcRow.X("icbtls", 31, 486, "ct,ra0,rb", &Trap, PpcFeature.CacheLock),
        PpcRow.X("icblc", 31, 230, "ct,ra0,rb", &Trap, PpcFeature.CacheLock),
    ];

    private static void Trap(PpcEmitter e, uint w) => e.Privileged();
}
