namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about file systems as a whole: mounting, statistics, quotas, swap.</summary>
    public static class Mounts
    {
        public static readonly SyscallRow Mount = new("mount", "source:path, target:path, type:str, flags:flags(mount), data:str");
        public static readonly SyscallRow Umount = new("umount", "target:path");
        public static readonly SyscallRow Umount2 = new("umount2", "target:path, flags:flags(umount)");
        public static readonly SyscallRow PivotRoot = new("pivot_root", "new_root:path, put_old:path");
        public static readonly SyscallRow Chroot = new("chroot", "path");
        public static readonly SyscallRow Statfs = new("statfs", "path, buf:out.statfs");
        public static readonly SyscallRow Fstatfs = new("fstatfs", "fd, buf:out.statfs");
        public static readonly SyscallRow Statfs64 = new("statfs64", "path, size, buf:out.statfs64");
        public static readonly SyscallRow Fstatfs64 = new("fstatfs64", "fd, size, buf:out.statfs64");
        public static readonly SyscallRow Ustat = new("ustat", "dev, buf:out.ustat");
        public static readonly SyscallRow Sysfs = new("sysfs", "option:int, arg1:hex, arg2:hex",
            trace: "option:enum(sysfs), arg1:by(option,0), arg2:by(option,1)");
        public static readonly SyscallRow Sync = new("sync", "");
        public static readonly SyscallRow Syncfs = new("syncfs", "fd");
        public static readonly SyscallRow Swapon = new("swapon", "path, flags:flags(swap)");
        public static readonly SyscallRow Swapoff = new("swapoff", "path");
        public static readonly SyscallRow Quotactl = new("quotactl", "cmd:flags(quotactl), special:path, id:int, addr:ptr",
            trace: "cmd:flags(quotactl), special:path, id:int, addr:by(cmd)");
        public static readonly SyscallRow QuotactlFd = new("quotactl_fd", "fd, cmd:flags(quotactl), id:int, addr:ptr",
            trace: "fd, cmd:flags(quotactl), id:int, addr:by(cmd)");
        public static readonly SyscallRow OpenTree = new("open_tree", "dirfd, path, flags:flags(open_tree) -> fd");
        public static readonly SyscallRow OpenTreeAttr = new("open_tree_attr", "dirfd, path, flags:flags(open_tree), attr:in.mount_attr[size], size -> fd");
        public static readonly SyscallRow MoveMount = new("move_mount",
            "from_dirfd:dirfd, from_path:path, to_dirfd:dirfd, to_path:path, flags:flags(move_mount)");
        public static readonly SyscallRow Fsopen = new("fsopen", "name:str, flags:flags(fsopen) -> fd");
        public static readonly SyscallRow Fsconfig = new("fsconfig", "fd, cmd:enum(fsconfig), key:str, value:ptr, aux:int",
            trace: "fd, cmd:enum(fsconfig), key:str, value:by(cmd), aux:int");
        public static readonly SyscallRow Fsmount = new("fsmount", "fd, flags:flags(fsmount), attr_flags:flags(mount_attr) -> fd");
        public static readonly SyscallRow Fspick = new("fspick", "dirfd, path, flags:flags(fspick) -> fd");
        public static readonly SyscallRow MountSetattr = new("mount_setattr", "dirfd, path, flags:flags(at), attr:in.mount_attr[size], size");
        public static readonly SyscallRow Statmount = new("statmount", "req:in.mnt_id_req, buf:ptr, bufsize:size, flags:hex",
            trace: "req:in.mnt_id_req, buf:out.statmount, bufsize:size, flags:hex");
        public static readonly SyscallRow Listmount = new("listmount", "req:in.mnt_id_req, mnt_ids:out.u64[ret:nr], nr:size, flags:hex",
            trace: "req:in.mnt_id_req, mnt_ids:out.u64[ret:nr], nr:size, flags:flags(listmount)");
        public static readonly SyscallRow Listns = new("listns", "req:ptr, ns_ids:out.u64[ret:nr], nr:size, flags:hex",
            trace: "req:in.ns_id_req, ns_ids:out.u64[ret:nr], nr:size, flags:hex");
        public static readonly SyscallRow LookupDcookie = new("lookup_dcookie", "cookie:offset64, buf:out.bytes[ret], size");
        public static readonly SyscallRow Uselib = new("uselib", "path");
        public static readonly SyscallRow Nfsservctl = new("nfsservctl", "cmd:int, arg:ptr, result:ptr");
    }
}
