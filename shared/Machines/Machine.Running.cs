using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Machines;

public sealed partial class Machine
{
    /// <summary>Starts the machine, or lets it go on. On any thread that is no vCPU's, without the lock.</summary>
    public void Continue()
    {
        lock (Lock)
        {
            if (_isRunning || _isEnding)
                return;
            if (State is RunState.Shutdown or RunState.GuestPanicked or RunState.InternalError)
                return; // only a reset leads out of these
            (_isRunning, State) = (true, RunState.Running);
            Clock.Start();
            _time?.LimitTo(Clock);
        }

        Tell(new MachineEvent("RESUME"));
        WakeAll();
        _wake.Set();
    }

    /// <summary>Stops the machine and its time: afterwards no vCPU runs. On any thread that is no vCPU's, without the lock.</summary>
    public void Stop(RunState state)
    {
        bool wasRunning;
        lock (Lock)
        {
            wasRunning = _isRunning;
            (_isRunning, State) = (false, state);
            Clock.Stop();
        }

        KickAll();
        WaitUntilParked();
        lock (Lock)
            Spaces.Settle();
        if (wasRunning)
            Tell(new MachineEvent("STOP"));
    }

    /// <summary>Says what a stopped machine is waiting for.</summary>
    public void SetState(RunState state)
    {
        lock (Lock)
            if (!_isRunning)
                State = state;
    }

    /// <summary>
    /// Calls something under the lock while no vCPU runs: their state may be read and changed. The guest's time goes on. On any thread that is no
    /// vCPU's, without the lock.
    /// </summary>
    public void WhileParked(Action action)
    {
        lock (Lock)
            _pauses++;
        try
        {
            KickAll();
            WaitUntilParked();
            lock (Lock)
                action();
        }
        finally
        {
            lock (Lock)
                _pauses--;
            WakeAll();
        }
    }

    /// <summary>Keeps a vCPU from running although the machine runs, for a debugger that lets only another one go on. While the machine is stopped.</summary>
    public void Hold(int index, bool isHeld)
    {
        lock (Lock)
            _vcpus[index].IsHeld = isHeld;
        _vcpus[index].Wake.Set();
    }

    /// <summary>Asks for a reset; it happens soon. From any thread.</summary>
    public void RequestReset(StopCause cause)
    {
        if (EndsAtReset && RunStateNames.IsByGuest(cause))
        {
            RequestShutdown(cause);
            return;
        }

        Freeze();
        Post(() =>
        {
            WhileParked(() =>
            {
                ResetAll();
                if (State is RunState.Shutdown or RunState.GuestPanicked or RunState.InternalError)
                    State = RunState.Paused;
                _frozen = false;
            });
            Tell(MachineEvent.Caused("RESET", cause));
        });
    }

    /// <summary>Asks for the end of the machine, or a stop with -no-shutdown. From any thread.</summary>
    /// <param name="cause">Told in the event.</param>
    /// <param name="status">Exit status.</param>
    public void RequestShutdown(StopCause cause, int status = 0)
    {
        Freeze();
        Post(() =>
        {
            Tell(MachineEvent.Caused("SHUTDOWN", cause));
            if (!StaysAfterShutdown || cause is StopCause.HostQmpQuit or StopCause.HostSignal)
            {
                Exit(status);
                return;
            }

            Stop(cause == StopCause.GuestPanic ? RunState.GuestPanicked : RunState.Shutdown);
            lock (Lock)
                _frozen = false;
        });
    }

    /// <summary>The guest says that its kernel has panicked, or loads its crash kernel. Under the lock.</summary>
    public void GuestPanicked(bool isPanic)
    {
        if (!isPanic)
        {
            Tell(new MachineEvent("GUEST_CRASHLOADED", ("action", "run")));
            return;
        }

        string action = OnPanic switch { PanicAction.Pause => "pause", PanicAction.Shutdown => "poweroff", _ => "run" };
        Tell(new MachineEvent("GUEST_PANICKED", ("action", action)));
        if (OnPanic == PanicAction.Shutdown)
        {
            RequestShutdown(StopCause.GuestPanic, PanicStatus);
        }
        else if (OnPanic == PanicAction.Pause)
        {
            Freeze();
            Post(() =>
            {
                Stop(RunState.GuestPanicked);
                lock (Lock)
                    _frozen = false;
            });
        }
    }

