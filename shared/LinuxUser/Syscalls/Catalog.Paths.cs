namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about names: directories, links, permissions, times and extended attributes.</summary>
    public static class Paths
    {
        public static readonly SyscallRow Stat = new("stat", "path, st:out.stat");
        public static readonly SyscallRow Lstat = new("lstat", "path, st:out.stat");
        public static readonly SyscallRow Newfstatat = new("newfstatat", "dirfd, path, st:out.stat, flags:flags(at)");
        public static readonly SyscallRow Fstatat64 = new("fstatat64", "dirfd, path, st:out.stat64, flags:flags(at)");
        public static readonly SyscallRow Stat64 = new("stat64", "path, st:out.stat64");
        public static readonly SyscallRow Lstat64 = new("lstat64", "path, st:out.stat64");
        public static readonly SyscallRow Oldstat = new("oldstat", "path, st:out.oldstat");
        public static readonly SyscallRow Oldlstat = new("oldlstat", "path, st:out.oldstat");
        public static readonly SyscallRow Statx = new("statx", "dirfd, path, flags:flags(at), mask:flags(statx), stx:out.statx");
        public static readonly SyscallRow Access = new("access", "path, mode:flags(access)");
        public static readonly SyscallRow Faccessat = new("faccessat", "dirfd, path, mode:flags(access)");
        public static readonly SyscallRow Faccessat2 = new("faccessat2", "dirfd, path, mode:flags(access), flags:flags(faccessat)");
        public static readonly SyscallRow Truncate = new("truncate", "path, length:offset");
        public static readonly SyscallRow Truncate64 = new("truncate64", "path, length:offset64");
        public static readonly SyscallRow Getdents = new("getdents", "fd, dirp:out.dirents[ret], count:uint");
        public static readonly SyscallRow Getdents64 = new("getdents64", "fd, dirp:out.dirents64[ret], count:uint");
        public static readonly SyscallRow Readdir = new("readdir", "fd, dirp:ptr, count:uint",
            trace: "fd, dirp:out.old_dirent, count:uint");
        public static readonly SyscallRow Getcwd = new("getcwd", "buf:out.str, size");
        public static readonly SyscallRow Chdir = new("chdir", "path");
        public static readonly SyscallRow Fchdir = new("fchdir", "fd");
        public static readonly SyscallRow Rename = new("rename", "oldpath:path, newpath:path");
        public static readonly SyscallRow Renameat = new("renameat", "olddirfd:dirfd, oldpath:path, newdirfd:dirfd, newpath:path");
        public static readonly SyscallRow Renameat2 = new("renameat2", "olddirfd:dirfd, oldpath:path, newdirfd:dirfd, newpath:path, flags:flags(rename)");
        public static readonly SyscallRow Mkdir = new("mkdir", "path, mode");
        public static readonly SyscallRow Mkdirat = new("mkdirat", "dirfd, path, mode");
        public static readonly SyscallRow Rmdir = new("rmdir", "path");
        public static readonly SyscallRow Link = new("link", "oldpath:path, newpath:path");
        public static readonly SyscallRow Linkat = new("linkat", "olddirfd:dirfd, oldpath:path, newdirfd:dirfd, newpath:path, flags:flags(at)");
        public static readonly SyscallRow Unlink = new("unlink", "path");
        public static readonly SyscallRow Unlinkat = new("unlinkat", "dirfd, path, flags:flags(unlinkat)");
        public static readonly SyscallRow Symlink = new("symlink", "target:path, linkpath:path");
        public static readonly SyscallRow Symlinkat = new("symlinkat", "target:path, newdirfd:dirfd, linkpath:path");
        public static readonly SyscallRow Readlink = new("readlink", "path, buf:out.bytes[ret], size");
        public static readonly SyscallRow Readlinkat = new("readlinkat", "dirfd, path, buf:out.bytes[ret], size");
        public static readonly SyscallRow Chmod = new("chmod", "path, mode");
        public static readonly SyscallRow Fchmodat = new("fchmodat", "dirfd, path, mode");
        public static readonly SyscallRow Fchmodat2 = new("fchmodat2", "dirfd, path, mode, flags:flags(at)");
        public static readonly SyscallRow Chown = new("chown", "path, owner:uid, group:gid");
        public static readonly SyscallRow Chown32 = new("chown32", "path, owner:uid, group:gid");
        public static readonly SyscallRow Lchown = new("lchown", "path, owner:uid, group:gid");
        public static readonly SyscallRow Lchown32 = new("lchown32", "path, owner:uid, group:gid");
        public static readonly SyscallRow Fchownat = new("fchownat", "dirfd, path, owner:uid, group:gid, flags:flags(at)");
        public static readonly SyscallRow Umask = new("umask", "mask:mode -> mode");
        public static readonly SyscallRow Mknod = new("mknod", "path, mode:filemode, dev");
        public static readonly SyscallRow Mknodat = new("mknodat", "dirfd, path, mode:filemode, dev");
        public static readonly SyscallRow Utime = new("utime", "path, times:in.utimbuf");
        public static readonly SyscallRow Utimes = new("utimes", "path, times:in.timeval[2]");
        public static readonly SyscallRow Futimesat = new("futimesat", "dirfd, path, times:in.timeval[2]");
        public static readonly SyscallRow Utimensat = new("utimensat", "dirfd, path, times:in.timespec[2], flags:flags(at)");
        public static readonly SyscallRow UtimensatTime64 = new("utimensat_time64", "dirfd, path, times:in.timespec64[2], flags:flags(at)");
        public static readonly SyscallRow Setxattr = new("setxattr", "path, name:str, value:in.bytes[size], size, flags:flags(xattr)");
        public static readonly SyscallRow Lsetxattr = new("lsetxattr", "path, name:str, value:in.bytes[size], size, flags:flags(xattr)");
        public static readonly SyscallRow Fsetxattr = new("fsetxattr", "fd, name:str, value:in.bytes[size], size, flags:flags(xattr)");
        public static readonly SyscallRow Getxattr = new("getxattr", "path, name:str, value:out.bytes[ret], size");
        public static readonly SyscallRow Lgetxattr = new("lgetxattr", "path, name:str, value:out.bytes[ret], size");
        public static readonly SyscallRow Fgetxattr = new("fgetxattr", "fd, name:str, value:out.bytes[ret], size");
        public static readonly SyscallRow Listxattr = new("listxattr", "path, list:out.bytes[ret], size");
        public static readonly SyscallRow Llistxattr = new("llistxattr", "path, list:out.bytes[ret], size");
        public static readonly SyscallRow Flistxattr = new("flistxattr", "fd, list:out.bytes[ret], size");
        public static readonly SyscallRow Removexattr = new("removexattr", "path, name:str");
        public static readonly SyscallRow Lremovexattr = new("lremovexattr", "path, name:str");
        public static readonly SyscallRow Fremovexattr = new("fremovexattr", "fd, name:str");
        public static readonly SyscallRow Setxattrat = new("setxattrat", "dirfd, path, at_flags:flags(at), name:str, args:in.xattr_args[size], size");
        public static readonly SyscallRow Getxattrat = new("getxattrat", "dirfd, path, at_flags:flags(at), name:str, args:in.xattr_args[size], size");
        public static readonly SyscallRow Listxattrat = new("listxattrat", "dirfd, path, at_flags:flags(at), list:out.bytes[ret], size");
        public static readonly SyscallRow Removexattrat = new("removexattrat", "dirfd, path, at_flags:flags(at), name:str");
    }
}
