namespace Suite.LinuxUser.Strace;

/// <summary>
/// The kernel's structs as text in the form <see cref="StructLayout"/> parses (include/uapi/linux and asm). A suffix (<c>.x64</c>,
/// <c>.i386</c>, <c>.ppc</c>) marks one guest's own layout. Long structs print their head, as strace does.
/// </summary>
internal static class StructLayouts
{
    /// <summary>The layout's text, or null when there is none of that name.</summary>
    public static string? Find(string name) => name switch
    {
        // Files
        "stat.x64" => ".dev:u64, .ino:u64 inode, .nlink:u64, st_mode:u32 filemode, .uid:u32 uid, .gid:u32 gid, .pad:u32, .rdev:u64, st_size:i64, "
            + "..., blksize:i64, blocks:i64, .atime:i64, .atime_nsec:u64, .mtime:i64, .mtime_nsec:u64, .ctime:i64, .ctime_nsec:u64, "
            + ".pad:u64[3]",
        "stat.i386" => ".dev:u32, .ino:u32 inode, st_mode:u16 filemode, .nlink:u16, .uid:u16 uid, .gid:u16 gid, .rdev:u32, st_size:i32 size, ..., "
            + "blksize:u32, blocks:u32, .atime:i32, .atime_nsec:u32, .mtime:i32, .mtime_nsec:u32, .ctime:i32, .ctime_nsec:u32, "
            + ".pad:u32[2]",
        "stat.ppc" => ".dev:u32, .ino:u32 inode, st_mode:u32 filemode, .nlink:u16, .uid:u32, .gid:u32, .rdev:u32, st_size:i32 size, ..., "
            + "blksize:u32, blocks:u32, .atime:i32, .atime_nsec:u32, .mtime:i32, .mtime_nsec:u32, .ctime:i32, .ctime_nsec:u32, "
            + ".pad:u32[2]",
        "stat64.i386" => ".dev:u64, .pad:u32, .ino:u32 inode, st_mode:u32 filemode, .nlink:u32, .uid:u32, .gid:u32, .rdev:u64, .pad:u32, "
            + "st_size:i64, ..., blksize:u32, blocks:u64, .atime:i32, .atime_nsec:u32, .mtime:i32, .mtime_nsec:u32, .ctime:i32, "
            + ".ctime_nsec:u32, .ino:u64 inode",
        "stat64" => ".dev:u64, .ino:u64 inode, st_mode:u32 filemode, .nlink:u32, .uid:u32, .gid:u32, .rdev:u64, .pad:u16, st_size:i64, ..., "
            + "blksize:i32, blocks:i64, .atime:i32, .atime_nsec:u32, .mtime:i32, .mtime_nsec:u32, .ctime:i32, .ctime_nsec:u32, "
            + ".pad:u32[2]",
        "oldstat" => ".dev:u16, .ino:u16 inode, st_mode:u16 filemode, .nlink:u16, .uid:u16 uid, .gid:u16 gid, .rdev:u16, st_size:w size, ..., "
            + "atime:w, mtime:w, ctime:w",
        "statx" => "stx_mask:u32 flags(statx), .blksize:u32, stx_attributes:u64 hex, .nlink:u32, .uid:u32, .gid:u32, stx_mode:u16 filemode, "
            + ".pad:u16, .ino:u64 inode, stx_size:u64, ..., blocks:u64, attributes_mask:u64, atime:{statx_timestamp}, "
            + "btime:{statx_timestamp}, ctime:{statx_timestamp}, mtime:{statx_timestamp}, rdev_major:u32, rdev_minor:u32, dev_major:u32, "
            + "dev_minor:u32, mnt_id:u64, dio_mem_align:u32, dio_offset_align:u32, subvol:u64, atomic_write_unit_min:u32, "
            + "atomic_write_unit_max:u32, atomic_write_segments_max:u32, dio_read_offset_align:u32, atomic_write_unit_max_opt:u32, "
            + "spare:u32, spare3:u64[8]",
        "statx_timestamp" => "tv_sec:i64, tv_nsec:u32, .pad:u32",
        "statfs" => "f_type:uw enum(fsmagic), f_bsize:w, f_blocks:uw size, f_bfree:uw size, f_bavail:uw size, f_files:uw, f_ffree:uw, "
            + ".f_fsid:i32[2], f_namelen:w, f_frsize:w, f_flags:uw flags(statfs_flags), ..., f_spare:uw[4]",
        "statfs64" => "f_type:uw enum(fsmagic), f_bsize:w, f_blocks:u64, f_bfree:u64, f_bavail:u64, f_files:u64, f_ffree:u64, .f_fsid:i32[2], "
            + "f_namelen:w, f_frsize:w, f_flags:uw flags(statfs_flags), ..., f_spare:uw[4]",
        "ustat" => "f_tfree:i32, f_tinode:uw, ..., f_fname:char[6], f_fpack:char[6]",
        "flock" => "l_type:i16 enum(lock), l_whence:i16 enum(seek), l_start:w, l_len:w, l_pid:i32",
        "flock64" => "l_type:i16 enum(lock), l_whence:i16 enum(seek), l_start:i64, l_len:i64, l_pid:i32",
        "f_owner_ex" => "type:i32 enum(f_owner), pid:i32",
        "open_how" => "sized; flags:u64 flags(open), mode:u64 mode, resolve:u64 flags(resolve)",
        "xattr_args" => "sized; value:u64 ptr, size:u32, flags:u32 flags(xattr)",
        "file_attr" => "sized; fa_xflags:u64 hex, fa_extsize:u32, fa_nextents:u32, fa_projid:u32, fa_cowextsize:u32",
        "fsxattr" => "fsx_xflags:u32 hex, fsx_extsize:u32, fsx_nextents:u32, fsx_projid:u32, fsx_cowextsize:u32, ..., fsx_pad:u8[8]",
        "mount_attr" => "sized; attr_set:u64 flags(mount_attr), attr_clr:u64 flags(mount_attr), propagation:u64 flags(mount), userns_fd:u64",
        "mnt_id_req" => "size:u32, mnt_ns_fd:u32, mnt_id:u64 hex, param:u64 flags(statmount_mask)",
        "cachestat_range" => "off:u64, len:u64",
        "cachestat" => "nr_cache:u64, nr_dirty:u64, nr_writeback:u64, nr_evicted:u64, nr_recently_evicted:u64",
        "file_handle" => "handle_bytes:u32, handle_type:i32, ...",
        "statmount" => "size:u32, .mnt_opts:u32, mask:u64 flags(statmount_mask), sb_dev_major:u32, sb_dev_minor:u32, sb_magic:u64 enum(fsmagic), ...",
        "if_dqblk" => "dqb_bhardlimit:u64, dqb_bsoftlimit:u64, dqb_curspace:u64, dqb_ihardlimit:u64, dqb_isoftlimit:u64, dqb_curinodes:u64, ...",
        "if_dqinfo" => "dqi_bgrace:u64, dqi_igrace:u64, dqi_flags:u32 hex, dqi_valid:u32 hex",
        "old_dirent" => "d_ino:uw inode, d_off:uw, d_reclen:u16, d_name:char[256]",
        "iovec" => "iov_base:uw ptr, iov_len:w",
        "ranges" => "iov_base:uw ptr, iov_len:w",
        "termios" => "c_iflag:u32 flags(c_iflag), c_oflag:u32 flags(c_oflag), c_cflag:u32 flags(c_cflag), c_lflag:u32 flags(c_lflag), ...",
        "winsize" => "ws_row:u16, ws_col:u16, ws_xpixel:u16, ws_ypixel:u16",

        // Time
        "timespec" => "tv_sec:w, tv_nsec:w",
        "timespec64" => "tv_sec:i64, tv_nsec:i64",
        "timeval" => "tv_sec:w, tv_usec:w",
        "timeval64" => "tv_sec:i64, tv_usec:i64",
        "timezone" => "tz_minuteswest:i32, tz_dsttime:i32",
        "itimerval" => "it_interval:{timeval}, it_value:{timeval}",
        "itimerspec" => "it_interval:{timespec}, it_value:{timespec}",
        "itimerspec64" => "it_interval:{timespec64}, it_value:{timespec64}",
        "utimbuf" => "actime:w, modtime:w",
        "tms" => "tms_utime:w, tms_stime:w, tms_cutime:w, tms_cstime:w",
        "timex" => "modes:u32 flags(timex), offset:w, freq:w, maxerror:w, esterror:w, status:i32 flags(timex_status), constant:w, "
            + "precision:w, tolerance:w, time:{timeval}, tick:w, ..., ppsfreq:w, jitter:w, shift:i32, stabil:w, jitcnt:w, calcnt:w, "
            + "errcnt:w, stbcnt:w, tai:i32, pad:i32[11]",
        "timex64" => "modes:u32 flags(timex), .pad:u32, offset:i64, freq:i64, maxerror:i64, esterror:i64, status:i32 flags(timex_status), "
            + ".pad:u32, constant:i64, precision:i64, tolerance:i64, .time:{timeval64}, tick:i64, ..., ppsfreq:i64, jitter:i64, "
            + "shift:i32, pad:u32, stabil:i64, jitcnt:i64, calcnt:i64, errcnt:i64, stbcnt:i64, tai:i32, pad:i32[11]",

        // Processes
        "clone_args" => "sized; flags:u64 flags(clone), pidfd:u64 ptr, child_tid:u64 ptr, parent_tid:u64 ptr, exit_signal:u64 signal, stack:u64 ptr, "
            + "stack_size:u64 hex, tls:u64 hex, set_tid:u64 ptr, set_tid_size:u64, cgroup:u64",
        "rusage" => "ru_utime:{timeval}, ru_stime:{timeval}, ru_maxrss:w, .ixrss:w, .idrss:w, .isrss:w, ru_minflt:w, ru_majflt:w, ..., "
            + "ru_nswap:w, ru_inblock:w, ru_oublock:w, ru_msgsnd:w, ru_msgrcv:w, ru_nsignals:w, ru_nvcsw:w, ru_nivcsw:w",
        "rlimit" => "rlim_cur:uw limit, rlim_max:uw limit",
        "rlimit64" => "rlim_cur:u64 limit, rlim_max:u64 limit",
        "sched_param" => "sched_priority:i32",
        "sched_attr" => "size:u32, sched_policy:u32 flags(sched), sched_flags:u64 flags(sched_flags), sched_nice:i32, sched_priority:u32, "
            + "sched_runtime:u64, sched_deadline:u64, sched_period:u64, ..., sched_util_min:u32, sched_util_max:u32",
        "futex_waitv" => "val:u64 hex, uaddr:u64 ptr, flags:u32 flags(futex2), .reserved:u32",
        "user_desc" => "entry_number:i32, base_addr:u32 hex, limit:u32 hex, flags:u32 hex",
        "cap_header" => "version:u32 enum(cap_version), pid:i32",
        "cap_data" => "effective:u32 hex, permitted:u32 hex, inheritable:u32 hex",
        "landlock_ruleset" => "sized; handled_access_fs:u64 flags(landlock_fs), handled_access_net:u64 flags(landlock_net), "
            + "scoped:u64 flags(landlock_scope)",
        "cap_sets" => "effective:u32 flags(cap_low), permitted:u32 flags(cap_low), inheritable:u32 flags(cap_low), effective_high:u32 flags(cap_high), "
            + "permitted_high:u32 flags(cap_high), inheritable_high:u32 flags(cap_high)",
        "landlock_path_beneath" => "packed; allowed_access:u64 flags(landlock_fs), parent_fd:i32",
        "landlock_net_port" => "allowed_access:u64 flags(landlock_net), port:u64",
        "sock_fprog" => "len:u16, filter:uw ptr",
        "seccomp_action" => "action:u32 hex",
        "seccomp_notif_sizes" => "seccomp_notif:u16, seccomp_notif_resp:u16, seccomp_data:u16",
        "lsm_ctx" => "id:u64, flags:u64 hex, len:u64, ctx_len:u64, ...",
        "robust_list_head" => "list:uw ptr, futex_offset:w, list_op_pending:uw ptr",
        "kexec_segment" => "buf:uw ptr, bufsz:uw, mem:uw ptr, memsz:uw",
        "ns_id_req" => "size:u32, .spare:u32, ns_id:u64, ns_type:u32 flags(clone), .spare2:u32, user_ns_id:u64",
        "bpf_map_create" => "sized; map_type:u32, key_size:u32, value_size:u32, max_entries:u32, map_flags:u32 hex, inner_map_fd:u32",
        "bpf_elem" => "sized; map_fd:u32, .pad:u32, key:u64 ptr, value:u64 ptr, flags:u64 hex",
        "bpf_prog_load" => "sized; prog_type:u32, insn_cnt:u32, insns:u64 ptr, license:u64 ptr, log_level:u32, log_size:u32, log_buf:u64 ptr",
        "bpf_obj" => "sized; pathname:u64 ptr, bpf_fd:u32, file_flags:u32 hex",
        "mmap_args" => "addr:uw ptr, length:uw, prot:uw flags(prot), flags:uw flags(mmap), fd:w, offset:uw hex",

        // Signals
        "sigaction" => "sa_handler:uw sighandler, sa_flags:uw flags(sigaction), .sa_restorer:uw, sa_mask:sigset",
        "old_sigaction" => "sa_handler:uw sighandler, sa_mask:uw sigbits, sa_flags:uw flags(sigaction), .sa_restorer:uw",
        "stack_t" => "ss_sp:uw ptr, ss_flags:i32 flags(sigaltstack), ss_size:uw",

        // Polling and asynchronous calls
        "pollfd" => "fd:i32, events:i16 flags(poll), .revents:i16",
        "pollfd_result" => "fd:i32, events:i16 flags(poll), revents:i16 flags(poll)",
        "epoll_event.x64" => "packed; events:u32 flags(epoll), data:u64 hex",
        "epoll_event" => "events:u32 flags(epoll), data:u64 hex",
        "select_args" => "n:w, readfds:uw ptr, writefds:uw ptr, exceptfds:uw ptr, timeout:uw ptr",
        "iocb" => "data:u64 hex, .key:u32, .rw_flags:u32, lio_opcode:u16 enum(iocb), reqprio:i16, fildes:u32, buf:u64 ptr, nbytes:u64, offset:i64, "
            + ".reserved:u64, .flags:u32, .resfd:u32",
        "io_event" => "data:u64 hex, obj:u64 ptr, res:i64, res2:i64",
        "io_uring_params" => "sq_entries:u32, cq_entries:u32, flags:u32 flags(io_uring_setup), sq_thread_cpu:u32, sq_thread_idle:u32, features:u32 hex, ...",

        // Sockets and queues
        "linger" => "l_onoff:i32, l_linger:i32",
        "ucred" => "pid:i32, uid:u32 uid, gid:u32 gid",
        "ipc_perm.x64" => "key:i32 flags(ipc_key), uid:u32 uid, gid:u32 gid, .cuid:u32, .cgid:u32, mode:u32 mode, .seq:u16, .pad:u16, .unused:u64[2]",
        "ipc_perm.i386" => "key:i32 flags(ipc_key), uid:u32 uid, gid:u32 gid, .cuid:u32, .cgid:u32, mode:u16 mode, .pad1:u16, .seq:u16, .pad2:u16, .unused:u32[2]",
        "ipc_perm.ppc" => "key:i32 flags(ipc_key), uid:u32 uid, gid:u32 gid, .cuid:u32, .cgid:u32, mode:u32 mode, .seq:u32, .pad:u32, .unused:u64[2]",
        "shmid_ds.x64" => "shm_perm:{ipc_perm.x64}, shm_segsz:u64, .times:i64[3], shm_cpid:i32, shm_lpid:i32, shm_nattch:u64, ...",
        "shmid_ds.i386" => "shm_perm:{ipc_perm.i386}, shm_segsz:u32, .times:u32[6], shm_cpid:i32, shm_lpid:i32, shm_nattch:u32, ...",
        "shmid_ds.ppc" => "shm_perm:{ipc_perm.ppc}, .times:u32[6], .unused:u32, shm_segsz:u32, shm_cpid:i32, shm_lpid:i32, shm_nattch:u32, ...",
        "semid_ds.x64" => "sem_perm:{ipc_perm.x64}, .times:i64[4], sem_nsems:u64, ...",
        "semid_ds.i386" => "sem_perm:{ipc_perm.i386}, .times:u32[4], sem_nsems:u32, ...",
        "semid_ds.ppc" => "sem_perm:{ipc_perm.ppc}, .times:u32[4], sem_nsems:u32, ...",
        "msqid_ds.x64" => "msg_perm:{ipc_perm.x64}, .times:i64[3], msg_cbytes:u64, msg_qnum:u64, msg_qbytes:u64, msg_lspid:i32, msg_lrpid:i32, ...",
        "msqid_ds.i386" => "msg_perm:{ipc_perm.i386}, .times:u32[6], msg_cbytes:u32, msg_qnum:u32, msg_qbytes:u32, msg_lspid:i32, msg_lrpid:i32, ...",
        "msqid_ds.ppc" => "msg_perm:{ipc_perm.ppc}, .times:u32[6], msg_cbytes:u32, msg_qnum:u32, msg_qbytes:u32, msg_lspid:i32, msg_lrpid:i32, ...",
        "sembuf" => "sem_num:u16, sem_op:i16, sem_flg:i16 flags(semop)",
        "mq_attr" => "mq_flags:w flags(open), mq_maxmsg:w, mq_msgsize:w, mq_curmsgs:w",

        // The machine
        "utsname" => "sysname:char[65], nodename:char[65], release:char[65], version:char[65], machine:char[65], ..., domainname:char[65]",
        "olduname" => "sysname:char[65], nodename:char[65], release:char[65], version:char[65], machine:char[65]",
        "oldolduname" => "sysname:char[9], nodename:char[9], release:char[9], version:char[9], machine:char[9]",
        "sysinfo" => "uptime:w, loads:uw[3], totalram:uw, freeram:uw, sharedram:uw, bufferram:uw, totalswap:uw, freeswap:uw, procs:u16, .pad:u16, "
            + "totalhigh:uw, freehigh:uw, mem_unit:u32, ..., pad:u32[2]",
        "perf_event_attr" => "type:u32 enum(perf_type), size:u32, config:u64 hex, ...",
        _ => null,
    };
}
