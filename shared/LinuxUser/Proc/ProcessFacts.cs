using Suite.Host;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;

namespace Suite.LinuxUser.Proc;

/// <summary>What /proc/PID/stat and status say differently for the guest than for its emulator. Addresses are guest addresses.</summary>
internal sealed record ProcessFacts
{
    public required int Threads { get; init; }

    /// <summary>The signal mask, bit 0 for signal 1; null when it is another thread's, whose mask the host knows well enough.</summary>
    public required ulong? Blocked { get; init; }

    public required ulong Ignored { get; init; }

    public required ulong Caught { get; init; }

    /// <summary>Size of all mappings in bytes.</summary>
    public required ulong VirtualBytes { get; init; }

    public required ulong BreakStart { get; init; }

    public required ProgramIdentity Identity { get; init; }

    /// <summary>Asks the thread's process.</summary>
    /// <param name="t">The thread that reads.</param>
    /// <param name="subject">The thread it reads about.</param>
    public static ProcessFacts Of(GuestThread t, int subject)
    {
        ulong size = 0, ignored = 0, caught = 0;
        foreach (Vma vma in t.Memory.Snapshot())
            size += vma.End - vma.Start;
        for (int signal = 1; signal <= Linux.SIGRTMAX; signal++)
        {
            GuestAction action = t.Process.Actions[signal];
            if (action.IsIgnored)
                ignored |= 1UL << (signal - 1);
            else if (!action.IsDefault)
                caught |= 1UL << (signal - 1);
        }

        return new ProcessFacts
        {
            Threads = t.Engine.World.Count,
            Blocked = subject == t.Tid ? t.SignalMask : null,
            Ignored = ignored,
            Caught = caught,
            VirtualBytes = size,
            BreakStart = t.Memory.BreakStart,
            Identity = t.Process.Identity,
        };
    }
}
