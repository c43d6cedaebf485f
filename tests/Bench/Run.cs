namespace Suite.Bench;

/// <summary>
/// Measures every chosen item three ways, interleaved: native, installed QEMU, ours, ours, QEMU, native in each round, so that a slow moment of the machine hits all alike.
/// Output must be the native one: a wrong answer of ours fails the run, one of QEMU's leaves its column empty.
/// </summary>
internal sealed class Run(Options options)
{
    private readonly List<string> _wrong = [];

    /// <summary>Runs the benchmark; 0, or 1 when an answer was wrong, 2 when there is nothing to run.</summary>
    public int Execute()
    {
        Item[] items = [.. Catalogue.Items.Where(i => i.Class.Contains(options.Filter) || i.Name.Contains(options.Filter))];
        if (options.List)
        {
            foreach (Item item in items)
                Console.WriteLine($"{item.Class,-18} {item.Name}");
            return 0;
        }
        string? lacking = items.Select(i => Repository.ToolPath(i.Target.Tool)).FirstOrDefault(tool => !File.Exists(tool));
        if (items.Length == 0 || lacking is not null)
        {
            Console.Error.WriteLine(items.Length == 0 ? $"no item matches '{options.Filter}'" : $"{lacking} does not exist: build the tools first (./build.sh) or set SUITE_BIN");
            return 2;
        }
        Table table = new();
        Console.WriteLine(Table.Heading);
        foreach (Item item in items)
        {
            if (item.Prepare() is not { } command)
            {
                Console.WriteLine($"{item.Class,-18} {item.Name,-24} left out: not on this machine");
                continue;
            }
            Row row = Measure(item, command);
            table.Add(row);
            Console.WriteLine(Table.Line(row));
        }
        Console.WriteLine(table.Means());
        if (options.Markdown is not null)
            File.WriteAllText(options.Markdown, table.Markdown(options));
        foreach (string line in _wrong)
            Console.WriteLine($"WRONG: {line}");
        return _wrong.Count == 0 ? 0 : 1;
    }

    private Row Measure(Item item, Command command)
    {
        string ours = Repository.ToolPath(item.Target.Tool);
        string installed = $"/usr/bin/{item.Target.Tool}";
        string? qemu = options.WithQemu && File.Exists(installed) ? installed : null;
        Dictionary<string, List<double>> samples = new() { [""] = [], [ours] = [] };
        if (qemu is not null)
            samples[qemu] = [];
        byte[]? expected = null;
        string[] order = qemu is null ? ["", ours, ours, ""] : ["", qemu, ours, ours, qemu, ""];
        HashSet<string> failed = [];
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (string runner in order.Where(r => !failed.Contains(r)))
            {
                (double value, ProcessResult result) = Once(item, command, runner, followsExec: runner == ours);
                if (runner.Length == 0)
                    expected ??= result.Output;
                if (result.ExitCode == 0 && result.Output.AsSpan().SequenceEqual(expected))
                {
                    samples[runner].Add(value);
                    continue;
                }
                failed.Add(runner);
                samples[runner].Clear();
                if (runner != qemu)
                    _wrong.Add($"{item.Class} {item.Name} {(runner.Length == 0 ? "natively" : "under ours")}: {result.End} {Head(result.ErrorText)}");
            }
        }
        double? Value(string? runner) => runner is null || samples[runner].Count == 0 ? null : options.Median ? Median(samples[runner]) : samples[runner].Min();
        return new Row(item, Value(""), Value(qemu), Value(ours));
    }

    private static (double Value, ProcessResult Last) Once(Item item, Command command, string runner, bool followsExec)
    {
        List<string> words = [runner.Length == 0 ? command.Native : command.Program, .. command.Arguments];
        if (runner.Length > 0)
            words.Insert(0, runner);
        if (item.Metric == Metric.Memory)
            words.Insert(0, Catalogue.Build("maxrss"));
        ProcessRequest request = new()
        {
            Program = words[0],
            Arguments = words[1..],
            Environment = Variables(item.Target, command.FollowsExec && !followsExec ? runner : ""),
            Timeout = TimeSpan.FromSeconds(120),
        };
        double best = double.MaxValue;
        ProcessResult result;
        int repeat = 0;
        do
        {
            result = HostProcess.Run(request);
            best = Math.Min(best, item.Metric switch
            {
                Metric.Cpu => result.CpuSeconds,
                Metric.Wall => result.WallSeconds,
                _ => ResidentSize(result),
            });
        }
        while (++repeat < item.Repeats && result.ExitCode == 0);
        return (best, result);
    }

    // Both emulators are told the same: the model, and where the target's libraries are.
    private static Dictionary<string, string> Variables(GuestTarget target, string run)
    {
        Dictionary<string, string> variables = new() { ["RUN"] = run };
        if (target.Cpu.Length > 0)
            variables["QEMU_CPU"] = target.Cpu;
        if (target.Libraries.Length > 0)
            variables["QEMU_LD_PREFIX"] = target.Libraries;
        return variables;
    }

    private static double ResidentSize(ProcessResult result)
    {
        const string Mark = "\nmaxrss ";
        int at = result.ErrorText.LastIndexOf(Mark, StringComparison.Ordinal);
        return at >= 0 && double.TryParse(result.ErrorText.AsSpan(at + Mark.Length), out double size) ? size : double.MaxValue;
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Head(string text) => text.Length <= 200 ? text.Trim() : text[..200];
}
