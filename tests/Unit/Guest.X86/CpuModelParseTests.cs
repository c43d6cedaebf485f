using Suite.Guest.X86.Cpu;

namespace Suite.Tests.Guest.X86;

public class CpuModelParseTests
{
    private static readonly CpuFakeHost Host = CpuFakeHost.Everything();

    [Theory]
    [InlineData("", "max")]
    [InlineData("max", "max")]
    [InlineData("host", "host")]
    [InlineData("max,check", "max")]
    public void Max_and_host_are_the_host(string spec, string name)
    {
        CpuModel model = CpuModel.Parse(spec, Host, is64Bit: true);
        Assert.True(model.IsHost);
        Assert.Equal(name, model.Name);
        Assert.Equal(Host.Xcr0, model.Xcr0);
        Assert.Equal(Host.Query(7, 0), model.Query(7, 0));
        Assert.Equal("text", model.ProcCpuinfo("text"));
        Assert.Empty(model.MissingOnHost);
        Assert.False(model.NarrowsXsave);
    }

    [Theory]
    [InlineData("Haswell", "Haswell-v1")]
    [InlineData("haswell-notsx-ibrs", "Haswell-v4")]
    [InlineData("EPYC-IBPB", "EPYC-v2")]
    [InlineData("x86-64-v3", "x86-64-v3")]
    public void Names_and_aliases_are_found(string spec, string name) => Assert.Equal(name, CpuModel.Parse(spec, Host, is64Bit: true).Name);

    [Theory]
    [InlineData("Hasswell", "unknown cpu model 'Hasswell' (did you mean 'Haswell'?); -cpu help lists the models")]
    [InlineData("zzzzzzzz", "unknown cpu model 'zzzzzzzz'; -cpu help lists the models")]
    [InlineData("qemu64,+avx3", "unknown cpu feature 'avx3' (did you mean 'avx'?); -cpu help lists the features")]
    [InlineData("qemu64,avx=maybe", "cpu feature 'avx' is on or off, not 'maybe'")]
    [InlineData("qemu64,,+avx", "empty feature in the list after cpu model 'qemu64': a comma too many")]
    [InlineData("qemu64,family=x", "cpu property 'family' must be a number from 0 to 270, not 'x'")]
    [InlineData("qemu64,stepping=16", "cpu property 'stepping' must be a number from 0 to 15, not '16'")]
    [InlineData("qemu64,vendor=Me", "vendor 'Me' of a cpu model must have twelve letters, e.g. vendor=GenuineIntel")]
    public void Mistakes_are_explained(string spec, string message) =>
        Assert.Equal(message, Assert.Throws<CpuModelException>(() => CpuModel.Parse(spec, Host, is64Bit: true)).Message);

    [Theory]
    [InlineData("pentium3")]
    [InlineData("qemu32")]
    [InlineData("base")]
    [InlineData("qemu64,-lm")]
    [InlineData("max,-pae")]
    public void A_64_bit_program_needs_a_64_bit_model(string spec)
    {
        Assert.Contains("no 64-bit mode", Assert.Throws<CpuModelException>(() => CpuModel.Parse(spec, Host, is64Bit: true)).Message, StringComparison.Ordinal);
        Assert.False(CpuModel.Parse(spec, Host, is64Bit: false).Cpu!.Has(CpuFeature.Lm));
    }

    [Theory]
    [InlineData("qemu64,+avx2", "avx2 avx xsave sse4.2 ssse3", "fma avx512f")]
    [InlineData("qemu64,avx2=on,avx=off", "sse4.2", "avx avx2")]
    [InlineData("qemu64,sse4_2,popcnt", "sse4.2 sse4.1 popcnt", "avx")]
    [InlineData("Skylake-Server,-avx", "xsave sse4.2 aes bmi2", "avx avx2 fma f16c avx512f avx512vl")]
    [InlineData("Skylake-Server,-xsave", "sse4.2", "avx pku xsaveopt")]
    [InlineData("Haswell,-rtm,+avx512bw,-avx512f", "avx2", "rtm avx512f avx512bw")]
    [InlineData("max,-avx2", "avx fma", "avx2 avx512f avx-vnni")]
    [InlineData("max,-aes", "avx512f", "aes vaes")]
    [InlineData("max,+fma,-fma", "avx", "fma avx512f")]
    [InlineData("SapphireRapids,-amx-tile", "avx512-fp16", "amx-tile amx-int8 amx-bf16")]
    [InlineData("EPYC,-hypervisor", "sha-ni", "hypervisor")]
    public void Features_come_and_go_with_what_they_stand_on(string spec, string has, string lacks)
    {
        NamedCpu cpu = CpuModel.Parse(spec, Host, is64Bit: true).Cpu!;
        foreach (string name in has.Split(' '))
            Assert.True(CpuFeatureTable.TryFind(name, out CpuFeature feature) && cpu.Has(feature), name);
        foreach (string name in lacks.Split(' '))
            Assert.False(CpuFeatureTable.TryFind(name, out CpuFeature feature) && cpu.Has(feature), name);
    }

