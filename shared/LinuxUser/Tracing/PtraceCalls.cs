using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Tracing;

/// <summary>ptrace(2) of a guest, for tracees that are emulated by this tool as well. Arguments: request, pid, addr, data.</summary>
public static unsafe partial class PtraceCalls
{
    private const long EIO = -Errno.EIO, ESRCH = -Errno.ESRCH, EPERM = -Errno.EPERM, EINVAL = -Errno.EINVAL, EFAULT = -Errno.EFAULT;
    private const int MostSignal = 64;

    /// <summary>The call. In 32-bit guests addresses and data have 32 bits.</summary>
    public static long Call(GuestThread t, in SysArgs a)
    {
        int request = (int)a.A1, tid = (int)a.A2;
        switch (request)
        {
            case Ptrace.TRACEME:
                return TraceMe(t);
            case Ptrace.ATTACH:
                return Attach(t, tid, 0, isSeize: false);
            case Ptrace.SEIZE:
                return a.A3 != 0 || (a.A4 & ~(ulong)Ptrace.O_MASK) != 0 ? EIO : Attach(t, tid, (uint)a.A4, isSeize: true);
        }

        if (t.Process.Tracees is not { } tracees || !tracees.TryFind(tid, out TraceeRecord? r))
            r = Meet(t, tid);
        if (r is null || r.Owner != t.Tid)
            return ESRCH;

        if (request == Ptrace.KILL)
            return Kill(r);
        if (request == Ptrace.INTERRUPT)
            return Interrupt(t, r);
        if (!r.IsStopped && !IsStoppedNow(t, r))
            return ESRCH;
        return r.IsNative ? Native(t, r, a) : Stopped(t, r, request, a);
    }

    // TRACEME'd children are met when they first stop, which the guest may use before it waits.
    private static TraceeRecord? Meet(GuestThread t, int tid)
    {
        ulong message;
        if (Sys.Call(Nr.ptrace, Ptrace.GETEVENTMSG, tid, 0, (long)&message) != 0)
            return null;
        Tracees tracees = Tracees.Of(t);
        WaitCalls.Peek(t, tid);
        return tracees.TryFind(tid, out TraceeRecord? r) ? r : null;
    }

    private static bool IsStoppedNow(GuestThread t, TraceeRecord r)
    {
        WaitCalls.Peek(t, r.Tid);
        return r.IsStopped;
    }

    private static long TraceMe(GuestThread t)
    {
        if (t.Process.Tracer is not (null or Tracee))
            return EPERM;
        long result = Sys.Call(Nr.ptrace, Ptrace.TRACEME);
        if (result == 0)
            Tracee.Begin(t);
        return result;
    }

    private static long Attach(GuestThread t, int tid, uint options, bool isSeize)
    {
        bool isEmulated = TracedProcess.IsEmulated(tid);
        if (isEmulated && PeerProcess.IsRuntime(tid))
            return ESRCH;
        TraceeRecord made = new(tid, TracedProcess.ProcessOf(tid), t.Tid) { Options = options, IsSeized = isSeize, IsNative = !isEmulated };
        if (isEmulated && made.Process == (int)Sys.Call(Nr.getpid))
            return EPERM;
        bool isHalted = TracedProcess.IsHalted(tid);
        long result = made.IsNative && !isSeize
            ? Sys.Call(Nr.ptrace, Ptrace.ATTACH, tid)
            : Sys.Call(Nr.ptrace, Ptrace.SEIZE, tid, 0, made.HostOptions);
        if (result != 0)
            return result;
        Tracees.Of(t).Add(made);
        if (made.IsNative)
            return 0;
        // While its emulator starts, the request would kill it.
        for (int i = 0; i < 200 && !TracedProcess.TakesRequests(tid); i++)
            Sleep(1);
        TraceSignal.Send(made.Process, tid, isSeize || isHalted ? TraceRequest.Seize : TraceRequest.Attach, (int)Sys.Call(Nr.getpid), (int)Sys.Call(Nr.getuid));
        return 0;
    }

    private static void Sleep(int milliseconds)
    {
        long* time = stackalloc long[2];
        (time[0], time[1]) = (0, milliseconds * 1_000_000L);
        Sys.Blocking(Nr.nanosleep, (long)time);
    }

    private static long Kill(TraceeRecord r)
    {
        Sys.Call(Nr.tgkill, r.Process, r.Tid, Linux.SIGKILL);
        return 0;
    }

