using Suite.Gdb;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;

namespace Suite.UserMode.Debugging;

// On the connection's own thread. It is bound to the engine, so that a fork waits until it is outside managed code, and bad guest addresses do it no harm.
internal sealed unsafe partial class Debugger
{
    private const int ServerStackBytes = 256 * 1024;
    private const short POLLIN = 1;

    private GdbThreadId _preferred;

    private void StartServer()
    {
        // It must not take a signal before all are blocked there: it inherits a closed mask.
        ulong closed = SignalMasks.AllButFaults, before;
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&closed, (long)&before, 8);
        Thread server = new(Serve, ServerStackBytes) { IsBackground = true, Name = "gdb" };
        server.Start();
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&before, 0, 8);
    }

    private void Serve()
    {
        ulong closed = SignalMasks.AllButFaults;
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&closed, 0, 8);
        ThreadBinding binding = ThreadBinding.Bind(_engine);
        _engine.World.AddHelper(binding.State);
        byte[] buffer = new byte[16384];
        while (true)
        {
            ProcessEvents();
            bool incoming = Await();
            if (_handedOver)
                continue;
            if (incoming && !_sockets.IsConnected)
                Accept();
            else if (incoming)
                Receive(buffer);
        }
    }

    // Waits for the debugger or a guest thread. True when there is something from the debugger.
    private bool Await()
    {
        long* fds = stackalloc long[2]; // struct pollfd: descriptor, events, what came
        int other = _sockets.IsConnected ? _sockets.Connection : _sockets.Listener;
        fds[0] = (uint)_sockets.Wake | (long)POLLIN << 32;
        fds[1] = (uint)other | (long)POLLIN << 32;
        long* call = stackalloc long[7];
        new Span<long>(call, 7).Clear();
        (call[0], call[1], call[2], call[3]) = (Nr.poll, (long)fds, 2, -1);
        _engine.Stubs.BlockingCall(call);
        if ((short)(fds[0] >> 48) != 0)
            _sockets.Drain();
        return (short)(fds[1] >> 48) != 0;
    }

    // A debugger comes, at the program's start or at any time later: everything stops.
    private void Accept()
    {
        if (!_sockets.Accept())
            return;
        (_handedOver, _passed, _calls, _events) = (false, 0, null, GdbEvents.None);
        StopAll();
        _isAttached = true;
        WatchSignals();
        DebugThread? first = Snapshot().FirstOrDefault(d => !d.IsDetached);
        _session = new GdbSession(this, SendToDebugger);
        _session.Begin(new GdbStop(GdbStopKind.Signal, first?.Id ?? new GdbThreadId(_self, _self)));
    }

    private void Receive(Span<byte> buffer)
    {
        long got = _sockets.Receive(buffer);
        if (got == -4)
            return;
        if (got <= 0 || _session is null)
        {
            LetGo();
            return;
        }

        try
        {
            _session.Receive(buffer[..(int)got]);
        }
        catch (Exception e) when (e is not EngineException)
        {
            HostText.WriteError($"gdb: the connection ends because of an error of the debugger's side: {e.GetType().Name}: {e.Message}\n");
            LetGo();
            return;
        }

        if (_session is { IsOver: true })
            LetGo();
    }

    private void SendToDebugger(ReadOnlySpan<byte> bytes) => _sockets.Send(bytes);

    // The debugger is gone, or has gone on to another process: all threads run, nothing stays set.
    private void LetGo()
    {
        foreach ((int child, _) in _heldChildren)
            _board.Decide(child, ForkDecision.Free);
        _heldChildren.Clear();
        _lostProcesses.Clear();
        _session = null;
        (_isAttached, _handedOver, _isGone, _wantsInterrupt) = (false, false, false, false);
        _calls = null;
        _engine.ClearBreakpoints();
        ClearWatches();
        WatchSignals();
        if (_sockets.IsConnected)
            _sockets.Disconnect();
        using (_lock.Hold())
        {
            _stopping = false;
            foreach (DebugThread d in _threads)
                LetRun(d);
        }
    }

    private static void LetRun(DebugThread d)
    {
        d.Event = null;
        d.Mode = GdbResumeKind.Continue;
        Release(d);
    }

    // Reports the next thing that happened, if the debugger waits for one.
    private void ProcessEvents()
    {
        if (_handedOver)
        {
            if (_session is not null && !Array.Exists(Snapshot(), d => d.VforkParent is not null))
                LetGo();
            return;
        }

        if (_session is not { IsRunning: true } session)
            return;
        DebugThread[] all = Snapshot();
        DebugThread? teller = Array.Find(all, d => d.Event is { IsEnd: true }) ?? Array.Find(all, d => IsTelling(d) && d.Id == _preferred) ?? Array.Find(all, IsTelling);
        if (teller is null && !_wantsInterrupt)
        {
            if (!Array.Exists(all, d => (d.MayRun && !d.IsDetached) || (d.Event is not null && d.IsResumed)))
                TellNobodyRuns(session);
            return;
        }

        bool isWholeEnd = teller is { Event.IsEnd: true, VforkParent: null };
        if (!isWholeEnd)
            StopAll();
        GdbStop stop = teller?.Event ?? new GdbStop(GdbStopKind.Signal, Running(all)) { Signal = Interrupted };
        _wantsInterrupt = false;
        if (teller is not null)
            teller.Event = null;
        if (stop.IsEnd)
            Remove(teller!);
        if (isWholeEnd)
            using (_lock.Hold())
                _threads.Clear();
        DropMovedBreakpoints();
        session.Stopped(stop);
        if (stop.IsEnd)
            Release(teller!);
        if (session.IsOver)
            LetGo();
    }

    private static bool IsTelling(DebugThread d) => d.Event is not null && d.IsParked && d.IsResumed;

    private GdbThreadId Running(DebugThread[] all) =>
        (Array.Find(all, d => d.Id == _preferred) ?? Array.Find(all, d => !d.IsDetached))?.Id ?? new GdbThreadId(_self, _self);

    // Threads stayed, and those that were let go have ended.
    private void TellNobodyRuns(GdbSession session)
    {
        if (Array.Find(Snapshot(), d => !d.IsDetached) is not { } left)
            return;
        StopAll();
        session.NobodyRuns(left.Id);
    }

    // A breakpoint another thread came to meanwhile is met again, if it is still there when the thread goes on.
    private void DropMovedBreakpoints()
    {
        foreach (DebugThread d in Snapshot())
            if (d.Event is { Kind: GdbStopKind.Breakpoint })
                d.Event = null;
    }

    // Returns when every thread waits, or is in a system call.
    private void StopAll()
    {
        using (_lock.Hold())
        {
            _stopping = true;
            foreach (DebugThread d in _threads)
                if (!d.IsDetached)
                    Volatile.Write(ref *d.Word, 1);
        }

        Interlocked.MemoryBarrier();
        for (int round = 0; !AllSettled(kick: round % 32 == 0); round++)
            Pause(round);
    }

    private bool AllSettled(bool kick)
    {
        bool settled = true;
        using (_lock.Hold())
        {
            foreach (DebugThread d in _threads)
            {
                if (d.IsDetached || d.IsParked || d.InVfork)
                    continue;
                VcpuStage stage = (VcpuStage)Volatile.Read(ref *(ulong*)&d.Thread.State->Stage);
                if (stage == VcpuStage.Blocked && d.InCall)
                    continue;
                settled = false;
                if (kick && stage == VcpuStage.Guest)
                    _engine.World.Kick(d.Id.Thread, d.Id.Process);
            }
        }

        return settled;
    }

    // Outside managed code, so that a thread on its way may fork meanwhile.
    private void Pause(int round)
    {
        long* moment = stackalloc long[2];
        (moment[0], moment[1]) = (0, round < 16 ? 20_000 : 500_000);
        long* call = stackalloc long[7];
        new Span<long>(call, 7).Clear();
        (call[0], call[1]) = (Nr.nanosleep, (long)moment);
        _engine.Stubs.BlockingCall(call);
    }

    private void StartProgram(GuestThread t)
    {
        DebugThread d = Add(t, _self, isDetached: false);
        if (_handover is { Connection: >= 0 } before)
        {
            _session = new GdbSession(this, SendToDebugger) { Agreement = before.Agreement };
            _session.BeginRunning();
            (_events, _passed, _calls, _isAttached) = (before.Events, before.Passed, before.Calls, true);
            if (before.VforkParent != 0)
                _lostProcesses.Add(before.VforkParent);
            WatchSignals();
            StartServer();
            byte[] path = LinuxUser.Loader.GuestText.ToBytes(_process.Identity.Path);
            Stop(d, new GdbStop((_events & GdbEvents.Exec) != 0 ? GdbStopKind.Exec : GdbStopKind.Signal, d.Id) { Path = path });
            return;
        }

        StartServer();
        if (_waits)
        {
            *d.Word = 1;
            Park(d);
        }
    }
}
