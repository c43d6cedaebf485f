using Suite.Gdb;
using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Tracing;

namespace Suite.UserMode.Debugging;

// On guest threads: what happens to them, and waiting.
internal sealed unsafe partial class Debugger
{
    private const int SiCode = 8, SiValue = 16;

    void ITracer.ThreadStarted(GuestThread t, ThreadBirth birth)
    {
        switch (birth)
        {
            case ThreadBirth.Program:
                StartProgram(t);
                break;
            case ThreadBirth.Clone:
                Add(t, _self, isDetached: false);
                break;
            case ThreadBirth.Fork:
                BecomeForkChild(t);
                break;
            case ThreadBirth.Vfork:
                BecomeVforkChild(t);
                break;
        }
    }

    void ITracer.BeforeGuestCode(GuestThread t)
    {
        DebugThread d = Of(t);
        if (!d.MayRun)
            Park(d);
        if (_watches.Count > 0)
            CheckWatches(d);
    }

    void ITracer.Stepped(GuestThread t)
    {
        DebugThread d = Of(t);
        ulong pc = t.State->Pc;
        if (d.Mode == GdbResumeKind.RangeStep && pc >= d.Range.Start && pc < d.Range.End && d.MayRun && !_engine.IsBreakpoint(pc))
        {
            t.StepsOnce = true;
            return;
        }

        Stop(d, new GdbStop(GdbStopKind.Signal, d.Id));
    }

    bool ITracer.BreakpointReached(GuestThread t)
    {
        DebugThread d = Of(t);
        if (d.IsDetached || !_isAttached)
            return false;
        Stop(d, new GdbStop(GdbStopKind.Breakpoint, d.Id));
        return true;
    }

    bool ITracer.SignalArrived(GuestThread t, Span<byte> siginfo)
    {
        DebugThread d = Of(t);
        int signal = BitConverter.ToInt32(siginfo);
        ulong bit = SignalMasks.Of(signal);
        if (d.IsDetached || !_isAttached || (_passed & bit) != 0)
            return true;
        if ((d.PassOnce & bit) != 0)
        {
            d.PassOnce &= ~bit;
            return true;
        }

        d.Siginfo = siginfo.ToArray();
        d.Signal = signal;
        Stop(d, new GdbStop(GdbStopKind.Signal, d.Id) { Signal = GdbSignals.FromLinux(signal) });
        byte[] info = d.Siginfo;
        d.Siginfo = null;
        int chosen = d.Signal;
        d.Signal = 0;
        if (chosen == 0)
            return false;
        info.CopyTo(siginfo);
        if (chosen != BitConverter.ToInt32(siginfo))
            FillSent(siginfo, chosen);
        return true;
    }

    bool ITracer.CallEntered(GuestThread t)
    {
        DebugThread d = Of(t);
        d.CaughtCall = -1;
        if (d.IsDetached)
            return true;
        long number = t.CallNumber;
        if (_isAttached && IsCaught(number))
        {
            d.CaughtCall = number;
            Stop(d, new GdbStop(GdbStopKind.CallEntry, d.Id) { Value = (ulong)number });
            if (t.CallNumber < 0)
                return false; // the debugger wants no call
        }

        _registers.Read(t, d.Registers);
        _registers.MarkCall(d.Registers);
        if (_watches.Count > 0 && _engine.World.Count == 1)
            t.Memory.OpenWatches(); // nobody else would miss an access meanwhile
        d.InCall = true;
        return true;
    }

    void ITracer.CallReturned(GuestThread t, long result)
    {
        DebugThread d = Of(t);
        bool isBroken = d.InCall && d.CallBroken && (result == SysResult.Restart || result == -LinuxUser.Abi.Errno.EINTR);
        d.InCall = false;
        if (isBroken)
            return; // its registers are still those of the call
        d.CallBroken = false;
        if (d.CaughtCall >= 0 && !d.IsDetached && _isAttached && result != SysResult.Restart)
            Stop(d, new GdbStop(GdbStopKind.CallReturn, d.Id) { Value = (ulong)d.CaughtCall });
        d.CaughtCall = -1;
    }

    void ITracer.ChildMade(GuestThread t, ThreadBirth birth, int child)
    {
        if (birth == ThreadBirth.Fork)
            TellFork(t, child);
        else if (birth == ThreadBirth.Vfork)
            EndVfork(t);
    }

    void ITracer.ThreadEnding(GuestThread t)
    {
        DebugThread d = Of(t);
        Remove(d);
        _sockets.Notify(); // nobody may be left that runs
    }

    void ITracer.ProcessEnding(GuestThread t, int status, int signal)
    {
        DebugThread d = Of(t);
        if (d.IsDetached || !_isAttached)
        {
            if (d.VforkParent is null && d.Id.Process == _self)
                _sockets.RemovePath();
            return;
        }

        d.Siginfo = null;
        Stop(d, signal == 0
            ? new GdbStop(GdbStopKind.Exited, d.Id) { Value = (byte)status }
            : new GdbStop(GdbStopKind.Killed, d.Id) { Signal = GdbSignals.FromLinux(signal) });
        if (d.VforkParent is null)
            _sockets.RemovePath();
    }

    private bool IsCaught(long number) => _calls is { } calls && (calls.Count == 0 || calls.Contains((int)number));

    // Something the debugger is told: the thread waits until it is let go.
    private void Stop(DebugThread d, GdbStop stop)
    {
        Volatile.Write(ref *d.Word, 1);
        d.Event = stop;
        Park(d);
    }

    private void Park(DebugThread d)
    {
        GuestThread t = d.Thread;
        (t.StepsOnce, t.IsStepping) = (false, false);
        if (d.CallBroken)
            d.IsDirty = true; // the registers of the call, or what the debugger made of them
        else
            _registers.Read(t, d.Registers);
        WaitParked(d);
        if (d.IsDirty)
            TakeRegisters(d);
        t.StepsOnce = !d.IsDetached && d.Mode is GdbResumeKind.Step or GdbResumeKind.RangeStep;
    }

    // A thread that was let go and is to stop again before it woke has not left: either the server sees that it is about to, or it sees the server's word.
    private void WaitParked(DebugThread d)
    {
        do
        {
            d.IsParked = true;
            _sockets.Notify();
            _engine.World.WaitWhile(d.Word, 1);
            d.IsParked = false;
            Interlocked.MemoryBarrier();
        }
        while (!d.MayRun);
    }

    // The registers the debugger left; a call that was broken off is made again if they still say so, as the kernel does it.
    private void TakeRegisters(DebugThread d)
    {
        (d.IsDirty, d.CallBroken) = (false, false);
        GuestThread t = d.Thread;
        _registers.Write(t, d.Registers);
        if (_registers.RestartsCall(d.Registers, out long number))
            t.Abi.Rewind(t, number);
        t.CallNumber = -1;
    }

    // A signal the debugger chose instead of the one that came, as the kernel tells of it (ptrace_signal of kernel/signal.c).
    private static void FillSent(Span<byte> siginfo, int signal)
    {
        siginfo.Clear();
        BitConverter.TryWriteBytes(siginfo, signal);
        BitConverter.TryWriteBytes(siginfo[SiValue..], (int)Sys.Call(Nr.getppid));
        BitConverter.TryWriteBytes(siginfo[(SiValue + 4)..], (int)Sys.Call(Nr.getuid));
        BitConverter.TryWriteBytes(siginfo[SiCode..], 0);
    }
}
