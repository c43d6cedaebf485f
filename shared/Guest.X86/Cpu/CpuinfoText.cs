using System.Globalization;
using System.Text;
using F = Suite.Guest.X86.Cpu.CpuFeature;

namespace Suite.Guest.X86.Cpu;

/// <summary>/proc/cpuinfo of a named model: the host's text with the lines about the processor's kind replaced (Linux arch/x86/kernel/cpu/proc.c).</summary>
internal static class CpuinfoText
{
    // Words of the flags line that the kernel finds out itself, with their places (kernel word * 32 + bit). They describe the machine's clock and
    // the kernel, and stay if the host has them.
    private static readonly (string Flag, int Order)[] KernelFlags =
    [
        ("constant_tsc", 104), ("up", 105), ("rep_good", 112), ("nopl", 116), ("tsc_reliable", 119), ("nonstop_tsc", 120), ("cpuid", 121),
        ("nonstop_tsc_s3", 126), ("tsc_known_freq", 127),
    ];

    private const int XTopologyOrder = 118, ExtendedApicIdOrder = 122, VmmcallOrder = 271, OspkeOrder = 516;

    // What a host without a readable /proc/cpuinfo is taken for.
    private const string OneProcessor =
        "processor\t: 0\nvendor_id\t: \ncpu family\t: \nmodel\t\t: \nmodel name\t: \nstepping\t: \n"
        + "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: \nwp\t\t: yes\nflags\t\t: \nclflush size\t: 64\ncache_alignment\t: 64\npower management:\n\n";

    public static string Write(NamedCpu cpu, string host)
    {
        if (!host.StartsWith("processor", StringComparison.Ordinal))
            host = OneProcessor;
        CpuIdentity identity = cpu.Identity;
        var text = new StringBuilder(host.Length);
        string? flags = null;
        foreach (Range range in host.AsSpan().Split('\n'))
        {
            ReadOnlySpan<char> line = host.AsSpan()[range];
            int colon = line.IndexOf(':');
            ReadOnlySpan<char> key = colon < 0 ? default : line[..colon].TrimEnd();
            string? value = key switch
            {
                "vendor_id" => identity.Vendor,
                "cpu family" => Number(identity.Family),
                "model" => Number(identity.Model),
                "model name" => identity.Brand.Trim() is { Length: > 0 } brand ? brand : "unknown",
                "stepping" => Number(identity.Stepping),
                "cpuid level" => Number((int)identity.Level),
                "flags" => flags ??= Flags(cpu, line[(colon + 1)..].ToString()),
                _ => null,
            };
            if (IsForeign(key, identity))
                continue;
            if (value is null)
                text.Append(line);
            else
                text.Append(line[..colon]).Append(": ").Append(value);
            text.Append('\n');
        }
        // Behind the last line feed an empty line is split off.
        if (host.EndsWith('\n'))
            text.Length--;
        return text.ToString();
    }

    // Lines about the host's processor that would not be there, or not so, on the model.
    private static bool IsForeign(ReadOnlySpan<char> key, CpuIdentity identity) =>
        key is "microcode" or "vmx flags" || (key is "TLB size" && !identity.IsAmd);

    private static string Flags(NamedCpu cpu, string hostFlags)
    {
        var words = new SortedList<int, string>();
        foreach (CpuFeatureRow row in CpuFeatureTable.Rows)
        {
            if (!cpu.Has(row.Feature))
                continue;
            int order = Order(row);
            foreach (string word in (row.Kernel ?? row.Name).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                words[order++] = word;
        }
        var host = new HashSet<string>(hostFlags.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        foreach ((string flag, int order) in KernelFlags)
            if (host.Contains(flag))
                words[order] = flag;
        if (host.Contains("xtopology") && cpu.Identity.Level >= 0xB)
            words[XTopologyOrder] = "xtopology";
        if (host.Contains("extd_apicid") && cpu.Identity.IsAmd)
            words[ExtendedApicIdOrder] = "extd_apicid";
        if (host.Contains("vmmcall") && cpu.Identity.IsAmd)
            words[VmmcallOrder] = "vmmcall";
        if (cpu.Has(F.Pku))
            words[OspkeOrder] = "ospke";
        return string.Join(' ', words.Values);
    }

    private static int Order(CpuFeatureRow row) => row.KernelOrder >= 0 ? row.KernelOrder : CpuidWords.Place(row.Word).KernelWord * 32 + row.Bit;

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
