using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Syscalls;

/// <summary>AUDIT_ARCH_... of include/uapi/linux/audit.h: the machine and how its system calls are made, for seccomp filters and tracers.</summary>
public static class SyscallArch
{
    private const uint Is64Bit = 0x80000000, IsLittleEndian = 0x40000000;

    /// <summary>The value of a target.</summary>
    public static uint Of(ElfTarget target) =>
        target.Machine | (target.Is64 ? Is64Bit : 0) | (target == ElfTarget.Ppc ? 0 : IsLittleEndian);
}
