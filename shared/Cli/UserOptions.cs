using Suite.Host.Diagnostics;

namespace Suite.Cli;

/// <summary>What a user-mode tool was asked to do. The command line wins over the environment.</summary>
public sealed record UserOptions
{
    /// <summary>Size of the guest's main stack when -s is not given, in bytes.</summary>
    public const ulong DefaultStackSize = 8UL << 20;

    /// <summary>The program to run: a path, or a name to be searched in $PATH; null only when <see cref="Coverage"/> or <see cref="DumpThreads"/> is asked for.</summary>
    public string? Program { get; init; }

    /// <summary>The guest's words after the program.</summary>
    public string[] GuestArgs { get; init; } = [];

    /// <summary>The guest's argv[0] (-0); null for the program as given.</summary>
    public string? Argv0 { get; init; }

    /// <summary>Folders that stand for the guest's root when its interpreter and libraries are looked for (-L), in order.</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    /// <summary>Name of the CPU model, with features as in "max,-avx2" (-cpu); null for the default.</summary>
    public string? Cpu { get; init; }

    /// <summary>Changes to the guest's environment (-E, -U), to be made in this order.</summary>
    public IReadOnlyList<EnvironmentChange> Environment { get; init; } = [];

    /// <summary>Size of the guest's main stack in bytes (-s).</summary>
    public ulong StackSize { get; init; } = DefaultStackSize;

    /// <summary>Host address of guest address 0 (-B); null to choose.</summary>
    public ulong? GuestBase { get; init; }

    /// <summary>Bytes of address space kept for the guest (-R); null for the default.</summary>
    public ulong? ReservedSize { get; init; }

    /// <summary>Kernel release that uname(2) reports (-r); null for the host's.</summary>
    public string? KernelRelease { get; init; }

    /// <summary>What to log (-d, and <see cref="Host.Diagnostics.LogItems.Strace"/> by -strace).</summary>
    public LogItems LogItems { get; init; }

    /// <summary>The values of -strace=, in order; what they mean is checked against the target's calls.</summary>
    public IReadOnlyList<string> StraceSettings { get; init; } = [];

    /// <summary>Patterns of `-d trace:PATTERN`.</summary>
    public IReadOnlyList<string> TracePatterns { get; init; } = [];

    /// <summary>Where the log goes (-D), %d not yet replaced; null for standard error.</summary>
    public string? LogFile { get; init; }

    /// <summary>Addresses the log of translated code is limited to (-dfilter); null for all.</summary>
    public AddressFilter? LogFilter { get; init; }

    /// <summary>One guest instruction in each block (-one-insn-per-tb).</summary>
    public bool OneInstructionPerBlock { get; init; }

    /// <summary>Seed of what the guest sees as random at its start (-seed); null for true randomness.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Size of the code cache in bytes (-tb-size); null for the default.</summary>
    public ulong? CodeCacheSize { get; init; }

    /// <summary>What to report when the guest crashes (-report).</summary>
    public ReportOptions Report { get; init; } = ReportOptions.Default;

    /// <summary>Where gdb connects (-g); null for no debugger.</summary>
    public GdbEndpoint? Gdb { get; init; }

    /// <summary>When to print the guest's threads (-watchdog); null for never.</summary>
    public WatchdogOptions? Watchdog { get; init; }

    /// <summary>Where to write a profile (-profile); null for none.</summary>
    public ProfileOptions? Profile { get; init; }

    /// <summary>Write a map of generated code for Linux perf (-perf-map).</summary>
    public bool PerfMap { get; init; }

    /// <summary>The process whose tool shall print its guest's threads (-dump-threads); null to run a program.</summary>
    public int? DumpThreads { get; init; }

    /// <summary>Print the coverage of the system-call table and exit (--coverage).</summary>
    public bool Coverage { get; init; }

    /// <summary>Things worth a word to the user, one line each.</summary>
    internal IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>True when system calls are to be logged.</summary>
    public bool Strace => (LogItems & LogItems.Strace) != 0;
}

/// <summary>One change to the guest's environment: a variable set, or removed when the value is null.</summary>
public readonly record struct EnvironmentChange(string Name, string? Value);
