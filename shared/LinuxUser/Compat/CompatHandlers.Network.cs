using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

// Sockets, polling, interprocess communication, signals, ioctl.
internal static unsafe partial class CompatHandlers
{
    // Programs for the host's kernel, and pages in its layout: what an unprivileged user is told.
    private static long NotPermitted(GuestThread t, in SysArgs a) => -Errno.EPERM;

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
        "sigaction" => Handle(&CompatSignals.Sigaction),
        "signal" => Handle(&CompatSignals.Signal),
        "sgetmask" => Handle(&CompatSignals.Sgetmask),
        "ssetmask" => Handle(&CompatSignals.Ssetmask),
        "sigprocmask" => Handle(&CompatSignals.Sigprocmask),
        "sigpending" => Handle(&CompatSignals.Sigpending),
        "sigsuspend" => Handle(&CompatSignals.Sigsuspend),
        "sigreturn" or "rt_sigreturn" => Handle(&SignalCalls.RtSigreturn),
        "rt_sigtimedwait" => Handle(&CompatSignals.RtSigtimedwait),
        "rt_sigtimedwait_time64" => Handle(&CompatSignals.RtSigtimedwaitTime64),
        "rt_sigqueueinfo" => Handle(&CompatSignals.RtSigqueueinfo),
        "rt_tgsigqueueinfo" => Handle(&CompatSignals.RtTgsigqueueinfo),
        "pidfd_send_signal" => Handle(&CompatSignals.PidfdSendSignal),
        "timer_create" => Handle(&CompatSignals.TimerCreate),
        "mq_notify" => Handle(&CompatSignals.MqNotify),
        _ => Waiting(name),
    };

    private static SyscallEntry Waiting(string name) => name switch
    {
        "select" => Handle(&CompatSelect.Select),
        "_newselect" => Handle(&CompatSelect.Newselect),
        "pselect6" => Handle(&CompatSelect.Pselect6),
        "pselect6_time64" => Handle(&CompatSelect.Pselect6Time64),
        "futex" or "futex_time64" => Handle(&CompatFutex.Futex),
        "futex_waitv" => Handle(&CompatFutex.FutexWaitv),
        "ipc" => Handle(&CompatIpc.Ipc),
        "semop" => Handle(&CompatIpc.Semop),
        "semtimedop" => Handle(&CompatIpc.Semtimedop),
        "semtimedop_time64" => Handle(&CompatIpc.SemtimedopTime64),
        "semctl" => Handle(&CompatIpc.Semctl),
        "msgsnd" => Handle(&CompatIpc.Msgsnd),
        "msgrcv" => Handle(&CompatIpc.Msgrcv),
        "msgctl" => Handle(&CompatIpc.Msgctl),
        "shmctl" => Handle(&CompatIpc.Shmctl),
        "io_setup" => Handle(&CompatAio.IoSetup),
        "io_destroy" => Handle(&CompatAio.IoDestroy),
        "io_submit" => Handle(&CompatAio.IoSubmit),
        "io_cancel" => Handle(&CompatAio.IoCancel),
        "io_getevents" => Handle(&CompatAio.IoGetevents),
        "io_pgetevents" => Handle(&CompatAio.IoPgetevents),
        "io_pgetevents_time64" => Handle(&CompatAio.IoPgeteventsTime64),
        "bpf" or "perf_event_open" => Handle(&NotPermitted),
        _ => ByRow,
    };
}
