using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tools.I386;

/// <summary>
/// set_robust_list(2): the host's kernel is told as well, by the 32-bit table, so that it finds the futexes of a process that is killed.
/// </summary>
internal static unsafe class I386RobustList
{
    private const int set_robust_list = 311, HeadBytes = 12;

    public static long Set(GuestThread t, in SysArgs a)
    {
        long error = CompatCalls.Serve(t, a);
        return error != 0 ? error : t.Engine.Stubs.Int80(set_robust_list, (uint)a.A1, (uint)a.A2);
    }

    /// <summary>The thread's list has been dealt with; the memory it is in may soon be somebody else's.</summary>
    public static void Forget(GuestThread t) => t.Engine.Stubs.Int80(set_robust_list, 0, HeadBytes);
}
