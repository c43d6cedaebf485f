using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Threads;

namespace Suite.LinuxUser.Syscalls;

/// <summary>Making and ending processes and threads.</summary>
public static unsafe class ProcessCalls
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;
    private const ulong CLONE_NEWUSER = 0x10000000, CLONE_NEWPID = 0x20000000;

    /// <summary>clone(2), x86-64 argument order: flags, stack, parent tid, child tid, tls.</summary>
    public static long Clone(GuestThread t, in SysArgs a) => Start(t, new CloneRequest
    {
        Flags = a.A1 & ~0xFFUL,
        ExitSignal = a.A1 & 0xFF,
        Stack = a.A2,
        ParentTid = a.A3,
        PidFd = a.A3,
        ChildTid = a.A4,
        Tls = a.A5,
    });

    /// <summary>clone(2) of i386 and PowerPC (CLONE_BACKWARDS): flags, stack, parent tid, tls, child tid.</summary>
    public static long CloneTlsFourth(GuestThread t, in SysArgs a) => Clone(t, a with { A4 = a.A5, A5 = a.A4 });

    /// <summary>clone3(2): struct clone_args of 64, 80 or 88 bytes.</summary>
    public static long Clone3(GuestThread t, in SysArgs a)
    {
        const int Smallest = 64, Largest = 88;
        if (a.A2 < Smallest || a.A2 > 4096)
            return a.A2 > 4096 ? -Errno.E2BIG : EINVAL;
        ulong* raw = stackalloc ulong[512];
        if (!t.Memory.TryRead(a.A1, new Span<byte>(raw, (int)a.A2)))
            return EFAULT;
        for (int i = Largest / 8; i < (int)a.A2 / 8; i++)
            if (raw[i] != 0)
                return -Errno.E2BIG;
        CloneRequest request = new()
        {
            Flags = raw[0],
            PidFd = raw[1],
            ChildTid = raw[2],
            ParentTid = raw[3],
            ExitSignal = raw[4],
            Stack = raw[5] == 0 ? 0 : raw[5] + raw[6],
            Tls = raw[7],
            SetTid = a.A2 >= 80 ? raw[8] : 0,
            SetTidSize = a.A2 >= 80 ? raw[9] : 0,
            Cgroup = a.A2 >= 88 ? raw[10] : 0,
            IsExtended = true,
        };
        const ulong CLONE_INTO_CGROUP = 0x200000000, Known = 0xFFFF_FF80 | Linux.CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;
        bool noSignal = (request.Flags & (Linux.CLONE_THREAD | Linux.CLONE_PARENT)) != 0;
        if ((raw[5] == 0) != (raw[6] == 0) || request.ExitSignal > (noSignal ? 0u : 64u) || (request.Flags & ~Known) != 0
            || (request.Flags & Linux.CLONE_DETACHED) != 0 || request.SetTid == 0 != (request.SetTidSize == 0))
            return EINVAL;
        return Start(t, request);
    }

    public static long Fork(GuestThread t, in SysArgs a) => Forking.Fork(t, new CloneRequest { ExitSignal = Linux.SIGCHLD });

    public static long Vfork(GuestThread t, in SysArgs a) =>
        Forking.Vfork(t, new CloneRequest { Flags = Linux.CLONE_VFORK | Linux.CLONE_VM, ExitSignal = Linux.SIGCHLD });

    public static long Exit(GuestThread t, in SysArgs a)
    {
        if (t.IsVforkChild)
        {
            t.Process.Tracer?.ProcessEnding(t, a.Int1, 0);
            t.Process.Strace?.Exited(t.Tid, a.Int1);
            Sys.Call(Nr.exit, a.Int1);
        }

        t.Exiting = true;
        t.ExitStatus = a.Int1;
        return SysResult.RegistersSet;
    }

    public static long ExitGroup(GuestThread t, in SysArgs a)
    {
        if (t.RobustHead != 0)
            RobustList.Release(t);
        GuestThreads.EndProcess(t, a.Int1);
        return SysResult.RegistersSet;
    }

    public static long SetTidAddress(GuestThread t, in SysArgs a)
    {
        t.ClearTid = a.A1;
        return t.Tid;
    }

    /// <summary>set_robust_list(2): the kernel walks the list when the host thread ends; GuestThreads takes it away before it is stale.</summary>
    public static long SetRobustList(GuestThread t, in SysArgs a) => Sys.Call(Nr.set_robust_list, (long)a.A1, (long)a.A2);

    // The combinations that kernel/fork.c refuses, where the host is not asked with the same flags.
    private static long Start(GuestThread t, CloneRequest request)
    {
        ulong flags = request.Flags;
        bool Has(ulong bits) => (flags & bits) == bits;
        if ((Has(Linux.CLONE_THREAD) && !Has(Linux.CLONE_SIGHAND)) || (Has(Linux.CLONE_SIGHAND) && !Has(Linux.CLONE_VM))
            || Has(Linux.CLONE_NEWNS | Linux.CLONE_FS) || Has(CLONE_NEWUSER | Linux.CLONE_FS) || Has(Linux.CLONE_SIGHAND | Linux.CLONE_CLEAR_SIGHAND))
            return EINVAL;
        if (Has(Linux.CLONE_THREAD))
            return (flags & (CLONE_NEWUSER | CLONE_NEWPID | Linux.CLONE_NEWNS)) != 0 ? EINVAL : GuestThreads.Create(t, request);
        if (!Has(Linux.CLONE_VM))
            return Forking.Fork(t, request);
        return Has(Linux.CLONE_VFORK) ? Forking.Vfork(t, request) : GuestThreads.CreateProcess(t, request);
    }
}
