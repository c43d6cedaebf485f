using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Signals;
using Suite.LinuxUser.Syscalls;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Seccomp;

/// <summary>
/// The seccomp filters of a process, and the place every call of its threads passes once there is one. They judge the guest's calls, with the
/// guest's numbers and words; the emulator's own are none of their business.
/// </summary>
public sealed unsafe class SeccompGate
{
    private const int MaximumErrno = 4095;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, GuestThread> _filtered = [];
    private SeccompState? _common;
    private int _version;

    /// <summary>The gate of a thread's process, which every call passes from now on.</summary>
    public static SeccompGate Of(GuestThread t)
    {
        if (t.Process.Seccomp is { } known)
            return known;
        SeccompGate made = new();
        t.Process.Seccomp = made;
        t.Process.UpdateInlineCalls();
        return made;
    }

    /// <summary>Puts a state in force for the calling thread.</summary>
    public void Set(GuestThread t, SeccompState state)
    {
        lock (_lock)
        {
            (t.Seccomp, t.SeccompVersion) = (state, _version);
            _filtered[t.Tid] = t;
        }
    }

    /// <summary>A new thread is under its maker's filters.</summary>
    public void Inherit(GuestThread child, GuestThread maker)
    {
        if (StateOf(maker) is { } state)
            Set(child, state);
    }

    /// <summary>In a forked child only the calling thread is left.</summary>
    public void KeepOnly(GuestThread t)
    {
        lock (_lock)
        {
            _filtered.Clear();
            _filtered[t.Tid] = t;
        }
    }

    /// <summary>What the calling thread is under.</summary>
    public SeccompState? StateOf(GuestThread t)
    {
        if (t.SeccompVersion != Volatile.Read(ref _version))
        {
            lock (_lock)
                (t.Seccomp, t.SeccompVersion) = (_common, _version);
        }

        return t.Seccomp;
    }

    /// <summary>SECCOMP_FILTER_FLAG_TSYNC: all threads get the caller's state.</summary>
    /// <returns>0, or the id of a thread that has filters which the caller's chain does not begin with.</returns>
    public int Synchronize(GuestThread t, SeccompState state)
    {
        SeccompState? own = StateOf(t);
        int[] alive = t.Engine.World.Tids();
        lock (_lock)
        {
            foreach ((int tid, GuestThread other) in _filtered)
                if (tid != t.Tid && alive.Contains(tid) && other.SeccompVersion == _version && other.Seccomp is { } its
                    && (its.IsStrict || its.Newest?.IsWithin(own?.Newest) == false))
                    return tid;
            _common = state;
            (t.Seccomp, t.SeccompVersion) = (state, ++_version);
            _filtered[t.Tid] = t;
        }

        return 0;
    }

    /// <summary>Judges a call.</summary>
    /// <param name="t">The thread that makes it; pc is behind the instruction.</param>
    /// <param name="a">Its number and arguments; other ones when a tracer has changed them.</param>
    /// <returns>Null when it is to be made, otherwise its result.</returns>
    public long? Judge(GuestThread t, ref SysArgs a)
    {
        if (StateOf(t) is not { } state)
            return null;
        if (state.IsStrict)
            return IsStrictlyAllowed(t, a) ? null : Kill(t, Linux.SIGKILL, wholeProcess: false, a);
        return Carry(t, ref a, state, mayAsk: true);
    }

    private static long? Carry(GuestThread t, ref SysArgs a, SeccompState state, bool mayAsk)
    {
        (uint verdict, SeccompFilter? match) = Verdict(t, state.Newest!, a);
        uint data = verdict & SeccompAction.DataMask;
        switch (verdict & SeccompAction.ActionMask)
        {
            case SeccompAction.Allow or SeccompAction.Log:
                return null;
            case SeccompAction.Errno:
                return -Math.Min((int)data, MaximumErrno);
            case SeccompAction.Trap:
                Trap(t, a, (int)data);
                return SysResult.RegistersSet;
            case SeccompAction.Trace when !mayAsk:
                return null;
            case SeccompAction.Trace:
                if (!Tracee.Filtered(t, data, out bool isSkipped))
                    return -Errno.ENOSYS;
                if (isSkipped)
                    return SysResult.RegistersSet;
                a = t.Abi.Arguments(t);
                t.CallNumber = a.Number;
                return Carry(t, ref a, state, mayAsk: false);
            case SeccompAction.UserNotif:
                return match is { HasListener: true } ? SeccompListener.Ask(t, a) : -Errno.ENOSYS;
            case SeccompAction.KillThread:
                return Kill(t, Linux.SIGSYS, wholeProcess: false, a);
            default:
                return Kill(t, Linux.SIGSYS, wholeProcess: true, a);
        }
    }

