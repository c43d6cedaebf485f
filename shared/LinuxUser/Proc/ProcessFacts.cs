namespace Suite.LinuxUser.Proc;

/// <summary>What /proc/PID/stat and status say differently for the guest than for its emulator. Addresses are guest addresses.</summary>
internal sealed record ProcessFacts
{
    public required int Threads { get; init; }

    /// <summary>The signal mask, bit 0 for signal 1; null when it is another thread's, whose mask the host knows well enough.</summary>
    public required ulong? Blocked { get; init; }

    public required ulong Ignored { get; init; }

    public required ulong Caught { get; init; }

    public required MemoryTotals Memory { get; init; }

    /// <summary>What of it is in memory; null where the host does not tell the guest's from the emulator's.</summary>
    public required ResidentMemory? Resident { get; init; }

    public required ulong BreakStart { get; init; }

    public required ProgramIdentity Identity { get; init; }
}
