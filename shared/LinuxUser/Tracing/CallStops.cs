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

    /// <summary>
    /// Before a stop of a thread whose call is to be made again: the registers become those behind the call with the kernel's inner error, as
    /// tracers know them. The result is for <see cref="HideInterrupted"/>.
    /// </summary>
    public static bool ShowInterrupted(GuestThread t)
    {
        if (t.RewoundPc == 0 || t.RewoundPc != t.State->Pc)
            return false;
        t.State->Pc += InstructionBytes(t);
        if (t.Process.Target != ElfTarget.Ppc)
            t.State->Gpr[Ax] = Width(t, unchecked((ulong)SysResult.Restart));
        return true;
    }

    /// <summary>After such a stop: back before the call, unless the tracer wants something else.</summary>
    public static void HideInterrupted(GuestThread t, bool shown)
    {
        if (!shown || t.State->Pc != t.RewoundPc + InstructionBytes(t))
            return;
        if (t.Process.Target != ElfTarget.Ppc)
        {
            if (t.State->Gpr[Ax] != Width(t, unchecked((ulong)SysResult.Restart)) || t.CallNumber < 0)
                return;
            t.State->Gpr[Ax] = Width(t, (ulong)t.CallNumber);
        }

        t.State->Pc = t.RewoundPc;
    }

    /// <summary>What a call that was not made has for its result: what the tracer left in the register.</summary>
    public static long ResultOf(GuestThread t) => t.Process.Target == ElfTarget.X86_64 ? (long)t.State->Gpr[Ax]
        : t.Process.Target == ElfTarget.I386 ? (int)t.State->Gpr[Ax] : -Errno.ENOSYS;

    /// <summary>Length of the instruction that makes system calls.</summary>
    public static ulong InstructionBytes(GuestThread t) => t.Process.Target == ElfTarget.Ppc ? 4u : 2u;

    private static ulong Width(GuestThread t, ulong value) => t.Process.Target == ElfTarget.I386 ? (uint)value : value;
}
