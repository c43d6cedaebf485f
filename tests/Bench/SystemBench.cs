using System.Globalization;
using System.Text;

namespace Suite.Bench;

/// <summary>
/// The system part: the same Debian kernel and file system on the translated PC and on the installed QEMU's (-accel tcg), the same options, one after the other in each round.
/// The boot is timed as a whole process, from start to power-off at init; kernels are timed inside the guest, four runs each, by the guest's clock.
/// </summary>
internal sealed class SystemBench(Options options)
{
    private const string Tool = "qemu-system-x86_64", Installed = "/usr/bin/" + Tool;
    private const double Patience = 600;

    private static readonly string[] Programs = ["integer", "floating", "vector"];

    /// <summary>Runs it; 0, or 1 when a checksum was wrong, 2 when something is missing.</summary>
    public int Execute()
    {
        string ours = Repository.ToolPath(Tool);
        if (!File.Exists(ours) || !File.Exists(Installed))
        {
            Console.Error.WriteLine($"{(File.Exists(ours) ? Installed : ours)} does not exist: {(File.Exists(ours) ? "apt-get install qemu-system-x86" : "build the tools first (./build.sh)")}");
            return 2;
        }

        if (MakeGuest() is not { } guest)
            return 2;
        Dictionary<string, (double Ours, double Qemu)> best = [];
        bool isRight = true;
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (string tool in (string[])[Installed, ours, ours, Installed])
            {
                ProcessResult boot = Start(tool, guest, "quiet");
                Note(best, "boot to init and off, elapsed", tool == ours, boot.WallSeconds);
                Note(best, "boot to init and off, processor", tool == ours, boot.CpuSeconds);
            }

            Dictionary<string, (string Sum, double Seconds)> qemu = Kernels(Start(Installed, guest, "quiet bench").Text), own = Kernels(Start(ours, guest, "quiet bench").Text);
            foreach ((string name, (string sum, double seconds)) in own)
            {
                Note(best, name, isOurs: true, seconds);
                if (!qemu.TryGetValue(name, out (string Sum, double Seconds) other))
                    continue;
                Note(best, name, isOurs: false, other.Seconds);
                if (other.Sum == sum)
                    continue;
                isRight = false;
                Console.WriteLine($"WRONG: {name}: {sum}, and {other.Sum} under the installed QEMU");
            }
        }

        Print(best);
        int kvm = new KvmBench(options).Execute();
        return isRight ? kvm : 1;
    }

    private static void Note(Dictionary<string, (double Ours, double Qemu)> best, string name, bool isOurs, double seconds)
    {
        (double ours, double qemu) = best.GetValueOrDefault(name, (double.MaxValue, double.MaxValue));
        best[name] = isOurs ? (Math.Min(ours, seconds), qemu) : (ours, Math.Min(qemu, seconds));
    }

    private void Print(Dictionary<string, (double Ours, double Qemu)> best)
    {
        StringBuilder text = new("| inside a Debian guest (seconds) | QEMU | ours | ratio |\n|---|---|---|---|\n");
        foreach ((string name, (double ours, double qemu)) in best)
            text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {qemu:0.00} | {ours:0.00} | {qemu / ours:0.0}x |");
        foreach (string program in Programs)
        {
            double[] ratios = [.. best.Where(b => b.Key.StartsWith(program + "/", StringComparison.Ordinal)).Select(b => Math.Log(b.Value.Qemu / b.Value.Ours))];
            if (ratios.Length > 0)
                text.AppendLine(CultureInfo.InvariantCulture, $"| {program}, geometric mean | | | {Math.Exp(ratios.Average()):0.0}x |");
        }

        Console.Write(text);
        if (options.Markdown is not null)
            File.WriteAllText(options.Markdown, text.ToString());
    }

    private static ProcessResult Start(string tool, string guest, string words) => HostProcess.Run(new ProcessRequest
    {
        Program = tool,
        Arguments =
        [
            "-M", "pc", "-m", "256", "-cpu", "max", "-nographic", "-net", "none", "-no-reboot", "-kernel", Path.Combine(guest, "vmlinuz"), "-initrd", Path.Combine(guest, "initrd.gz"),
            "-append", $"console=ttyS0 panic=-1 {words}",
        ],
        Timeout = TimeSpan.FromSeconds(Patience),
    });

    // KERNEL program/name checksum begin end
    private static Dictionary<string, (string Sum, double Seconds)> Kernels(string output)
    {
        Dictionary<string, (string, double)> found = [];
        foreach (string line in output.Split('\n'))
        {
            string[] words = line.Trim().Split(' ');
            if (words is ["KERNEL", var name, var sum, var begin, var end])
                found[name] = (sum, double.Parse(end, CultureInfo.InvariantCulture) - double.Parse(begin, CultureInfo.InvariantCulture));
        }

        return found;
    }

    // The bench's kernels as static programs in the guest's file system, each with a file of the names it knows.
    private static string? MakeGuest()
    {
        string folder = Path.Combine(Repository.GuestCache, "machine-bench");
        Directory.CreateDirectory(folder);
        List<string> files = [];
        foreach (string program in Programs)
        {
            string source = Path.Combine(Repository.Root, "tests", "Bench", "kernels", program + ".c"), binary = Path.Combine(folder, "kernel-" + program), names = binary + ".names";
            ProcessResult compiled = HostProcess.Run(new ProcessRequest { Program = "/usr/bin/gcc", Arguments = ["-O2", "-static", "-o", binary, source, "-lm"], Timeout = TimeSpan.FromMinutes(1) });
            if (compiled.ExitCode != 0)
            {
                Console.Error.WriteLine(compiled.ErrorText);
                return null;
            }

            File.WriteAllText(names, string.Join(' ', System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(source), "\\{ *\"([a-z0-9-]+)\"").Select(m => m.Groups[1].Value)));
            files.AddRange([binary, names]);
        }

        ProcessResult made = HostProcess.Run(new ProcessRequest { Program = Path.Combine(Repository.Root, "tests", "machine-guest.sh"), Arguments = ["amd64", folder, .. files], Timeout = TimeSpan.FromMinutes(10) });
        if (made.ExitCode == 0)
            return folder;
        Console.Error.WriteLine(made.ErrorText);
        return null;
    }
}
