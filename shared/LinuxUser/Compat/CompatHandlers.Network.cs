using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

// Sockets, polling, interprocess communication, signals, ioctl.
internal static unsafe partial class CompatHandlers
{
    private static SyscallEntry Network(string name) => name switch
    {
        "socket" => Handle(&CompatSockets.Socket),
        "socketpair" => Handle(&CompatSockets.Socketpair),
        "bind" => Handle(&CompatSockets.Bind),
        "connect" => Handle(&CompatSockets.Connect),
        "accept" => Handle(&CompatSockets.Accept),
        "accept4" => Handle(&CompatSockets.Accept4),
        "getsockname" => Handle(&CompatSockets.Getsockname),
        "getpeername" => Handle(&CompatSockets.Getpeername),
        "send" => Handle(&CompatSockets.Send),
        "recv" => Handle(&CompatSockets.Recv),
        "sendto" => Handle(&CompatSockets.Sendto),
        "recvfrom" => Handle(&CompatSockets.Recvfrom),
        "sendmsg" => Handle(&CompatMessages.Sendmsg),
        "recvmsg" => Handle(&CompatMessages.Recvmsg),
        "sendmmsg" => Handle(&CompatMessages.Sendmmsg),
        "recvmmsg" => Handle(&CompatMessages.Recvmmsg),
        "recvmmsg_time64" => Handle(&CompatMessages.RecvmmsgTime64),
        "getsockopt" => Handle(&CompatSocketOptions.Getsockopt),
        "setsockopt" => Handle(&CompatSocketOptions.Setsockopt),
        "socketcall" => Handle(&CompatSockets.Socketcall),
        _ => ByRow,
    };
}
