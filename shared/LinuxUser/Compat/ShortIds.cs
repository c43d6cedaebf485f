using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>User and group ids of 16 bits (kernel/uid16.c): -1 stays -1, and an id that does not fit reads as the overflow id.</summary>
internal static class ShortIds
{
    private const uint Overflow = 65534;

    /// <summary>True for the calls of i386 whose ids have 16 bits; the others end in 32 or came later.</summary>
    public static bool Applies(SyscallRow row) => row.Name is "chown" or "lchown" or "fchown" or "setuid" or "setgid" or "setreuid" or "setregid" or "setresuid"
        or "setresgid" or "setfsuid" or "setfsgid" or "getuid" or "getgid" or "geteuid" or "getegid";

    /// <summary>low2highuid of linux/highuid.h.</summary>
    public static ulong ToHost(ulong id) => (ushort)id == ushort.MaxValue ? uint.MaxValue : (ushort)id;

    /// <summary>high2lowuid of linux/highuid.h.</summary>
    public static uint ToGuest(uint id) => id > ushort.MaxValue ? Overflow : id;
}
