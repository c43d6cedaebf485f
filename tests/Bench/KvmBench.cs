using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Suite.Bench;

/// <summary>
/// The KVM part: our machine and the installed QEMU's under -accel kvm, the same options and firmware image. The start is the time until the guest's first character arrives. An
/// access costs the processor time of a process whose guest makes many, less that of one whose guest makes none, which other work on the machine does not change. Resident memory is
/// the whole process's while its guest sleeps, of whose memory nothing was touched.
/// </summary>
internal sealed class KvmBench(Options options)
{
    private const string Tool = "qemu-system-x86_64", Installed = "/usr/bin/" + Tool, Device = "/dev/kvm";
    private const int Accesses = 20_000, FirstLoop = 3, SettleMilliseconds = 5;
    private const double Patience = 30, Milliseconds = 1e3, KibibytesPerMebibyte = 1024, NanosecondsPerMicrosecond = 1e3;

    private static readonly (string Name, byte[] Image)[] Loops =
    [
        ("read of a port (RTC), us", KvmGuest.Port(0x71, isWrite: false, Accesses)),
        ("read of a port (serial), us", KvmGuest.Port(0x3FA, isWrite: false, Accesses)),
        ("write to a port (80h), us", KvmGuest.Port(0x80, isWrite: true, Accesses)),
        ("write to a port (RTC's index, collected), us", KvmGuest.Port(0x70, isWrite: true, Accesses)),
        ("read of a register (HPET), us", KvmGuest.Register(0xFED00000, isWrite: false, Accesses)),
        ("write to a register (HPET), us", KvmGuest.Register(0xFED00020, isWrite: true, Accesses)),
        ("read of VGA's window, us", KvmGuest.Register(0xA0000, isWrite: false, Accesses)),
        ("write to VGA's window (collected), us", KvmGuest.Register(0xB8000, isWrite: true, Accesses)),
        ("register in the kernel (local APIC), us", KvmGuest.Register(0xFEE00030, isWrite: false, Accesses)),
    ];

    /// <summary>Runs it; 0, or 2 when something is missing. Where there is no KVM it says so and that is all.</summary>
    public int Execute()
    {
        string ours = Repository.ToolPath(Tool);
        if (!File.Exists(ours) || !File.Exists(Installed))
        {
            Console.Error.WriteLine($"{(File.Exists(ours) ? Installed : ours)} does not exist: {(File.Exists(ours) ? "apt-get install qemu-system-x86" : "build the tools first (./build.sh)")}");
            return 2;
        }

        if (!File.Exists(Device))
        {
            Console.WriteLine($"KVM: skipped, there is no {Device}");
            return 0;
        }

        List<Row> rows = [new("start to the guest's first instructions, ms"), new("resident memory above the guest's, MiB"), new("")];
        rows.AddRange(Loops.Select(loop => new Row(loop.Name)));
        string image = Path.Combine(Path.GetTempPath(), $"suite-bench-{Environment.ProcessId}.bin");
        try
        {
            for (int round = 0; round < options.Rounds; round++)
            {
                foreach (string tool in (string[])[Installed, ours, ours, Installed])
                {
                    File.WriteAllBytes(image, KvmGuest.Start());
                    (double start, double processor, double resident) = Measure(tool, image, last: KvmGuest.Started);
                    rows[0].Note(tool == ours, start * Milliseconds);
                    rows[1].Note(tool == ours, resident / KibibytesPerMebibyte);
                    rows[2].Note(tool == ours, processor);
                    for (int i = 0; i < Loops.Length; i++)
                    {
                        File.WriteAllBytes(image, Loops[i].Image);
                        rows[FirstLoop + i].Note(tool == ours, Measure(tool, image, last: KvmGuest.Done).Processor);
                    }
                }
            }
        }
        finally
        {
            File.Delete(image);
        }

        StringBuilder text = new("| under KVM | QEMU | ours | ratio |\n|---|---|---|---|\n");
        foreach (Row row in rows.Take(2).Concat(rows.Skip(FirstLoop).Select(loop => loop.Less(rows[2], Accesses * NanosecondsPerMicrosecond))))
            text.AppendLine(CultureInfo.InvariantCulture, $"| {row.Name} | {row.Qemu:0.00} | {row.Ours:0.00} | {row.Qemu / row.Ours:0.0}x |");
        Console.Write(text);
        if (options.Markdown is not null)
            File.AppendAllText(options.Markdown, text.ToString());
        return 0;
    }

    // Seconds to the first character; when the last has come, nanoseconds of processor time and KiB resident. With a CPU model that both have.
    private static (double Start, double Processor, double Resident) Measure(string tool, string image, char last)
    {
        ProcessStartInfo request = new(tool,
        [
            "-M", "pc", "-accel", "kvm", "-cpu", "qemu64,-pni", "-m", "128", "-display", "none", "-net", "none", "-serial", "null", "-monitor", "none", "-bios", image, "-debugcon", "stdio",
        ]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        long begin = Stopwatch.GetTimestamp();
        using Process process = Process.Start(request)!;
        using Timer limit = new(_ => process.Kill(), null, TimeSpan.FromSeconds(Patience), Timeout.InfiniteTimeSpan);
        try
        {
            Await(process, KvmGuest.Started);
            double start = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            if (last != KvmGuest.Started)
                Await(process, last);
            return (start, Processor(process.Id), Resident(process.Id));
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    private static void Await(Process process, char wanted)
    {
        int got;
        while ((got = process.StandardOutput.BaseStream.ReadByte()) != wanted)
            if (got < 0)
                throw new InvalidOperationException($"{process.StartInfo.FileName}: ended before its guest said '{wanted}'");
    }

    // Of all threads; the first number of schedstat, which counts to the nanosecond.
    private static double Processor(int process)
    {
        Thread.Sleep(SettleMilliseconds); // what is left to do behind the character
        return Directory.GetDirectories($"/proc/{process}/task").Sum(t => double.Parse(File.ReadAllText(t + "/schedstat").Split(' ')[0], CultureInfo.InvariantCulture));
    }

    private static double Resident(int process)
    {
        const string Field = "VmRSS:";
        string line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith(Field, StringComparison.Ordinal));
        return double.Parse(line.AsSpan(Field.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
    }

    // The least of each.
    private sealed record Row(string Name)
    {
        public double Qemu { get; private set; } = double.MaxValue;

        public double Ours { get; private set; } = double.MaxValue;

        public void Note(bool isOurs, double value)
        {
            if (isOurs)
                Ours = Math.Min(Ours, value);
            else
                Qemu = Math.Min(Qemu, value);
        }

        public Row Less(Row other, double divisor) => this with { Qemu = (Qemu - other.Qemu) / divisor, Ours = (Ours - other.Ours) / divisor };
    }
}
