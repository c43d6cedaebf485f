using Suite.Host;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;

namespace Suite.LinuxUser.Proc;

/// <summary>The process of the thread that reads.</summary>
internal sealed class OwnProcess(GuestThread t) : IProcSubject
{
    /// <inheritdoc/>
    public ProgramIdentity Identity => t.Process.Identity;

    /// <inheritdoc/>
    public Vma[] Mappings => t.Memory.Snapshot();

    /// <inheritdoc/>
    public GuestSettings Settings => t.Process.Identity.Settings;

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> into) => t.Memory.TryRead(address, into);

    /// <summary>The main thread stays visible when it ended before the others.</summary>
    public bool IsVisibleThread(int tid) => tid == t.Tid || tid == (int)Sys.Call(Nr.getpid) || t.Engine.World.Tids().Contains(tid);

    /// <inheritdoc/>
    public bool HidesDescriptor(int descriptor) => InternalDescriptors.Hide(t.Process, descriptor);

    /// <inheritdoc/>
    public ProcessFacts Facts(int tid)
    {
        ulong ignored = 0, caught = 0;
        for (int signal = 1; signal <= Linux.SIGRTMAX; signal++)
        {
            GuestAction action = t.Process.Actions[signal];
            if (action.IsIgnored)
                ignored |= SignalMaskOf(signal);
            else if (!action.IsDefault)
                caught |= SignalMaskOf(signal);
        }

        Vma[] mappings = Mappings;
        return new ProcessFacts
        {
            Threads = t.Engine.World.Count,
            Blocked = tid == t.Tid ? t.SignalMask : null,
            Ignored = ignored,
            Caught = caught,
            Memory = MemoryTotals.Of(mappings, Identity),
            Resident = ResidentMemory.Of("/proc/self", mappings),
            BreakStart = t.Memory.BreakStart,
            Identity = Identity,
        };
    }

    private static ulong SignalMaskOf(int signal) => 1UL << (signal - 1);
}
