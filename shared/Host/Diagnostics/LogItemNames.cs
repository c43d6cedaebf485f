using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Suite.Host.Diagnostics;

/// <summary>Names and help of the items of `-d`, and the parser of its argument.</summary>
public static class LogItemNames
{
    private const string TracePrefix = "trace:";

    /// <summary>Every item in the order `-d help` lists them.</summary>
    public static IReadOnlyList<LogItemName> All { get; } =
    [
        new(LogItems.InAsm, "in_asm", "guest instructions of each translated block"),
        new(LogItems.OutAsm, "out_asm", "host instructions generated for each block"),
        new(LogItems.Op, "op", "intermediate form of each block (compiled targets)"),
        new(LogItems.OpOpt, "op_opt", "intermediate form after optimization (compiled targets)"),
        new(LogItems.OpInd, "op_ind", "intermediate form before indirect lowering (compiled targets)"),
        new(LogItems.Int, "int", "exceptions, interrupts and signals, one line each"),
        new(LogItems.Exec, "exec", "one line for each block entered (large)"),
        new(LogItems.Cpu, "cpu", "general registers at each block entered (large)"),
        new(LogItems.Fpu, "fpu", "floating-point registers too, with 'cpu'"),
        new(LogItems.Vpu, "vpu", "vector registers too, with 'cpu'"),
        new(LogItems.Mmu, "mmu", "address translation"),
        new(LogItems.ProtectedCall, "pcall", "protected-mode far calls, returns and exceptions (x86)"),
        new(LogItems.CpuReset, "cpu_reset", "CPU state before a reset"),
        new(LogItems.Unimp, "unimp", "functions asked for that the suite lacks"),
        new(LogItems.GuestErrors, "guest_errors", "mistakes of the guest"),
        new(LogItems.Page, "page", "the guest's memory map when it starts"),
        new(LogItems.NoChain, "nochain", "do not chain blocks, so that 'exec' and 'cpu' see each one"),
        new(LogItems.Plugin, "plugin", "output of plug-ins"),
        new(LogItems.Strace, "strace", "system calls with arguments and results"),
        new(LogItems.Tid, "tid", "a file for each thread; -D must name it with '%d'"),
    ];

    /// <summary>
    /// Reads a comma list of names. `all` stands for every item but `tid` (which changes where the log goes), `none` drops the items
    /// before it, `trace:PATTERN` adds a trace pattern.
    /// </summary>
    /// <param name="text">The argument of `-d`.</param>
    /// <param name="items">The items named.</param>
    /// <param name="traces">The patterns of `trace:` items, in order.</param>
    /// <param name="error">On failure, every name that is not an item.</param>
    public static bool TryParse(string text, out LogItems items, out string[] traces, [NotNullWhen(false)] out string? error)
    {
        List<string> patterns = [];
        List<string> unknown = [];
        items = LogItems.None;
        foreach (string name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == "none")
            {
                items = LogItems.None;
                patterns.Clear();
            }
            else if (name.StartsWith(TracePrefix, StringComparison.Ordinal) && name.Length > TracePrefix.Length)
                patterns.Add(name[TracePrefix.Length..]);
            else if (Find(name) is { } found)
                items |= found;
            else
                unknown.Add($"'{name}'");
        }
        traces = [.. patterns];
        error = unknown.Count == 0 ? null : $"unknown log item {string.Join(", ", unknown)}";
        return error is null;
    }

    /// <summary>The text of `-d help`: one line an item.</summary>
    public static string HelpText()
    {
        StringBuilder text = new("Log items (comma separated):\n");
        foreach (LogItemName item in All)
            text.Append($"{item.Name,-16}{item.Help}\n");
        text.Append($"{"trace:PATTERN",-16}trace events whose name matches PATTERN\n");
        text.Append($"{"all",-16}every item but 'tid'\n");
        text.Append($"{"none",-16}drops the items before it\n");
        return text.ToString();
    }

    private static LogItems? Find(string name)
    {
        LogItems every = LogItems.None;
        foreach (LogItemName item in All)
        {
            if (item.Name == name)
                return item.Item;
            every |= item.Item;
        }
        return name == "all" ? every & ~LogItems.Tid : null;
    }
}

/// <summary>One row of `-d help`.</summary>
public readonly record struct LogItemName(LogItems Item, string Name, string Help);
