using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Seccomp;

namespace Suite.LinuxUser.Syscalls;

// prctl(2), include/uapi/linux/prctl.h.
public static unsafe partial class InfoCalls
{
    private const int PR_GET_SECCOMP = 21, PR_SET_SECCOMP = 22, PR_SET_TSC = 26, PR_SET_MM = 35, PR_GET_TID_ADDRESS = 40, PR_SET_SYSCALL_USER_DISPATCH = 59, PR_SET_MDWE = 65,
        PR_GET_AUXV = 0x41555856;

    /// <summary>Most requests are the host's; refused is what would hit the emulator instead of the guest.</summary>
    public static long Prctl(GuestThread t, in SysArgs a)
    {
        const ulong PR_TSC_ENABLE = 1, PR_SYS_DISPATCH_OFF = 0;
        switch (a.Int1)
        {
            case PR_SET_MM:
                return -Errno.EPERM;
            case PR_GET_TID_ADDRESS:
                return t.Memory.TryWrite(a.A2, t.ClearTid) ? 0 : EFAULT;
            case PR_GET_AUXV:
                return Auxv(t, a);
            case PR_SET_SECCOMP:
                return SeccompCalls.SetByPrctl(t, a);
            case PR_GET_SECCOMP:
                return SeccompCalls.Mode(t);
            case PR_SET_SYSCALL_USER_DISPATCH when a.A2 != PR_SYS_DISPATCH_OFF:
                return Refuse(t, "PR_SET_SYSCALL_USER_DISPATCH");
            case PR_SET_TSC when a.A2 != PR_TSC_ENABLE:
                return Refuse(t, "PR_SET_TSC"); // the runtime reads the counter too
            case PR_SET_MDWE:
                return Refuse(t, "PR_SET_MDWE"); // the code cache is written and executed
            default:
                return HostCall.Make(t, Nr.prctl, a.A1, a.A2, a.A3, a.A4, a.A5);
        }
    }

    private static long Refuse(GuestThread t, string request)
    {
        Unsupported(t, $"prctl: {request} is not supported");
        return EINVAL;
    }

    // PR_GET_AUXV: as much as fits; the result is the whole length.
    private static long Auxv(GuestThread t, in SysArgs a)
    {
        if (a.A4 != 0 || a.A5 != 0)
            return EINVAL;
        byte[] vector = new byte[t.Process.Identity.AuxLength];
        if (!t.Memory.TryRead(t.Process.Identity.AuxAddress, vector))
            return EFAULT;
        int shown = (int)Math.Min(a.A3, (ulong)vector.Length);
        return t.Memory.TryWrite(a.A2, vector.AsSpan(0, shown)) ? vector.Length : EFAULT;
    }
}
