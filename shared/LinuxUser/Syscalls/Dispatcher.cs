using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Syscalls;

/// <summary>Serves one system call of a thread: from the table, with -strace around it.</summary>
public static unsafe class Dispatcher
{
    /// <summary>The call the thread has stopped at. Pc is behind the instruction.</summary>
    public static void Serve(GuestThread t)
    {
        ITracer? tracer = t.Process.Tracer;
        if (t.RepeatsCall)
            t.Waits.GoOn();
        SysArgs a = t.Abi.Arguments(t);
        t.CallNumber = a.Number;
        if (tracer is not null)
        {
            if (!tracer.CallEntered(t))
                return;
            a = t.Abi.Arguments(t); // which may be others now
            t.CallNumber = a.Number;
        }

        t.Calls.Begin(a);
        long result = t.Process.Strace is null ? Dispatch(t, a) : Traced(t, a);
        if (result == -Errno.EFAULT && tracer is not null && t.Memory.OpenWatches())
            result = Dispatch(t, a); // the page may have been closed only because a debugger watches it
        result = Finish(t, a, result);
        t.Calls.End(result);
        tracer?.CallReturned(t, result);
    }

    /// <summary>
    /// A call made by generated code came back with -EFAULT. If pages were only protected because code was translated from them, they are
    /// opened and the call is made again; else the error is the guest's.
    /// </summary>
    public static void Retry(GuestThread t, long number)
    {
        SysArgs a = t.Abi.Arguments(t) with { Number = number };
        Finish(t, a, t.Memory.AllowKernelWrites(0, ulong.MaxValue) ? Pass(t, a) : -Errno.EFAULT);
    }

    /// <summary>
    /// A handler is about to run. When it comes before a call that was cut short goes on, the call may end there, as the kernel's restart_block does.
    /// </summary>
    public static void HandlerComes(GuestThread t)
    {
        if (t.IsCutShort && t.RewoundPc != 0 && t.RewoundPc == t.State->Pc && t.Waits.EndsByLateHandler)
        {
            t.State->Pc += CallStops.InstructionBytes(t);
            t.Abi.SetResult(t, -Errno.EINTR);
        }

        t.Waits.Forget();
        (t.IsCutShort, t.RepeatsCall, t.RewoundPc) = (false, false, 0);
    }

    private static long Finish(GuestThread t, in SysArgs a, long result)
    {
        t.IsCutShort = result == -Errno.EINTR && SignalDelivery.IsUnhandled(t, isInternal: t.Waits.EndsWithoutHandler);
        if (t.IsCutShort)
            result = SysResult.Restart;
        if (result != SysResult.Restart)
            t.Waits.Forget();
        t.RewoundPc = 0;
        t.RepeatsCall = result == SysResult.Restart;
        if (result == SysResult.RegistersSet)
            t.CallNumber = -1;
        else if (result == SysResult.Restart)
        {
            t.Abi.Rewind(t, a.Number);
            t.RewoundPc = t.State->Pc;
        }
        else
            t.Abi.SetResult(t, result);
        return result;
    }

    private static long Dispatch(GuestThread t, in SysArgs asked)
    {
        SysArgs a = asked;
        if (t.Process.Seccomp is { } filters && filters.Judge(t, ref a) is { } verdict)
            return verdict;
        SyscallEntry[] table = t.Process.Syscalls;
        SyscallEntry entry = (ulong)a.Number < (ulong)table.Length ? table[a.Number] : default;
        switch (entry.Flow)
        {
            case SyscallFlow.Handled:
                return entry.Handler(t, a);
            case SyscallFlow.Pass or SyscallFlow.Inline:
                long result = Pass(t, a);
                return result == -Errno.EFAULT && t.Memory.AllowKernelWrites(0, ulong.MaxValue) ? Pass(t, a) : result;
            default:
                t.Process.ReportUnimplemented(a.Number);
                return -Errno.ENOSYS;
        }
    }

    /// <summary>The call as it is, by the host's kernel.</summary>
    public static long Pass(GuestThread t, in SysArgs a) => t.BlockingCall(a.Number, a.A1, a.A2, a.A3, a.A4, a.A5, a.A6);

    private static long Traced(GuestThread t, in SysArgs a)
    {
        StraceSession trace = t.Process.Strace!;
        if (trace.Begin(t.Tid, a) is not { } call)
            return Dispatch(t, a);
        long result = Dispatch(t, a);
        trace.End(call, t.Tid, result);
        return result;
    }
}
