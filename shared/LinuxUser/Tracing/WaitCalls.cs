using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Tracing;

/// <summary>wait4(2) and waitid(2): the host's, without the stops of tracees that are nothing to the guest (<see cref="Tracees"/>).</summary>
public static unsafe class WaitCalls
{
    private const int WNOHANG = 1, WSTOPPED = 2, WNOWAIT = 0x01000000, WALL = 0x40000000, P_PID = 1;
    private const int SiginfoBytes = 128, PidOffset = 16, StatusOffset = 24, RusageBytes = 144, CLD_TRAPPED = 4, CLD_STOPPED = 5;

    /// <summary>wait4(2): pid, status, options, rusage.</summary>
    public static long Wait4(GuestThread t, in SysArgs a)
    {
        byte* usage = stackalloc byte[RusageBytes];
        int status;
        while (true)
        {
            long got = t.BlockingCall(Nr.wait4, a.A1, (ulong)&status, a.A3, a.A4 == 0 ? 0 : (ulong)usage);
            if (got <= 0)
                return got;
            if (!IsForGuest(t, (int)got, ref status, isKept: false))
                continue;
            bool written = (a.A2 == 0 || t.Memory.TryWrite(a.A2, status)) && (a.A4 == 0 || t.Memory.TryWrite(a.A4, new ReadOnlySpan<byte>(usage, RusageBytes)));
            return written ? got : -Errno.EFAULT;
        }
    }

    /// <summary>waitid(2): idtype, id, siginfo, options, rusage.</summary>
    public static long Waitid(GuestThread t, in SysArgs a)
    {
        byte* info = stackalloc byte[SiginfoBytes], usage = stackalloc byte[RusageBytes];
        while (true)
        {
            new Span<byte>(info, SiginfoBytes).Clear();
            long result = t.BlockingCall(Nr.waitid, a.A1, a.A2, (ulong)info, a.A4, a.A5 == 0 ? 0 : (ulong)usage);
            if (result == SysResult.Restart)
                return result;
            int tid = *(int*)(info + PidOffset);
            if (tid != 0 && !IsForGuest(t, tid, info, (a.A4 & WNOWAIT) != 0))
                continue;
            // Of the siginfo the kernel writes no more than this, and that whatever came of the call.
            const int Written = 28;
            bool written = (a.A3 == 0 || t.Memory.TryWrite(a.A3, new ReadOnlySpan<byte>(info, Written)))
                && (a.A5 == 0 || tid == 0 || t.Memory.TryWrite(a.A5, new ReadOnlySpan<byte>(usage, RusageBytes)));
            return written ? result : -Errno.EFAULT;
        }
    }

    /// <summary>Looks at a tracee's stop that the guest has not waited for, and leaves it to be waited for.</summary>
    public static void Peek(GuestThread t, int tid)
    {
        byte* info = stackalloc byte[SiginfoBytes];
        while (true)
        {
            new Span<byte>(info, SiginfoBytes).Clear();
            long result = Sys.Call(Nr.waitid, P_PID, tid, (long)info, WSTOPPED | WNOHANG | WNOWAIT | WALL, 0);
            if (result != 0 || *(int*)(info + PidOffset) == 0 || IsForGuest(t, tid, info, isKept: true))
                return;
        }
    }

    /// <summary>True when a child has ended that nobody has waited for.</summary>
    public static bool AnyEnded()
    {
        const int P_ALL = 0, WEXITED = 4;
        byte* info = stackalloc byte[SiginfoBytes];
        new Span<byte>(info, SiginfoBytes).Clear();
        return Sys.Call(Nr.waitid, P_ALL, 0, (long)info, WEXITED | WNOHANG | WNOWAIT | WALL, 0) == 0 && *(int*)(info + PidOffset) != 0;
    }

    private static bool IsForGuest(GuestThread t, int tid, byte* info, bool isKept)
    {
        const int CodeOffset = 8;
        int code = *(int*)(info + CodeOffset), status = *(int*)(info + StatusOffset);
        if (code is not (CLD_TRAPPED or CLD_STOPPED))
        {
            int ended = (status & 0xFF) << 8;
            t.Process.Tracees?.Ended(tid, ref ended, isKept);
            return true;
        }

        status = status << 8 | 0x7F;
        // A stop that is left to be waited for must be taken before its thread is sent on.
        if (!IsForGuest(t, tid, ref status, isKept))
            return false;
        *(int*)(info + StatusOffset) = status >> 8;
        return true;
    }

    private static bool IsForGuest(GuestThread t, int tid, ref int status, bool isKept)
    {
        if (!Tracees.IsStopped(status))
        {
            t.Process.Tracees?.Ended(tid, ref status, isKept);
            return true;
        }

        if (t.Process.Tracees is null)
        {
            if (TracedProcess.TracerOf(tid) is 0)
                return true; // job control
        }

        return Tracees.Of(t).Accept(t, tid, ref status);
    }
}
