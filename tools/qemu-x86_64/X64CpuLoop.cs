using Suite.Host;
using Suite.Host.Diagnostics;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tools.X64;

/// <summary>Runs one guest thread: the engine returns, the personality decides.</summary>
internal sealed unsafe class X64CpuLoop(X64Special special)
{
    // The legacy vsyscall page: three entry points that programs linked statically long ago still call.
    private const ulong VsyscallPage = 0xFFFF_FFFF_FF60_0000, VsyscallSize = 0xC00;

    public void Run(GuestThread t)
    {
        VcpuState* s = t.State;
        while (!t.Exiting)
        {
            if (s->Pending != 0)
                SignalDelivery.DeliverPending(t);
            switch (t.Engine.Run(s))
            {
                case ExitReason.Syscall:
                    Dispatcher.Serve(t);
                    break;
                case ExitReason.SyscallFault:
                    Dispatcher.Retry(t, (int)s->Scratch[0]);
                    break;
                case ExitReason.Fault:
                    LogFault(t);
                    SignalDelivery.Fault(t);
                    break;
                case ExitReason.FetchFault when s->Pc - VsyscallPage < VsyscallSize && s->Pc % 0x400 == 0:
                    Vsyscall(t);
                    break;
                case ExitReason.FetchFault:
                    LogFault(t);
                    SignalDelivery.FetchFault(t);
                    break;
                case ExitReason.Special:
                    special.Execute(t);
                    break;
                case ExitReason.Interrupt:
                    break;
                default:
                    throw new InvalidOperationException($"unexpected exit {s->Reason} at {s->Pc:x}");
            }
        }
    }

    private static void Vsyscall(GuestThread t)
    {
        VcpuState* s = t.State;
        ReadOnlySpan<int> numbers = [Nr.gettimeofday, Nr.time, Nr.getcpu];
        if (!t.Memory.TryRead(s->Gpr[4], out ulong back))
        {
            SignalDelivery.FetchFault(t);
            return;
        }

        int number = numbers[(int)((s->Pc - VsyscallPage) / 0x400)];
        s->Gpr[0] = (ulong)Sys.Call(number, (long)s->Gpr[7], (long)s->Gpr[6], (long)s->Gpr[2]);
        s->Gpr[4] += 8;
        s->Pc = back;
    }

    private static void LogFault(GuestThread t)
    {
        if ((t.Process.LogItems & LogItems.Int) != 0)
            t.Process.Log?.Line($"{t.Tid} fault: trap {t.State->FaultTrap} error {t.State->FaultError:x} address {t.State->FaultAddress:x}\n{t.Abi.DescribeRegisters(t)}");
    }
}
