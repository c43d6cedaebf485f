using F = Suite.Guest.X86.Cpu.CpuFeature;

namespace Suite.Guest.X86.Cpu;

/// <summary>
/// cpuid leaf 0xD of a model. The host's own xsave instructions write the area, so component offsets are the host's; a model with fewer components
/// has a shorter area.
/// </summary>
internal static class XsaveArea
{
    private const uint LegacyAndHeader = 512 + 64;

    public static CpuidLeaf Leaf(NamedCpu cpu, uint subleaf)
    {
        ulong xcr0 = cpu.Xcr0;
        if (xcr0 == 0)
            return default;
        if (subleaf == 0)
        {
            uint size = StandardSize(cpu.Host, xcr0);
            return new((uint)xcr0, size, size, (uint)(xcr0 >> 32));
        }
        if (subleaf == 1)
            return new(cpu.Word(CpuidWord.LDEax), cpu.Has(F.Xsavec) || cpu.Has(F.Xsaves) ? CompactedSize(cpu.Host, xcr0) : 0, 0, 0);
        return subleaf < 63 && (xcr0 >> (int)subleaf & 1) != 0 ? cpu.Host.Query(0xD, subleaf) : default;
    }

    private static uint StandardSize(IHostCpuid host, ulong components)
    {
        uint size = LegacyAndHeader;
        for (int i = 2; i < 63; i++)
            if ((components >> i & 1) != 0)
            {
                CpuidLeaf component = host.Query(0xD, (uint)i);
                size = Math.Max(size, component.Ebx + component.Eax);
            }
        return size;
    }

    // Intel SDM volume 1, 13.4.3: components follow each other, those with ecx bit 1 on a 64-byte boundary.
    private static uint CompactedSize(IHostCpuid host, ulong components)
    {
        uint size = LegacyAndHeader;
        for (int i = 2; i < 63; i++)
            if ((components >> i & 1) != 0)
            {
                CpuidLeaf component = host.Query(0xD, (uint)i);
                size = ((component.Ecx & 2) != 0 ? (size + 63) & ~63u : size) + component.Eax;
            }
        return size;
    }
}
