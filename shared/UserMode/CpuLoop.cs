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
        while (!t.Exiting)
        {
            if (s->Pending != 0)
                SignalDelivery.DeliverPending(t);
            t.Process.Tracer?.BeforeGuestCode(t);
            if (t.Exiting)
                break;
            ExitReason reason = t.Engine.Run(s);
            if (reason is not (ExitReason.Syscall or ExitReason.SystemCall or ExitReason.SyscallFault))
                t.CallNumber = -1;
            if (reason is ExitReason.Fault or ExitReason.Interrupt)
                cpu.LeaveBlock(t);
            switch (reason)
            {
                case ExitReason.Syscall or ExitReason.SystemCall:
                    Dispatcher.Serve(t);
                    break;
                case ExitReason.SyscallFault:
                    Dispatcher.Retry(t, (int)s->Scratch[0]);
                    break;
                case ExitReason.Fault when cpu.ServeFault(t):
                    break;
                case ExitReason.Fault:
                    LogFault(t);
                    SignalDelivery.Fault(t);
                    break;
                case ExitReason.FetchFault when cpu.ServeFetchFault(t):
                    break;
                case ExitReason.FetchFault:
                    LogFault(t);
                    SignalDelivery.FetchFault(t);
                    break;
                case ExitReason.Special:
                    cpu.ExecuteSpecial(t);
                    break;
                case ExitReason.Interrupt:
                    break;
                default:
                    throw new InvalidOperationException($"unexpected exit {s->Reason} at {s->Pc:x}");
            }
        }
    }

    private static void LogFault(GuestThread t)
    {
        if ((t.Process.LogItems & LogItems.Int) != 0)
            t.Process.Log?.Line($"{t.Tid} fault: trap {t.State->FaultTrap} error {t.State->FaultError:x} address {t.State->FaultAddress:x}\n{t.Abi.DescribeRegisters(t)}");
    }
}
