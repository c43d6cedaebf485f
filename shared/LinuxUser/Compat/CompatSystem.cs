using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>What the system is: file systems, names, memory, old limits, the clock set the old way.</summary>
internal static unsafe class CompatSystem
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;
    private const int FieldBytes = 65;

    /// <summary>statfs64(2) and fstatfs64(2): the second argument must be the size of the struct.</summary>
    public static long Statfs64(GuestThread t, in SysArgs a) =>
        (uint)a.A2 == (uint)t.Process.Compat!.Converter("statfs64", "statfs").GuestSize ? CompatCalls.ByRow(t, a) : EINVAL;

    /// <summary>olduname(2): the names without the domain's.</summary>
    public static long Olduname(GuestThread t, in SysArgs a)
    {
        byte* names = stackalloc byte[6 * FieldBytes];
        long result = InfoCalls.Uname(t, new SysArgs(Nr.uname, (ulong)names, 0, 0, 0, 0, 0));
        return result != 0 || t.Memory.TryWrite(a.A1, new ReadOnlySpan<byte>(names, 5 * FieldBytes)) ? result : EFAULT;
    }

    /// <summary>oldolduname(2): the names cut to 8 bytes each.</summary>
    public static long Oldolduname(GuestThread t, in SysArgs a)
    {
        const int OldBytes = 9;
        byte* names = stackalloc byte[6 * FieldBytes];
        long result = InfoCalls.Uname(t, new SysArgs(Nr.uname, (ulong)names, 0, 0, 0, 0, 0));
        if (result != 0)
            return result;
        Span<byte> old = stackalloc byte[5 * OldBytes];
        old.Clear();
        for (int i = 0; i < 5; i++)
            new ReadOnlySpan<byte>(names + i * FieldBytes, OldBytes - 1).CopyTo(old[(i * OldBytes)..]);
        return t.Memory.TryWrite(a.A1, old) ? 0 : EFAULT;
    }

    /// <summary>sysinfo(2): amounts that do not fit into 32 bits are given in larger units (kernel/sys.c).</summary>
    public static long Sysinfo(GuestThread t, in SysArgs a)
    {
        const int FirstAmount = 4, LastAmount = 9, FirstHigh = 11, LastHigh = 12, UnitOffset = 104, HostBytes = 112;
        ulong* info = stackalloc ulong[HostBytes / 8];
        long result = Sys.Call(Nr.sysinfo, (long)info);
        if (result != 0)
            return result;
        uint* unit = (uint*)((byte*)info + UnitOffset);
        int shift = 0;
        if (info[FirstAmount] >> 32 != 0 || info[LastAmount - 1] >> 32 != 0)
            for (; *unit < 4096; *unit <<= 1)
                shift++;
        for (int i = FirstAmount; i <= LastAmount; i++)
            info[i] >>= shift;
        for (int i = FirstHigh; i <= LastHigh; i++)
            info[i] >>= shift;
        return t.Process.Compat!.TryWrite(t.Memory, a.A1, "sysinfo", new ReadOnlySpan<byte>(info, HostBytes)) ? 0 : EFAULT;
    }

    /// <summary>The first getrlimit(2), whose infinity is the largest signed number.</summary>
    public static long OldGetrlimit(GuestThread t, in SysArgs a)
    {
        const ulong OldInfinity = int.MaxValue;
        ulong* limit = stackalloc ulong[2];
        long result = InfoCalls.Getrlimit(t, new SysArgs(Nr.getrlimit, a.A1, (ulong)limit, 0, 0, 0, 0));
        if (result != 0)
            return result;
        (limit[0], limit[1]) = (Math.Min(limit[0], OldInfinity), Math.Min(limit[1], OldInfinity));
        return t.Process.Compat!.TryWrite(t.Memory, a.A2, "rlimit", new ReadOnlySpan<byte>(limit, 16)) ? 0 : EFAULT;
    }

    /// <summary>stime(2): seconds since 1970.</summary>
    public static long Stime(GuestThread t, in SysArgs a)
    {
        if (!t.Memory.TryReadWord(a.A1, out ulong seconds))
            return EFAULT;
        long* time = stackalloc long[2];
        (time[0], time[1]) = ((int)seconds, 0);
        return HostCall.Make(t, Nr.settimeofday, (ulong)time, 0);
    }

    /// <summary>nice(2), as the kernel does it (kernel/sched/syscalls.c): the change is added within the limits of both.</summary>
    public static long Nice(GuestThread t, in SysArgs a)
    {
        const int PRIO_PROCESS = 0, Widest = 40, Lowest = 19, Highest = -20;
        long raw = Sys.Call(Nr.getpriority, PRIO_PROCESS, 0);
        if (Sys.IsError(raw))
            return raw;
        int wanted = (int)(20 - raw) + Math.Clamp(a.Int1, -Widest, Widest);
        long result = HostCall.Make(t, Nr.setpriority, PRIO_PROCESS, 0, (ulong)Math.Clamp(wanted, Highest, Lowest));
        return result == -Errno.EACCES ? -Errno.EPERM : result;
    }

    /// <summary>arch_prctl(2) of 32-bit programs: what is about segments is for 64-bit ones, the rest would hit the emulator.</summary>
    public static long ArchPrctl(GuestThread t, in SysArgs a)
    {
        const int ARCH_GET_CPUID = 0x1011, ARCH_SET_CPUID = 0x1012;
        return a.Int1 switch
        {
            ARCH_GET_CPUID => 1,
            ARCH_SET_CPUID => -Errno.ENODEV, // a processor without cpuid faulting
            _ => EINVAL,
        };
    }
}
