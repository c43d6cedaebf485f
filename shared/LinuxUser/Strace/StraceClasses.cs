using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>The classes of calls that strace(1) knows as %file and so on: by what the row takes where that says it, else by name.</summary>
internal static class StraceClasses
{
    /// <summary>Whether a call belongs to a class; false for a class that does not exist.</summary>
    /// <param name="name">The class without its percent sign.</param>
    /// <param name="row">The call.</param>
    public static bool Contains(string name, SyscallRow row) => name switch
    {
        "file" => Takes(row, SignatureKind.Path),
        "desc" or "fd" => Takes(row, SignatureKind.Fd) || Takes(row, SignatureKind.Dirfd) || Makes(row, SignatureKind.Fd)
            || row.Name is "pipe" or "pipe2" or "poll" or "ppoll" or "ppoll_time64" or "select" or "_newselect" or "pselect6" or "pselect6_time64"
            or "socketpair" or "close_range" or "mmap" or "mmap2",
        "process" => IsProcess(row.Name),
        "network" or "net" => IsNetwork(row.Name),
        "signal" => IsSignal(row.Name),
        "ipc" => row.Name is "ipc" || StartsWithAny(row.Name, "shm", "sem", "msgget", "msgsnd", "msgrcv", "msgctl"),
        "memory" => IsMemory(row.Name),
        "creds" => IsCredential(row.Name),
        "clock" => row.Name is "time" or "stime" or "gettimeofday" or "settimeofday" or "adjtimex"
            || (row.Name.StartsWith("clock_", StringComparison.Ordinal) && !row.Name.StartsWith("clock_nanosleep", StringComparison.Ordinal)),
        "stat" => row.Name is "statx" || row.Name.EndsWith("stat", StringComparison.Ordinal) || row.Name.EndsWith("stat64", StringComparison.Ordinal)
            || row.Name.EndsWith("statat", StringComparison.Ordinal) || row.Name is "fstatat64",
        "statfs" => row.Name is "statfs" or "statfs64" or "fstatfs" or "fstatfs64" or "ustat",
        _ => false,
    };

    private static bool Takes(SyscallRow row, SignatureKind kind)
    {
        foreach (SignatureArgument argument in Signature.Parse(row.Signature).Arguments)
            if (argument.Type.Kind == kind)
                return true;
        return false;
    }

    private static bool Makes(SyscallRow row, SignatureKind kind) => Signature.Parse(row.Signature).Result.Kind == kind;

    private static bool StartsWithAny(string name, params ReadOnlySpan<string> starts)
    {
        foreach (string start in starts)
            if (name.StartsWith(start, StringComparison.Ordinal))
                return true;
        return false;
    }

    private static bool IsProcess(string name) => name is "fork" or "vfork" or "clone" or "clone3" or "execve" or "execveat" or "exit" or "exit_group"
        or "wait4" or "waitpid" or "waitid" or "unshare" or "setns" or "arch_prctl" or "kill" or "tkill" or "tgkill" or "rt_sigqueueinfo"
        or "rt_tgsigqueueinfo" or "pidfd_send_signal" or "pidfd_open";

    private static bool IsNetwork(string name) => name is "socket" or "socketpair" or "socketcall" or "bind" or "connect" or "listen" or "accept"
        or "accept4" or "getsockname" or "getpeername" or "send" or "sendto" or "sendmsg" or "sendmmsg" or "recv" or "recvfrom" or "recvmsg" or "recvmmsg"
        or "recvmmsg_time64" or "shutdown" or "setsockopt" or "getsockopt" or "sethostname" or "setdomainname" or "getpmsg" or "putpmsg";

    private static bool IsSignal(string name) => StartsWithAny(name, "rt_sig", "rt_tgsig", "sig", "signalfd")
        || name is "kill" or "tkill" or "tgkill" or "pause" or "pidfd_send_signal" or "sgetmask" or "ssetmask" or "restart_syscall";

    private static bool IsMemory(string name) => StartsWithAny(name, "mmap", "mprotect", "munmap", "mremap", "mlock", "munlock", "pkey_")
        || name is "brk" or "madvise" or "process_madvise" or "mincore" or "msync" or "mbind" or "set_mempolicy" or "get_mempolicy" or "migrate_pages"
        or "move_pages" or "remap_file_pages" or "shmat" or "shmdt" or "mseal" or "map_shadow_stack" or "set_mempolicy_home_node" or "subpage_prot"
        or "io_setup" or "io_destroy" or "memfd_secret" or "cachestat";

    private static bool IsCredential(string name) => name is "capget" or "capset" or "prctl"
        || (StartsWithAny(name, "get", "set") && (name.Contains("uid", StringComparison.Ordinal) || name.Contains("gid", StringComparison.Ordinal)
            || name.Contains("groups", StringComparison.Ordinal)) && !name.Contains("pgid", StringComparison.Ordinal));
}
