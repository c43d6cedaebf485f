namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about the network.</summary>
    public static class Sockets
    {
        public static readonly SyscallRow Socket = new("socket", "domain:enum(af), type:flags(socktype), protocol:enum(ipproto) -> fd");
        public static readonly SyscallRow Socketpair = new("socketpair", "domain:enum(af), type:flags(socktype), protocol:int, fds:out.fdpair");
        public static readonly SyscallRow Bind = new("bind", "fd, addr:in.sockaddr[addrlen], addrlen:uint");
        public static readonly SyscallRow Connect = new("connect", "fd, addr:in.sockaddr[addrlen], addrlen:uint");
        public static readonly SyscallRow Listen = new("listen", "fd, backlog:int");
        public static readonly SyscallRow Accept = new("accept", "fd, addr:out.sockaddr[addrlen], addrlen:inout.u32 -> fd");
        public static readonly SyscallRow Accept4 = new("accept4", "fd, addr:out.sockaddr[addrlen], addrlen:inout.u32, flags:flags(sockflags) -> fd");
        public static readonly SyscallRow Getsockname = new("getsockname", "fd, addr:out.sockaddr[addrlen], addrlen:inout.u32");
        public static readonly SyscallRow Getpeername = new("getpeername", "fd, addr:out.sockaddr[addrlen], addrlen:inout.u32");
        public static readonly SyscallRow Send = new("send", "fd, buf:in.bytes[len], len:size, flags:flags(msg)");
        public static readonly SyscallRow Sendto = new("sendto", "fd, buf:in.bytes[len], len:size, flags:flags(msg), addr:in.sockaddr[addrlen], addrlen:uint");
        public static readonly SyscallRow Sendmsg = new("sendmsg", "fd, msg:in.msghdr, flags:flags(msg)");
        public static readonly SyscallRow Sendmmsg = new("sendmmsg", "fd, msgs:inout.mmsghdr[vlen], vlen:uint, flags:flags(msg)");
        public static readonly SyscallRow Recv = new("recv", "fd, buf:out.bytes[ret], len:size, flags:flags(msg)");
        public static readonly SyscallRow Recvfrom = new("recvfrom",
            "fd, buf:out.bytes[ret], len:size, flags:flags(msg), addr:out.sockaddr[addrlen], addrlen:inout.u32");
        public static readonly SyscallRow Recvmsg = new("recvmsg", "fd, msg:out.msghdr, flags:flags(msg)");
        public static readonly SyscallRow Recvmmsg = new("recvmmsg", "fd, msgs:out.mmsghdr[ret], vlen:uint, flags:flags(msg), timeout:in.timespec");
        public static readonly SyscallRow RecvmmsgTime64 = new("recvmmsg_time64",
            "fd, msgs:out.mmsghdr[ret], vlen:uint, flags:flags(msg), timeout:in.timespec64");
        public static readonly SyscallRow Shutdown = new("shutdown", "fd, how:enum(shutdown)");
        public static readonly SyscallRow Setsockopt = new("setsockopt", "fd, level:enum(sol), optname:sockopt(level), optval:in.optval[optlen], optlen:uint");
        public static readonly SyscallRow Getsockopt = new("getsockopt",
            "fd, level:enum(sol), optname:sockopt(level), optval:out.optval[optlen], optlen:inout.u32");
        public static readonly SyscallRow Socketcall = new("socketcall", "call:enum(socketcall), args:by(call)");
    }
}
