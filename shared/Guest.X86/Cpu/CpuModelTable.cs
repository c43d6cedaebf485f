using static Suite.Guest.X86.Cpu.CpuIdentity;

namespace Suite.Guest.X86.Cpu;

/// <summary>
/// The named models, oldest first within a line of descent. A row says what a processor added to (or dropped from) its forerunner; names,
/// numbers and features are those that QEMU's users know, up to its 8.1. Made when a model other than max or host is asked for, or help.
/// </summary>
internal sealed class CpuModelTable
{
    private readonly List<CpuModelDefinition> _models = [];
    private readonly List<(string Alias, string Name)> _aliases = [];

    public CpuModelTable()
    {
        AddLevels();
        AddGeneric();
        AddIntelClient();
        AddIntelServer();
        AddIntelSmall();
        AddAmd();
    }

    /// <summary>All models in table order, versioned ones under their full name.</summary>
    public IReadOnlyList<CpuModelDefinition> Models => _models;

    /// <summary>Other names: <c>Haswell</c> is version 1 of it, <c>Haswell-noTSX</c> version 2.</summary>
    public IReadOnlyList<(string Alias, string Name)> Aliases => _aliases;

    /// <summary>Every name that can be given, aliases included.</summary>
    public IEnumerable<string> Names
    {
        get
        {
            foreach (CpuModelDefinition model in _models)
                yield return model.Name;
            foreach ((string alias, _) in _aliases)
                yield return alias;
        }
    }

