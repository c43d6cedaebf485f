using Suite.Gdb;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Tracing;

namespace Suite.UserMode.Debugging;

/// <summary>
/// The debugger's side of a process (-g). Guest threads call it where something happens (<see cref="ITracer"/>) and wait in it while they are stopped; a thread
/// of its own serves the connection. All threads stop together: those in guest code are kicked out of it, those in a system call stay there, and wait
/// when it returns.
/// Per side there is one partial file: Tracer (guest threads), Server (the connection's thread), Target (what the protocol asks), Processes (fork, vfork, exec).
/// </summary>
internal sealed unsafe partial class Debugger : ITracer, IGdbTarget
{
    private const int Interrupted = 2; // SIGINT, as the protocol numbers it

    private readonly DebugRegisters _registers;
    private readonly Func<GuestThread, int> _accessedBytes;
    private readonly DebugSockets _sockets;
    private readonly ForkBoard _board = new();
    private readonly List<DebugThread> _threads = [];
    private readonly bool _waits;
    private readonly DebugHandover? _handover;

    private GuestProcess _process = null!;
    private Engine _engine = null!;
    private GuestLock _lock = null!;
    private GdbSession? _session;
    private volatile bool _isAttached, _stopping, _wantsInterrupt;
    private ulong _passed;
    private IReadOnlyList<int>? _calls;
    private int _self;

    /// <param name="registers">The target's registers.</param>
    /// <param name="sockets">Where the debugger connects.</param>
    /// <param name="waits">The program waits for the debugger before its first instruction.</param>
    /// <param name="handover">From the program that executed this one.</param>
    /// <param name="accessedBytes">See <see cref="UserCpu.AccessedBytes"/>.</param>
    public Debugger(DebugRegisters registers, Func<GuestThread, int> accessedBytes, DebugSockets sockets, bool waits, DebugHandover? handover)
    {
        _accessedBytes = accessedBytes;
        (_registers, _sockets, _waits, _handover) = (registers, sockets, waits, handover);
    }

    /// <summary>The process to be debugged; before its first thread runs.</summary>
    public void Begin(GuestProcess process)
    {
        _process = process;
        _engine = process.Engine;
        _lock = new GuestLock(_engine.Region);
        _self = (int)Sys.Call(Nr.getpid);
        process.Tracer = this;
    }

    // The thread that the calling guest thread is to the debugger.
    private static DebugThread Of(GuestThread t) => (DebugThread)t.TracerData!;

    private DebugThread[] Snapshot()
    {
        using (_lock.Hold())
            return [.. _threads];
    }

    private DebugThread? Find(GdbThreadId id)
    {
        using (_lock.Hold())
            return _threads.Find(t => t.Id == id);
    }

    private DebugThread Add(GuestThread t, int process, bool isDetached, DebugThread? vforkParent = null)
    {
        DebugThread d = new(t, new GdbThreadId(process, t.Tid), _registers.Description.TotalBytes) { IsDetached = isDetached, VforkParent = vforkParent };
        t.TracerData = d;
        using (_lock.Hold())
        {
            if (_stopping && !isDetached)
                *d.Word = 1;
            _threads.Add(d);
        }

        return d;
    }

    private void Remove(DebugThread d)
    {
        using (_lock.Hold())
            _threads.Remove(d);
    }

    // Lets a parked or blocked thread run.
    private static void Release(DebugThread d)
    {
        Volatile.Write(ref *d.Word, 0);
        Sys.Call(Nr.futex, (long)d.Word, Linux.FUTEX_WAKE, 1);
    }

    // Which signals the debugger sees although the guest has no handler.
    private void WatchSignals()
    {
        const ulong Harmless = 1UL << (Linux.SIGCHLD - 1) | 1UL << (Linux.SIGCONT - 1) | 1UL << (Linux.SIGURG - 1) | 1UL << (Linux.SIGWINCH - 1)
            | 1UL << (Linux.SIGTSTP - 1) | 1UL << (Linux.SIGTTIN - 1) | 1UL << (Linux.SIGTTOU - 1);
        if (_isAttached)
            _process.Actions.Watch(~_passed, ~Harmless); // what ends the process is told in any case
        else
            _process.Actions.Watch(0, 0);
    }
}
