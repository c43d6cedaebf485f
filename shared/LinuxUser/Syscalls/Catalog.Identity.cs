namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about users, groups, capabilities, limits, keys and security modules.</summary>
    public static class Identity
    {
        public static readonly SyscallRow Getuid = new("getuid", "-> uint");
        public static readonly SyscallRow Geteuid = new("geteuid", "-> uint");
        public static readonly SyscallRow Getgid = new("getgid", "-> uint");
        public static readonly SyscallRow Getegid = new("getegid", "-> uint");
        public static readonly SyscallRow Getuid32 = new("getuid32", "-> uint");
        public static readonly SyscallRow Geteuid32 = new("geteuid32", "-> uint");
        public static readonly SyscallRow Getgid32 = new("getgid32", "-> uint");
        public static readonly SyscallRow Getegid32 = new("getegid32", "-> uint");
        public static readonly SyscallRow Setuid = new("setuid", "uid");
        public static readonly SyscallRow Setgid = new("setgid", "gid");
        public static readonly SyscallRow Setuid32 = new("setuid32", "uid");
        public static readonly SyscallRow Setgid32 = new("setgid32", "gid");
        public static readonly SyscallRow Setreuid = new("setreuid", "ruid:uid, euid:uid");
        public static readonly SyscallRow Setregid = new("setregid", "rgid:gid, egid:gid");
        public static readonly SyscallRow Setreuid32 = new("setreuid32", "ruid:uid, euid:uid");
        public static readonly SyscallRow Setregid32 = new("setregid32", "rgid:gid, egid:gid");
        public static readonly SyscallRow Setresuid = new("setresuid", "ruid:uid, euid:uid, suid:uid");
        public static readonly SyscallRow Setresgid = new("setresgid", "rgid:gid, egid:gid, sgid:gid");
        public static readonly SyscallRow Setresuid32 = new("setresuid32", "ruid:uid, euid:uid, suid:uid");
        public static readonly SyscallRow Setresgid32 = new("setresgid32", "rgid:gid, egid:gid, sgid:gid");
        public static readonly SyscallRow Getresuid = new("getresuid", "ruid:out.u32, euid:out.u32, suid:out.u32");
        public static readonly SyscallRow Getresgid = new("getresgid", "rgid:out.u32, egid:out.u32, sgid:out.u32");
        public static readonly SyscallRow Getresuid16 = new("getresuid", "ruid:out.u16, euid:out.u16, suid:out.u16");
        public static readonly SyscallRow Getresgid16 = new("getresgid", "rgid:out.u16, egid:out.u16, sgid:out.u16");
        public static readonly SyscallRow Getresuid32 = new("getresuid32", "ruid:out.u32, euid:out.u32, suid:out.u32");
        public static readonly SyscallRow Getresgid32 = new("getresgid32", "rgid:out.u32, egid:out.u32, sgid:out.u32");
        public static readonly SyscallRow Setfsuid = new("setfsuid", "uid");
        public static readonly SyscallRow Setfsgid = new("setfsgid", "gid");
        public static readonly SyscallRow Setfsuid32 = new("setfsuid32", "uid");
        public static readonly SyscallRow Setfsgid32 = new("setfsgid32", "gid");
        public static readonly SyscallRow Getgroups = new("getgroups", "size:int, list:out.u32[ret:size]");
        public static readonly SyscallRow Setgroups = new("setgroups", "size:int, list:in.u32[size]");
        public static readonly SyscallRow Getgroups16 = new("getgroups", "size:int, list:out.u16[ret:size]");
        public static readonly SyscallRow Setgroups16 = new("setgroups", "size:int, list:in.u16[size]");
        public static readonly SyscallRow Getgroups32 = new("getgroups32", "size:int, list:out.u32[ret:size]");
        public static readonly SyscallRow Setgroups32 = new("setgroups32", "size:int, list:in.u32[size]");
        public static readonly SyscallRow Capget = new("capget", "header:in.cap_header, data:out.cap_data[2]",
            trace: "header:in.cap_header, data:out.cap_sets");
        public static readonly SyscallRow Capset = new("capset", "header:in.cap_header, data:in.cap_data[2]",
            trace: "header:in.cap_header, data:in.cap_sets");
        public static readonly SyscallRow Getrlimit = new("getrlimit", "resource:enum(rlimit), rlim:out.rlimit");
        public static readonly SyscallRow Setrlimit = new("setrlimit", "resource:enum(rlimit), rlim:in.rlimit");
        public static readonly SyscallRow Ugetrlimit = new("ugetrlimit", "resource:enum(rlimit), rlim:out.rlimit");
        public static readonly SyscallRow Prlimit64 = new("prlimit64", "pid, resource:enum(rlimit), new:in.rlimit64, old:out.rlimit64");
        public static readonly SyscallRow Getrusage = new("getrusage", "who:enum(rusage), usage:out.rusage");
        public static readonly SyscallRow Seccomp = new("seccomp", "operation:enum(seccomp), flags:flags(seccomp_flags), args:ptr",
            trace: "operation:enum(seccomp), flags:flags(seccomp_flags), args:by(operation)");
        public static readonly SyscallRow LandlockCreateRuleset = new("landlock_create_ruleset", "attr:in.landlock_ruleset[size], size, flags:hex -> fd",
            trace: "attr:in.landlock_ruleset[size], size, flags:flags(landlock_create) -> fd");
        public static readonly SyscallRow LandlockAddRule = new("landlock_add_rule", "ruleset_fd:fd, type:enum(landlock_rule), attr:ptr, flags:hex",
            trace: "ruleset_fd:fd, type:enum(landlock_rule), attr:by(type), flags:hex");
        public static readonly SyscallRow LandlockRestrictSelf = new("landlock_restrict_self", "ruleset_fd:fd, flags:hex",
            trace: "ruleset_fd:fd, flags:flags(landlock_restrict)");
        public static readonly SyscallRow LsmGetSelfAttr = new("lsm_get_self_attr", "attr:uint, ctx:ptr, size:inout.u32, flags:hex",
            trace: "attr:enum(lsm_attr), ctx:out.lsm_ctx, size:inout.u32, flags:flags(lsm)");
        public static readonly SyscallRow LsmSetSelfAttr = new("lsm_set_self_attr", "attr:uint, ctx:ptr, size:uint, flags:hex",
            trace: "attr:enum(lsm_attr), ctx:in.lsm_ctx, size:uint, flags:hex");
        public static readonly SyscallRow LsmListModules = new("lsm_list_modules", "ids:out.u64[ret:size], size:inout.u32, flags:hex");
        public static readonly SyscallRow AddKey = new("add_key", "type:str, description:str, payload:in.bytes[plen], plen:size, keyring:enum(keyring)");
        public static readonly SyscallRow RequestKey = new("request_key", "type:str, description:str, callout:str, keyring:enum(keyring)");
        public static readonly SyscallRow Keyctl = new("keyctl", "cmd:enum(keyctl), arg2:by(cmd,0), arg3:by(cmd,1), arg4:by(cmd,2), arg5:by(cmd,3)",
            trace: "cmd:enum(keyctl_trace), arg2:by(cmd,0), arg3:by(cmd,1), arg4:by(cmd,2), arg5:by(cmd,3)");
        public static readonly SyscallRow Security = new("security", "arg1:hex, arg2:hex, arg3:hex");
    }
}
