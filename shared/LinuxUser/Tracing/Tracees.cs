using System.Diagnostics.CodeAnalysis;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Tracing;

/// <summary>
/// The threads that this process traces. The host's kernel stops them for many things that are nothing to the guest (a fault on a page with
/// translated code, a signal that has yet to come to an instruction's end); these stops are ended here, and others are told the way the target's
/// kernel would (docs/adr/012).
/// </summary>
public sealed unsafe class Tracees
{
    private const int StoppedMark = 0x7F, SIGTRAP = Linux.SIGTRAP, SIGSTOP = Linux.SIGSTOP, RegisterBytes = 27 * 8, RegRdi = 14, RegRax = 10, RegOrigRax = 15, RegRip = 16, TRAP_TRACE = 2, TRAP_HWBKPT = 4;
    private readonly Dictionary<int, TraceeRecord> _records = [];

    /// <summary>The process' tracees, which has some from now on.</summary>
    public static Tracees Of(GuestThread t)
    {
        if (t.Process.Tracees is { } known)
            return known;
        // The kernel announces every stop with a SIGCHLD, which is how those that are nothing to the guest are noticed in time.
        t.Process.Tracees = new Tracees();
        t.Process.Actions.Watch(t.Process.Actions.Watched | SignalMasks.Of(Linux.SIGCHLD));
        return t.Process.Tracees;
    }

    /// <summary>A forked child traces nobody.</summary>
    public static void Forget(GuestProcess process)
    {
        if (process.Tracees is null)
            return;
        process.Tracees = null;
        if (process.Tracer is null)
            process.Actions.Watch(0);
    }

    /// <summary>A thread of the kernel's that has stopped: is it a tracee's stop, and of which of the kernel's kinds?</summary>
    public static bool IsStopped(int status) => (status & 0xFF) == StoppedMark;

    /// <summary>The record of a thread that is traced by the caller.</summary>
    internal bool TryFind(int tid, [NotNullWhen(true)] out TraceeRecord? record) => _records.TryGetValue(tid, out record);

    /// <summary>Starts a record.</summary>
    internal TraceeRecord Add(TraceeRecord made) => _records[made.Tid] = made;

    internal void Remove(int tid) => _records.Remove(tid);

    /// <summary>The guest opens a process' memory for writing: what it writes there is code perhaps.</summary>
    public void MemoryOpened(int tid)
    {
        int process = _records.TryGetValue(tid, out TraceeRecord? named) ? named.Process : tid;
        foreach (TraceeRecord r in _records.Values)
            if (r.Process == process)
                r.IsMemoryOpen = true;
    }

    /// <summary>A child has ended: what wait says of a thread that called exit(2) is what it gave, not what its host thread did.</summary>
    public void Ended(int tid, ref int status, bool isKept)
    {
        if (!_records.TryGetValue(tid, out TraceeRecord? r))
            return;
        if (r.EndStatus is { } given && (status & StoppedMark) == 0 && r.Process != tid)
            status = given;
        if (!isKept)
            _records.Remove(tid);
    }

    /// <summary>A child has stopped. False when the guest shall not know: then it runs again.</summary>
    /// <param name="t">The thread that waited.</param>
    /// <param name="tid">Who stopped.</param>
    /// <param name="status">The host's status, made the guest's.</param>
    public bool Accept(GuestThread t, int tid, ref int status)
    {
        TraceeRecord? r = Find(t, tid);
        if (r is null)
            return true; // job control, of a child that is not traced
        if (r.IsStopped)
        {
            status = r.Status; // looked at before it was waited for
            return true;
        }

        if (r.Owner != t.Tid)
            return AcceptByOwner(t, r, ref status);
        bool visible = r.IsNative ? AcceptNative(r, status) : Classify(t, r, ref status);
        if (visible)
            (r.IsStopped, r.Status) = (true, status);
        return visible;
    }

    /// <summary>
    /// A SIGCHLD has come. Stops that the guest shall not know of are ended.
    /// </summary>
    /// <returns>False when the signal was about such stops only.</returns>
    public bool ChildSignal(GuestThread t, Span<byte> info)
    {
        const int CodeOffset = 8, PidOffset = 16, StatusOffset = 24, CLD_TRAPPED = 4, CLD_STOPPED = 5;
        int code = BitConverter.ToInt32(info[CodeOffset..]), about = BitConverter.ToInt32(info[PidOffset..]);
        bool anyVisible = false;
        if (code is CLD_TRAPPED or CLD_STOPPED && !_records.ContainsKey(about))
            WaitCalls.Peek(t, about);
        // One signal may stand for several stops, and the first may tell of a thread that is the second's.
        Queue<int> left = new(_records.Keys);
        HashSet<int> seen = [.. left];
        while (left.TryDequeue(out int tid))
        {
            if (!_records.TryGetValue(tid, out TraceeRecord? r) || (r.IsStopped && tid != about))
                continue;
            if (!r.IsStopped && r.Owner == t.Tid)
                WaitCalls.Peek(t, tid);
            else if (!r.IsStopped)
                t.Engine.World.Kick(r.Owner);
            anyVisible |= r.IsStopped || r.Owner != t.Tid;
            foreach (int made in _records.Keys)
                if (seen.Add(made))
                    left.Enqueue(made);
        }

        if (code is not (CLD_TRAPPED or CLD_STOPPED))
            return true;
        if (_records.TryGetValue(about, out TraceeRecord? named) && named.IsStopped)
        {
            BitConverter.TryWriteBytes(info[StatusOffset..], named.Status >> 8 & 0x7F);
        }
        else if (_records.ContainsKey(about) && !anyVisible && !WaitCalls.AnyEnded())
        {
            return false;
        }

        return (t.Process.Actions[Linux.SIGCHLD].Flags & Linux.SA_NOCLDSTOP) == 0;
    }

