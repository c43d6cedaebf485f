using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;

namespace Suite.LinuxUser.Syscalls;

/// <summary>Signal calls of 64-bit targets whose structures are the host's.</summary>
public static unsafe class SignalCalls
{
    private const ulong Unblockable = 1UL << (Linux.SIGKILL - 1) | 1UL << (Linux.SIGSTOP - 1);
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;

    /// <summary>rt_sigaction(2): struct kernel_sigaction {handler, flags, restorer, mask}.</summary>
    public static long RtSigaction(GuestThread t, in SysArgs a)
    {
        int signal = a.Int1;
        if (signal is < 1 or > 64 || a.A4 != 8)
            return EINVAL;
        ulong* raw = stackalloc ulong[4];
        if (a.A2 != 0)
        {
            t.Engine.World.SilenceRuntimeThread();
            if (!t.Memory.TryRead(a.A2, new Span<byte>(raw, 32)))
                return EFAULT;
            if (signal is Linux.SIGKILL or Linux.SIGSTOP)
                return EINVAL;
        }

        GuestAction old = t.Process.Actions[signal];
        if (a.A2 != 0)
        {
            long error = t.Process.Actions.Set(signal, new GuestAction(raw[0], raw[1], raw[2], raw[3] & ~Unblockable));
            if (error != 0)
                return error;
        }

        if (a.A3 == 0)
            return 0;
        (raw[0], raw[1], raw[2], raw[3]) = (old.Handler, old.Flags, old.Restorer, old.Mask);
        return t.Memory.TryWrite(a.A3, new ReadOnlySpan<byte>(raw, 32)) ? 0 : EFAULT;
    }

    /// <summary>
    /// rt_sigprocmask(2). Signals are shut out first: one that came before the change must run its handler before it, so the call is
    /// repeated then.
    /// </summary>
    public static long RtSigprocmask(GuestThread t, in SysArgs a)
    {
        if (a.A4 != 8)
            return EINVAL;
        ulong set = 0;
        if (a.A2 != 0 && !t.Memory.TryRead(a.A2, out set))
            return EFAULT;
        ulong old = t.SignalMask;
        if (a.A2 != 0)
        {
            t.Engine.World.SilenceRuntimeThread();
            GuestThread.SetHostMask(SignalMasks.AllButFaults);
            if (t.State->Pending != 0)
                return SysResult.Restart;
            ulong wanted;
            switch (a.Int1)
            {
                case Linux.SIG_BLOCK:
                    wanted = old | set;
                    break;
                case Linux.SIG_UNBLOCK:
                    wanted = old & ~set;
                    break;
                case Linux.SIG_SETMASK:
                    wanted = set;
                    break;
                default:
                    t.ApplyMask();
                    return EINVAL;
            }

            t.SignalMask = wanted & ~Unblockable;
            t.ApplyMask();
        }

        return a.A3 == 0 || t.Memory.TryWrite(a.A3, old) ? 0 : EFAULT;
    }

    public static long RtSigreturn(GuestThread t, in SysArgs a)
    {
        GuestThread.SetHostMask(SignalMasks.AllButFaults);
        if (!t.Abi.PopFrame(t, out ulong mask))
        {
            const int SI_KERNEL = 0x80;
            SignalDelivery.Raise(t, Linux.SIGSEGV, SI_KERNEL, 0);
            t.ApplyMask();
            return SysResult.RegistersSet;
        }

        t.SignalMask = mask & ~Unblockable;
        t.ApplyMask();
        return SysResult.RegistersSet;
    }

    /// <summary>uretprobe(2), which is for the kernel's own trampoline: whoever else calls it is killed by SIGILL, and a handler's return finds EPERM.</summary>
    public static long Uretprobe(GuestThread t, in SysArgs a)
    {
        const int SI_KERNEL = 0x80;
        t.Abi.SetResult(t, -Errno.EPERM);
        SignalDelivery.Raise(t, Linux.SIGILL, SI_KERNEL, 0);
        return SysResult.RegistersSet;
    }

    /// <summary>sigaltstack(2): stack_t {sp, flags, size}.</summary>
    public static long Sigaltstack(GuestThread t, in SysArgs a)
    {
        ulong* raw = stackalloc ulong[3];
        ulong sp = t.Abi.StackPointer(t);
        AltStack shown = t.AltStack.Shown(sp);
        if (a.A1 != 0)
        {
            if (!t.Memory.TryRead(a.A1, new Span<byte>(raw, 24)))
                return EFAULT;
            long error = t.AltStack.Change(new AltStack(raw[0], (int)raw[1], raw[2]), sp, out AltStack changed);
            if (error != 0)
                return error;
            t.AltStack = changed;
        }

        if (a.A2 == 0)
            return 0;
        (raw[0], raw[1], raw[2]) = (shown.Address, (uint)shown.Flags, shown.Size);
        return t.Memory.TryWrite(a.A2, new ReadOnlySpan<byte>(raw, 24)) ? 0 : EFAULT;
    }

    /// <summary>A handler's return puts the stack in force that its frame names; one that cannot be is left out (restore_altstack).</summary>
    public static void RestoreAltStack(GuestThread t, AltStack wanted)
    {
        t.AltStack.Change(wanted, t.Abi.StackPointer(t), out AltStack changed);
        t.AltStack = changed;
    }

    public static long RtSigsuspend(GuestThread t, in SysArgs a)
    {
        if (a.A2 != 8)
            return EINVAL;
        if (!t.Memory.TryRead(a.A1, out ulong mask))
            return EFAULT;
        return WithMask(t, mask, (GuestThread thread, ulong at, in SysArgs args) => thread.BlockingCall(Nr.rt_sigsuspend, at, 8), a);
    }

