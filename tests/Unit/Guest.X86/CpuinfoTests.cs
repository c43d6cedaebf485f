using Suite.Guest.X86.Cpu;

namespace Suite.Tests.Guest.X86;

public class CpuinfoTests
{
    private static readonly CpuFakeHost Host = CpuFakeHost.Everything();

    private const string HostText =
        "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\nstepping\t: 1\nmicrocode\t: 0x1000065\n"
        + "cpu MHz\t\t: 2596.134\ncache size\t: 1024 KB\nphysical id\t: 0\nsiblings\t: 2\ncore id\t\t: 0\ncpu cores\t: 2\napicid\t\t: 0\ninitial apicid\t: 0\n"
        + "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 28\nwp\t\t: yes\nflags\t\t: fpu vme lm constant_tsc rep_good nopl xtopology nonstop_tsc cpuid "
        + "extd_apicid tsc_known_freq pni avx512f vmmcall\nbugs\t\t: spectre_v1\nbogomips\t: 5192.26\nTLB size\t: 3584 4K pages\nclflush size\t: 64\n"
        + "cache_alignment\t: 64\naddress sizes\t: 48 bits physical, 48 bits virtual\npower management:\n\n";

    private const string Qemu64 =
        "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 15\nmodel\t\t: 107\nmodel name\t: QEMU Virtual CPU version 2.5+\nstepping\t: 1\n"
        + "cpu MHz\t\t: 2596.134\ncache size\t: 1024 KB\nphysical id\t: 0\nsiblings\t: 2\ncore id\t\t: 0\ncpu cores\t: 2\napicid\t\t: 0\ninitial apicid\t: 0\n"
        + "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\nflags\t\t: fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 "
        + "clflush mmx fxsr sse sse2 syscall nx lm constant_tsc rep_good nopl xtopology nonstop_tsc cpuid extd_apicid tsc_known_freq pni cx16 hypervisor "
        + "lahf_lm svm vmmcall\nbugs\t\t: spectre_v1\nbogomips\t: 5192.26\nTLB size\t: 3584 4K pages\nclflush size\t: 64\n"
        + "cache_alignment\t: 64\naddress sizes\t: 48 bits physical, 48 bits virtual\npower management:\n\n";

    [Fact]
    public void Qemu64_on_two_processors()
    {
        string second = HostText.Replace("processor\t: 0", "processor\t: 1", StringComparison.Ordinal);
        string expected = Qemu64 + Qemu64.Replace("processor\t: 0", "processor\t: 1", StringComparison.Ordinal);
        Assert.Equal(expected, CpuModel.Parse("qemu64", Host, is64Bit: true).ProcCpuinfo(HostText + second));
    }

    [Fact]
    public void An_intel_model_has_no_lines_of_amd()
    {
        string text = CpuModel.Parse("Skylake-Server-IBRS", Host, is64Bit: true).ProcCpuinfo(HostText);
        Assert.DoesNotContain("TLB size", text, StringComparison.Ordinal);
        Assert.DoesNotContain("vmmcall", text, StringComparison.Ordinal);
        Assert.Contains("model name\t: Intel Xeon Processor (Skylake, IBRS)\n", text, StringComparison.Ordinal);
        Assert.Contains(" ibrs ibpb fsgsbase bmi1 hle avx2 smep bmi2 erms invpcid rtm avx512f avx512dq rdseed adx smap clwb avx512cd avx512bw avx512vl "
            + "xsaveopt xsavec xgetbv1 arat pku ospke\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_text_of_the_host_there_is_one_processor()
    {
        string text = CpuModel.Parse("pentium3", Host, is64Bit: false).ProcCpuinfo("");
        Assert.StartsWith("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 7\nmodel name\t: unknown\nstepping\t: 3\n", text,
            StringComparison.Ordinal);
        Assert.EndsWith("power management:\n\n", text, StringComparison.Ordinal);
    }
}
