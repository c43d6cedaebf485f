using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.Tools.X64;

/// <summary>arch_prctl(2): segment bases. The guest's fs base is the host's gs base; its gs base is a slot of the thread state.</summary>
internal static unsafe class X64ArchPrctl
{
    private const ulong UserTop = 0x7FFF_FFFF_F000;
    private const int ARCH_GET_CPUID = 0x1011, ARCH_SET_CPUID = 0x1012, ARCH_CET_FIRST = 0x3001, ARCH_CET_LAST = 0x3004, ARCH_SHSTK_FIRST = 0x5001, ARCH_SHSTK_LAST = 0x5005;

    public static long ArchPrctl(GuestThread t, in SysArgs a)
    {
        switch (a.Int1)
        {
            case Linux.ARCH_SET_FS:
                return a.A2 >= UserTop ? -Errno.EPERM : X64LinuxAbi.SetThreadPointer(a.A2);
            case Linux.ARCH_SET_GS:
                if (a.A2 >= UserTop)
                    return -Errno.EPERM;
                t.State->SegmentBase = a.A2;
                return 0;
            case Linux.ARCH_GET_FS:
                return t.Memory.TryWrite(a.A2, X64LinuxAbi.ThreadPointer()) ? 0 : -Errno.EFAULT;
            case Linux.ARCH_GET_GS:
                return t.Memory.TryWrite(a.A2, t.State->SegmentBase) ? 0 : -Errno.EFAULT;
            case ARCH_SET_CPUID:
                return -Errno.ENODEV; // a processor without cpuid faulting: it would hit the emulator itself
            case (>= ARCH_CET_FIRST and <= ARCH_CET_LAST) or (>= ARCH_SHSTK_FIRST and <= ARCH_SHSTK_LAST):
                return -Errno.EINVAL; // so would shadow stacks
            case ARCH_GET_CPUID:
                return 1;
            default:
                return Sys.Call(Nr.arch_prctl, a.Int1, (long)a.A2);
        }
    }
}