    /// <summary>The model of a name or alias, without regard to case; null if there is none.</summary>
    public CpuModelDefinition? Find(string name)
    {
        foreach ((string alias, string target) in _aliases)
            if (alias.Equals(name, StringComparison.OrdinalIgnoreCase))
                name = target;
        return _models.Find(m => m.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    // The levels of the x86-64 psABI, with what every 64-bit kernel relies on besides. They are nobody's processor: family as qemu64.
    private void AddLevels()
    {
        Add("x86-64-v1", null, "fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 syscall nx lm",
            new CpuIdentity(Amd, 15, 107, 1, 0xD, 0x8000_0008, "x86-64-v1 processor"), "x86-64 psABI baseline: SSE2");
        Level("x86-64-v2", "x86-64-v1", "cx16 lahf-lm popcnt pni ssse3 sse4.1 sse4.2", "x86-64 psABI level 2: SSE4.2, POPCNT");
        Level("x86-64-v3", "x86-64-v2", "xsave avx avx2 bmi1 bmi2 f16c fma abm movbe", "x86-64 psABI level 3: AVX2, BMI2, FMA");
        Level("x86-64-v4", "x86-64-v3", "avx512f avx512bw avx512cd avx512dq avx512vl", "x86-64 psABI level 4: AVX-512");
    }

    private void AddGeneric()
    {
        const string brand = "QEMU Virtual CPU version 2.5+";
        Add("base", null, "-hypervisor", new CpuIdentity(Amd, 15, 107, 1, 0xD, 0x8000_0008, "base"), "no feature at all: name each with +FEATURE");
        Add("qemu32-v1", null, "fpu de pse tsc msr pae mce cx8 apic sep pge cmov pat mmx fxsr sse sse2 pni",
            new CpuIdentity(Intel, 6, 6, 3, 4, 0x8000_0004, brand));
        Add("qemu64-v1", "qemu32-v1", "clflush cx16 lahf-lm lm mca mtrr nx pse36 svm syscall", new CpuIdentity(Amd, 15, 107, 1, 0xD, 0x8000_000A, brand));
        Add("kvm32-v1", "qemu32-v1", "clflush mca mtrr pse36", new CpuIdentity(Intel, 15, 6, 1, 5, 0x8000_0008, "Common 32-bit KVM processor"));
        Add("kvm64-v1", "qemu64-v1", "-lahf-lm -svm", new CpuIdentity(Intel, 15, 6, 1, 0xD, 0x8000_0008, "Common KVM processor"));
    }

    private void AddIntelClient()
    {
        Add("486-v1", null, "fpu pse", new CpuIdentity(Intel, 4, 8, 0, 1, 0, ""), "Intel 486 DX4");
        Add("pentium-v1", "486-v1", "apic cx8 de mce mmx msr tsc", new CpuIdentity(Intel, 5, 4, 3, 1, 0, ""), "Intel Pentium MMX");
        Add("pentium2-v1", "pentium-v1", "cmov fxsr mca mtrr pae pat pge pse36 sep", new CpuIdentity(Intel, 6, 5, 2, 2, 0, ""), "Intel Pentium II");
        Add("pentium3-v1", "pentium2-v1", "sse", new CpuIdentity(Intel, 6, 7, 3, 3, 0, ""), "Intel Pentium III");
        Add("coreduo-v1", "pentium3-v1", "acpi clflush monitor nx pni ss sse2 -pse36",
            new CpuIdentity(Intel, 6, 14, 8, 0xA, 0x8000_0008, "Genuine Intel(R) CPU           T2600  @ 2.16GHz"));
        Add("core2duo-v1", "coreduo-v1", "cx16 lahf-lm lm pse36 ssse3 syscall",
            new CpuIdentity(Intel, 6, 15, 11, 0xA, 0x8000_0008, "Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz"));
        Add("Conroe-v1", "core2duo-v1", "-acpi -cx16 -monitor -ss",
            new CpuIdentity(Intel, 6, 15, 3, 0xA, 0x8000_0008, "Intel Celeron_4x0 (Conroe/Merom Class Core 2)"));
        Add("Penryn-v1", "Conroe-v1", "cx16 sse4.1", new CpuIdentity(Intel, 6, 23, 3, 0xA, 0x8000_0008, "Intel Core 2 Duo P9xxx (Penryn Class Core 2)"));
        Add("Nehalem-v1", "Penryn-v1", "popcnt sse4.2", new CpuIdentity(Intel, 6, 26, 3, 0xB, 0x8000_0008, "Intel Core i7 9xx (Nehalem Class Core i7)"));
        Version("Nehalem-v2", "spec-ctrl", "Intel Core i7 9xx (Nehalem Core i7, IBRS update)", "Nehalem-IBRS");
        Add("Westmere-v1", "Nehalem-v1", "aes arat pclmulqdq", new CpuIdentity(Intel, 6, 44, 1, 0xB, 0x8000_0008, "Westmere E56xx/L56xx/X56xx (Nehalem-C)"));
        Version("Westmere-v2", "spec-ctrl", "Westmere E56xx/L56xx/X56xx (IBRS update)", "Westmere-IBRS");
        Add("SandyBridge-v1", "Westmere-v1", "avx rdtscp tsc-deadline x2apic xsave xsaveopt",
            new CpuIdentity(Intel, 6, 42, 1, 0xD, 0x8000_0008, "Intel Xeon E312xx (Sandy Bridge)"));
        Version("SandyBridge-v2", "spec-ctrl", "Intel Xeon E312xx (Sandy Bridge, IBRS update)", "SandyBridge-IBRS");
        Add("IvyBridge-v1", "SandyBridge-v1", "erms f16c fsgsbase rdrand smep",
            new CpuIdentity(Intel, 6, 58, 9, 0xD, 0x8000_0008, "Intel Xeon E3-12xx v2 (Ivy Bridge)"));
        Version("IvyBridge-v2", "spec-ctrl", "Intel Xeon E3-12xx v2 (Ivy Bridge, IBRS)", "IvyBridge-IBRS");
        Add("Haswell-v1", "IvyBridge-v1", "abm avx2 bmi1 bmi2 fma hle invpcid movbe pcid rtm",
            new CpuIdentity(Intel, 6, 60, 4, 0xD, 0x8000_0008, "Intel Core Processor (Haswell)"));
        Version("Haswell-v2", "-hle -rtm", "Intel Core Processor (Haswell, no TSX)", "Haswell-noTSX", stepping: 1);
        Version("Haswell-v3", "hle rtm spec-ctrl", "Intel Core Processor (Haswell, IBRS)", "Haswell-IBRS", stepping: 4);
        Version("Haswell-v4", "-hle -rtm", "Intel Core Processor (Haswell, no TSX, IBRS)", "Haswell-noTSX-IBRS", stepping: 1);
        Add("Broadwell-v1", "Haswell-v1", "3dnowprefetch adx rdseed smap",
            new CpuIdentity(Intel, 6, 61, 2, 0xD, 0x8000_0008, "Intel Core Processor (Broadwell)"));
        Version("Broadwell-v2", "-hle -rtm", "Intel Core Processor (Broadwell, no TSX)", "Broadwell-noTSX");
        Version("Broadwell-v3", "hle rtm spec-ctrl", "Intel Core Processor (Broadwell, IBRS)", "Broadwell-IBRS");
        Version("Broadwell-v4", "-hle -rtm", "Intel Core Processor (Broadwell, no TSX, IBRS)", "Broadwell-noTSX-IBRS");
        Add("Skylake-Client-v1", "Broadwell-v1", "xgetbv1 xsavec", new CpuIdentity(Intel, 6, 94, 3, 0xD, 0x8000_0008, "Intel Core Processor (Skylake)"));
        Version("Skylake-Client-v2", "spec-ctrl", "Intel Core Processor (Skylake, IBRS)", "Skylake-Client-IBRS");
        Version("Skylake-Client-v3", "-hle -rtm", "Intel Core Processor (Skylake, IBRS, no TSX)", "Skylake-Client-noTSX-IBRS");
        Version("Skylake-Client-v4", "xsaves");
    }

    private void AddIntelServer()
    {
        Add("Skylake-Server-v1", "Skylake-Client-v1", "avx512bw avx512cd avx512dq avx512f avx512vl clflushopt clwb pdpe1gb pku",
            new CpuIdentity(Intel, 6, 85, 4, 0xD, 0x8000_0008, "Intel Xeon Processor (Skylake)"));
        Version("Skylake-Server-v2", "spec-ctrl -clflushopt", "Intel Xeon Processor (Skylake, IBRS)", "Skylake-Server-IBRS");
        Version("Skylake-Server-v3", "-hle -rtm", "Intel Xeon Processor (Skylake, IBRS, no TSX)", "Skylake-Server-noTSX-IBRS");
        Version("Skylake-Server-v4", "");
        Version("Skylake-Server-v5", "xsaves");
        Add("Cascadelake-Server-v1", "Skylake-Server-v1", "avx512vnni spec-ctrl ssbd",
            new CpuIdentity(Intel, 6, 85, 6, 0xD, 0x8000_0008, "Intel Xeon Processor (Cascadelake)"));
        Version("Cascadelake-Server-v2", "arch-capabilities");
        Version("Cascadelake-Server-v3", "-hle -rtm", alias: "Cascadelake-Server-noTSX");
        Version("Cascadelake-Server-v4", "");
        Version("Cascadelake-Server-v5", "xsaves");
        Add("Cooperlake-v1", "Cascadelake-Server-v1", "arch-capabilities avx512-bf16 stibp",
            new CpuIdentity(Intel, 6, 85, 10, 0xD, 0x8000_0008, "Intel Xeon Processor (Cooperlake)"));
        Version("Cooperlake-v2", "xsaves");
        Add("Icelake-Server-v1", "Cascadelake-Server-v1",
            "avx512-vpopcntdq avx512bitalg avx512vbmi avx512vbmi2 gfni la57 umip vaes vpclmulqdq wbnoinvd",
            new CpuIdentity(Intel, 6, 134, 0, 0xD, 0x8000_0008, "Intel Xeon Processor (Icelake)"));
        Version("Icelake-Server-v2", "-hle -rtm", alias: "Icelake-Server-noTSX");
        Version("Icelake-Server-v3", "arch-capabilities");
        Version("Icelake-Server-v4", "avx512ifma fsrm rdpid sha-ni", model: 106);
        Version("Icelake-Server-v5", "xsaves");
        Version("Icelake-Server-v6", "");
        Add("SapphireRapids-v1", "Icelake-Server-v5",
            "hle rtm x2apic tsc-deadline bus-lock-detect serialize tsx-ldtrk amx-bf16 avx512-fp16 amx-tile amx-int8 avx-vnni avx512-bf16 fzrm fsrs fsrc xfd",
            new CpuIdentity(Intel, 6, 143, 4, 0x20, 0x8000_0008, "Intel Xeon Processor (SapphireRapids)"));
        Add("KnightsMill-v1", "Broadwell-v1",
            "avx512-4fmaps avx512-4vnniw avx512-vpopcntdq avx512cd avx512er avx512f avx512pf pdpe1gb ss -hle -invpcid -pcid -rtm -smap",
            new CpuIdentity(Intel, 6, 133, 0, 0xD, 0x8000_0008, "Intel Xeon Phi Processor (Knights Mill)"));
    }

    private void AddIntelSmall()
    {
        Add("n270-v1", "coreduo-v1", "lahf-lm movbe ssse3", new CpuIdentity(Intel, 6, 28, 2, 0xA, 0x8000_0008, "Intel(R) Atom(TM) CPU N270   @ 1.60GHz"));
        Add("Denverton-v1", "Skylake-Client-v1",
            "arch-capabilities clflushopt monitor mpx pdpe1gb sha-ni spec-ctrl ssbd -abm -adx -avx -avx2 -bmi1 -bmi2 -f16c -fma -hle -invpcid -pcid -rtm",
            new CpuIdentity(Intel, 6, 95, 1, 0x15, 0x8000_0008, "Intel Atom Processor (Denverton)"));
        Version("Denverton-v2", "-monitor -mpx");
        Version("Denverton-v3", "xsaves");
        Add("Snowridge-v1", "Denverton-v1", "cldemote clwb core-capability gfni movdir64b movdiri umip",
            new CpuIdentity(Intel, 6, 134, 1, 0x1B, 0x8000_0008, "Intel Atom Processor (SnowRidge)"));
        Version("Snowridge-v2", "-mpx", "Intel Atom Processor (Snowridge, no MPX)");
        Version("Snowridge-v3", "xsaves");
        Version("Snowridge-v4", "-core-capability");
    }

    private void AddAmd()
    {
        Add("athlon-v1", "pentium2-v1", "3dnow 3dnowext mmxext sse sse2", new CpuIdentity(Amd, 6, 2, 3, 2, 0x8000_0008, "QEMU Virtual CPU version 2.5+"));
        Add("phenom-v1", "qemu64-v1", "3dnow 3dnowext abm fxsr-opt mmxext monitor npt pdpe1gb popcnt rdtscp sse4a",
            new CpuIdentity(Amd, 16, 2, 3, 5, 0x8000_001A, "AMD Phenom(tm) 9550 Quad-Core Processor"));
        Add("Opteron_G1-v1", "kvm64-v1", "-cx16", new CpuIdentity(Amd, 15, 6, 1, 5, 0x8000_0008, "AMD Opteron 240 (Gen 1 Class Opteron)"));
        Add("Opteron_G2-v1", "Opteron_G1-v1", "cx16 lahf-lm svm", new CpuIdentity(Amd, 15, 6, 1, 5, 0x8000_000A, "AMD Opteron 22xx (Gen 2 Class Opteron)"));
        Add("Opteron_G3-v1", "Opteron_G2-v1", "abm misalignsse monitor popcnt rdtscp sse4a",
            new CpuIdentity(Amd, 16, 2, 3, 5, 0x8000_000A, "AMD Opteron 23xx (Gen 3 Class Opteron)"));
        Add("Opteron_G4-v1", "Opteron_G3-v1", "3dnowprefetch aes avx fma4 npt nrip-save pclmulqdq pdpe1gb sse4.1 sse4.2 ssse3 xop xsave -monitor",
            new CpuIdentity(Amd, 21, 1, 2, 0xD, 0x8000_001A, "AMD Opteron 62xx class CPU"));
        Add("Opteron_G5-v1", "Opteron_G4-v1", "f16c fma tbm", new CpuIdentity(Amd, 21, 2, 0, 0xD, 0x8000_001A, "AMD Opteron 63xx class CPU"));
        Add("EPYC-v1", "Opteron_G5-v1",
            "adx arat avx2 bmi1 bmi2 clflushopt cr8legacy fsgsbase fxsr-opt mmxext monitor movbe osvw rdrand rdseed sha-ni smap smep topoext xgetbv1 "
            + "xsavec xsaveopt -fma4 -tbm -xop",
            new CpuIdentity(Amd, 23, 1, 2, 0xD, 0x8000_001E, "AMD EPYC Processor"));
        Version("EPYC-v2", "ibpb", "AMD EPYC Processor (with IBPB)", "EPYC-IBPB");
        Version("EPYC-v3", "clzero perfctr-core xsaveerptr xsaves", "AMD EPYC Processor");
        Add("Dhyana-v1", "EPYC-v2", "-aes -pclmulqdq -sha-ni", new CpuIdentity(Hygon, 24, 0, 1, 0xD, 0x8000_001E, "Hygon Dhyana Processor"));
        Version("Dhyana-v2", "xsaves");
        Add("EPYC-Rome-v1", "EPYC-v3", "amd-stibp clwb rdpid umip wbnoinvd", new CpuIdentity(Amd, 23, 49, 0, 0xD, 0x8000_001E, "AMD EPYC-Rome Processor"));
        Version("EPYC-Rome-v2", "amd-ssbd ibrs");
        Add("EPYC-Milan-v1", "EPYC-Rome-v2", "erms fsrm invpcid pcid pku svme-addr-chk",
            new CpuIdentity(Amd, 25, 1, 1, 0xD, 0x8000_001E, "AMD EPYC-Milan Processor"));
        Add("EPYC-Genoa-v1", "EPYC-Milan-v1",
            "vme avx512f avx512dq avx512ifma avx512cd avx512bw avx512vl avx512vbmi avx512vbmi2 gfni vaes vpclmulqdq avx512vnni avx512bitalg "
            + "avx512-vpopcntdq la57 avx512-bf16 stibp-always-on amd-psfd vnmi no-nested-data-bp lfence-always-serializing null-sel-clr-base auto-ibrs",
            new CpuIdentity(Amd, 25, 17, 0, 0xD, 0x8000_0022, "AMD EPYC-Genoa Processor"));
    }

    private void Level(string name, string parent, string delta, string summary) =>
        Add(name, parent, delta, _models[0].Identity with { Brand = $"{name} processor" }, summary);

    /// <summary>A processor: its parent's features, plus the names in <paramref name="delta"/>, minus those with a leading '-'.</summary>
    private void Add(string name, string? parent, string delta, CpuIdentity identity, string? summary = null)
    {
        CpuFeatureSet features = parent is null ? CpuFeatureSet.Of(CpuFeature.Hypervisor) : Find(parent)!.Features;
        foreach (string word in delta.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            features = word[0] == '-' ? features - CpuFeatureTable.Parse(word[1..]) : features | CpuFeatureTable.Parse(word);
        _models.Add(new CpuModelDefinition(name, features, identity, summary ?? identity.Brand));
        // A bare name is version 1, as in QEMU's user mode and its pc machine.
        if (name.EndsWith("-v1", StringComparison.Ordinal) && name != "x86-64-v1")
            _aliases.Add((name[..^3], name));
    }

    /// <summary>A later version of the processor added last.</summary>
    private void Version(string name, string delta, string? brand = null, string? alias = null, int model = -1, int stepping = -1)
    {
        CpuModelDefinition before = _models[^1];
        CpuIdentity identity = before.Identity;
        Add(name, before.Name, delta, identity with
        {
            Brand = brand ?? identity.Brand,
            Model = model < 0 ? identity.Model : model,
            Stepping = stepping < 0 ? identity.Stepping : stepping,
        });
        if (alias is not null)
            _aliases.Add((alias, name));
    }
}