    /// <summary>The thread was kicked: another one may have waited for a tracee of this one's, or a SIGCHLD has gone there.</summary>
    public void ServeOwner(GuestThread t)
    {
        foreach (TraceeRecord r in _records.Values.ToArray())
        {
            if (r.Owner != t.Tid)
                continue;
            if (r.Handed is not 0 and var status)
            {
                (r.IsStopped, r.Status) = (r.IsNative ? AcceptNative(r, status) : Classify(t, r, ref status), status);
                Volatile.Write(ref r.Handed, 0);
            }
            else if (!r.IsStopped)
            {
                WaitCalls.Peek(t, r.Tid);
            }
        }
    }

    private static bool AcceptByOwner(GuestThread t, TraceeRecord r, ref int status)
    {
        const ulong Pause = 100_000;
        ulong* time = stackalloc ulong[2];
        (time[0], time[1]) = (0, Pause);
        Volatile.Write(ref r.Handed, status);
        t.Engine.World.Kick(r.Owner);
        while (Volatile.Read(ref r.Handed) != 0)
            Sys.Blocking(Nr.nanosleep, (long)time);
        status = r.Status;
        return r.IsStopped;
    }

    private TraceeRecord? Find(GuestThread t, int tid)
    {
        if (_records.TryGetValue(tid, out TraceeRecord? known))
            return known;
        if (TracedProcess.TracerOf(tid) is var owner && owner != t.Tid && !t.Engine.World.Tids().Contains(owner))
            return null;
        int process = TracedProcess.ProcessOf(tid);
        TraceeRecord r = Add(new TraceeRecord(tid, process, owner));
        r.IsNative = !TracedProcess.IsEmulated(tid);
        if (process != tid && _records.TryGetValue(process, out TraceeRecord? leader))
            Inherit(r, leader);
        else if (process == tid && _records.TryGetValue(TracedProcess.ParentOf(tid), out TraceeRecord? parent))
            Inherit(r, parent);
        if (!r.IsNewborn)
            r.ApplyOptions();
        return r;
    }

    private static void Inherit(TraceeRecord child, TraceeRecord maker)
    {
        (child.Options, child.IsSeized, child.IsNewborn, child.IsNative) = (maker.Options, maker.IsSeized, true, maker.IsNative);
        (child.LastCommand, child.IsMemoryOpen) = (maker.LastCommand, maker.IsMemoryOpen && child.Process == maker.Process);
        child.IsRuntime = !maker.IsAnnounced && child.Process == maker.Process;
    }

    private static bool AcceptNative(TraceeRecord r, int status)
    {
        ulong message;
        if (status >> 16 != 0 && Sys.Call(Nr.ptrace, Ptrace.GETEVENTMSG, r.Tid, 0, (long)&message) == 0)
            r.Message = message;
        return true;
    }

    private bool Classify(GuestThread t, TraceeRecord r, ref int status)
    {
        int signal = status >> 8 & 0xFF, kind = status >> 16;
        if (r.IsRuntime && kind == 0 && signal != SIGSTOP)
        {
            r.Go(signal); // a signal that came before its first stop: the emulator waits for what it does (World.SilenceRuntimeThread)
            return false;
        }

        if (r.IsRuntime)
        {
            Sys.Call(Nr.ptrace, Ptrace.DETACH, r.Tid, 0, 0);
            _records.Remove(r.Tid);
            return false;
        }

        if (kind == Ptrace.EVENT_STOP && r.EndStatus is not null)
        {
            r.Go(0); // to the guest it has ended
            return false;
        }

        switch (kind)
        {
            case Ptrace.EVENT_EXEC:
                return AcceptExec(t, r);
            case Ptrace.EVENT_FORK or Ptrace.EVENT_CLONE or Ptrace.EVENT_VFORK:
                return AcceptChild(r, kind);
            case Ptrace.EVENT_STOP when signal == SIGTRAP:
                r.IsListening = false;
                if (!r.IsNewborn)
                    return true; // a group stop is over
                r.IsNewborn = false;
                r.Go(0);
                return false;
            case Ptrace.EVENT_STOP:
                return AcceptGroup(r, signal, ref status);
        }

        switch (signal)
        {
            case SIGTRAP:
                return AcceptTrap(t, r, ref status);
            case SIGSTOP:
                return AcceptSigstop(r, ref status);
            default:
                if (IsGroupStop(r.Tid))
                    return AcceptGroup(r, signal, ref status);
                r.Go(signal);
                return false;
        }
    }