    [Fact]
    public void What_the_host_lacks_is_reported_and_left_out()
    {
        // SSE2 only, and AVX in cpuid but not enabled by the system.
        CpuFakeHost old = new CpuFakeHost(xcr0: 3)
            .With(0, 0, 1, 0, 0, 0).With(0x8000_0000, 0, 0x8000_0001, 0, 0, 0)
            .With(1, 0, 0x6F0, 0, 1u << 0 | 1u << 26 | 1u << 27 | 1u << 28, 0x078B_FBFF).With(0x8000_0001, 0, 0, 0, 1, 0x2000_0800);
        CpuModel model = CpuModel.Parse("x86-64-v3", old, is64Bit: true);
        Assert.Equal(["ssse3", "fma", "cx16", "sse4.1", "sse4.2", "movbe", "popcnt", "avx", "f16c", "abm", "bmi1", "avx2", "bmi2"], model.MissingOnHost);
        Assert.Equal(3ul, model.Xcr0);
        string message = Assert.Throws<CpuModelException>(() => CpuModel.Parse("x86-64-v3,enforce", old, is64Bit: true)).Message;
        Assert.Contains("this host lacks ssse3, fma", message, StringComparison.Ordinal);
        Assert.Empty(CpuModel.Parse("x86-64-v1", old, is64Bit: true).MissingOnHost);
    }

    [Fact]
    public void Properties_rename_a_model()
    {
        CpuModel model = CpuModel.Parse("qemu64,vendor=GenuineIntel,family=6,model=0x5e,stepping=3,model-id=Test CPU,level=7", Host, is64Bit: true);
        Assert.Equal(0x0005_06E3u, model.Query(1, 0).Eax);
        Assert.Equal(new CpuidLeaf(7, 0x756E_6547, 0x6C65_746E, 0x4965_6E69), model.Query(0, 0));
        Assert.Contains("model name\t: Test CPU\n", model.ProcCpuinfo(""), StringComparison.Ordinal);
    }

    [Fact]
    public void Flags_only_a_kernel_sees_are_accepted() =>
        Assert.Empty(CpuModel.Parse("Cascadelake-Server,-rdctl-no,vmx-ept=on,kvm=off,+kvm-pv-eoi,hv-relaxed", Host, is64Bit: true).MissingOnHost);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Help_names_every_model_once_and_every_feature(bool is64Bit)
    {
        var output = new StringWriter { NewLine = "\n" };
        CpuModel.WriteHelp(output, is64Bit);
        string[] lines = output.ToString().Split('\n');
        string[] names = [.. lines.Where(l => l.StartsWith("x86 ", StringComparison.Ordinal)).Select(l => l.Split(' ')[1])];
        Assert.Equal(names.Length, names.Distinct().Count());
        foreach (string name in (string[])["max", "host", "base", "x86-64-v4", "qemu64", "Haswell", "Haswell-noTSX", "EPYC-Genoa", "Denverton"])
            Assert.Contains(name, names);
        Assert.Equal(!is64Bit, names.Contains("pentium3"));
        foreach (string name in names.Where(n => n is not "base"))
            Assert.NotNull(CpuModel.Parse(name, Host, is64Bit));
        string[] flags = string.Join(' ', lines.SkipWhile(l => l != "Recognized CPUID flags:").Skip(1)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(CpuFeatureTable.Rows, row => Assert.Contains(row.Name, flags));
        Assert.All(lines, l => Assert.True(l.Length <= 110, l));
    }
}
