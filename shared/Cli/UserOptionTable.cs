using System.Globalization;
using Suite.Host.Diagnostics;
using static Suite.Cli.UserOptionOutcome;

namespace Suite.Cli;

/// <summary>The options of the user-mode tools. To add one: a row here, its property in <see cref="UserOptions"/>, its line in docs/qemu-x86_64.md, a test.</summary>
internal static class UserOptionTable
{
    private const string ListHelp = "help";
    private const ulong SmallestStack = 4UL << 10, LargestStack = 1UL << 40;
    private const ulong LargestCacheMb = 2048; // The engine's region spans 2 GiB, the reach of a near jump.

    /// <summary>Every option, in the order of the help.</summary>
    public static IReadOnlyList<UserOption> All { get; } =
    [
        new(["-h", "-help"], null, [], "print this help and exit", (_, _, c) => Show(UserHelp.Text(c.ToolName))),
        new(["-version"], null, [], "print the version and exit", (_, _, c) => Show(UserHelp.Version(c.ToolName))),
        new(["-L"], "path", ["QEMU_LD_PREFIX"], "look for the ELF interpreter and libraries below 'path' (repeatable)",
            (o, v, _) => o with { Prefixes = [.. o.Prefixes, v] }),
        new(["-cpu"], "model", ["QEMU_CPU"], "CPU model ('-cpu help' lists them)", Cpu),
        new(["-E"], "var=value", ["QEMU_SET_ENV"], "set variables of the guest (repeatable, comma list)", SetEnvironment) { Accumulates = true },
        new(["-U"], "var", ["QEMU_UNSET_ENV"], "remove variables of the guest (repeatable, comma list)", UnsetEnvironment) { Accumulates = true },
        new(["-0"], "argv0", ["QEMU_ARGV0"], "the guest's argv[0]", (o, v, _) => o with { Argv0 = v }),
        new(["-s"], "size", ["QEMU_STACK_SIZE"], "size of the guest's stack in bytes (suffix k, M or G; default 8M)", StackSize),
        new(["-B"], "address", ["QEMU_GUEST_BASE"], "host address of guest address 0",
            (o, v, _) => AddressFilter.TryParseNumber(v, out ulong n) ? o with { GuestBase = n } : Bad($"'{v}' is not an address", "a number such as 0x10000")),
        new(["-R"], "size", ["QEMU_RESERVED_VA"], "address space kept for the guest (suffix k, M or G)",
            (o, v, _) => SizeText.TryParse(v, out ulong n) ? o with { ReservedSize = n } : BadSize(v)),
        new(["-r"], "uname", ["QEMU_UNAME"], "kernel release that uname reports", (o, v, _) => o with { KernelRelease = v }),
        new(["-strace"], "settings", ["QEMU_STRACE"], "log system calls and signals ('-strace=help' lists the settings)",
            (o, v, _) => v == ListHelp ? Show(StraceHelp.Text) : o with { LogItems = o.LogItems | LogItems.Strace, StraceSettings = [.. o.StraceSettings, v] })
        {
            ValueIsOptional = true,
        },
        new(["-d"], "item[,...]", ["QEMU_LOG"], "log these items ('-d help' lists them)", Log),
        new(["-D"], "logfile", ["QEMU_LOG_FILENAME"], "log to this file, %d in it is the process id (default: stderr)", (o, v, _) => o with { LogFile = v }),
        new(["-dfilter"], "range[,...]", ["QEMU_DFILTER"], "log translated code only in these ranges: start..end, start+size, start-size",
            (o, v, _) => AddressFilter.TryParse(v, out AddressFilter? f, out string? error) ? o with { LogFilter = f } : Bad(error)),
        new(["-one-insn-per-tb", "-singlestep"], null, ["QEMU_ONE_INSN_PER_TB", "QEMU_SINGLESTEP"], "one guest instruction in each translated block",
            (o, _, _) => o with { OneInstructionPerBlock = true }),
        new(["-seed"], "number", ["QEMU_RAND_SEED"], "seed for what the guest sees as random at its start",
            (o, v, _) => AddressFilter.TryParseNumber(v, out ulong n) ? o with { Seed = n } : Bad($"'{v}' is not a number")),
        new(["-tb-size"], "MB", ["QEMU_TB_SIZE"], "size of the code cache in megabytes", CacheSize),
        new(["-p"], "pagesize", [], "accepted and ignored: the page size is the host's",
            (o, v, _) => o with { Notes = [.. o.Notes, $"-p {v} is ignored: the page size is the host's"] }),
        new(["-g"], "port|path", ["QEMU_GDB"], "wait for gdb on this TCP port or unix socket; with ',wait=off' behind it gdb may come at any time, or never",
            (o, v, _) => GdbEndpoint.TryParse(v, out GdbEndpoint? g, out string? error) ? o with { Gdb = g } : Bad(error, "-g 1234, -g /tmp/gdb.sock, -g 1234,wait=off")),
        new(["-report"], "how", ["QEMU_REPORT"], "report when the guest crashes: off, text or json, and with a comma: calls (record all), file=path", Report),
        new(["-watchdog"], "seconds", ["QEMU_WATCHDOG"], "print all threads when the guest makes no system call for so long; 'seconds,abort' then ends it", Watchdog),
        new(["-profile"], "file", ["QEMU_PROFILE"], "sample guest functions: a flame graph in file.svg, or .json (speedscope), .pb.gz (pprof), .folded; ',hz=N' behind it", Profile),
        new(["-perf-map"], null, ["QEMU_PERF_MAP"], "write /tmp/perf-PID.map, for Linux perf to name generated code", (o, _, _) => o with { PerfMap = true }),
        new(["-dump-threads"], "pid", [], "make the tool that runs as process 'pid' print what its guest's threads do, and exit", DumpThreads),
        new(["-binfmt"], "verb", [], "have the kernel start this tool for its programs: install, status, verify, remove ('--binfmt help' explains)",
            (_, _, c) => Bad("must be the first word", $"{c.ToolName} --binfmt help")),
        new(["-completion"], "shell", [], $"print a completion script for {UserCompletions.Shells}, and exit",
            (_, v, c) => UserCompletions.Text(c.ToolName, v) is { } script ? Show(script) : Bad($"'{v}' has no completion script", UserCompletions.Shells)),
        new(["-manual"], null, [], "print the manual page (for man -l -), and exit", (_, _, c) => Show(UserManual.Text(c.ToolName))),
        new(["-coverage"], null, [], "print which system calls are handled, and exit", (o, _, _) => o with { Coverage = true }),
    ];

