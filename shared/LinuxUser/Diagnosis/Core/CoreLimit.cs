using Suite.Host;

namespace Suite.LinuxUser.Diagnosis.Core;

/// <summary>RLIMIT_CORE.</summary>
internal static unsafe class CoreLimit
{
    /// <summary>Smaller limits mean no file at all (ELF_EXEC_PAGESIZE, the kernel's min_coredump).</summary>
    public const ulong Smallest = 4096;

    private const int RLIMIT_CORE = 4;

    /// <summary>The limit in force, in bytes.</summary>
    public static ulong Soft()
    {
        ulong* limit = stackalloc ulong[2];
        return Sys.Call(Nr.getrlimit, RLIMIT_CORE, (long)limit) == 0 ? limit[0] : 0;
    }

    /// <summary>Lowers the limit in force to 1 byte, with which the kernel writes neither a file nor to a program (fs/coredump.c).</summary>
    public static void Lower()
    {
        ulong* limit = stackalloc ulong[2];
        if (Sys.Call(Nr.getrlimit, RLIMIT_CORE, (long)limit) != 0)
            return;
        limit[0] = Math.Min(1, limit[1]);
        Sys.Call(Nr.setrlimit, RLIMIT_CORE, (long)limit);
    }

    /// <summary>Raises the limit in force as far as it may be.</summary>
    public static void Raise()
    {
        ulong* limit = stackalloc ulong[2];
        if (Sys.Call(Nr.getrlimit, RLIMIT_CORE, (long)limit) != 0)
            return;
        limit[0] = limit[1];
        Sys.Call(Nr.setrlimit, RLIMIT_CORE, (long)limit);
    }
}
