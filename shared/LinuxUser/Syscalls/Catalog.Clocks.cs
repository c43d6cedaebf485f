namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about clocks, timers and sleeping.</summary>
    public static class Clocks
    {
        public static readonly SyscallRow Time = new("time", "tloc:out.w");
        public static readonly SyscallRow Stime = new("stime", "t:in.w");
        public static readonly SyscallRow Gettimeofday = new("gettimeofday", "tv:out.timeval, tz:out.timezone");
        public static readonly SyscallRow Settimeofday = new("settimeofday", "tv:in.timeval, tz:in.timezone");
        public static readonly SyscallRow Adjtimex = new("adjtimex", "buf:inout.timex");
        public static readonly SyscallRow ClockAdjtime = new("clock_adjtime", "clockid:enum(clockid), buf:inout.timex");
        public static readonly SyscallRow ClockAdjtime64 = new("clock_adjtime64", "clockid:enum(clockid), buf:inout.timex64");
        public static readonly SyscallRow ClockGettime = new("clock_gettime", "clockid:enum(clockid), tp:out.timespec");
        public static readonly SyscallRow ClockGettime64 = new("clock_gettime64", "clockid:enum(clockid), tp:out.timespec64");
        public static readonly SyscallRow ClockSettime = new("clock_settime", "clockid:enum(clockid), tp:in.timespec");
        public static readonly SyscallRow ClockSettime64 = new("clock_settime64", "clockid:enum(clockid), tp:in.timespec64");
        public static readonly SyscallRow ClockGetres = new("clock_getres", "clockid:enum(clockid), res:out.timespec");
        public static readonly SyscallRow ClockGetresTime64 = new("clock_getres_time64", "clockid:enum(clockid), res:out.timespec64");
        public static readonly SyscallRow ClockNanosleep = new("clock_nanosleep", "clockid:enum(clockid), flags:flags(timer), request:in.timespec, remain:eintr.timespec");
        public static readonly SyscallRow ClockNanosleepTime64 = new("clock_nanosleep_time64",
            "clockid:enum(clockid), flags:flags(timer), request:in.timespec64, remain:eintr.timespec64");
        public static readonly SyscallRow Nanosleep = new("nanosleep", "request:in.timespec, remain:eintr.timespec");
        public static readonly SyscallRow Alarm = new("alarm", "seconds:uint");
        public static readonly SyscallRow Getitimer = new("getitimer", "which:enum(itimer), value:out.itimerval");
        public static readonly SyscallRow Setitimer = new("setitimer", "which:enum(itimer), value:in.itimerval, ovalue:out.itimerval");
        public static readonly SyscallRow TimerCreate = new("timer_create", "clockid:enum(clockid), event:in.sigevent, timerid:out.i32");
        public static readonly SyscallRow TimerSettime = new("timer_settime", "timerid:int, flags:flags(timer), value:in.itimerspec, ovalue:out.itimerspec");
        public static readonly SyscallRow TimerSettime64 = new("timer_settime64",
            "timerid:int, flags:flags(timer), value:in.itimerspec64, ovalue:out.itimerspec64");
        public static readonly SyscallRow TimerGettime = new("timer_gettime", "timerid:int, value:out.itimerspec");
        public static readonly SyscallRow TimerGettime64 = new("timer_gettime64", "timerid:int, value:out.itimerspec64");
        public static readonly SyscallRow TimerGetoverrun = new("timer_getoverrun", "timerid:int");
        public static readonly SyscallRow TimerDelete = new("timer_delete", "timerid:int");
        public static readonly SyscallRow TimerfdCreate = new("timerfd_create", "clockid:enum(clockid), flags:flags(open_nonblock) -> fd");
        public static readonly SyscallRow TimerfdSettime = new("timerfd_settime", "fd, flags:flags(timerfd), value:in.itimerspec, ovalue:out.itimerspec");
        public static readonly SyscallRow TimerfdSettime64 = new("timerfd_settime64",
            "fd, flags:flags(timerfd), value:in.itimerspec64, ovalue:out.itimerspec64");
        public static readonly SyscallRow TimerfdGettime = new("timerfd_gettime", "fd, value:out.itimerspec");
        public static readonly SyscallRow TimerfdGettime64 = new("timerfd_gettime64", "fd, value:out.itimerspec64");
        public static readonly SyscallRow Times = new("times", "buf:out.tms");
    }
}
