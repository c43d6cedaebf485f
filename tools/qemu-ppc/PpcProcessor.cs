using Suite.Guest.Ppc;

namespace Suite.Tools.Ppc;

/// <summary>What Linux says about a CPU model: AT_HWCAP, AT_PLATFORM, cache block sizes, /proc/cpuinfo (arch/powerpc/kernel/cputable.c, cpu_specs).</summary>
internal sealed class PpcProcessor(PpcModel model)
{
    // asm/cputable.h, PPC_FEATURE_...
    private const uint Bits32 = 0x80000000, Instructions601 = 0x20000000, HasAltivec = 0x10000000, HasFpu = 0x08000000, HasMmu = 0x04000000, Has4xxMac = 0x02000000,
        UnifiedCache = 0x01000000, HasSpe = 0x00800000, HasEfpSingle = 0x00400000, HasEfpDouble = 0x00200000, NoTimeBase = 0x00100000, IsBookE = 0x00008000, LittleEndian = 1;

    private uint Version => model.Pvr >> 16;

    /// <summary>AT_HWCAP.</summary>
    public uint Hwcap
    {
        get
        {
            uint caps = Bits32 | HasMmu;
            caps |= model.Has(PpcFeature.Float) ? HasFpu : 0;
            caps |= model.Has(PpcFeature.Altivec) ? HasAltivec : 0;
            caps |= model.Has(PpcFeature.Power) ? Instructions601 | UnifiedCache | NoTimeBase : 0;
            caps |= model.Has(PpcFeature.Mac4xx) ? Has4xxMac : 0;
            caps |= model.Has(PpcFeature.Spe) ? HasSpe : 0;
            caps |= model.Has(PpcFeature.SpeSingle) ? HasEfpSingle : 0;
            caps |= model.Has(PpcFeature.SpeDouble) ? HasEfpDouble : 0;
            caps |= IsEmbedded ? IsBookE : 0;
            bool classic = model.Has(PpcFeature.Float) && !IsEmbedded && !model.Has(PpcFeature.Power);
            return classic ? caps | LittleEndian : caps;
        }
    }

    /// <summary>AT_PLATFORM.</summary>
    public ReadOnlySpan<byte> Platform => Version switch
    {
        0x0001 => "ppc601"u8,
        0x0003 or 0x0006 or 0x0007 or 0x0081 or 0x0082 or (>= 0x8080 and <= 0x8089) => "ppc603"u8,
        0x0004 or 0x0009 or 0x000A => "ppc604"u8,
        0x0008 or 0x7000 or 0x7001 or 0x7002 => "ppc750"u8,
        0x000C or 0x800C => "ppc7400"u8,
        >= 0x8000 and <= 0x8004 => "ppc7450"u8,
        0x8020 => "ppc8540"u8,
        0x8021 => "ppc8548"u8,
        0x8023 or 0x8024 => "ppce500mc"u8,
        >= 0x8100 and < 0x8180 => "ppc5554"u8,
        _ when model.Has(PpcFeature.Mac4xx) && !IsEmbedded => "ppc405"u8,
        _ when IsEmbedded => "ppc440"u8,
        _ => "powerpc"u8,
    };

    /// <summary>Bytes that dcbz clears: AT_DCACHEBSIZE and AT_ICACHEBSIZE.</summary>
    public int CacheBlock => model.CacheLine;

    private bool IsEmbedded => model.Has(PpcFeature.BookE);

    /// <summary>/proc/cpuinfo with as many processors as the host has.</summary>
    public string CpuInfo(string host)
    {
        System.Text.StringBuilder text = new();
        string name = model.Name.ToUpperInvariant() + (model.Has(PpcFeature.Altivec) ? ", altivec supported" : "");
        (uint major, uint minor) = Revision();
        int processors = Math.Max(1, host.Split('\n').Count(line => line.StartsWith("processor", StringComparison.Ordinal)));
        for (int i = 0; i < processors; i++)
            text.Append($"processor\t: {i}\ncpu\t\t: {name}\nclock\t\t: 1000.000000MHz\nrevision\t: {major}.{minor} (pvr {Version:x4} {model.Pvr & 0xFFFF:x4})\nbogomips\t: 66.66\n\n");
        return text.Append($"timebase\t: {Vdso.VdsoCode.TimeBaseFrequency}\nplatform\t: user mode\n").ToString();
    }

    // show_cpuinfo: where major and minor number stand depends on the maker.
    private (uint Major, uint Minor) Revision()
    {
        uint pvr = model.Pvr;
        return Version switch
        {
            (>= 0x8000 and <= 0x8004) or 0x800C => (pvr >> 8 & 0xF, pvr & 0xF),
            >= 0x8000 => (pvr >> 4 & 0xF, pvr & 0xF),
            _ => (pvr >> 8 & 0xFF, pvr & 0xFF),
        };
    }
}
