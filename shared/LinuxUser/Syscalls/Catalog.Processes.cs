namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about processes and threads: creation, execution, waiting, scheduling, futexes.</summary>
    public static class Processes
    {
        public static readonly SyscallRow Clone = new("clone", "flags:cloneflags, stack:ptr, parent_tid:ptr, child_tid:ptr, tls:hex -> pid");
        public static readonly SyscallRow CloneTlsFourth = new("clone", "flags:cloneflags, stack:ptr, parent_tid:ptr, tls:hex, child_tid:ptr -> pid");
        public static readonly SyscallRow Clone3 = new("clone3", "args:in.clone_args[size], size -> pid");
        public static readonly SyscallRow Fork = new("fork", "-> pid");
        public static readonly SyscallRow Vfork = new("vfork", "-> pid");
        public static readonly SyscallRow Execve = new("execve", "path, argv:strings, envp:strings");
        public static readonly SyscallRow Execveat = new("execveat", "dirfd, path, argv:strings, envp:strings, flags:flags(at)");
        public static readonly SyscallRow Exit = new("exit", "status:int -> void");
        public static readonly SyscallRow ExitGroup = new("exit_group", "status:int -> void");
        public static readonly SyscallRow Wait4 = new("wait4", "pid, status:out.wstatus, options:flags(wait), rusage:out.rusage -> pid");
        public static readonly SyscallRow Waitpid = new("waitpid", "pid, status:out.wstatus, options:flags(wait) -> pid");
        public static readonly SyscallRow Waitid = new("waitid", "idtype:enum(idtype), id:int, info:out.siginfo, options:flags(wait), rusage:out.rusage");
        public static readonly SyscallRow Getpid = new("getpid", "-> pid");
        public static readonly SyscallRow Getppid = new("getppid", "-> pid");
        public static readonly SyscallRow Gettid = new("gettid", "-> pid");
        public static readonly SyscallRow Getpgid = new("getpgid", "pid -> pid");
        public static readonly SyscallRow Setpgid = new("setpgid", "pid, pgid:pid");
        public static readonly SyscallRow Getpgrp = new("getpgrp", "-> pid");
        public static readonly SyscallRow Setsid = new("setsid", "-> pid");
        public static readonly SyscallRow Getsid = new("getsid", "pid -> pid");
        public static readonly SyscallRow SetTidAddress = new("set_tid_address", "tidptr:ptr -> pid");
        public static readonly SyscallRow Futex = new("futex", "uaddr:ptr, op:flags(futex), val:by(op,0), timeout:by(op,1), uaddr2:by(op,2), val3:by(op,3)");
        public static readonly SyscallRow FutexTime64 = new("futex_time64",
            "uaddr:ptr, op:flags(futex64), val:by(op,0), timeout:by(op,1), uaddr2:by(op,2), val3:by(op,3)");
        public static readonly SyscallRow FutexWaitv = new("futex_waitv",
            "waiters:in.futex_waitv[nr], nr:uint, flags:hex, timeout:in.timespec64, clockid:enum(clockid)");
        public static readonly SyscallRow FutexWake = new("futex_wake", "uaddr:ptr, mask:hex, nr:int, flags:flags(futex2)");
        public static readonly SyscallRow FutexWait = new("futex_wait",
            "uaddr:ptr, val:hex, mask:hex, flags:flags(futex2), timeout:in.timespec64, clockid:enum(clockid)");
        public static readonly SyscallRow FutexRequeue = new("futex_requeue", "waiters:in.futex_waitv[2], flags:hex, nr_wake:int, nr_requeue:int");
        public static readonly SyscallRow SetRobustList = new("set_robust_list", "head:ptr, len:size",
            trace: "head:in.robust_list_head, len:size");
        public static readonly SyscallRow GetRobustList = new("get_robust_list", "pid, head:out.ptr, len:out.uw");
        public static readonly SyscallRow Rseq = new("rseq", "rseq:ptr, len:uint, flags:flags(rseq), sig:hex");
        public static readonly SyscallRow Membarrier = new("membarrier", "cmd:enum(membarrier), flags:flags(membarrier_flags), cpu_id:int");
        public static readonly SyscallRow SchedYield = new("sched_yield", "");
        public static readonly SyscallRow SchedSetparam = new("sched_setparam", "pid, param:in.sched_param");
        public static readonly SyscallRow SchedGetparam = new("sched_getparam", "pid, param:out.sched_param");
        public static readonly SyscallRow SchedSetscheduler = new("sched_setscheduler", "pid, policy:flags(sched), param:in.sched_param");
        public static readonly SyscallRow SchedGetscheduler = new("sched_getscheduler", "pid");
        public static readonly SyscallRow SchedGetPriorityMax = new("sched_get_priority_max", "policy:flags(sched)");
        public static readonly SyscallRow SchedGetPriorityMin = new("sched_get_priority_min", "policy:flags(sched)");
        public static readonly SyscallRow SchedRrGetInterval = new("sched_rr_get_interval", "pid, interval:out.timespec");
        public static readonly SyscallRow SchedRrGetIntervalTime64 = new("sched_rr_get_interval_time64", "pid, interval:out.timespec64");
        public static readonly SyscallRow SchedSetaffinity = new("sched_setaffinity", "pid, len:size, mask:in.cpuset[len]");
        public static readonly SyscallRow SchedGetaffinity = new("sched_getaffinity", "pid, len:size, mask:out.cpuset[ret]");
        public static readonly SyscallRow SchedSetattr = new("sched_setattr", "pid, attr:in.sched_attr, flags:hex");
        public static readonly SyscallRow SchedGetattr = new("sched_getattr", "pid, attr:out.sched_attr, size:uint, flags:hex");
        public static readonly SyscallRow Nice = new("nice", "increment:int");
        public static readonly SyscallRow Getpriority = new("getpriority", "which:enum(priority), who:int");
        public static readonly SyscallRow Setpriority = new("setpriority", "which:enum(priority), who:int, prio:int");
        public static readonly SyscallRow IoprioSet = new("ioprio_set", "which:enum(ioprio), who:int, ioprio:hex",
            trace: "which:enum(ioprio), who:int, ioprio:flags(ioprio_value)");
        public static readonly SyscallRow IoprioGet = new("ioprio_get", "which:enum(ioprio), who:int",
            trace: "which:enum(ioprio), who:int -> flags(ioprio_value)");
        public static readonly SyscallRow Prctl = new("prctl",
            "option:enum(prctl), arg2:by(option,0), arg3:by(option,1), arg4:by(option,2), arg5:by(option,3)");
        public static readonly SyscallRow ArchPrctl = new("arch_prctl", "code:enum(arch_prctl), addr:by(code)");
        public static readonly SyscallRow SetThreadArea = new("set_thread_area", "u_info:inout.user_desc");
        public static readonly SyscallRow GetThreadArea = new("get_thread_area", "u_info:inout.user_desc");
        public static readonly SyscallRow ModifyLdt = new("modify_ldt", "func:int, ptr, bytecount:size",
            trace: "func:enum(modify_ldt), ptr:by(func), bytecount:size");
        public static readonly SyscallRow Personality = new("personality", "persona:flags(personality) -> hex");
        public static readonly SyscallRow Unshare = new("unshare", "flags:flags(clone)");
        public static readonly SyscallRow Setns = new("setns", "fd, nstype:flags(clone)");
        public static readonly SyscallRow Ptrace = new("ptrace", "request:enum(ptrace), pid, addr:hex, data:hex",
            trace: "request:enum(ptrace), pid, addr:by(request,0), data:by(request,1)");
        public static readonly SyscallRow Kcmp = new("kcmp", "pid1:pid, pid2:pid, type:enum(kcmp), idx1:hex, idx2:hex",
            trace: "pid1:pid, pid2:pid, type:enum(kcmp), idx1:by(type,0), idx2:by(type,1)");
        public static readonly SyscallRow Getcpu = new("getcpu", "cpu:out.u32, node:out.u32, cache:ptr");
        public static readonly SyscallRow PidfdOpen = new("pidfd_open", "pid, flags:flags(pidfd) -> fd");
        public static readonly SyscallRow PidfdGetfd = new("pidfd_getfd", "pidfd:fd, targetfd:fd, flags:hex -> fd");
        public static readonly SyscallRow Acct = new("acct", "path");
        public static readonly SyscallRow Vhangup = new("vhangup", "");
    }
}
