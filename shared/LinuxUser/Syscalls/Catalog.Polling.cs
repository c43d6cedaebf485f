namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about waiting for readiness and asynchronous input and output.</summary>
    public static class Polling
    {
        public static readonly SyscallRow Poll = new("poll", "fds:inout.pollfd[nfds], nfds:uint, timeout:int");
        public static readonly SyscallRow Ppoll = new("ppoll", "fds:inout.pollfd[nfds], nfds:uint, timeout:in.timespec, sigmask:in.sigset, size");
        public static readonly SyscallRow PpollTime64 = new("ppoll_time64",
            "fds:inout.pollfd[nfds], nfds:uint, timeout:in.timespec64, sigmask:in.sigset, size");
        public static readonly SyscallRow Select = new("select",
            "n:int, readfds:inout.fdset[n], writefds:inout.fdset[n], exceptfds:inout.fdset[n], timeout:inout.timeval");
        public static readonly SyscallRow OldSelect = new("select", "args:in.select_args");
        public static readonly SyscallRow Newselect = new("_newselect",
            "n:int, readfds:inout.fdset[n], writefds:inout.fdset[n], exceptfds:inout.fdset[n], timeout:inout.timeval");
        public static readonly SyscallRow Pselect6 = new("pselect6",
            "n:int, readfds:inout.fdset[n], writefds:inout.fdset[n], exceptfds:inout.fdset[n], timeout:inout.timespec, sigmask:in.sigset_arg");
        public static readonly SyscallRow Pselect6Time64 = new("pselect6_time64",
            "n:int, readfds:inout.fdset[n], writefds:inout.fdset[n], exceptfds:inout.fdset[n], timeout:inout.timespec64, sigmask:in.sigset_arg");
        public static readonly SyscallRow EpollCreate = new("epoll_create", "size:int -> fd");
        public static readonly SyscallRow EpollCreate1 = new("epoll_create1", "flags:flags(open_cloexec) -> fd");
        public static readonly SyscallRow EpollCtl = new("epoll_ctl", "epfd:fd, op:enum(epoll_ctl), fd, event:in.epoll_event");
        public static readonly SyscallRow EpollWait = new("epoll_wait", "epfd:fd, events:out.epoll_event[ret:maxevents], maxevents:int, timeout:int");
        public static readonly SyscallRow EpollPwait = new("epoll_pwait",
            "epfd:fd, events:out.epoll_event[ret:maxevents], maxevents:int, timeout:int, sigmask:in.sigset, size");
        public static readonly SyscallRow EpollPwait2 = new("epoll_pwait2",
            "epfd:fd, events:out.epoll_event[ret:maxevents], maxevents:int, timeout:in.timespec64, sigmask:in.sigset, size");
        public static readonly SyscallRow EpollCtlOld = new("epoll_ctl_old", "epfd:fd, op:int, fd, event:ptr");
        public static readonly SyscallRow EpollWaitOld = new("epoll_wait_old", "epfd:fd, events:ptr, maxevents:int, timeout:int");
        public static readonly SyscallRow IoSetup = new("io_setup", "nr:uint, ctx:inout.uw");
        public static readonly SyscallRow IoDestroy = new("io_destroy", "ctx:hex");
        public static readonly SyscallRow IoGetevents = new("io_getevents", "ctx:hex, min_nr:long, nr:long, events:out.io_event[ret:nr], timeout:in.timespec");
        public static readonly SyscallRow IoPgetevents = new("io_pgetevents",
            "ctx:hex, min_nr:long, nr:long, events:out.io_event[ret:nr], timeout:in.timespec, sigmask:in.sigset_arg");
        public static readonly SyscallRow IoPgeteventsTime64 = new("io_pgetevents_time64",
            "ctx:hex, min_nr:long, nr:long, events:out.io_event[ret:nr], timeout:in.timespec64, sigmask:in.sigset_arg");
        public static readonly SyscallRow IoSubmit = new("io_submit", "ctx:hex, nr:long, iocbs:ptr",
            trace: "ctx:hex, nr:long, iocbs:in.iocbs[nr]");
        public static readonly SyscallRow IoCancel = new("io_cancel", "ctx:hex, iocb:ptr, result:ptr",
            trace: "ctx:hex, iocb:in.iocb, result:out.io_event");
        public static readonly SyscallRow IoUringSetup = new("io_uring_setup", "entries:uint, params:inout.io_uring_params -> fd");
        public static readonly SyscallRow IoUringEnter = new("io_uring_enter",
            "fd, to_submit:uint, min_complete:uint, flags:flags(io_uring_enter), arg:ptr, size");
        public static readonly SyscallRow IoUringRegister = new("io_uring_register", "fd, opcode:enum(io_uring_register), arg:ptr, nr_args:uint",
            trace: "fd, opcode:enum(io_uring_register), arg:by(opcode), nr_args:uint");
    }
}
