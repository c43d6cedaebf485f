using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// Signal calls that only 32-bit tables have, and those that carry a siginfo_t or a struct sigevent. The old calls know the first 32
/// signals; the rest of a mask stays as it is.
/// </summary>
internal static unsafe class CompatSignals
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;
    private const ulong Unblockable = 1UL << (Linux.SIGKILL - 1) | 1UL << (Linux.SIGSTOP - 1);

    /// <summary>sigaction(2), the old one: struct {handler, mask, flags, restorer}, a word each.</summary>
    public static long Sigaction(GuestThread t, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        int signal = a.Int1;
        if (signal is < 1 or > 64)
            return EINVAL;
        ulong* raw = stackalloc ulong[4];
        Span<byte> bytes = new(raw, 32);
        if (a.A2 != 0 && !t.Memory.TryReadStruct(abi, "pppp"u8, a.A2, bytes))
            return EFAULT;
        GuestAction old = t.Process.Actions[signal];
        if (a.A2 != 0)
        {
            long error = SetAction(t, signal, new GuestAction(raw[0], raw[2], raw[3], raw[1] & ~Unblockable));
            if (error != 0)
                return error;
        }

        if (a.A3 == 0)
            return 0;
        (raw[0], raw[1], raw[2], raw[3]) = (old.Handler, (uint)old.Mask, old.Flags, old.Restorer);
        return t.Memory.TryWriteStruct(abi, "pppp"u8, a.A3, bytes) ? 0 : EFAULT;
    }

    /// <summary>signal(2): a handler for one delivery, which may interrupt itself. The old handler is the result.</summary>
    public static long Signal(GuestThread t, in SysArgs a)
    {
        int signal = a.Int1;
        if (signal is < 1 or > 64)
            return EINVAL;
        GuestAction old = t.Process.Actions[signal];
        long error = SetAction(t, signal, new GuestAction((uint)a.A2, Linux.SA_RESETHAND | Linux.SA_NODEFER, 0, 0));
        return error != 0 ? error : (long)old.Handler;
    }

    public static long Sgetmask(GuestThread t, in SysArgs a) => (uint)t.SignalMask;

    public static long Ssetmask(GuestThread t, in SysArgs a)
    {
        ulong mask = (uint)a.A1, old = (uint)t.SignalMask;
        long result = SignalCalls.RtSigprocmask(t, new SysArgs(a.Number, Linux.SIG_SETMASK, (ulong)&mask, 0, 8, 0, 0));
        return result == 0 ? (long)old : result;
    }

    /// <summary>sigprocmask(2), the old one.</summary>
    public static long Sigprocmask(GuestThread t, in SysArgs a)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        ulong old = t.SignalMask, mask = 0;
        if (a.A2 != 0)
        {
            if (!t.Memory.TryReadWord(abi, a.A2, out uint word))
                return EFAULT;
            mask = a.Int1 == Linux.SIG_SETMASK ? old & ~(ulong)uint.MaxValue | word : word;
        }

        long result = SignalCalls.RtSigprocmask(t, new SysArgs(a.Number, a.A1, a.A2 == 0 ? 0 : (ulong)&mask, 0, 8, 0, 0));
        return result != 0 || a.A3 == 0 || t.Memory.TryWriteWord(abi, a.A3, (uint)old) ? result : EFAULT;
    }

    public static long Sigpending(GuestThread t, in SysArgs a)
    {
        ulong set = 0;
        long result = SignalCalls.RtSigpending(t, new SysArgs(a.Number, (ulong)&set, 8, 0, 0, 0, 0));
        return result != 0 || t.Memory.TryWriteWord(GuestWords.AbiOf(t), a.A1, (uint)set) ? result : EFAULT;
    }

    /// <summary>sigsuspend(2), the old one: the mask is the third argument on i386, the first on PowerPC.</summary>
    public static long Sigsuspend(GuestThread t, in SysArgs a)
    {
        ulong mask = GuestWords.AbiOf(t).BigEndian ? (uint)a.A1 : (uint)a.A3;
        return SignalCalls.RtSigsuspend(t, new SysArgs(a.Number, (ulong)&mask, 8, 0, 0, 0, 0));
    }

    public static long RtSigtimedwait(GuestThread t, in SysArgs a) => TimedWait(t, a, "ll"u8);

    public static long RtSigtimedwaitTime64(GuestThread t, in SysArgs a) => TimedWait(t, a, "qu"u8);

    public static long RtSigqueueinfo(GuestThread t, in SysArgs a)
    {
        byte* info = stackalloc byte[SiginfoLayout.Size];
        return ReadInfo(t, a.Int2, a.A3, info)
            ? SignalCalls.PassSignal(t, new SysArgs(Nr.rt_sigqueueinfo, a.A1, a.A2, (ulong)info, 0, 0, 0)) : EFAULT;
    }

    public static long RtTgsigqueueinfo(GuestThread t, in SysArgs a)
    {
        byte* info = stackalloc byte[SiginfoLayout.Size];
        return ReadInfo(t, a.Int3, a.A4, info)
            ? SignalCalls.PassSignal(t, new SysArgs(Nr.rt_tgsigqueueinfo, a.A1, a.A2, a.A3, (ulong)info, 0, 0)) : EFAULT;
    }

    public static long PidfdSendSignal(GuestThread t, in SysArgs a)
    {
        byte* info = stackalloc byte[SiginfoLayout.Size];
        if (a.A3 != 0 && !ReadInfo(t, a.Int2, a.A3, info))
            return EFAULT;
        return SignalCalls.PassSignal(t, new SysArgs(Nr.pidfd_send_signal, a.A1, a.A2, a.A3 == 0 ? 0 : (ulong)info, a.A4, 0, 0));
    }

    public static long TimerCreate(GuestThread t, in SysArgs a)
    {
        byte* timer = stackalloc byte[4], sigevent = stackalloc byte[SigeventSize];
        ulong at = a.A2;
        if (!ReadEvent(t, ref at, sigevent))
            return EFAULT;
        long result = HostCall.Make(t, Nr.timer_create, a.A1, at, (ulong)timer);
        if (result < 0)
            return result;
        if (t.Memory.TryWriteWord(GuestWords.AbiOf(t), a.A3, *(uint*)timer))
            return result;
        Sys.Call(Nr.timer_delete, *(int*)timer);
        return EFAULT;
    }

    /// <summary>mq_open(2): 64-bit calls read the attributes always, those of 32-bit programs only to make a queue (COMPAT_SYSCALL_DEFINE4 of ipc/mqueue.c).</summary>
    public static long MqOpen(GuestThread t, in SysArgs a) => CompatCalls.ByRow(t, (a.A2 & Linux.O_CREAT) == 0 ? a with { A4 = 0 } : a);

    public static long MqNotify(GuestThread t, in SysArgs a)
    {
        byte* sigevent = stackalloc byte[SigeventSize];
        ulong at = a.A2;
        return ReadEvent(t, ref at, sigevent) ? HostCall.Make(t, Nr.mq_notify, a.A1, at) : EFAULT;
    }

    private const int SigeventSize = 64;

    // struct sigevent {value, signal, way, thread id}. A pointer to a cookie (SIGEV_THREAD of mq_notify) goes as it is.
    private static bool ReadEvent(GuestThread t, ref ulong at, byte* host)
    {
        if (at == 0)
            return true;
        Span<byte> to = new(host, SigeventSize);
        if (!t.Memory.TryReadStruct(GuestWords.AbiOf(t), "piii"u8, at, to))
            return false;
        at = (ulong)host;
        return true;
    }

    private static bool ReadInfo(GuestThread t, int signal, ulong at, byte* host)
    {
        Span<byte> guest = stackalloc byte[SiginfoLayout.Size];
        if (!t.Memory.TryRead(at, guest))
            return false;
        SiginfoLayout.ToHost(GuestWords.AbiOf(t), signal, guest, new Span<byte>(host, SiginfoLayout.Size));
        return true;
    }

    private static long TimedWait(GuestThread t, in SysArgs a, ReadOnlySpan<byte> timespec)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        if (a.A4 != 8)
            return EINVAL;
        Span<byte> raw = stackalloc byte[8];
        long* time = stackalloc long[2];
        byte* info = stackalloc byte[SiginfoLayout.Size];
        if (!t.Memory.TryRead(a.A1, raw) || (a.A3 != 0 && !t.Memory.TryReadStruct(abi, timespec, a.A3, new Span<byte>(time, 16))))
            return EFAULT;
        ulong set = abi.Sigset(raw);
        long result = SignalCalls.RtSigtimedwait(t, new SysArgs(Nr.rt_sigtimedwait, (ulong)&set, (ulong)info, a.A3 == 0 ? 0 : (ulong)time, 8, 0, 0));
        if (result <= 0 || a.A2 == 0)
            return result;
        Span<byte> guest = stackalloc byte[SiginfoLayout.Size];
        SiginfoLayout.ToGuest(abi, new ReadOnlySpan<byte>(info, SiginfoLayout.Size), guest);
        return t.Memory.TryWrite(a.A2, guest) ? result : EFAULT;
    }

    private static long SetAction(GuestThread t, int signal, in GuestAction action)
    {
        t.Engine.World.SilenceRuntimeThread();
        return signal is Linux.SIGKILL or Linux.SIGSTOP ? EINVAL : t.Process.Actions.Set(signal, action);
    }
}
