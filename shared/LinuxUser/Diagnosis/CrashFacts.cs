using Suite.LinuxUser.Diagnosis.Core;
using Suite.LinuxUser.Symbols;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>Everything a crash report says, gathered before any of it is written.</summary>
internal sealed record CrashFacts
{
    public required string Tool { get; init; }

    public required string Version { get; init; }

    public required int Pid { get; init; }

    public required int Tid { get; init; }

    public required int Threads { get; init; }

    /// <summary>Path of the program, and its words.</summary>
    public required string Program { get; init; }

    /// <inheritdoc cref="Program"/>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>-cpu; null for the default.</summary>
    public required string? CpuModel { get; init; }

    /// <summary>Where the target's libraries are (-L); null for the root.</summary>
    public required string? Sysroot { get; init; }

    public required int Signal { get; init; }

    public required int Code { get; init; }

    /// <summary>Who sent the signal; null when it was a fault.</summary>
    public required (int Pid, int Uid)? Sender { get; init; }

    /// <summary>What the emulator knows beyond signal and code; null for nothing.</summary>
    public required string? Cause { get; init; }

    public required ulong Pc { get; init; }

    /// <summary>Address of the fault, how it was accessed, and what is there; null when the signal has none.</summary>
    public required (ulong Address, string? Access, string Place)? Fault { get; init; }

    /// <summary>Registers as the target prints them, and by name.</summary>
    public required string RegisterText { get; init; }

    /// <inheritdoc cref="RegisterText"/>
    public required IReadOnlyList<(string Name, ulong Value)> Registers { get; init; }

    public required IReadOnlyList<(ulong Address, string Text, bool IsCurrent)> Instructions { get; init; }

    public required IReadOnlyList<GuestFrame> Backtrace { get; init; }

    /// <summary>Looks up names for the addresses above.</summary>
    public required ModuleMap Map { get; init; }

    /// <summary>Last system calls, the oldest first.</summary>
    public required IReadOnlyList<string> Calls { get; init; }

    /// <summary>False when generated code made some calls that are not in <see cref="Calls"/>.</summary>
    public required bool AllCalls { get; init; }

    /// <summary>For SIGILL: what the CPU model lacks; null when that is not the reason.</summary>
    public required MissingFeature? Missing { get; init; }

    /// <summary>The core file; null when none was wanted.</summary>
    public CoreOutcome? Core { get; init; }
}