    // The program is another one: its emulator starts from nothing, and tells when the guest's is loaded.
    private bool AcceptExec(GuestThread t, TraceeRecord r)
    {
        (r.Block, r.IsNewborn, r.IsMemoryOpen) = (0, false, false);
        r.ForgetDebug();
        foreach ((int tid, TraceeRecord other) in _records)
            if (other.Process == r.Process && tid != r.Tid)
                _records.Remove(tid);
        r.IsNative = !TracedProcess.IsEmulated(r.Tid);
        if (r.IsNative)
        {
            r.Message = (ulong)r.Tid;
            r.ApplyOptions();
            return true;
        }

        r.Go(0);
        return false;
    }

    private bool AcceptChild(TraceeRecord r, int kind)
    {
        ulong child;
        Sys.Call(Nr.ptrace, Ptrace.GETEVENTMSG, r.Tid, 0, (long)&child);
        if (!_records.TryGetValue((int)child, out TraceeRecord? made))
        {
            made = Add(new TraceeRecord((int)child, kind == Ptrace.EVENT_CLONE ? TracedProcess.ProcessOf((int)child) : (int)child, r.Owner));
            Inherit(made, r);
        }

        if (kind != Ptrace.EVENT_VFORK)
        {
            r.Go(0);
            return false;
        }

        // Its parent is at the very call, and has published its registers before.
        r.ReadBlock();
        r.Message = child;
        return true;
    }

    private static bool AcceptGroup(TraceeRecord r, int signal, ref int status)
    {
        if (r.Block != 0 && r.ReadBlock() && r.Stop.Kind == StopKind.Group)
        {
            signal = r.Stop.Signal;
            r.IsAtBlock = true;
        }

        status = (r.IsSeized ? Ptrace.EVENT_STOP << 16 : 0) | signal << 8 | StoppedMark;
        return true;
    }

    private bool AcceptTrap(GuestThread t, TraceeRecord r, ref int status)
    {
        ulong* registers = stackalloc ulong[RegisterBytes / sizeof(ulong)];
        byte* info = stackalloc byte[128];
        if (Sys.Call(Nr.ptrace, 12, r.Tid, 0, (long)registers) != 0) // PTRACE_GETREGS of the host
            return false; // it was killed meanwhile
        if (registers[RegRax] == TraceBlock.Mark)
        {
            ulong before = r.Block;
            r.Block = registers[RegRdi];
            if (r.ReadBlock())
                return StopStatus.Accept(t, r, ref status);
            r.Block = before;
        }

        const int CodeOffset = 8;
        Sys.Call(Nr.ptrace, Ptrace.GETSIGINFO, r.Tid, 0, (long)info);
        int code = *(int*)(info + CodeOffset);
        if (r.HasWatchpoints && code is (TRAP_TRACE or TRAP_HWBKPT))
            PtraceCalls.WatchpointsHit(r, registers[RegRip]);
        if (code == TRAP_HWBKPT)
        {
            r.Go(0);
            return false;
        }

        // What the kernel sends after an exec of which the tracer has not asked to hear comes before anyone could take it. A program that
        // sends itself the signal before anything else has stopped it looks the same but for the call it is in.
        bool isOfExec = !r.IsAnnounced && code <= 0 && registers[RegOrigRax] is Nr.execve or Nr.execveat;
        r.Go(isOfExec ? 0 : SIGTRAP);
        return false;
    }

    private static bool AcceptSigstop(TraceeRecord r, ref int status)
    {
        const int CodeOffset = 8, PidOffset = 16, UidOffset = 20;
        byte* info = stackalloc byte[128];
        if (Sys.Call(Nr.ptrace, Ptrace.GETSIGINFO, r.Tid, 0, (long)info) != 0)
            return AcceptGroup(r, SIGSTOP, ref status);
        if (r.IsNewborn && *(int*)(info + CodeOffset) == 0)
        {
            r.IsNewborn = false;
            r.ApplyOptions();
            r.Go(0);
            return false;
        }

        if (r.Block != 0 && r.ReadBlock() && r.Stop.Kind == StopKind.Group)
        {
            r.Go(SIGSTOP); // the guest let it through
            return false;
        }

        TraceSignal.Send(r.Process, r.Tid, TraceRequest.Stop, *(int*)(info + PidOffset), *(int*)(info + UidOffset), *(int*)(info + CodeOffset));
        r.Go(0);
        return false;
    }

    private static bool IsGroupStop(int tid)
    {
        byte* info = stackalloc byte[128];
        return Sys.Call(Nr.ptrace, Ptrace.GETSIGINFO, tid, 0, (long)info) != 0;
    }
}
