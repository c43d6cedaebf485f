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
        "ioctl" => Handle(&CompatIoctl.Ioctl),
        "fcntl" => Handle(&CompatFcntl.Fcntl),
        "fcntl64" => Handle(&CompatFcntl.Fcntl64),
        "eventfd" or "eventfd2" or "timerfd_create" => Handle(&CompatDescriptors.MakeCounter),
        "signalfd" or "signalfd4" => Handle(&CompatDescriptors.MakeSignals),
        "inotify_init" or "inotify_init1" => Handle(&CompatDescriptors.MakeInotify),
        "fanotify_init" => Handle(&CompatDescriptors.MakeFanotify),
        "userfaultfd" => Handle(&CompatDescriptors.MakePageFaults),
        "read" => Handle(&CompatDescriptors.Read),
        "write" => Handle(&CompatDescriptors.Write),
        "readv" => Handle(&CompatDescriptors.Readv),
        "writev" => Handle(&CompatDescriptors.Writev),
        "close" => Handle(&CompatDescriptors.Close),
        "close_range" => Handle(&CompatDescriptors.CloseRange),
        "dup" or "dup2" or "dup3" => Handle(&CompatDescriptors.Duplicate),
        "pidfd_getfd" => Handle(&CompatDescriptors.PidfdGetfd),
        _ => ByRow,
    };
}
