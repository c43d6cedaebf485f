using Suite.Gdb;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Tracing;

namespace Suite.UserMode.Debugging;

// Watchpoints: their pages are closed; an access faults, its instruction is executed with the pages open, and it is seen what it did.
internal sealed unsafe partial class Debugger
{
    private const int PageFaultTrap = 14;
    private const ulong WriteAccess = 2;

    private readonly List<Watch> _watches = [];

    private static int LongestWatch => 4096;

    bool ITracer.FaultArose(GuestThread t)
    {
        VcpuState* s = t.State;
        ulong address = s->FaultAddress;
        if (_watches.Count == 0 || s->FaultTrap != PageFaultTrap || !IsWatchedPage(address) || t.Memory.Find(address) is not { } vma)
            return false;
        bool isWrite = (s->FaultError & WriteAccess) != 0;
        if (isWrite ? !vma.IsWritable : (vma.Protection & (Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC)) == 0)
            return false;

        int bytes = _accessedBytes(t);
        t.Memory.OpenWatches();
        ExitReason reason = _engine.Step(s);
        if (reason == ExitReason.Fault)
            return false; // by another operand; the fault is that one now
        if (reason != ExitReason.Stepped)
            return true; // a signal came first, or what the instruction does is done elsewhere: BeforeGuestCode looks at the values
        DebugThread d = Of(t);
        if (FindHit(address, bytes, isWrite) is { } hit && !d.IsDetached)
        {
            t.Memory.CloseWatches();
            Stop(d, hit with { Thread = d.Id });
            return true;
        }

        if (t.IsStepping)
        {
            t.IsStepping = false;
            ((ITracer)this).Stepped(t);
        }

        return true;
    }

    private bool InsertWatch(GdbPoint kind, ulong address, int length)
    {
        if (length <= 0 || length > LongestWatch || _process.Memory.Find(address) is null || _process.Memory.Find(address + (ulong)length - 1) is null)
            return false;
        if (!_watches.Exists(w => w.Is(kind, address, length)))
        {
            _watches.Add(new Watch(kind, address, new byte[length]));
            Refresh(_watches[^1]);
        }

        ApplyWatches();
        return true;
    }

    private bool RemoveWatch(GdbPoint kind, ulong address, int length)
    {
        _watches.RemoveAll(w => w.Is(kind, address, length));
        ApplyWatches();
        return true;
    }

    private void ClearWatches()
    {
        if (_watches.Count == 0)
            return;
        _watches.Clear();
        ApplyWatches();
    }

    private void ApplyWatches()
    {
        Dictionary<ulong, int> pages = [];
        foreach (Watch watch in _watches)
        {
            int taken = watch.Kind == GdbPoint.Write ? Linux.PROT_WRITE : Linux.PROT_READ | Linux.PROT_WRITE;
            for (ulong page = watch.Address & ~(GuestMemory.PageSize - 1); page < watch.Address + (ulong)watch.Value.Length; page += GuestMemory.PageSize)
                pages[page] = pages.GetValueOrDefault(page) | taken;
        }

        _process.Memory.WatchPages(pages.Count == 0 ? null : pages);
    }

    // Before guest code runs again: what was done to watched memory by calls and the like, and the pages closed.
    private void CheckWatches(DebugThread d)
    {
        if (!_process.Memory.WatchesOpen)
            return;
        GdbStop? hit = FindHit(0, 0, isWrite: true);
        _process.Memory.CloseWatches();
        if (hit is not null && !d.IsDetached && _isAttached)
            Stop(d, hit with { Thread = d.Id });
    }

    // What an access did, or the kernel: a changed value counts for those that watch for writing, a touch for the others.
    private GdbStop? FindHit(ulong address, int bytes, bool isWrite)
    {
        GdbStop? hit = null;
        foreach (Watch watch in _watches)
        {
            bool changed = Refresh(watch);
            bool touched = address < watch.Address + (ulong)watch.Value.Length && watch.Address < address + (ulong)bytes;
            bool counts = watch.Kind switch
            {
                GdbPoint.Write => changed,
                GdbPoint.Read => touched && !isWrite,
                _ => touched || changed,
            };
            if (counts)
                hit ??= new GdbStop(KindOf(watch), default) { Value = watch.Address };
        }

        return hit;
    }

    private static GdbStopKind KindOf(Watch watch) => watch.Kind switch
    {
        GdbPoint.Write => GdbStopKind.WriteWatch,
        GdbPoint.Read => GdbStopKind.ReadWatch,
        _ => GdbStopKind.AccessWatch,
    };

    // True when the value is another than last time.
    private bool Refresh(Watch watch)
    {
        Span<byte> now = new byte[watch.Value.Length];
        if (!ReadPages(watch.Address, now) || now.SequenceEqual(watch.Value))
            return false;
        now.CopyTo(watch.Value);
        return true;
    }

    private bool ReadPages(ulong address, Span<byte> into) => ((IGdbTarget)this).ReadMemory(_self, address, into) == into.Length;

    // The debugger's own writes are no hits.
    private void NoteWritten()
    {
        foreach (Watch watch in _watches)
            Refresh(watch);
        if (_watches.Count > 0)
            _process.Memory.CloseWatches();
    }

    private bool IsWatchedPage(ulong address)
    {
        const ulong Mask = ~(GuestMemory.PageSize - 1);
        foreach (Watch watch in _watches)
            if ((address & Mask) >= (watch.Address & Mask) && (address & Mask) < watch.Address + (ulong)watch.Value.Length)
                return true;
        return false;
    }

    private sealed record Watch(GdbPoint Kind, ulong Address, byte[] Value)
    {
        public bool Is(GdbPoint kind, ulong address, int length) => Kind == kind && Address == address && Value.Length == length;
    }
}
