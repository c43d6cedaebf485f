namespace Suite.Guest.Ppc;

/// <summary>What models of one processor version have in common.</summary>
internal static class PpcFamily
{
    private const PpcFeature ClassicFloat = PpcFeature.Float | PpcFeature.FloatSelect | PpcFeature.FloatRes | PpcFeature.FloatRsqrte | PpcFeature.FloatStfiwx;

    private const PpcFeature Classic = ClassicFloat | PpcFeature.TimeBase | PpcFeature.ExternalControl;

    private const PpcFeature G3 = Classic | PpcFeature.UserMonitor;

    private const PpcFeature G4 = G3 | PpcFeature.Altivec | PpcFeature.Dcba;

    private const PpcFeature Core405 = PpcFeature.TimeBase | PpcFeature.Embedded | PpcFeature.Core4xx | PpcFeature.Core40x | PpcFeature.Mac4xx | PpcFeature.Dlmzb
        | PpcFeature.Dcba | PpcFeature.UserSprg;

    private const PpcFeature Core440 = PpcFeature.TimeBase | PpcFeature.Embedded | PpcFeature.BookE | PpcFeature.Core4xx | PpcFeature.Mac4xx | PpcFeature.Dlmzb
        | PpcFeature.Dcba | PpcFeature.UserSprg;

    private const PpcFeature E200 = PpcFeature.TimeBase | PpcFeature.Embedded | PpcFeature.BookE | PpcFeature.Dcba | PpcFeature.UserSprg | PpcFeature.Spe
        | PpcFeature.SpeSingle | PpcFeature.CacheLock | PpcFeature.UnifiedCache;

    private const PpcFeature E500 = PpcFeature.TimeBase | PpcFeature.Embedded | PpcFeature.BookE | PpcFeature.Dcba | PpcFeature.UserSprg | PpcFeature.Spe
        | PpcFeature.SpeSingle | PpcFeature.CacheLock;

    private const PpcFeature E500mc = ClassicFloat | PpcFeature.TimeBase | PpcFeature.Embedded | PpcFeature.BookE | PpcFeature.Dcba | PpcFeature.UserSprg
        | PpcFeature.CacheLock | PpcFeature.Wait;

    /// <summary>The model of a name and a processor version.</summary>
    public static PpcModel Create(string name, uint pvr) => (pvr >> 16) switch
    {
        0x0001 => new(name, pvr, PpcFeature.Float | PpcFeature.Power | PpcFeature.RealTimeClock | PpcFeature.ExternalControl, 32, "ppc601", "601"),
        0x0002 => new(name, pvr, PpcFeature.Float | PpcFeature.FloatStfiwx | PpcFeature.TimeBase, 32, "powerpc", "(generic PPC)"),
        0x0003 => new(name, pvr, Classic | PpcFeature.SoftTlb, 32, "ppc603", "603"),
        0x0004 => new(name, pvr, Classic, 32, "ppc604", "604"),
        0x0006 => new(name, pvr, Classic | PpcFeature.SoftTlb, 32, "ppc603", "603e"),
        0x0007 => new(name, pvr, Classic | PpcFeature.SoftTlb, 32, "ppc603", "603ev"),
        0x0008 => new(name, pvr, IsSoft755(pvr) ? G3 | PpcFeature.SoftTlb : G3, 32, "ppc750", Name750(pvr)),
        0x0009 => new(name, pvr, Classic | PpcFeature.UserMonitor, 32, "ppc604", "604e"),
        0x000A => new(name, pvr, Classic | PpcFeature.UserMonitor, 32, "ppc604", "604ev"),
        0x000C => new(name, pvr, G4, 32, "ppc7400", pvr == 0x000C1101 ? "7400 (1.1)" : "7400"),
        0x0050 => new(name, pvr, PpcFeature.TimeBase, 16, "ppc823", "8xx"),
        0x0081 or 0x8081 or 0x9081 => new(name, pvr, Classic | PpcFeature.SoftTlb, 32, "ppc603", "82xx"),
        0x0082 or 0x8082 or 0xA082 => new(name, pvr, Classic | PpcFeature.SoftTlb, 32, "ppc603", "G2_LE"),
        0x0083 => new(name, pvr, Classic | PpcFeature.SoftTlb, 32, "ppc603", "e300c1"),
        0x0084 => new(name, pvr, PpcFeature.TimeBase | PpcFeature.SoftTlb, 32, "ppc603", "e300c2"),
        0x0085 => new(name, pvr, Classic | PpcFeature.SoftTlb, 32, "ppc603", "e300c3"),
        0x0086 => new(name, pvr, Classic | PpcFeature.SoftTlb, 32, "ppc603", "e300c4"),
        0x1008 => new(name, pvr, G3, 32, "ppc750", "740P/750P"),
        0x7000 => new(name, pvr, G3, 32, "ppc750", "750FX"),
        0x7002 => new(name, pvr, G3, 32, "ppc750", "750GX"),
        0x8000 => new(name, pvr, G4, 32, "ppc7450", "7450"),
        0x8001 => new(name, pvr, G4, 32, "ppc7450", "7455"),
        0x8002 => new(name, pvr, G4, 32, "ppc7450", "7447/7457"),
        0x8003 => new(name, pvr, G4, 32, "ppc7450", "7447A"),
        0x8004 => new(name, pvr, G4, 32, "ppc7450", "7448"),
        0x800C => new(name, pvr, G4, 32, "ppc7400", "7410"),
        0x8020 => new(name, pvr, E500, 32, "ppc8540", "e500"),
        0x8021 => new(name, pvr, E500 | PpcFeature.SpeDouble, 32, "ppc8548", "e500v2"),
        0x8023 => new(name, pvr, E500mc, 64, "ppce500mc", "e500mc"),
        0x8100 => new(name, pvr, E200, 32, "ppc5554", "e200z5"),
        0x8112 => new(name, pvr, E200, 32, "ppc5554", "e200z6"),
        0x1302 or 0x2000 or 0x4012 or 0x4222 or 0x51B2 or 0x5322 or 0x5342 or 0x7FF2 => Create440(name, pvr),
        _ => new(name, pvr, Core405, 32, "ppc405", name.ToUpperInvariant()),
    };

    // Some have a floating-point unit and some of the same version have not.
    private static PpcModel Create440(string name, uint pvr)
    {
        bool hasFloat = name.StartsWith("440ep", StringComparison.Ordinal) || name.StartsWith("460ex", StringComparison.Ordinal) || name.EndsWith("dfpu", StringComparison.Ordinal);
        return new(name, pvr, hasFloat ? Core440 | ClassicFloat | PpcFeature.FloatSqrt : Core440, 32, "ppc440", name.ToUpperInvariant());
    }

    private static bool IsSoft755(uint pvr) => (pvr & 0xFFFFF000) == 0x00083000;

    private static string Name750(uint pvr) => (pvr & 0xF000) switch
    {
        0x2000 => (pvr & 0xF0) == 0x10 ? "750CXe" : "750CX",
        0x3000 => (pvr & 0xF00) is 0x300 or 0x400 ? "750CXe" : "745/755",
        0x7000 => "750CL",
        _ => "740/750",
    };
}
