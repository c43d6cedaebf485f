using System.Text;
using Suite.Gdb;
using Suite.Host;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Tracing;

namespace Suite.UserMode.Debugging;

// fork, vfork, exec. There is one connection: the debugger has it with the process it follows.
internal sealed unsafe partial class Debugger
{
    // Children of forks that wait for a decision, with the thread that made them.
    private readonly List<(int Child, DebugThread Parent)> _heldChildren = [];

    // Processes the debugger still counts, and which run without it already.
    private readonly List<int> _lostProcesses = [];
    private GdbEvents _events;
    private volatile bool _handedOver;

    // In the child of a fork, a copy of its parent with one thread and without the server.
    private void BecomeForkChild(GuestThread t)
    {
        int parent = _self;
        _self = (int)Sys.Call(Nr.getpid);
        bool isHeld = _isAttached && (_events & GdbEvents.Fork) != 0 && !Of(t).IsDetached;
        ForkDecision decision = isHeld ? _board.Await(_self, parent) : ForkDecision.Free;
        _threads.Clear();
        _heldChildren.Clear();
        ClearWatches();
        _engine.ClearBreakpoints();
        (_stopping, _wantsInterrupt, _handedOver) = (false, false, false);
        _sockets.BecomeChild(follows: decision == ForkDecision.Follow);
        if (decision == ForkDecision.Free)
        {
            _isAttached = false;
            WatchSignals();
            _session = null;
            _process.Tracer = null;
            t.StepsOnce = false;
            return;
        }

        GdbAgreement agreement = _session!.Agreement;
        _session = new GdbSession(this, SendToDebugger) { Agreement = agreement };
        DebugThread d = Add(t, _self, isDetached: false);
        _session.Begin(new GdbStop(GdbStopKind.Signal, d.Id));
        _stopping = true;
        *d.Word = 1;
        StartServer();
        Park(d);
    }

    private void TellFork(GuestThread t, int child)
    {
        DebugThread d = Of(t);
        if (d.IsDetached || !_isAttached || (_events & GdbEvents.Fork) == 0)
            return;
        d.InCall = false;
        using (_lock.Hold())
            _heldChildren.Add((child, d));
        Stop(d, new GdbStop(GdbStopKind.Fork, d.Id) { Other = new GdbThreadId(child, child) });
    }

    // The child has its parent's memory, and its parent's host thread in the eyes of the runtime; the server, in the parent, sees and serves both.
    private void BecomeVforkChild(GuestThread t)
    {
        DebugThread parent = Of(t);
        parent.InVfork = true;
        int child = (int)Sys.Call(Nr.getpid);
        bool isTold = _isAttached && !parent.IsDetached && (_events & GdbEvents.Vfork) != 0;
        DebugThread d = Add(t, child, isDetached: !isTold, parent);
        d.IsTold = isTold;
        t.StepsOnce = false;
        if (!isTold)
            return;
        *d.Word = 1;
        _registers.Read(t, d.Registers);
        d.IsParked = true;
        Volatile.Write(ref *parent.Word, 1);
        parent.IsParked = true; // in the kernel, and stays there as long as the child wants
        parent.Event = new GdbStop(GdbStopKind.Vfork, parent.Id) { Other = d.Id };
        Park(d);
    }

    // In the parent: the child has a program of its own, or has ended.
    private void EndVfork(GuestThread t)
    {
        DebugThread child = Of(t);
        if (child.VforkParent is not { } d)
            return;
        t.TracerData = d;
        Remove(child);
        (d.InVfork, d.IsParked) = (false, false);
        d.InCall = false;
        bool isTold = child.IsTold && !d.IsDetached && _isAttached && !_handedOver;
        _sockets.Notify();
        if (isTold)
            Stop(d, new GdbStop(GdbStopKind.VforkDone, d.Id));
    }

    string? ITracer.Executing(GuestThread t)
    {
        DebugThread d = Of(t);
        bool takesConnection = _isAttached && !d.IsDetached && _session is not null;
        bool takesListener = d.VforkParent is null && _sockets.Listener >= 0;
        if (!takesConnection && !takesListener)
            return null;
        if (d.VforkParent is not null && takesConnection)
            _handedOver = true;
        _sockets.KeepOnExec(true);
        DebugHandover word = new()
        {
            Listener = takesListener ? _sockets.Listener : -1,
            Connection = takesConnection ? _sockets.Connection : -1,
            Agreement = _session?.Agreement ?? default,
            Events = _events,
            Passed = _passed,
            Calls = _calls,
            VforkParent = d.VforkParent is null ? 0 : _self,
        };
        return word.Text;
    }

    void ITracer.ExecuteFailed(GuestThread t)
    {
        _sockets.KeepOnExec(false);
        if (Of(t).VforkParent is not null)
            _handedOver = false;
    }
}
