using F = Suite.Guest.X86.Cpu.CpuFeature;

namespace Suite.Guest.X86.Cpu;

/// <summary>What a model other than the bare host consists of: the features left after the host was asked, and an identity.</summary>
internal sealed class NamedCpu
{
    // Extended state components (Intel SDM volume 1, 13.1) and the feature each belongs to.
    private static readonly (CpuFeature Feature, ulong Components)[] States =
    [
        (F.Xsave, 1), (F.Sse, 1 << 1), (F.Avx, 1 << 2), (F.Mpx, 3 << 3), (F.Avx512f, 7 << 5), (F.Pku, 1 << 9), (F.AmxTile, 3 << 17),
    ];

    private readonly uint[] _words = new uint[(int)CpuidWord.X21Eax + 1];

    public NamedCpu(CpuIdentity identity, CpuFeatureSet requested, IHostCpuid host, bool fromHost, bool is64Bit, CpuFeatureSet emulated = default)
    {
        Host = host;
        FromHost = fromHost;
        Is64Bit = is64Bit;
        if (!is64Bit)
            requested -= CpuFeatureSet.Of(F.Lm, F.Syscall);
        CpuFeatureSet lacking = NeedsHost() - HostFeatures(host);
        Features = CpuFeatureRules.Prune(requested - (lacking - emulated));
        Emulated = Features & lacking;
        foreach (CpuFeature feature in (requested - Features).ToList())
            MissingOnHost.Add(CpuFeatureTable.Name(feature));
        foreach (CpuFeature feature in Features.ToList())
            _words[(int)CpuFeatureTable.Row(feature).Word] |= 1u << CpuFeatureTable.Row(feature).Bit;
        Identity = fromHost ? identity : Extend(identity, Features);
        Xcr0 = host.Xcr0 & EnabledStates(fromHost);
    }

    public IHostCpuid Host { get; }

    /// <summary>max or host with changes: every leaf is the host's but for the feature bits and what the user renamed.</summary>
    public bool FromHost { get; }

    public bool Is64Bit { get; }

    public CpuIdentity Identity { get; }

    public CpuFeatureSet Features { get; }

    /// <summary>Those that the host lacks, whose instructions managed code computes.</summary>
    public CpuFeatureSet Emulated { get; }

    public List<string> MissingOnHost { get; } = [];

    public ulong Xcr0 { get; }

    public bool Has(CpuFeature feature) => Features.Has(feature);

    /// <summary>The bits of one cpuid register.</summary>
    public uint Word(CpuidWord word) => _words[(int)word];

    /// <summary>What a program can use on this host: the cpuid bits, less what the operating system has not enabled.</summary>
    public static CpuFeatureSet HostFeatures(IHostCpuid host)
    {
        const uint ospke = 1u << 4;
        CpuFeatureSet set = CpuFeatureTable.Read(host.Query);
        ulong xcr0 = host.Xcr0;
        foreach ((CpuFeature feature, ulong components) in States)
            if (feature != F.Sse && (xcr0 & components) != components)
                set.Remove(feature);
        if ((host.Query(7, 0).Ecx & ospke) == 0)
            set.Remove(F.Pku);
        set = CpuFeatureRules.Prune(set);
        // SSE brought AMD's MMX additions to everyone, but only AMD has the bit.
        if (set.Has(F.Sse))
            set.Add(F.Mmxext);
        return set;
    }

    private ulong EnabledStates(bool keepUnknown)
    {
        ulong have = 0, lost = 0;
        foreach ((CpuFeature feature, ulong components) in States)
        {
            have |= Has(F.Xsave) && Has(feature) ? components : 0;
            lost |= Has(feature) ? 0 : components;
        }
        return keepUnknown && Has(F.Xsave) ? ~lost : have;
    }

    private static CpuFeatureSet NeedsHost()
    {
        var set = new CpuFeatureSet();
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
            if (row.NeedsHost)
                set.Add(row.Feature);
        return set;
    }

    // A feature added by the user may live in a leaf that the model did not have.
    private static CpuIdentity Extend(CpuIdentity identity, in CpuFeatureSet features)
    {
        (uint basic, uint extended) = (identity.Level, identity.ExtendedLevel);
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
        {
            if (!features.Has(row.Feature))
                continue;
            uint leaf = CpuidWords.Place(row.Word).Leaf;
            if (leaf < 0x8000_0000)
                basic = Math.Max(basic, leaf);
            else if (leaf < 0xC000_0000)
                extended = Math.Max(extended, leaf);
        }
        return identity with { Level = basic, ExtendedLevel = extended };
    }
}
