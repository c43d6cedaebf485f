using Suite.Guest.X86.Cpu;

namespace Suite.Tests.Guest.X86;

/// <summary>A processor made of a table of leaves.</summary>
internal sealed class CpuFakeHost(ulong xcr0) : IHostCpuid
{
    private readonly Dictionary<(uint Leaf, uint Subleaf), CpuidLeaf> _leaves = [];

    public ulong Xcr0 { get; } = xcr0;

    public CpuidLeaf Query(uint leaf, uint subleaf) => _leaves.GetValueOrDefault((leaf, subleaf));

    public CpuFakeHost With(uint leaf, uint subleaf, uint eax, uint ebx, uint ecx, uint edx)
    {
        _leaves[(leaf, subleaf)] = new(eax, ebx, ecx, edx);
        return this;
    }

    /// <summary>Has every feature of the table and every state component, at Intel's offsets; runs as APIC id 3 of 4.</summary>
    public static CpuFakeHost Everything()
    {
        const ulong states = 0x602FF;
        var host = new CpuFakeHost(states);
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
        {
            CpuidPlace place = CpuidWords.Place(row.Word);
            CpuidLeaf leaf = host.Query(place.Leaf, place.Subleaf);
            host._leaves[(place.Leaf, place.Subleaf)] = CpuidWords.With(leaf, place.Register, CpuidWords.Register(leaf, place.Register) | 1u << row.Bit);
        }
        CpuidLeaf one = host.Query(1, 0), seven = host.Query(7, 0), eight = host.Query(0x8000_0008, 0);
        host.With(0, 0, 0x20, 0x756E_6547, 0x6C65_746E, 0x4965_6E69)
            .With(1, 0, 0x000806F8, 0x0304_0800, one.Ecx | 1u << 27, one.Edx)
            .With(7, 0, 1, seven.Ebx, seven.Ecx | 1u << 4, seven.Edx)
            .With(0x8000_0000, 0, 0x8000_0022, 0, 0, 0)
            .With(0x8000_0008, 0, 0x3934, eight.Ebx, 0, 0)
            .With(0xC000_0000, 0, 0xC000_0001, 0, 0, 0)
            .With(0xB, 0, 1, 2, 0x100, 3)
            .With(4, 0, 0x121, 0x02C0_003F, 63, 0).With(4, 1, 0x122, 0x01C0_003F, 63, 0)
            .With(4, 2, 0x143, 0x03C0_003F, 2047, 0).With(4, 3, 0x163, 0x0380_003F, 65535, 4);
        foreach ((uint number, uint size, uint offset, uint flags) in ((uint, uint, uint, uint)[])
            [(2, 256, 576, 0), (3, 64, 960, 0), (4, 64, 1024, 0), (5, 64, 1088, 0), (6, 512, 1152, 0), (7, 1024, 1664, 0), (9, 8, 2688, 0),
                (17, 64, 2752, 2), (18, 8192, 2816, 6)])
            host.With(0xD, number, size, offset, flags, 0);
        return host.With(0xD, 0, (uint)states, 11008, 11008, 0);
    }
}
