using Suite.Host.Diagnostics;
using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Diagnosis;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;

namespace Suite.UserMode;

/// <summary>Runs one guest thread: the engine returns, the personality or the target decides.</summary>
internal sealed unsafe class CpuLoop(UserCpu cpu)
{
    /// <summary>Runs the thread until it ends. An exception that escapes is the emulator's error and ends the process with a report.</summary>
    public void Run(GuestThread t)
    {
        try
        {
            RunGuest(t);
        }
        catch (Exception e) when (e is not EngineException)
        {
            InternalError.Die(t, e);
        }
    }

    private void RunGuest(GuestThread t)
    {
        VcpuState* s = t.State;
        bool passes = false; // a breakpoint that is not this thread's
        while (!t.Exiting)
        {
            if (s->Pending != 0 || t.HasOpenHeld)
                SignalDelivery.DeliverPending(t);
            t.Process.Tracer?.BeforeGuestCode(t);
            if (t.Exiting)
                break;
            if (t.StepsOnce)
                (t.StepsOnce, t.IsStepping) = (false, true);
            int faults = t.Faults;
            ExitReason reason = t.IsStepping || passes ? t.Engine.Step(s) : t.Engine.Run(s);
            passes = reason == ExitReason.Breakpoint && t.Process.Tracer?.BreakpointReached(t) != true;
            bool isDone = Serve(t, reason);
            if (t.IsStepping)
                EndStep(t, isDone && t.Faults == faults && !t.RepeatsCall);
        }
    }

    // A tracer that stopped the thread on the way has ended the step itself.
    private static void EndStep(GuestThread t, bool isDone)
    {
        t.IsStepping = false;
        if (!isDone)
            t.StepsOnce = true;
        else if (!t.Exiting)
            t.Process.Tracer?.Stepped(t);
    }

    // Acts on what generated code was left for. True when an instruction is done by it.
    private bool Serve(GuestThread t, ExitReason reason)
    {
        if (reason is not (ExitReason.Syscall or ExitReason.SystemCall or ExitReason.SyscallFault))
            (t.CallNumber, t.RepeatsCall) = (-1, false);
        if (reason is ExitReason.Fault or ExitReason.Interrupt)
            cpu.LeaveBlock(t);
        switch (reason)
        {
            case ExitReason.Syscall or ExitReason.SystemCall:
                Dispatcher.Serve(t);
                return true;
            case ExitReason.SyscallFault:
                Dispatcher.Retry(t, (int)t.State->Scratch[0]);
                return true;
            case ExitReason.Fault when cpu.ServeFault(t):
                return true;
            case ExitReason.Fault:
                LogFault(t);
                SignalDelivery.Fault(t);
                return false;
            case ExitReason.FetchFault when cpu.ServeFetchFault(t):
                return true;
            case ExitReason.FetchFault:
                LogFault(t);
                SignalDelivery.FetchFault(t);
                return false;
            case ExitReason.Special:
                cpu.ExecuteSpecial(t);
                return true;
            case ExitReason.Stepped:
                return true;
            case ExitReason.Interrupt or ExitReason.Breakpoint:
                return false;
            default:
                throw new InvalidOperationException($"unexpected exit {t.State->Reason} at {t.State->Pc:x}");
        }
    }

    private static void LogFault(GuestThread t)
    {
        if ((t.Process.LogItems & LogItems.Int) != 0)
            t.Process.Log?.Line($"{t.Tid} fault: trap {t.State->FaultTrap} error {t.State->FaultError:x} address {t.State->FaultAddress:x}\n{t.Abi.DescribeRegisters(t)}");
    }
}
