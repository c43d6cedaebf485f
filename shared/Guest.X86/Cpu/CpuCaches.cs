namespace Suite.Guest.X86.Cpu;

/// <summary>
/// The host's caches in the formats of both makers. Intel's leaf 4 and AMD's leaf 0x8000001D have the same layout, so one of them is read and the
/// other formats are made from it; a host with neither is taken for one with common sizes.
/// </summary>
internal static class CpuCaches
{
    private const uint Data = 1, Instructions = 2, Unified = 3;

    // One line of the deterministic format: eax type, level and sharing; ebx ways and line size; ecx sets.
    private static readonly CpuidLeaf[] Common =
    [
        new(0x121, 0x01C0_003F, 63, 0), new(0x122, 0x01C0_003F, 63, 0), new(0x143, 0x01C0_003F, 2047, 0), new(0x163, 0x03C0_003F, 16383, 0),
    ];

    /// <summary>Cache number <paramref name="index"/> in the deterministic format; a zero type ends the list.</summary>
    public static CpuidLeaf Leaf(IHostCpuid host, uint index)
    {
        const uint intel = 4, amd = 0x8000_001D, topologyExtensions = 1u << 22;
        if (host.Query(0, 0).Eax >= intel && (host.Query(intel, 0).Eax & 0x1F) != 0)
            return host.Query(intel, index);
        if (host.Query(0x8000_0000, 0).Eax is >= amd and < 0x9000_0000 && (host.Query(0x8000_0001, 0).Ecx & topologyExtensions) != 0)
            return host.Query(amd, index);
        return index < Common.Length ? Common[index] : default;
    }

    /// <summary>AMD leaf 0x80000005: first level; the page translation fields claim 64 entries.</summary>
    public static CpuidLeaf AmdFirstLevel(IHostCpuid host)
    {
        const uint tlb = 0xFF40_FF40;
        return new(tlb, tlb, Line(Find(host, 1, Data)), Line(Find(host, 1, Instructions)));

        static uint Line(in CpuidLeaf cache) =>
            cache == default ? 0 : Math.Min(SizeKiB(cache), 255) << 24 | Math.Min(Ways(cache), 255) << 16 | 1u << 8 | LineSize(cache);
    }

    /// <summary>AMD leaf 0x80000006: second level in KiB, third in units of 512 KiB.</summary>
    public static CpuidLeaf AmdOtherLevels(IHostCpuid host, bool thirdLevel)
    {
        CpuidLeaf second = Find(host, 2, Unified), third = thirdLevel ? Find(host, 3, Unified) : default;
        uint ecx = second == default ? 0 : Math.Min(SizeKiB(second), 0xFFFF) << 16 | WaysCode(second) << 12 | 1u << 8 | LineSize(second);
        uint edx = third == default ? 0 : Math.Min(SizeKiB(third) / 512, 0x3FFF) << 18 | WaysCode(third) << 12 | 1u << 8 | LineSize(third);
        return new(0, thirdLevel ? 0x4200_4200u : 0, ecx, edx);
    }

    private static CpuidLeaf Find(IHostCpuid host, uint level, uint type)
    {
        // Eight is more than any processor has; a hypervisor's mistake must not keep us here.
        for (uint i = 0; i < 8; i++)
        {
            CpuidLeaf cache = Leaf(host, i);
            if ((cache.Eax & 0x1F) == 0)
                break;
            if ((cache.Eax & 0x1F) == type && (cache.Eax >> 5 & 7) == level)
                return cache;
        }
        return default;
    }

    private static uint Ways(in CpuidLeaf cache) => (cache.Ebx >> 22) + 1;

    private static uint LineSize(in CpuidLeaf cache) => (cache.Ebx & 0xFFF) + 1;

    private static uint SizeKiB(in CpuidLeaf cache) =>
        (uint)Math.Min((ulong)Ways(cache) * ((cache.Ebx >> 12 & 0x3FF) + 1) * LineSize(cache) * ((ulong)cache.Ecx + 1) / 1024, uint.MaxValue);

    // AMD APM volume 3, E.4.4: associativity in four bits, rounded down where the number has no code.
    private static uint WaysCode(in CpuidLeaf cache) => Ways(cache) switch
    {
        1 => 1,
        2 or 3 => 2,
        4 or 5 => 4,
        6 or 7 => 5,
        < 16 => 6,
        < 32 => 8,
        < 48 => 0xA,
        < 64 => 0xB,
        < 96 => 0xC,
        < 128 => 0xD,
        _ => 0xE,
    };
}
