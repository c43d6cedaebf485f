using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

// Sockets, polling, interprocess communication, signals, ioctl.
internal static unsafe partial class CompatHandlers
{
    private static SyscallEntry Network(string name) => name switch
    {
        _ => ByRow,
    };
}
