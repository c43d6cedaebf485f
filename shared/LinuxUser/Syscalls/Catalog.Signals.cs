namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about handlers, masks, sending and waiting.</summary>
    public static class Signals
    {
        public static readonly SyscallRow RtSigaction = new("rt_sigaction", "signum:signal, act:in.sigaction, oldact:out.sigaction, size");
        public static readonly SyscallRow RtSigprocmask = new("rt_sigprocmask", "how:enum(sigmask), set:in.sigset, oldset:out.sigset, size");
        public static readonly SyscallRow RtSigreturn = new("rt_sigreturn", "-> void");
        public static readonly SyscallRow RtSigpending = new("rt_sigpending", "set:out.sigset, size");
        public static readonly SyscallRow RtSigtimedwait = new("rt_sigtimedwait", "set:in.sigset, info:out.siginfo, timeout:in.timespec, size -> signal");
        public static readonly SyscallRow RtSigtimedwaitTime64 = new("rt_sigtimedwait_time64",
            "set:in.sigset, info:out.siginfo, timeout:in.timespec64, size -> signal");
        public static readonly SyscallRow RtSigqueueinfo = new("rt_sigqueueinfo", "pid, sig:signal, info:in.siginfo");
        public static readonly SyscallRow RtTgsigqueueinfo = new("rt_tgsigqueueinfo", "tgid:pid, pid, sig:signal, info:in.siginfo");
        public static readonly SyscallRow RtSigsuspend = new("rt_sigsuspend", "set:in.sigset, size");
        public static readonly SyscallRow Sigaltstack = new("sigaltstack", "ss:in.stack_t, old_ss:out.stack_t");
        public static readonly SyscallRow Kill = new("kill", "pid, sig:signal");
        public static readonly SyscallRow Tkill = new("tkill", "pid, sig:signal");
        public static readonly SyscallRow Tgkill = new("tgkill", "tgid:pid, pid, sig:signal");
        public static readonly SyscallRow PidfdSendSignal = new("pidfd_send_signal", "pidfd:fd, sig:signal, info:in.siginfo, flags:hex",
            trace: "pidfd:fd, sig:signal, info:in.siginfo, flags:flags(pidfd_signal)");
        public static readonly SyscallRow Pause = new("pause", "");
        public static readonly SyscallRow Signalfd = new("signalfd", "fd, mask:in.sigset, size -> fd");
        public static readonly SyscallRow Signalfd4 = new("signalfd4", "fd, mask:in.sigset, size, flags:flags(open_nonblock) -> fd");
        public static readonly SyscallRow RestartSyscall = new("restart_syscall", "");
        public static readonly SyscallRow Signal = new("signal", "signum:signal, handler:sighandler -> ptr");
        public static readonly SyscallRow Sigaction = new("sigaction", "signum:signal, act:in.old_sigaction, oldact:out.old_sigaction");
        public static readonly SyscallRow Sigprocmask = new("sigprocmask", "how:enum(sigmask), set:in.old_sigset, oldset:out.old_sigset");
        public static readonly SyscallRow Sigpending = new("sigpending", "set:out.old_sigset");
        public static readonly SyscallRow Sigsuspend = new("sigsuspend", "unused1:hex, unused2:hex, mask:hex",
            trace: "unused1:hex, unused2:hex, mask:sigbits");
        public static readonly SyscallRow Sgetmask = new("sgetmask", "-> hex",
            trace: "-> sigbits");
        public static readonly SyscallRow Ssetmask = new("ssetmask", "mask:hex -> hex",
            trace: "mask:sigbits -> sigbits");
        public static readonly SyscallRow Sigreturn = new("sigreturn", "-> void");
    }
}
