using System.Text;
using Suite.Guest.X86.Cpu;

namespace Suite.Tests.Guest.X86;

public class CpuidAnswerTests
{
    // memtest86+ asks for 80000001h with another leaf's ecx; what -cpu takes away, and the 64-bit mode of qemu-system-i386, was there again.
    [Theory]
    [InlineData("max,-nx")]
    [InlineData("Nehalem,-nx")]
    public void What_ecx_holds_does_not_matter_to_leaves_without_parts(string spec)
    {
        var model = CpuModel.Parse(spec, Host, is64Bit: false);
        Assert.Equal(0u, model.Query(0x8000_0001, 0).Edx & (1u << 20 | 1u << 29));
        Assert.Equal(model.Query(0x8000_0001, 0), model.Query(0x8000_0001, 0x444D_4163));
        Assert.Equal(model.Query(1, 0), model.Query(1, 7));
        Assert.NotEqual(model.Query(0xD, 0), model.Query(0xD, 1));
    }


    private static readonly CpuFakeHost Host = CpuFakeHost.Everything();

    // Registers as the installed QEMU 7.2 answers for the same model, less what its translator lacks.
    [Theory]
    [InlineData("qemu64", 0u, 0x0000_000Du, 0x6874_7541u, 0x444D_4163u, 0x6974_6E65u)]
    [InlineData("qemu64", 1u, 0x0006_0FB1u, 0x0301_0800u, 0x8000_2001u, 0x078B_FBFDu)]
    [InlineData("qemu64", 0x8000_0000u, 0x8000_000Au, 0x6874_7541u, 0x444D_4163u, 0x6974_6E65u)]
    [InlineData("qemu64", 0x8000_0001u, 0x0006_0FB1u, 0u, 5u, 0x2193_FBFDu)]
    [InlineData("qemu64", 0x8000_0002u, 0x554D_4551u, 0x7269_5620u, 0x6C61_7574u, 0x5550_4320u)]
    [InlineData("qemu64", 0x4000_0000u, 0x4000_0001u, 0x5447_4354u, 0x4354_4743u, 0x4743_5447u)]
    [InlineData("qemu64", 7u, 0u, 0u, 0u, 0u)]
    [InlineData("qemu64", 0xDu, 0u, 0u, 0u, 0u)]
    [InlineData("Haswell", 1u, 0x0003_06C4u, 0x0301_0800u, 0xFFFA_3203u, 0x078B_FBFDu)]
    [InlineData("Haswell", 7u, 0u, 0x0000_0FB9u, 0u, 0u)]
    [InlineData("Haswell", 0xDu, 7u, 0x340u, 0x340u, 0u)]
    [InlineData("Haswell", 0x8000_0001u, 0u, 0u, 0x21u, 0x2810_0800u)]
    [InlineData("Haswell", 0x8000_001Du, 7u, 0x340u, 0x340u, 0u)]
    [InlineData("EPYC", 1u, 0x0080_0F12u, 0x0301_0800u, 0xFED8_320Bu, 0x078B_FBFDu)]
    [InlineData("EPYC", 6u, 4u, 0u, 0u, 0u)]
    [InlineData("EPYC", 7u, 0u, 0x209C_01A9u, 0u, 0u)]
    [InlineData("EPYC", 0x8000_001Eu, 3u, 3u, 0u, 0u)]
    [InlineData("EPYC", 0x8000_0030u, 0u, 0u, 0u, 0u)]
    public void Leaves_of_named_models(string name, uint leaf, uint eax, uint ebx, uint ecx, uint edx) =>
        Assert.Equal(new CpuidLeaf(eax, ebx, ecx, edx), CpuModel.Parse(name, Host, is64Bit: true).Query(leaf, 0));