    private static long Interrupt(GuestThread t, TraceeRecord r)
    {
        if (!r.IsSeized)
            return EIO;
        return r.IsNative ? Sys.Call(Nr.ptrace, Ptrace.INTERRUPT, r.Tid)
            : TraceSignal.Send(r.Process, r.Tid, TraceRequest.Interrupt, (int)Sys.Call(Nr.getpid), (int)Sys.Call(Nr.getuid));
    }

    // The kernel's own stop of a process it runs itself: registers and structs are the host's, which is of use to 64-bit guests only.
    private static long Native(GuestThread t, TraceeRecord r, in SysArgs a)
    {
        int request = (int)a.A1;
        if (request is Ptrace.CONT or Ptrace.SYSCALL or Ptrace.SINGLESTEP or Ptrace.DETACH or Ptrace.LISTEN)
        {
            r.IsStopped = false;
            if (request == Ptrace.DETACH)
                t.Process.Tracees!.Remove(r.Tid);
        }
        else if (t.Process.Compat is not null)
        {
            return EIO;
        }

        return Proc.HostCall.Make(t, Nr.ptrace, a.A1, a.A2, a.A3, a.A4);
    }

    private static long Stopped(GuestThread t, TraceeRecord r, int request, in SysArgs a)
    {
        switch (request)
        {
            case Ptrace.PEEKTEXT or Ptrace.PEEKDATA:
                return Peek(t, r, a);
            case Ptrace.POKETEXT or Ptrace.POKEDATA:
                return Poke(t, r, a);
            case Ptrace.PEEKUSER:
                return PeekUser(t, r, a);
            case Ptrace.POKEUSER:
                return PokeUser(t, r, a);
            case Ptrace.CONT:
                return Resume(t, r, TraceCommand.Continue, a.A4);
            case Ptrace.SYSCALL:
                return Resume(t, r, TraceCommand.Call, a.A4);
            case Ptrace.SINGLESTEP:
                return Resume(t, r, TraceCommand.Step, a.A4);
            case Ptrace.DETACH:
                return Detach(t, r, a.A4);
            case Ptrace.LISTEN:
                return Listen(r);
            case Ptrace.SETOPTIONS:
                return SetOptions(r, a.A4);
            case Ptrace.GETEVENTMSG:
                return t.Memory.TryWriteWord(a.A4, r.Message) ? 0 : EFAULT;
            case Ptrace.GETSIGINFO:
                return GetSiginfo(t, r, a.A4);
            case Ptrace.SETSIGINFO:
                return SetSiginfo(t, r, a.A4);
            case Ptrace.PEEKSIGINFO:
                return PeekSiginfo(t, r, a);
            case Ptrace.GETSIGMASK:
                return GetMask(t, r, a);
            case Ptrace.SETSIGMASK:
                return SetMask(t, r, a);
            case Ptrace.GETREGSET:
                return GetRegset(t, r, a);
            case Ptrace.SETREGSET:
                return SetRegset(t, r, a);
            case Ptrace.SECCOMP_GET_FILTER:
                return GetFilter(t, r, a);
            case Ptrace.GET_SYSCALL_INFO:
                return GetCallInfo(t, r, a);
            default:
                return Special(t, r, request, a);
        }
    }

    private static long Resume(GuestThread t, TraceeRecord r, TraceCommand command, ulong signal) =>
        signal > MostSignal ? EIO : r.Resume(command, (int)signal);

    private static long Detach(GuestThread t, TraceeRecord r, ulong signal)
    {
        if (signal > MostSignal)
            return EIO;
        long result = r.Resume(TraceCommand.Detach, (int)signal);
        if (result == 0)
            t.Process.Tracees!.Remove(r.Tid);
        return result;
    }

    private static long Listen(TraceeRecord r)
    {
        if (!r.IsSeized || r.Status >> 16 != Ptrace.EVENT_STOP)
            return EIO;
        long result = Sys.Call(Nr.ptrace, Ptrace.LISTEN, r.Tid);
        if (result == 0)
            (r.IsStopped, r.IsListening) = (false, true);
        return result;
    }

    private static long SetOptions(TraceeRecord r, ulong options)
    {
        if ((options & ~(ulong)Ptrace.O_MASK) != 0)
            return EINVAL;
        r.Options = (uint)options;
        r.ApplyOptions();
        return 0;
    }

    private static bool IsPpc(GuestThread t) => t.Process.Target == ElfTarget.Ppc;

    private static int WordBytes(GuestThread t) => t.Process.Target.Is64 ? 8 : 4;

    private static GuestAbi Layout(GuestThread t) => t.Process.Compat?.Abi ?? GuestAbi.X64;
}
