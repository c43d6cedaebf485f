using Suite.LinuxUser.Syscalls;
using static Suite.LinuxUser.Syscalls.Catalog;

namespace Suite.LinuxUser.Compat;

/// <summary>The x86-64 call that does what a call of the 32-bit tables does, where the two have different rows.</summary>
internal static class HostRows
{
    /// <summary>The host's row; the row itself when both tables have it, or the host has none.</summary>
    public static SyscallRow Of(SyscallRow row) => row.Name switch
    {
        "stat64" or "oldstat" => Paths.Stat,
        "lstat64" or "oldlstat" => Paths.Lstat,
        "fstat64" or "oldfstat" => Files.Fstat,
        "fstatat64" => Paths.Newfstatat,
        "statfs64" => Mounts.Statfs,
        "fstatfs64" => Mounts.Fstatfs,
        "truncate64" => Paths.Truncate,
        "ftruncate64" => Files.Ftruncate,
        "fadvise64_64" => Files.Fadvise64,
        "sync_file_range2" => Files.SyncFileRange,
        "sendfile64" => Files.Sendfile,
        "fcntl64" => Files.Fcntl,
        "waitpid" => Processes.Wait4,
        "ugetrlimit" => Identity.Getrlimit,
        "umount" => Mounts.Umount2,
        "getresuid" or "getresuid32" => Identity.Getresuid,
        "getresgid" or "getresgid32" => Identity.Getresgid,
        "getgroups" or "getgroups32" => Identity.Getgroups,
        "setgroups" or "setgroups32" => Identity.Setgroups,
        "getuid32" => Identity.Getuid,
        "getgid32" => Identity.Getgid,
        "geteuid32" => Identity.Geteuid,
        "getegid32" => Identity.Getegid,
        "setuid32" => Identity.Setuid,
        "setgid32" => Identity.Setgid,
        "setreuid32" => Identity.Setreuid,
        "setregid32" => Identity.Setregid,
        "setresuid32" => Identity.Setresuid,
        "setresgid32" => Identity.Setresgid,
        "setfsuid32" => Identity.Setfsuid,
        "setfsgid32" => Identity.Setfsgid,
        "chown32" => Paths.Chown,
        "lchown32" => Paths.Lchown,
        "fchown32" => Files.Fchown,
        "clock_gettime64" => Clocks.ClockGettime,
        "clock_settime64" => Clocks.ClockSettime,
        "clock_getres_time64" => Clocks.ClockGetres,
        "clock_nanosleep_time64" => Clocks.ClockNanosleep,
        "clock_adjtime64" => Clocks.ClockAdjtime,
        "timer_settime64" => Clocks.TimerSettime,
        "timer_gettime64" => Clocks.TimerGettime,
        "timerfd_settime64" => Clocks.TimerfdSettime,
        "timerfd_gettime64" => Clocks.TimerfdGettime,
        "utimensat_time64" => Paths.Utimensat,
        "sched_rr_get_interval_time64" => Processes.SchedRrGetInterval,
        "ppoll_time64" => Polling.Ppoll,
        "pselect6_time64" => Polling.Pselect6,
        "_newselect" => Polling.Select,
        "io_pgetevents_time64" => Polling.IoPgetevents,
        "recvmmsg_time64" => Sockets.Recvmmsg,
        "mq_timedsend_time64" => Interprocess.MqTimedsend,
        "mq_timedreceive_time64" => Interprocess.MqTimedreceive,
        "semtimedop_time64" => Interprocess.Semtimedop,
        "rt_sigtimedwait_time64" => Catalog.Signals.RtSigtimedwait,
        "futex_time64" => Processes.Futex,
        _ => row,
    };
}
