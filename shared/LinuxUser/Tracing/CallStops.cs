using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Tracing;

/// <summary>
/// What the registers show while a thread is stopped at a system call. x86 keeps the number in orig_ax and shows -ENOSYS in ax at the entry
/// (arch/x86/entry); PowerPC leaves the number in r0.
/// </summary>
internal static unsafe class CallStops
{
    private const int Ax = 0;

    /// <summary>Stops before a call.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="stop">Makes the stop.</param>
    /// <param name="isEmulated">The call is not made whatever the tracer says (PTRACE_SYSEMU).</param>
    /// <returns>False when the call is not to be made.</returns>
    public static bool Entered(GuestThread t, Action stop, bool isEmulated)
    {
        if (t.Process.Target == ElfTarget.Ppc)
        {
            stop();
            bool isSkipped = isEmulated || (int)t.Abi.Arguments(t).Number == -1;
            if (isSkipped && !isEmulated)
                t.Abi.SetResult(t, -Errno.ENOSYS);
            return !isSkipped;
        }

        ulong* g = t.State->Gpr;
        ulong nosys = Width(t, unchecked((ulong)-Errno.ENOSYS));
        g[Ax] = nosys;
        stop();
        if (isEmulated || (int)t.CallNumber == -1)
            return false;
        g[Ax] = Width(t, (ulong)t.CallNumber);
        return true;
    }

    /// <summary>Stops behind a call.</summary>
    public static void Returned(GuestThread t, long result, Action stop)
    {
        if (result != SysResult.Restart)
        {
            stop();
            return;
        }

        // The registers are those before the call; the kernel would show the inner error, and put them back afterwards.
        ulong pc = t.State->Pc, number = t.State->Gpr[Ax];
        bool isPpc = t.Process.Target == ElfTarget.Ppc;
        ulong behind = pc + (isPpc ? 4u : 2u);
        t.State->Pc = behind;
        if (isPpc)
        {
            stop();
        }
        else
        {
            t.State->Gpr[Ax] = Width(t, unchecked((ulong)SysResult.Restart));
            stop();
            if (t.State->Gpr[Ax] == Width(t, unchecked((ulong)SysResult.Restart)))
                t.State->Gpr[Ax] = number;
        }

        if (t.State->Pc == behind)
            t.State->Pc = pc;
    }

    private static ulong Width(GuestThread t, ulong value) => t.Process.Target == ElfTarget.I386 ? (uint)value : value;
}
