namespace Suite.LinuxUser.Syscalls;

public static partial class Catalog
{
    /// <summary>System calls about descriptors: opening, reading, writing, seeking and what fcntl and ioctl do to them.</summary>
    public static class Files
    {
        public static readonly SyscallRow Read = new("read", "fd, buf:out.bytes[ret], count:size");
        public static readonly SyscallRow Write = new("write", "fd, buf:in.bytes[count], count:size");
        public static readonly SyscallRow Open = new("open", "path, flags:flags(open), mode:openmode(flags) -> fd");
        public static readonly SyscallRow Openat = new("openat", "dirfd, path, flags:flags(open), mode:openmode(flags) -> fd");
        public static readonly SyscallRow Openat2 = new("openat2", "dirfd, path, how:in.open_how[size], size -> fd");
        public static readonly SyscallRow Creat = new("creat", "path, mode -> fd");
        public static readonly SyscallRow Close = new("close", "fd");
        public static readonly SyscallRow CloseRange = new("close_range", "first:uint, last:uint, flags:flags(close_range)");
        public static readonly SyscallRow Lseek = new("lseek", "fd, offset, whence:enum(seek) -> offset");
        public static readonly SyscallRow Llseek = new("_llseek", "fd, offset_high:hex, offset_low:hex, result:out.i64, whence:enum(seek)");
        public static readonly SyscallRow Pread64 = new("pread64", "fd, buf:out.bytes[ret], count:size, offset:offset64");
        public static readonly SyscallRow Pwrite64 = new("pwrite64", "fd, buf:in.bytes[count], count:size, offset:offset64");
        public static readonly SyscallRow Readv = new("readv", "fd, iov:out.iov[vlen], vlen:int");
        public static readonly SyscallRow Writev = new("writev", "fd, iov:in.iov[vlen], vlen:int");
        public static readonly SyscallRow Preadv = new("preadv", "fd, iov:out.iov[vlen], vlen:int, offset:possplit");
        public static readonly SyscallRow Pwritev = new("pwritev", "fd, iov:in.iov[vlen], vlen:int, offset:possplit");
        public static readonly SyscallRow Preadv2 = new("preadv2", "fd, iov:out.iov[vlen], vlen:int, offset:possplit, flags:flags(rwf)");
        public static readonly SyscallRow Pwritev2 = new("pwritev2", "fd, iov:in.iov[vlen], vlen:int, offset:possplit, flags:flags(rwf)");
        public static readonly SyscallRow Dup = new("dup", "fd -> fd");
        public static readonly SyscallRow Dup2 = new("dup2", "oldfd:fd, newfd:fd -> fd");
        public static readonly SyscallRow Dup3 = new("dup3", "oldfd:fd, newfd:fd, flags:flags(open_cloexec) -> fd");
        public static readonly SyscallRow Pipe = new("pipe", "fds:out.fdpair");
        public static readonly SyscallRow Pipe2 = new("pipe2", "fds:out.fdpair, flags:flags(pipe2)");
        public static readonly SyscallRow Fcntl = new("fcntl", "fd, cmd:enum(fcntl), arg:by(cmd)");
        public static readonly SyscallRow Fcntl64 = new("fcntl64", "fd, cmd:enum(fcntl64), arg:by(cmd)");
        public static readonly SyscallRow Ioctl = new("ioctl", "fd, cmd:enum(ioctl), arg:by(cmd)");
        public static readonly SyscallRow Flock = new("flock", "fd, operation:flags(flock)");
        public static readonly SyscallRow Fsync = new("fsync", "fd");
        public static readonly SyscallRow Fdatasync = new("fdatasync", "fd");
        public static readonly SyscallRow SyncFileRange = new("sync_file_range", "fd, offset:offset64, nbytes:offset64, flags:flags(sync_file_range)");
        public static readonly SyscallRow SyncFileRange2 = new("sync_file_range2", "fd, flags:flags(sync_file_range), offset:offset64, nbytes:offset64");
        public static readonly SyscallRow Ftruncate = new("ftruncate", "fd, length:offset");
        public static readonly SyscallRow Ftruncate64 = new("ftruncate64", "fd, length:offset64");
        public static readonly SyscallRow Fallocate = new("fallocate", "fd, mode:flags(fallocate), offset:offset64, len:offset64");
        public static readonly SyscallRow Fadvise64 = new("fadvise64", "fd, offset:offset64, len:size, advice:enum(fadvise)");
        public static readonly SyscallRow Fadvise6464 = new("fadvise64_64", "fd, offset:offset64, len:offset64, advice:enum(fadvise)");
        public static readonly SyscallRow PpcFadvise6464 = new("fadvise64_64", "fd, advice:enum(fadvise), offset:offset64, len:offset64");
        public static readonly SyscallRow Readahead = new("readahead", "fd, offset:offset64, count:size");
        public static readonly SyscallRow Sendfile = new("sendfile", "out_fd:fd, in_fd:fd, offset:inout.w, count:size");
        public static readonly SyscallRow Sendfile64 = new("sendfile64", "out_fd:fd, in_fd:fd, offset:inout.i64, count:size");
        public static readonly SyscallRow Splice = new("splice", "fd_in:fd, off_in:inout.i64, fd_out:fd, off_out:inout.i64, len:size, flags:flags(splice)");
        public static readonly SyscallRow Tee = new("tee", "fdin:fd, fdout:fd, len:size, flags:flags(splice)");
        public static readonly SyscallRow Vmsplice = new("vmsplice", "fd, iov:in.iov[nr], nr:size, flags:flags(splice)");
        public static readonly SyscallRow CopyFileRange = new("copy_file_range",
            "fd_in:fd, off_in:inout.i64, fd_out:fd, off_out:inout.i64, len:size, flags:hex");
        public static readonly SyscallRow Fstat = new("fstat", "fd, st:out.stat");
        public static readonly SyscallRow Fstat64 = new("fstat64", "fd, st:out.stat64");
        public static readonly SyscallRow Oldfstat = new("oldfstat", "fd, st:out.oldstat");
        public static readonly SyscallRow Fchmod = new("fchmod", "fd, mode");
        public static readonly SyscallRow Fchown = new("fchown", "fd, owner:uid, group:gid");
        public static readonly SyscallRow Fchown32 = new("fchown32", "fd, owner:uid, group:gid");
        public static readonly SyscallRow MemfdCreate = new("memfd_create", "name:str, flags:flags(memfd) -> fd");
        public static readonly SyscallRow Cachestat = new("cachestat", "fd, range:in.cachestat_range, cstat:out.cachestat, flags:hex");
        public static readonly SyscallRow NameToHandleAt = new("name_to_handle_at", "dirfd, path, handle:ptr, mount_id:out.i32, flags:flags(at)",
            trace: "dirfd, path, handle:inout.file_handle, mount_id:out.i32, flags:flags(at)");
        public static readonly SyscallRow OpenByHandleAt = new("open_by_handle_at", "mount_fd:fd, handle:ptr, flags:flags(open) -> fd",
            trace: "mount_fd:fd, handle:in.file_handle, flags:flags(open) -> fd");
        public static readonly SyscallRow Userfaultfd = new("userfaultfd", "flags:flags(userfaultfd) -> fd");
        public static readonly SyscallRow Eventfd = new("eventfd", "count:uint -> fd");
        public static readonly SyscallRow Eventfd2 = new("eventfd2", "count:uint, flags:flags(eventfd) -> fd");
        public static readonly SyscallRow InotifyInit = new("inotify_init", "-> fd");
        public static readonly SyscallRow InotifyInit1 = new("inotify_init1", "flags:flags(open_nonblock) -> fd");
        public static readonly SyscallRow InotifyAddWatch = new("inotify_add_watch", "fd, path, mask:flags(inotify)");
        public static readonly SyscallRow InotifyRmWatch = new("inotify_rm_watch", "fd, wd:int");
        public static readonly SyscallRow FanotifyInit = new("fanotify_init", "flags:flags(fanotify_init), event_f_flags:flags(open) -> fd");
        public static readonly SyscallRow FanotifyMark = new("fanotify_mark", "fd, flags:flags(fanotify_mark), mask:hex64, dirfd, path",
            trace: "fd, flags:flags(fanotify_mark), mask:flags64(fanotify_mask), dirfd, path");
        public static readonly SyscallRow FileGetattr = new("file_getattr", "dirfd, path, attr:out.file_attr[size], size, flags:flags(at)");
        public static readonly SyscallRow FileSetattr = new("file_setattr", "dirfd, path, attr:in.file_attr[size], size, flags:flags(at)");
    }
}
