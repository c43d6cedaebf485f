namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>Numbers the kernel keeps for calls that were removed or never written; it answers ENOSYS.</summary>
    public static class Unimplemented
    {
        public static readonly SyscallRow AfsSyscall = new("afs_syscall", "arg1:hex, arg2:hex, arg3:hex, arg4:hex, arg5:hex");
        public static readonly SyscallRow Tuxcall = new("tuxcall", "arg1:hex, arg2:hex, arg3:hex");
        public static readonly SyscallRow Vserver = new("vserver", "arg1:hex, arg2:hex, arg3:hex, arg4:hex, arg5:hex");
        public static readonly SyscallRow Getpmsg = new("getpmsg", "fd, ctl:ptr, data:ptr, band:ptr, flags:ptr");
        public static readonly SyscallRow Putpmsg = new("putpmsg", "fd, ctl:ptr, data:ptr, band:int, flags:int");
        public static readonly SyscallRow Break = new("break", "arg1:hex");
        public static readonly SyscallRow Stty = new("stty", "arg1:hex, arg2:hex");
        public static readonly SyscallRow Gtty = new("gtty", "arg1:hex, arg2:hex");
        public static readonly SyscallRow Ftime = new("ftime", "tp:ptr");
        public static readonly SyscallRow Prof = new("prof", "arg1:hex");
        public static readonly SyscallRow Profil = new("profil", "arg1:hex, arg2:hex, arg3:hex, arg4:hex");
        public static readonly SyscallRow Lock = new("lock", "arg1:hex");
        public static readonly SyscallRow Mpx = new("mpx", "arg1:hex");
        public static readonly SyscallRow Ulimit = new("ulimit", "cmd:int, arg:hex");
        public static readonly SyscallRow Idle = new("idle", "");
        public static readonly SyscallRow Bdflush = new("bdflush", "func:int, data:hex");
    }
}