    /// <summary>The option of that spelling, with one dash or two; null when there is none.</summary>
    public static UserOption? Find(string word)
    {
        string name = word.StartsWith("--", StringComparison.Ordinal) ? word[1..] : word;
        foreach (UserOption option in All)
        {
            if (Array.IndexOf(option.Names, name) >= 0)
                return option;
        }
        return null;
    }

    private static UserOptionOutcome Cpu(UserOptions options, string value, UserOptionContext context)
    {
        if (value is not (ListHelp or "?"))
            return options with { Cpu = value };
        return Show(context.CpuHelp?.Invoke() ?? "no CPU models to list\n");
    }

    private static UserOptionOutcome SetEnvironment(UserOptions options, string value, UserOptionContext context)
    {
        List<EnvironmentChange> changes = [.. options.Environment];
        foreach (string item in value.Split(','))
        {
            int equals = item.IndexOf('=');
            if (equals <= 0)
                return Bad($"'{item}' is not of the form var=value", "a value cannot contain a comma; use 'env VAR=VALUE PROGRAM' as the program then");
            changes.Add(new EnvironmentChange(item[..equals], item[(equals + 1)..]));
        }
        return options with { Environment = changes };
    }

    private static UserOptionOutcome UnsetEnvironment(UserOptions options, string value, UserOptionContext context)
    {
        List<EnvironmentChange> changes = [.. options.Environment];
        foreach (string item in value.Split(','))
        {
            if (item.Length == 0 || item.Contains('='))
                return Bad($"'{item}' is not the name of a variable");
            changes.Add(new EnvironmentChange(item, null));
        }
        return options with { Environment = changes };
    }