    /// <summary>Presses the power button. From any thread.</summary>
    public void RequestPowerdown() => Post(() =>
    {
        lock (Lock)
            PoweringDown?.Invoke();
        Tell(new MachineEvent("POWERDOWN"));
    });

    /// <summary>The accelerator cannot go on: the machine stops, the message is told.</summary>
    public void RequestFailureStop(string message)
    {
        Freeze();
        Post(() =>
        {
            Stop(RunState.InternalError);
            lock (Lock)
                _frozen = false;
            Failed?.Invoke(message);
        });
    }

    /// <summary>The accelerator failed: what is to be said to the user. Called on the thread of <see cref="Run"/>.</summary>
    public event Action<string>? Failed;

    // Between a device's request and its execution on the main thread no vCPU may go on: the guest has asked to be reset here and now.
    private bool _frozen;

    private void Freeze()
    {
        lock (Lock)
            _frozen = true;
        KickAll();
    }

    private void ResetAll()
    {
        foreach (Device device in _devices)
            device.Reset();
        foreach (VcpuThread t in _vcpus)
            t.Vcpu.Reset();
        Resetting?.Invoke();
    }

    private void RunVcpu(VcpuThread self)
    {
        _vcpuOfThread.Value = self.Vcpu.Index;
        self.ThreadId = (int)Sys.Call(Nr.gettid);
        self.Vcpu.Attach();
        while (true)
        {
            bool mayRun;
            lock (Lock)
            {
                if (_isEnding)
                    return;
                mayRun = _isRunning && _pauses == 0 && !_frozen && !self.IsHeld;
                if (self.IsParked == mayRun)
                {
                    self.IsParked = !mayRun;
                    _parked.Set();
                }
            }

            if (!mayRun)
            {
                self.Wake.Wait();
                continue;
            }

            switch (self.Vcpu.Run())
            {
                case VcpuExit.Halted when !self.Vcpu.HasWork:
                    WaitForWork(self);
                    break;
                case VcpuExit.Deadline:
                    RunInstructionClock();
                    break;
                case VcpuExit.Shutdown:
                    RequestReset(StopCause.GuestReset);
                    break;
                case VcpuExit.Debug:
                    Freeze();
                    Post(() =>
                    {
                        Stop(RunState.Debug);
                        lock (Lock)
                            _frozen = false;
                        DebugStopped?.Invoke(self.Vcpu);
                    });
                    break;
                case VcpuExit.Failed:
                    RequestFailureStop(self.Vcpu.Failure ?? "unknown");
                    break;
            }
        }
    }

    private void WaitForWork(VcpuThread self)
    {
        if (_time is not { } time)
        {
            self.Wake.Wait();
            return;
        }

        long? left;
        lock (Lock)
            left = Clock.NextDeadline - Clock.Now;
        time.Idle(left, self.Wake);
        RunInstructionClock();
    }

    // The timers of a machine whose time is its processor's: on the processor's thread, between two instructions.
    private void RunInstructionClock()
    {
        lock (Lock)
        {
            if (_isRunning)
                Clock.RunExpired();
            _time!.LimitTo(Clock);
        }

        _time.Follow();
    }

    private void KickAll()
    {
        foreach (VcpuThread t in _vcpus)
        {
            t.Vcpu.Kick();
            t.Wake.Set();
        }
    }

    private void WakeAll()
    {
        foreach (VcpuThread t in _vcpus)
            t.Wake.Set();
    }

    private void WaitUntilParked()
    {
        if (CurrentVcpu != NoVcpu || Lock.IsHeldByCurrentThread)
            throw new InvalidOperationException("waiting for vCPUs on one of them, or under the lock");
        while (true)
        {
            lock (Lock)
                if (_vcpus.TrueForAll(t => t.IsParked || t.Thread is null))
                    return;
            _parked.Wait(Millisecond); // not for ever: two threads may wait for the same event
        }
    }
}