    /// <summary>rt_sigpending(2): what the host holds, and the fault-class signals held here.</summary>
    public static long RtSigpending(GuestThread t, in SysArgs a)
    {
        ulong set;
        if (a.A2 > 8)
            return EINVAL;
        long result = Sys.Call(Nr.rt_sigpending, (long)&set, 8);
        if (result != 0)
            return result;
        foreach (byte[] info in t.Held)
            set |= SignalMasks.Of(BitConverter.ToInt32(info));
        return t.Memory.TryWrite(a.A1, new ReadOnlySpan<byte>(&set, (int)a.A2)) ? 0 : EFAULT;
    }

    /// <summary>rt_sigtimedwait(2): fault-class signals wait here, all others in the kernel.</summary>
    public static long RtSigtimedwait(GuestThread t, in SysArgs a)
    {
        if (a.A4 != 8)
            return EINVAL;
        if (!t.Memory.TryRead(a.A1, out ulong set))
            return EFAULT;
        for (int i = 0; i < t.Held.Count; i++)
        {
            byte[] info = t.Held[i];
            int signal = BitConverter.ToInt32(info);
            if ((set & SignalMasks.Of(signal)) == 0)
                continue;
            t.Held.RemoveAt(i);
            return a.A2 == 0 || t.Memory.TryWrite(a.A2, info) ? signal : EFAULT;
        }

        return t.BlockingCall(Nr.rt_sigtimedwait, a.A1, a.A2, a.A3, a.A4);
    }

    public static long Ppoll(GuestThread t, in SysArgs a)
    {
        if (a.A4 == 0)
            return t.BlockingCall(Nr.ppoll, a.A1, a.A2, a.A3, 0, a.A5);
        if (CheckTime(t, a.A3) is not 0 and var error)
            return error;
        if (a.A5 != 8)
            return EINVAL;
        if (!t.Memory.TryRead(a.A4, out ulong mask))
            return EFAULT;
        return WithMask(t, mask, (GuestThread thread, ulong at, in SysArgs args) => thread.BlockingCall(Nr.ppoll, args.A1, args.A2, args.A3, at, 8), a);
    }

    /// <summary>pselect6(2): the sixth argument points to {sigset pointer, size}.</summary>
    public static long Pselect6(GuestThread t, in SysArgs a)
    {
        ulong* pair = stackalloc ulong[2];
        if (a.A6 == 0)
            return t.BlockingCall(Nr.pselect6, a.A1, a.A2, a.A3, a.A4, a.A5);
        if (!t.Memory.TryRead(a.A6, new Span<byte>(pair, 16)))
            return EFAULT;
        if (pair[0] == 0)
            return t.BlockingCall(Nr.pselect6, a.A1, a.A2, a.A3, a.A4, a.A5);
        if (CheckTime(t, a.A5) is not 0 and var error)
            return error;
        if (pair[1] != 8)
            return EINVAL;
        if (!t.Memory.TryRead(pair[0], out ulong mask))
            return EFAULT;
        return WithMask(t, mask, (GuestThread thread, ulong at, in SysArgs args) =>
        {
            ulong* hostPair = stackalloc ulong[2];
            (hostPair[0], hostPair[1]) = (at, 8);
            return thread.BlockingCall(Nr.pselect6, args.A1, args.A2, args.A3, args.A4, args.A5, (ulong)hostPair);
        }, a);
    }

    /// <summary>epoll_pwait(2) and epoll_pwait2(2).</summary>
    public static long EpollPwait(GuestThread t, in SysArgs a)
    {
        if (a.A5 == 0)
            return t.BlockingCall(a.Number, a.A1, a.A2, a.A3, a.A4, 0, a.A6);
        if (a.Number == Nr.epoll_pwait2 && CheckTime(t, a.A4) is not 0 and var error)
            return error;
        if (a.A6 != 8)
            return EINVAL;
        if (!t.Memory.TryRead(a.A5, out ulong mask))
            return EFAULT;
        return WithMask(t, mask, (GuestThread thread, ulong at, in SysArgs args) =>
            thread.BlockingCall(args.Number, args.A1, args.A2, args.A3, args.A4, at, 8), a);
    }

    /// <summary>tkill, tgkill, kill, rt_sigqueueinfo ... to this process: a signal to oneself is there before the call returns.</summary>
    public static long PassSignal(GuestThread t, in SysArgs a) => Sys.Call(a.Number, (long)a.A1, (long)a.A2, (long)a.A3, (long)a.A4);

    // The kernel looks at the time to wait before it looks at the mask.
    private static long CheckTime(GuestThread t, ulong at)
    {
        const ulong Billion = 1_000_000_000;
        long* time = stackalloc long[2];
        if (at == 0)
            return 0;
        if (!t.Memory.TryRead(at, new Span<byte>(time, 16)))
            return EFAULT;
        return time[0] < 0 || (ulong)time[1] >= Billion ? EINVAL : 0;
    }

    private delegate long MaskedCall(GuestThread t, ulong hostMask, in SysArgs a);

    // A call with a mask of its own: the kernel swaps masks and waits in one step, with what the engine needs left open.
    private static long WithMask(GuestThread t, ulong mask, MaskedCall call, in SysArgs a)
    {
        ulong host = GuestThread.HostMask(mask);
        t.SuspendedMask = mask & ~Unblockable;
        if (t.HasOpenHeld)
            return -Errno.EINTR;
        long result = call(t, (ulong)&host, a);
        if (t.State->Pending == 0)
            t.SuspendedMask = null;
        return result;
    }
}