    private static UserOptionOutcome StackSize(UserOptions options, string value, UserOptionContext context)
    {
        if (!SizeText.TryParse(value, out ulong size))
            return BadSize(value);
        if (size is < SmallestStack or > LargestStack)
            return Bad($"a stack of {value} bytes cannot be had", "between 4k and 1024G");
        return options with { StackSize = size };
    }

    private static UserOptionOutcome CacheSize(UserOptions options, string value, UserOptionContext context)
    {
        if (!AddressFilter.TryParseNumber(value, out ulong megabytes) || megabytes is 0 or > LargestCacheMb)
            return Bad($"'{value}' is not a size of the code cache", "a number of megabytes between 1 and 2048");
        return options with { CodeCacheSize = megabytes << 20 };
    }

    private static UserOptionOutcome Watchdog(UserOptions options, string value, UserOptionContext context)
    {
        const double Shortest = 0.1, Longest = 1e7;
        string[] items = value.Split(',');
        bool aborts = items.Length == 2 && items[1] == "abort";
        if ((items.Length != 1 && !aborts) || !double.TryParse(items[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) || seconds is < Shortest or > Longest)
            return Bad($"'{value}' is not a time", "seconds from 0.1 on, and ',abort' behind them to end the guest, as in 30,abort");
        return options with { Watchdog = new WatchdogOptions(TimeSpan.FromSeconds(seconds), aborts) };
    }

    private static UserOptionOutcome Profile(UserOptions options, string value, UserOptionContext context)
    {
        const string RateKey = ",hz=";
        const int Fastest = 20000;
        int at = value.LastIndexOf(RateKey, StringComparison.Ordinal), rate = ProfileOptions.UsualRate;
        if (at >= 0 && (!int.TryParse(value.AsSpan(at + RateKey.Length), NumberStyles.None, CultureInfo.InvariantCulture, out rate) || rate is < 1 or > Fastest))
            return Bad($"'{value[(at + RateKey.Length)..]}' is not a rate", $"samples a second, 1 to {Fastest}");
        string path = at >= 0 ? value[..at] : value;
        if (!ProfileOptions.Extensions.Any(e => path.EndsWith(e, StringComparison.OrdinalIgnoreCase)))
            return Bad($"'{path}' does not say which format is wanted", $"a name that ends in {string.Join(", ", ProfileOptions.Extensions)}");
        return options with { Profile = new ProfileOptions(path, rate) };
    }

    private static UserOptionOutcome DumpThreads(UserOptions options, string value, UserOptionContext context) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0
            ? options with { DumpThreads = pid } : Bad($"'{value}' is not a process id");

    private static UserOptionOutcome Report(UserOptions options, string value, UserOptionContext context)
    {
        ReportOptions report = options.Report;
        foreach (string item in value.Split(','))
        {
            if (item is "off" or "no" or "0")
                report = report with { Off = true };
            else if (item is "text" or "on" or "1")
                report = report with { Off = false, Json = false };
            else if (item == "json")
                report = report with { Off = false, Json = true };
            else if (item == "calls")
                report = report with { AllCalls = true };
            else if (item.StartsWith("file=", StringComparison.Ordinal) && item.Length > "file=".Length)
                report = report with { Path = item["file=".Length..] };
            else
                return Bad($"'{item}' is not a way to report", "off, text or json; and calls, file=PATH (%p in it is the process id), as in json,file=/tmp/crash-%p.json");
        }

        return options with { Report = report };
    }

    private static UserOptionOutcome Log(UserOptions options, string value, UserOptionContext context)
    {
        if (value is ListHelp or "?")
            return Show(LogItemNames.HelpText());
        if (!LogItemNames.TryParse(value, out LogItems items, out string[] traces, out string? error))
            return Bad(error, $"{context.ToolName} -d help lists the items");
        return options with { LogItems = options.LogItems | items, TracePatterns = [.. options.TracePatterns, .. traces] };
    }

    private static UserOptionOutcome BadSize(string value) => Bad($"'{value}' is not a size", "a number with k, M or G after it, or nothing, as in 64M");
}
