using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Seccomp;

/// <summary>seccomp(2) and its requests of prctl(2). Pointers are the guest's.</summary>
public static unsafe class SeccompCalls
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL, EACCES = -Errno.EACCES;
    private const int StrictMode = 1, FilterMode = 2, InsnBytes = 8;
    private const uint TSYNC = 1, LOG = 2, SPEC_ALLOW = 4, NEW_LISTENER = 8, TSYNC_ESRCH = 16, WAIT_KILLABLE_RECV = 32;

    /// <summary>seccomp(2): operation, flags, arguments.</summary>
    public static long Seccomp(GuestThread t, in SysArgs a)
    {
        const int SET_MODE_STRICT = 0, SET_MODE_FILTER = 1, GET_ACTION_AVAIL = 2, GET_NOTIF_SIZES = 3;
        return a.Int1 switch
        {
            SET_MODE_STRICT => (uint)a.A2 != 0 || a.A3 != 0 ? EINVAL : SetStrict(t),
            SET_MODE_FILTER => SetFilter(t, (uint)a.A2, a.A3),
            GET_ACTION_AVAIL => (uint)a.A2 != 0 ? EINVAL : ActionAvailable(t, a.A3),
            GET_NOTIF_SIZES => (uint)a.A2 != 0 ? EINVAL : NotificationSizes(t, a.A3),
            _ => EINVAL,
        };
    }

    /// <summary>prctl(PR_SET_SECCOMP, mode, filter).</summary>
    public static long SetByPrctl(GuestThread t, in SysArgs a) => a.A2 switch
    {
        StrictMode => SetStrict(t),
        FilterMode => SetFilter(t, 0, a.A3),
        _ => EINVAL,
    };

    /// <summary>prctl(PR_GET_SECCOMP): the mode.</summary>
    public static long Mode(GuestThread t) => t.Process.Seccomp?.StateOf(t) switch
    {
        null => 0,
        { IsStrict: true } => StrictMode,
        _ => FilterMode,
    };

    private static long SetStrict(GuestThread t)
    {
        if (Mode(t) == FilterMode)
            return EINVAL;
        SeccompGate.Of(t).Set(t, new SeccompState(true, null));
        return 0;
    }

    private static long SetFilter(GuestThread t, uint flags, ulong program)
    {
        const uint Known = TSYNC | LOG | SPEC_ALLOW | NEW_LISTENER | TSYNC_ESRCH | WAIT_KILLABLE_RECV;
        bool bothSyncAndListener = (flags & (TSYNC | NEW_LISTENER)) == (TSYNC | NEW_LISTENER) && (flags & TSYNC_ESRCH) == 0;
        if ((flags & ~Known) != 0 || bothSyncAndListener || ((flags & WAIT_KILLABLE_RECV) != 0 && (flags & NEW_LISTENER) == 0))
            return EINVAL;
        long error = Read(t, program, out BpfProgram? filter);
        if (error != 0)
            return error;
        if (Mode(t) == StrictMode)
            return EINVAL;
        bool listens = (flags & NEW_LISTENER) != 0;
        long listener = listens ? SeccompListener.Open(flags) : 0;
        if (listener < 0)
            return listener;
        SeccompGate gate = SeccompGate.Of(t);
        SeccompState state = new(false, new SeccompFilter(filter!, gate.StateOf(t)?.Newest, listens));
        if ((flags & TSYNC) == 0)
        {
            gate.Set(t, state);
            return listener;
        }

        int other = gate.Synchronize(t, state);
        if (other == 0)
            return listener;
        if (listens)
            Sys.Call(Nr.close, listener);
        return (flags & TSYNC_ESRCH) != 0 ? -Errno.ESRCH : other;
    }

    // struct sock_fprog {u16 len, pointer}; in the kernel's order of complaints: length, permission, then what is in the program.
    private static long Read(GuestThread t, ulong at, out BpfProgram? program)
    {
        program = null;
        GuestAbi abi = t.Process.Compat?.Abi ?? GuestAbi.X64;
        Span<byte> head = stackalloc byte[2];
        if (!t.Memory.TryRead(at, head) || !t.Memory.TryReadWord(at + (uint)abi.WordBytes, out ulong from))
            return EFAULT;
        int count = (int)GuestNumber.Read(head, abi.BigEndian, signed: false);
        if (count is 0 or > BpfProgram.MostInsns)
            return EINVAL;
        if (!MayFilter())
            return EACCES;
        byte[] raw = new byte[count * InsnBytes];
        if (!t.Memory.TryRead(from, raw))
            return EFAULT;
        BpfInsn[] insns = new BpfInsn[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> insn = raw.AsSpan(i * InsnBytes, InsnBytes);
            insns[i] = new BpfInsn((ushort)GuestNumber.Read(insn[..2], abi.BigEndian, signed: false), insn[2], insn[3],
                (uint)GuestNumber.Read(insn[4..], abi.BigEndian, signed: false));
        }

        return BpfProgram.TryCreate(insns, out program) ? 0 : EINVAL;
    }

    // no_new_privs, or CAP_SYS_ADMIN in the process' user namespace.
    private static bool MayFilter()
    {
        const int PR_GET_NO_NEW_PRIVS = 39;
        return Sys.Call(Nr.prctl, PR_GET_NO_NEW_PRIVS) == 1 || HostCapability.Has(HostCapability.CAP_SYS_ADMIN);
    }

    private static long ActionAvailable(GuestThread t, ulong at)
    {
        if (!t.Memory.TryRead(at, out uint raw))
            return EFAULT;
        return t.Memory.InGuestOrder(raw) is SeccompAction.KillProcess or SeccompAction.KillThread or SeccompAction.Trap or SeccompAction.Errno
            or SeccompAction.UserNotif or SeccompAction.Trace or SeccompAction.Log or SeccompAction.Allow ? 0 : -Errno.EOPNOTSUPP;
    }

    // struct seccomp_notif_sizes: of struct seccomp_notif, seccomp_notif_resp and seccomp_data.
    private static long NotificationSizes(GuestThread t, ulong at)
    {
        ReadOnlySpan<ushort> sizes = [80, 24, 64];
        Span<byte> raw = stackalloc byte[sizes.Length * 2];
        for (int i = 0; i < sizes.Length; i++)
            GuestNumber.Write(raw.Slice(2 * i, 2), t.Process.Compat?.Abi.BigEndian == true, sizes[i]);
        return t.Memory.TryWrite(at, raw) ? 0 : EFAULT;
    }
}