    // Every filter is run, the newest first; the most drastic action wins, which is the lowest as a signed number, and of equal ones the newest's.
    private static (uint Verdict, SeccompFilter? Match) Verdict(GuestThread t, SeccompFilter newest, in SysArgs a)
    {
        Span<uint> data = stackalloc uint[BpfProgram.DataWords];
        Fill(t, a, data);
        uint verdict = SeccompAction.Allow;
        SeccompFilter? match = null;
        for (SeccompFilter? filter = newest; filter is not null; filter = filter.Older)
        {
            uint found = filter.Program.Run(data);
            if ((int)(found & SeccompAction.ActionMask) < (int)(verdict & SeccompAction.ActionMask))
                (verdict, match) = (found, filter);
        }

        return (verdict, match);
    }

    // struct seccomp_data {int nr, u32 arch, u64 ip, u64 args[6]} as the guest's processor sees its words.
    private static void Fill(GuestThread t, in SysArgs a, Span<uint> data)
    {
        const int Ip = 2, Arguments = 4;
        bool isBig = t.Process.Target == ElfTarget.Ppc;
        bool isWide = t.Process.Target.Is64;
        (data[0], data[1]) = ((uint)a.Number, SyscallArch.Of(t.Process.Target));
        Put(data[Ip..], t.State->Pc, isBig);
        ReadOnlySpan<ulong> arguments = [a.A1, a.A2, a.A3, a.A4, a.A5, a.A6];
        for (int i = 0; i < arguments.Length; i++)
            Put(data[(Arguments + 2 * i)..], isWide ? arguments[i] : (uint)arguments[i], isBig);
    }

    private static void Put(Span<uint> words, ulong value, bool isBig) =>
        (words[0], words[1]) = isBig ? ((uint)(value >> 32), (uint)value) : ((uint)value, (uint)(value >> 32));

    // read, write, exit and the return from signal handlers (mode1_syscalls of kernel/seccomp.c).
    private static bool IsStrictlyAllowed(GuestThread t, in SysArgs a)
    {
        const int Read64 = 0, Write64 = 1, Exit64 = 60, RtSigreturn64 = 15, Read = 3, Write = 4, Exit = 1, Sigreturn = 119;
        return t.Process.Target.Is64 ? a.Number is Read64 or Write64 or Exit64 or RtSigreturn64 : a.Number is Read or Write or Exit or Sigreturn;
    }

    // force_sig_seccomp: SIGSYS with SYS_SECCOMP, the errno being the filter's data.
    private static void Trap(GuestThread t, in SysArgs a, int data)
    {
        const int ErrnoOffset = 4, CodeOffset = 8, AddressOffset = 16, NumberOffset = 24, ArchOffset = 28, SYS_SECCOMP = 1;
        Span<byte> info = stackalloc byte[VcpuState.SiginfoSize];
        info.Clear();
        BitConverter.TryWriteBytes(info, Linux.SIGSYS);
        BitConverter.TryWriteBytes(info[ErrnoOffset..], data);
        BitConverter.TryWriteBytes(info[CodeOffset..], SYS_SECCOMP);
        BitConverter.TryWriteBytes(info[AddressOffset..], t.State->Pc);
        BitConverter.TryWriteBytes(info[NumberOffset..], (int)a.Number);
        BitConverter.TryWriteBytes(info[ArchOffset..], SyscallArch.Of(t.Process.Target));
        SignalDelivery.ForceInfo(t, info);
    }

    private static long Kill(GuestThread t, int signal, bool wholeProcess, in SysArgs a)
    {
        if (wholeProcess || t.Engine.World.Count <= 1)
        {
            if (signal == Linux.SIGKILL)
                SignalDelivery.Kill(t, signal);
            SignalDelivery.Die(t, signal, $"a seccomp filter forbids system call {a.Number}");
        }

        (t.Exiting, t.ExitStatus) = (true, signal);
        return SysResult.RegistersSet;
    }
}