    [Fact]
    public void Topology_and_caches_are_the_hosts_in_the_makers_format()
    {
        CpuModel intel = CpuModel.Parse("Haswell", Host, is64Bit: true), amd = CpuModel.Parse("EPYC", Host, is64Bit: true);
        Assert.Equal(Host.Query(0xB, 0), intel.Query(0xB, 0));
        Assert.Equal(Host.Query(4, 2), intel.Query(4, 2));
        Assert.Equal(default, amd.Query(4, 2));
        Assert.Equal(Host.Query(4, 2), amd.Query(0x8000_001D, 2));
        // 48 KiB 12-way and 32 KiB 8-way; 2 MiB 16-way; 60 MiB 15-way.
        Assert.Equal((48u << 24 | 12 << 16 | 0x140, 32u << 24 | 8 << 16 | 0x140), (amd.Query(0x8000_0005, 0).Ecx, amd.Query(0x8000_0005, 0).Edx));
        Assert.Equal((2048u << 16 | 8 << 12 | 0x140, 120u << 18 | 6 << 12 | 0x140), (amd.Query(0x8000_0006, 0).Ecx, amd.Query(0x8000_0006, 0).Edx));
        CpuModel old = CpuModel.Parse("pentium3", Host, is64Bit: false);
        Assert.Equal(0x002C_307Du, old.Query(2, 0).Edx);
        Assert.Equal(0u, old.Query(0x8000_0000, 0).Eax & 0x8000_0000);
    }

    [Theory]
    [InlineData("Haswell", 0x7ul, 832u, 0u)]
    [InlineData("Skylake-Server", 0x2E7ul, 2696u, 576u + 256 + 64 + 512 + 1024 + 8)]
    [InlineData("SapphireRapids", 0x602E7ul, 11008u, 2496u + 64 + 8192)]
    [InlineData("EPYC-Milan", 0x207ul, 2696u, 840u)]
    [InlineData("Denverton", 0x1Bul, 1088u, 704u)]
    public void The_xsave_area_follows_the_features(string name, ulong xcr0, uint standard, uint compacted)
    {
        CpuModel model = CpuModel.Parse(name, Host, is64Bit: true);
        Assert.Equal(xcr0, model.Xcr0);
        Assert.True(model.NarrowsXsave);
        Assert.Equal(new CpuidLeaf((uint)xcr0, standard, standard, 0), model.Query(0xD, 0));
        Assert.Equal(compacted, model.Query(0xD, 1).Ebx);
        for (uint i = 2; i < 20; i++)
            Assert.Equal((xcr0 >> (int)i & 1) != 0 ? Host.Query(0xD, i) : default, model.Query(0xD, i));
    }

    [Fact]
    public void A_changed_host_keeps_everything_else()
    {
        CpuModel model = CpuModel.Parse("max,-avx2,-pku", Host, is64Bit: true);
        Assert.Equal(Host.Query(0, 0), model.Query(0, 0));
        Assert.Equal(Host.Query(1, 0), model.Query(1, 0));
        Assert.Equal(Host.Query(4, 1), model.Query(4, 1));
        Assert.Equal(0u, model.Query(7, 0).Ebx & (1u << 5 | 1u << 16 | 1u << 31));
        Assert.Equal(0u, model.Query(7, 0).Ecx & (1u << 3 | 1u << 4));
        Assert.NotEqual(0u, model.Query(7, 0).Ebx & 1u << 8);
        Assert.Equal(0x6001Ful, model.Xcr0);
    }

    [Fact]
    public void Hwcap_words_repeat_cpuid()
    {
        CpuModel model = CpuModel.Parse("qemu64", Host, is64Bit: true);
        Assert.Equal(0x078B_FBFDul, model.Hwcap);
        Assert.Equal(0ul, model.Hwcap2);
        Assert.Equal(2ul, CpuModel.Parse("IvyBridge", Host, is64Bit: true).Hwcap2);
    }

    [Fact]
    public void The_brand_is_at_most_48_letters_in_every_model() =>
        Assert.All(new CpuModelTable().Models, m => Assert.InRange(Encoding.ASCII.GetByteCount(m.Identity.Brand), 0, 48));
}
