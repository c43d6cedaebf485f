namespace Suite.Guest.Ppc;

/// <summary>A processor the guest may see.</summary>
/// <param name="Name">QEMU's name.</param>
/// <param name="Pvr">Processor version register.</param>
/// <param name="Features">Groups of instructions beyond the common core.</param>
/// <param name="CacheLine">Bytes that dcbz clears; AT_DCACHEBSIZE, AT_ICACHEBSIZE.</param>
/// <param name="Platform">AT_PLATFORM.</param>
/// <param name="KernelName">What Linux calls it in /proc/cpuinfo (arch/powerpc/kernel/cpu_specs*.h).</param>
public sealed record PpcModel(string Name, uint Pvr, PpcFeature Features, int CacheLine, string Platform = "powerpc", string KernelName = "(generic PPC)")
{
    /// <summary>The name of the model that is used when none is asked for.</summary>
    public const string DefaultName = "7447a_v1.2";

    private const uint DefaultPvr = 0x80030102;

    // asm/cputable.h
    private const uint Feature32 = 0x80000000, Feature601 = 0x20000000, FeatureAltivec = 0x10000000, FeatureFpu = 0x08000000, FeatureMmu = 0x04000000,
        FeatureMac = 0x02000000, FeatureUnifiedCache = 0x01000000, FeatureSpe = 0x00800000, FeatureEfpSingle = 0x00400000, FeatureEfpDouble = 0x00200000,
        FeatureNoTimeBase = 0x00100000, FeatureBookE = 0x00008000, FeaturePpcLe = 0x00000001, Feature2Isel = 0x08000000;

    /// <summary>The default: a G4 with AltiVec.</summary>
    public static PpcModel Default => PpcFamily.Create(DefaultName, DefaultPvr);

    /// <summary>The bits of XER besides SO, OV and CA: the string count, and on the 601 the byte that lscbx looks for.</summary>
    public uint XerCountMask => Has(PpcFeature.Power) ? 0xFF7Fu : 0x7F;

    /// <summary>AT_HWCAP.</summary>
    public uint Hwcap => Feature32 | FeatureMmu
        | If(PpcFeature.Float, FeatureFpu)
        | If(PpcFeature.Altivec, FeatureAltivec | FeaturePpcLe)
        | If(PpcFeature.Mac4xx, FeatureMac)
        | If(PpcFeature.BookE, FeatureBookE)
        | If(PpcFeature.Spe, FeatureSpe)
        | If(PpcFeature.SpeSingle, FeatureEfpSingle)
        | If(PpcFeature.SpeDouble, FeatureEfpDouble)
        | If(PpcFeature.Power, Feature601)
        | If(PpcFeature.RealTimeClock, FeatureUnifiedCache | FeatureNoTimeBase)
        | If(PpcFeature.UnifiedCache, FeatureUnifiedCache);

    /// <summary>AT_HWCAP2.</summary>
    public uint Hwcap2 => Has(PpcFeature.CacheLock) ? Feature2Isel : 0;

    /// <summary>Whether all of the given features are there.</summary>
    public bool Has(PpcFeature feature) => (Features & feature) == feature;

    /// <summary>Chooses a model.</summary>
    /// <param name="spec">A name or alias in any case, or a processor version as eight hexadecimal digits; empty for the default.</param>
    /// <exception cref="PpcModelException">no such model; the text says so</exception>
    public static PpcModel Parse(string spec) => spec.Length == 0 ? Default : PpcModelTable.Find(spec);

    /// <summary>The first model, by processor version, that has all of the given features; null when none has.</summary>
    public static PpcModel? WithFeature(PpcFeature features) => PpcModelTable.FindWith(features);

    /// <summary>Writes what <c>-cpu help</c> prints.</summary>
    public static void WriteHelp(TextWriter output) => PpcModelTable.WriteHelp(output);

    private uint If(PpcFeature feature, uint bits) => Has(feature) ? bits : 0;
}
