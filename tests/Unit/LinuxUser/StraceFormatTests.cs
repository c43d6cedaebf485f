using Suite.LinuxUser.Strace;
using static Suite.LinuxUser.Syscalls.Catalog;

namespace Suite.Tests.LinuxUser;

/// <summary>What lines look like, call by call, for x86-64 guests.</summary>
public sealed class StraceFormatTests
{
    private const ulong AtFdCwd = unchecked((ulong)-100), Bad = 0xdead0000;

    private readonly StraceGuest _guest = StraceGuest.X64();

    [Fact]
    public void Opening_and_closing()
    {
        ulong passwd = _guest.Text("/etc/passwd");
        Assert.Equal("""openat(AT_FDCWD,"/etc/passwd",O_RDONLY|O_CLOEXEC) = 3""", _guest.Full(Files.Openat, 3, AtFdCwd, passwd, 0x80000, 0x1234));
        Assert.Equal("""openat(5,"/etc/passwd",O_WRONLY|O_CREAT|O_TRUNC,0644) = -1 errno=13 (Permission denied)""",
            _guest.Full(Files.Openat, -13, 5, passwd, 0x241, 0x1a4));
        Assert.Equal("""open("/etc/passwd",O_RDWR|O_SYNC|0x80000000) = -1 errno=2 (No such file or directory)""",
            _guest.Full(Files.Open, -2, passwd, 0x80101002, 0));
        Assert.Equal("openat(AT_FDCWD,0xdead0000,O_RDWR|O_TMPFILE,000) = -1 errno=14 (Bad address)",
            _guest.Full(Files.Openat, -14, AtFdCwd, Bad, 0x410002, 0));
        Assert.Equal("""openat2(AT_FDCWD,"/etc/passwd",{flags=O_RDONLY, mode=000, resolve=RESOLVE_BENEATH},24) = 4""",
            _guest.Full(Files.Openat2, 4, AtFdCwd, passwd, _guest.Struct((8, 0), (8, 0), (8, 8)), 24));
        Assert.Equal("close(3) = 0", _guest.Full(Files.Close, 0, 3));
        Assert.Equal("close(-1) = -1 errno=9 (Bad file descriptor)", _guest.Full(Files.Close, -9, 0xffffffff));
        Assert.Equal("dup3(3,4,O_CLOEXEC) = 4", _guest.Full(Files.Dup3, 4, 3, 4, 0x80000));
        Assert.Equal("pipe2([3, 4],O_CLOEXEC) = 0", _guest.Full(Files.Pipe2, 0, _guest.Struct((4, 3), (4, 4)), 0x80000));
    }

    [Fact]
    public void Reading_and_writing()
    {
        ulong elf = _guest.Bytes([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, (byte)'7', (byte)'"', (byte)'\n', 0xff]);
        Assert.Equal("""read(3,"\177ELF\2\1\1\0007\"\n\377",4096) = 12""", _guest.Full(Files.Read, 12, 3, elf, 4096));
        Assert.Equal("""read(3,"",4096) = 0""", _guest.Full(Files.Read, 0, 3, elf, 4096));
        Assert.Equal("read(3,0x10000,4096) = -1 errno=11 (Resource temporarily unavailable)", _guest.Full(Files.Read, -11, 3, elf, 4096));
        Assert.Equal("read(3,0x10000,4096)", _guest.Enter(Files.Read, 3, elf, 4096));
        Assert.Equal("""write(1,"\177ELF",4)""", _guest.Enter(Files.Write, 1, elf, 4));
        ulong lines = _guest.Text(new string('x', 200));
        Assert.Equal($"write(2,\"{new string('x', 64)}\"...,200) = 200", _guest.Full(Files.Write, 200, 2, lines, 200));
        Assert.Equal("write(1,0xdead0000,10) = -1 errno=14 (Bad address)", _guest.Full(Files.Write, -14, 1, Bad, 10));
        ulong hello = _guest.Text("hello, "), world = _guest.Text("world");
        ulong iov = _guest.Words((long)hello, 7, (long)world, 5);
        Assert.Equal("""writev(1,[{iov_base="hello, ", iov_len=7}, {iov_base="world", iov_len=5}],2) = 12""", _guest.Full(Files.Writev, 12, 1, iov, 2));
        Assert.Equal("""readv(0,[{iov_base="hello, ", iov_len=7}, {iov_base="wo", iov_len=5}],2) = 9""", _guest.Full(Files.Readv, 9, 0, iov, 2));
        Assert.Equal("""pread64(3,"hell",4,64) = 4""", _guest.Full(Files.Pread64, 4, 3, hello, 4, 64));
        Assert.Equal("preadv2(3,[],0,-1,RWF_NOWAIT) = 0", _guest.Full(Files.Preadv2, 0, 3, iov, 0, ulong.MaxValue, 0, 8));
        Assert.Equal("lseek(3,-10,SEEK_END) = 90", _guest.Full(Files.Lseek, 90, 3, unchecked((ulong)-10), 2));
        Assert.Equal("sendfile(1,3,[4096],65536) = 65536", _guest.Full(Files.Sendfile, 65536, 1, 3, _guest.Words(4096), 65536));
        Assert.Equal("copy_file_range(3,NULL,4,NULL,100,0x0) = 100", _guest.Full(Files.CopyFileRange, 100, 3, 0, 4, 0, 100, 0));
    }

    [Fact]
    public void Descriptor_control()
    {
        Assert.Equal("fcntl(3,F_GETFL) = 32768", _guest.Full(Files.Fcntl, 32768, 3, 3, 99));
        Assert.Equal("fcntl(3,F_SETFD,FD_CLOEXEC) = 0", _guest.Full(Files.Fcntl, 0, 3, 2, 1));
        Assert.Equal("fcntl(3,F_SETFL,O_RDONLY|O_NONBLOCK) = 0", _guest.Full(Files.Fcntl, 0, 3, 4, 0x800));
        Assert.Equal("fcntl(3,F_SETLK,{l_type=F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=10, l_pid=0}) = 0",
            _guest.Full(Files.Fcntl, 0, 3, 6, _guest.Struct((2, 1), (2, 0), (4, 0), (8, 0), (8, 10), (8, 0))));
        Assert.Equal("fcntl(3,9999,0x5) = -1 errno=22 (Invalid argument)", _guest.Full(Files.Fcntl, -22, 3, 9999, 5));
        Assert.Equal("ioctl(1,TCGETS,0xdead0000) = -1 errno=25 (Inappropriate ioctl for device)", _guest.Full(Files.Ioctl, -25, 1, 0x5401, Bad));
        Assert.Equal("ioctl(1,TIOCGWINSZ,{ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0",
            _guest.Full(Files.Ioctl, 0, 1, 0x5413, _guest.Struct((2, 24), (2, 80), (2, 0), (2, 0))));
        Assert.Equal("ioctl(1,FIONBIO,[1]) = 0", _guest.Full(Files.Ioctl, 0, 1, 0x5421, _guest.Struct((4, 1))));
        Assert.Equal("ioctl(1,FIOCLEX) = 0", _guest.Full(Files.Ioctl, 0, 1, 0x5451, 0));
        Assert.Equal("ioctl(1,_IOC(_IOC_READ|_IOC_WRITE, 0x12, 0x34, 0xde),0x10) = 0", _guest.Full(Files.Ioctl, 0, 1, 0xc0de1234, 16));
        Assert.Equal("flock(3,LOCK_EX|LOCK_NB) = 0", _guest.Full(Files.Flock, 0, 3, 6));
        Assert.Equal("""inotify_add_watch(3,"/tmp",IN_MODIFY|IN_ONESHOT) = 1""", _guest.Full(Files.InotifyAddWatch, 1, 3, _guest.Text("/tmp"), 0x80000002));
        Assert.Equal("""memfd_create("x",MFD_CLOEXEC) = 3""", _guest.Full(Files.MemfdCreate, 3, _guest.Text("x"), 1));
    }

    [Fact]
    public void File_names_and_status()
    {
        ulong path = _guest.Text("/bin/ls");
        ulong stat = _guest.Struct((8, 1), (8, 2), (8, 1), (4, 0x81ed), (4, 0), (4, 0), (4, 0), (8, 0), (8, 151344));
        Assert.Equal("""newfstatat(AT_FDCWD,"/bin/ls",{st_mode=S_IFREG|0755, st_size=151344, ...},AT_SYMLINK_NOFOLLOW) = 0""",
            _guest.Full(Paths.Newfstatat, 0, AtFdCwd, path, stat, 0x100));
        Assert.Equal("fstat(3,{st_mode=S_IFREG|0755, st_size=151344, ...}) = 0", _guest.Full(Files.Fstat, 0, 3, stat));
        ulong statx = _guest.Struct((4, 0x17ff), (4, 4096), (8, 0), (4, 1), (4, 0), (4, 0), (2, 0x41ed), (2, 0), (8, 5), (8, 4096));
        Assert.Equal("""
            statx(AT_FDCWD,"/bin/ls",0,STATX_ALL,{stx_mask=STATX_BASIC_STATS|STATX_MNT_ID, stx_attributes=0x0, stx_mode=S_IFDIR|0755, stx_size=4096, ...}) = 0
            """.Trim(), _guest.Full(Paths.Statx, 0, AtFdCwd, path, 0, 0xfff, statx));
        Assert.Equal("""access("/bin/ls",R_OK|X_OK) = 0""", _guest.Full(Paths.Access, 0, path, 5));
        Assert.Equal("""access("/bin/ls",F_OK) = 0""", _guest.Full(Paths.Access, 0, path, 0));
        Assert.Equal("""mkdir("/bin/ls",0755) = -1 errno=17 (File exists)""", _guest.Full(Paths.Mkdir, -17, path, 0x1ed));
        Assert.Equal("""mknod("/bin/ls",S_IFCHR|0600,makedev(0x1, 0x3)) = 0""", _guest.Full(Paths.Mknod, 0, path, 0x2180, 0x103));
        Assert.Equal("""unlinkat(3,"/bin/ls",AT_REMOVEDIR) = 0""", _guest.Full(Paths.Unlinkat, 0, 3, path, 0x200));
        Assert.Equal("""readlink("/bin/ls","/bin/",64) = 5""", _guest.Full(Paths.Readlink, 5, path, path, 64));
        Assert.Equal("""getcwd("/bin/ls",4096) = 8""", _guest.Full(Paths.Getcwd, 8, path, 4096));
        Assert.Equal("umask(022) = 0777", _guest.Full(Paths.Umask, 511, 18));
        Assert.Equal("""chown("/bin/ls",-1,100) = 0""", _guest.Full(Paths.Chown, 0, path, 0xffffffff, 100));
        Assert.Equal("""utimensat(AT_FDCWD,"/bin/ls",[{tv_sec=1, tv_nsec=2}, {tv_sec=3, tv_nsec=4}],0) = 0""",
            _guest.Full(Paths.Utimensat, 0, AtFdCwd, path, _guest.Words(1, 2, 3, 4), 0));
        ulong entries = _guest.Struct((8, 1), (8, 1), (2, 24), (6, 0), (8, 2), (8, 2), (2, 24), (6, 0));
        Assert.Equal($"getdents64(3,0x{entries:x} /* 2 entries */,32768) = 48", _guest.Full(Paths.Getdents64, 48, 3, entries, 32768));
        Assert.Equal("""setxattr("/bin/ls","/bin/ls","/b",2,XATTR_CREATE) = 0""", _guest.Full(Paths.Setxattr, 0, path, path, path, 2, 1));
        Assert.Equal("""mount("/bin/ls","/bin/ls",NULL,MS_RDONLY|MS_BIND,NULL) = 0""", _guest.Full(Mounts.Mount, 0, path, path, 0, 0x1001, 0));
        ulong statfs = _guest.Words(0x1021994, 4096, 10, 9, 8, 7, 6, 0, 255, 4096, 0x21);
        Assert.Equal("""
            statfs("/bin/ls",{f_type=TMPFS_MAGIC, f_bsize=4096, f_blocks=10, f_bfree=9, f_bavail=8, f_files=7, f_ffree=6, f_namelen=255, f_frsize=4096, f_flags=ST_VALID|ST_RDONLY, ...}) = 0
            """.Trim(), _guest.Full(Mounts.Statfs, 0, path, statfs));
    }

    [Fact]
    public void Memory_calls()
    {
        Assert.Equal("mmap(NULL,8192,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0x0) = 0x7f0000001000",
            _guest.Full(Memory.Mmap, 0x7f0000001000, 0, 8192, 3, 0x22, 0xffffffffffffffff, 0));
        Assert.Equal("mmap(0x10000,8192,PROT_NONE,MAP_SHARED|MAP_FIXED,3,0x2000) = -1 errno=12 (Cannot allocate memory)",
            _guest.Full(Memory.Mmap, -12, 0x10000, 8192, 0, 0x11, 3, 0x2000));
        Assert.Equal("mprotect(0x10000,4096,PROT_READ|PROT_EXEC) = 0", _guest.Full(Memory.Mprotect, 0, 0x10000, 4096, 5));
        Assert.Equal("brk(NULL) = 0x5555000", _guest.Full(Memory.Brk, 0x5555000, 0));
        Assert.Equal("madvise(0x10000,4096,MADV_DONTNEED) = 0", _guest.Full(Memory.Madvise, 0, 0x10000, 4096, 4));
        Assert.Equal("mremap(0x10000,4096,8192,MREMAP_MAYMOVE,NULL) = 0x20000", _guest.Full(Memory.Mremap, 0x20000, 0x10000, 4096, 8192, 1, 0));
    }

    [Fact]
    public void Processes_and_threads()
    {
        ulong ls = _guest.Text("/bin/ls"), option = _guest.Text("-l");
        ulong argv = _guest.Words((long)ls, (long)option, 0), envp = _guest.Words((long)ls, (long)ls, (long)ls, 0);
        Assert.Equal($"""execve("/bin/ls",["/bin/ls", "-l"],0x{envp:x} /* 3 vars */)""", _guest.Enter(Processes.Execve, ls, argv, envp));
        Assert.Equal("""execve("/bin/ls",NULL,NULL) = -1 errno=14 (Bad address)""", _guest.Full(Processes.Execve, -14, ls, 0, 0));
        Assert.Equal("clone(CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD,NULL,NULL,0x7f10,0x0) = 77",
            _guest.Full(Processes.Clone, 77, 0x1200011, 0, 0, 0x7f10, 0));
        ulong cloneArgs = _guest.Words(0x100, 0, 0, 0, 17, 0x5000, 0x1000, 0, 0, 0, 0);
        Assert.Equal("""
            clone3({flags=CLONE_VM, pidfd=NULL, child_tid=NULL, parent_tid=NULL, exit_signal=SIGCHLD, stack=0x5000, stack_size=0x1000, tls=0x0},64) = 78
            """.Trim(), _guest.Full(Processes.Clone3, 78, cloneArgs, 64));
        Assert.Equal("exit_group(3) = ?", _guest.Full(Processes.ExitGroup, 0, 3));
        Assert.Equal("exit_group(3)", _guest.Enter(Processes.ExitGroup, 3));
        Assert.Equal("wait4(-1,{WIFEXITED(s) && WEXITSTATUS(s)==0},WNOHANG,NULL) = 5",
            _guest.Full(Processes.Wait4, 5, ulong.MaxValue, _guest.Struct((4, 0)), 1, 0));
        Assert.Equal("wait4(5,{WIFSIGNALED(s) && WTERMSIG(s)==SIGSEGV && WCOREDUMP(s)},WUNTRACED,NULL) = 5",
            _guest.Full(Processes.Wait4, 5, 5, _guest.Struct((4, 0x8b)), 2, 0));
        Assert.Equal("wait4(5,{WIFSTOPPED(s) && WSTOPSIG(s)==SIGSTOP},0,NULL) = 5",
            _guest.Full(Processes.Wait4, 5, 5, _guest.Struct((4, 0x137f)), 0, 0));
        ulong child = _guest.Struct((4, 17), (4, 0), (4, 1), (4, 0), (4, 42), (4, 1000), (4, 7));
        Assert.Equal("waitid(P_PID,42,{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=42, si_uid=1000, si_status=7},WEXITED,NULL) = 0",
            _guest.Full(Processes.Waitid, 0, 1, 42, child, 4, 0));
        ulong second = _guest.Words(1, 500);
        Assert.Equal("futex(0x7f10,FUTEX_WAIT|FUTEX_PRIVATE_FLAG,2,{tv_sec=1, tv_nsec=500}) = -1 errno=110 (Connection timed out)",
            _guest.Full(Processes.Futex, -110, 0x7f10, 128, 2, second, 9, 9));
        Assert.Equal("futex(0x7f10,FUTEX_WAKE|FUTEX_PRIVATE_FLAG,1) = 0", _guest.Full(Processes.Futex, 0, 0x7f10, 129, 1, 9, 9, 9));
        Assert.Equal("futex(0x7f10,FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME,0,NULL,NULL,0xffffffff)",
            _guest.Enter(Processes.Futex, 0x7f10, 0x109, 0, 0, 0, 0xffffffff));
        Assert.Equal("prctl(PR_SET_NAME,\"-l\") = 0", _guest.Full(Processes.Prctl, 0, 15, option, 1, 2, 3));
        Assert.Equal("prctl(PR_GET_DUMPABLE) = 1", _guest.Full(Processes.Prctl, 1, 3, 0));
        Assert.Equal("arch_prctl(ARCH_SET_FS,0x7f00) = 0", _guest.Full(Processes.ArchPrctl, 0, 0x1002, 0x7f00));
        Assert.Equal("sched_getaffinity(0,128,[0 1 65]) = 16", _guest.Full(Processes.SchedGetaffinity, 16, 0, 128, _guest.Words(3, 2)));
        Assert.Equal("sched_setscheduler(0,SCHED_FIFO|SCHED_RESET_ON_FORK,{sched_priority=9}) = 0",
            _guest.Full(Processes.SchedSetscheduler, 0, 0, 0x40000001, _guest.Struct((4, 9))));
        Assert.Equal("ptrace(PTRACE_TRACEME,0) = 0", _guest.Full(Processes.Ptrace, 0, 0, 0, 0, 0));
        Assert.Equal("kill(42,SIGTERM) = 0", _guest.Full(Signals.Kill, 0, 42, 15));
    }

    [Fact]
    public void Signal_calls()
    {
        ulong action = _guest.Words(0x401000, 0x14000000, 0x402000, 0x4002);
        Assert.Equal("rt_sigaction(SIGINT,{sa_handler=0x401000, sa_flags=SA_RESTORER|SA_RESTART, sa_mask=[INT TERM]},NULL,8) = 0",
            _guest.Full(Signals.RtSigaction, 0, 2, action, 0, 8));
        ulong ignore = _guest.Words(1, 0, 0, 0);
        Assert.Equal("rt_sigaction(SIGPIPE,NULL,{sa_handler=SIG_IGN, sa_flags=0, sa_mask=[]},8) = 0",
            _guest.Full(Signals.RtSigaction, 0, 13, 0, ignore, 8));
        Assert.Equal("rt_sigprocmask(SIG_BLOCK,[CHLD RTMIN RT_2],NULL,8) = 0",
            _guest.Full(Signals.RtSigprocmask, 0, 0, _guest.Words(1L << 16 | 1L << 31 | 1L << 33), 0, 8));
        Assert.Equal("rt_sigprocmask(SIG_SETMASK,~[KILL STOP],NULL,8) = 0",
            _guest.Full(Signals.RtSigprocmask, 0, 2, _guest.Words(~(1L << 8 | 1L << 18)), 0, 8));
        ulong fault = _guest.Struct((4, 11), (4, 0), (4, 1), (4, 0), (8, 0x1234));
        Assert.Equal("rt_sigqueueinfo(7,SIGSEGV,{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x1234}) = 0",
            _guest.Full(Signals.RtSigqueueinfo, 0, 7, 11, fault));
        Assert.Equal("sigaltstack({ss_sp=0x5000, ss_flags=0, ss_size=8192},NULL) = 0",
            _guest.Full(Signals.Sigaltstack, 0, _guest.Struct((8, 0x5000), (4, 0), (4, 0), (8, 8192)), 0));
        Assert.Equal("rt_sigreturn()", _guest.Enter(Signals.RtSigreturn));
        Assert.Equal("pause() = -1 errno=4 (Interrupted system call)", _guest.Full(Signals.Pause, -4));
        Assert.Equal("pause() = -1 errno=514 (To be restarted)", _guest.Full(Signals.Pause, -514));
    }

    [Fact]
    public void Time_and_polling()
    {
        Assert.Equal("clock_gettime(CLOCK_MONOTONIC,{tv_sec=5, tv_nsec=6}) = 0", _guest.Full(Clocks.ClockGettime, 0, 1, _guest.Words(5, 6)));
        Assert.Equal("clock_nanosleep(CLOCK_REALTIME,TIMER_ABSTIME,{tv_sec=5, tv_nsec=6},NULL)",
            _guest.Enter(Clocks.ClockNanosleep, 0, 1, _guest.Words(5, 6), 0));
        Assert.Equal("timerfd_settime(3,TFD_TIMER_ABSTIME,{it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=9, tv_nsec=1}},NULL) = 0",
            _guest.Full(Clocks.TimerfdSettime, 0, 3, 1, _guest.Words(0, 0, 9, 1), 0));
        Assert.Equal("setitimer(ITIMER_REAL,{it_interval={tv_sec=0, tv_usec=0}, it_value={tv_sec=1, tv_usec=0}},NULL) = 0",
            _guest.Full(Clocks.Setitimer, 0, 0, _guest.Words(0, 0, 1, 0), 0));
        ulong fds = _guest.Struct((4, 3), (2, 1), (2, 1), (4, 4), (2, 5), (2, 0));
        Assert.Equal("poll([{fd=3, events=POLLIN}, {fd=4, events=POLLIN|POLLOUT}],2,-1)", _guest.Enter(Polling.Poll, fds, 2, 0xffffffff));
        Assert.Equal("poll([{fd=3, events=POLLIN, revents=POLLIN}, {fd=4, events=POLLIN|POLLOUT, revents=0}],2,100) = 1",
            _guest.Full(Polling.Poll, 1, fds, 2, 100));
        Assert.Equal("select(5,[1 3],NULL,NULL,{tv_sec=1, tv_usec=0})", _guest.Enter(Polling.Select, 5, _guest.Words(0b1101010), 0, 0, _guest.Words(1, 0)));
        ulong set = _guest.Words(1 << 16);
        Assert.Equal("pselect6(0,NULL,NULL,NULL,NULL,{ss=[CHLD], ss_len=8})", _guest.Enter(Polling.Pselect6, 0, 0, 0, 0, 0, _guest.Words((long)set, 8)));
        ulong events = _guest.Struct((4, 0x1), (8, 0x77), (4, 0x10), (8, 0x78));
        Assert.Equal("epoll_wait(3,[{events=EPOLLIN, data=0x77}, {events=EPOLLHUP, data=0x78}],64,-1) = 2",
            _guest.Full(Polling.EpollWait, 2, 3, events, 64, 0xffffffff));
        Assert.Equal("epoll_ctl(3,EPOLL_CTL_ADD,5,{events=EPOLLIN|EPOLLET, data=0x77}) = 0",
            _guest.Full(Polling.EpollCtl, 0, 3, 1, 5, _guest.Struct((4, unchecked((int)0x80000001)), (8, 0x77))));
    }

    [Fact]
    public void Network_calls()
    {
        Assert.Equal("socket(AF_INET,SOCK_STREAM|SOCK_CLOEXEC,IPPROTO_TCP) = 3", _guest.Full(Sockets.Socket, 3, 2, 0x80001, 6));
        ulong inet = _guest.Bytes([2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal("""connect(3,{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")},16) = -1 errno=111 (Connection refused)""",
            _guest.Full(Sockets.Connect, -111, 3, inet, 16));
        Assert.Equal("""accept4(3,{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")},[16],SOCK_NONBLOCK) = 4""",
            _guest.Full(Sockets.Accept4, 4, 3, inet, _guest.Struct((4, 16)), 0x800));
        ulong inet6 = _guest.Bytes([10, 0, 1, 187, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0]);
        Assert.Equal("""bind(3,{sa_family=AF_INET6, sin6_port=htons(443), sin6_addr=inet_pton("2001:db8::1"), sin6_scope_id=2},28) = 0""",
            _guest.Full(Sockets.Bind, 0, 3, inet6, 28));
        ulong unix = _guest.Bytes([1, 0, .. "/run/x"u8, 0, 9, 9]);
        Assert.Equal("""connect(3,{sa_family=AF_UNIX, sun_path="/run/x"},11) = 0""", _guest.Full(Sockets.Connect, 0, 3, unix, 11));
        ulong hidden = _guest.Bytes([1, 0, 0, .. "bus"u8]);
        Assert.Equal("""bind(3,{sa_family=AF_UNIX, sun_path=@"bus"},6) = 0""", _guest.Full(Sockets.Bind, 0, 3, hidden, 6));
        ulong netlink = _guest.Bytes([16, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0]);
        Assert.Equal("bind(3,{sa_family=AF_NETLINK, nl_pid=5, nl_groups=0x1},12) = 0", _guest.Full(Sockets.Bind, 0, 3, netlink, 12));
        Assert.Equal("setsockopt(3,SOL_SOCKET,SO_REUSEADDR,[1],4) = 0", _guest.Full(Sockets.Setsockopt, 0, 3, 1, 2, _guest.Struct((4, 1)), 4));
        Assert.Equal("setsockopt(3,SOL_TCP,TCP_NODELAY,[1],4) = 0", _guest.Full(Sockets.Setsockopt, 0, 3, 6, 1, _guest.Struct((4, 1)), 4));
        Assert.Equal("getsockopt(3,SOL_SOCKET,SO_PEERCRED,{pid=9, uid=0, gid=0},[12]) = 0",
            _guest.Full(Sockets.Getsockopt, 0, 3, 1, 17, _guest.Struct((4, 9), (4, 0), (4, 0)), _guest.Struct((4, 12))));
        ulong data = _guest.Text("ping");
        ulong message = _guest.Words((long)inet, 16, (long)_guest.Words((long)data, 4), 1, 0, 0, 0);
        Assert.Equal("""
            sendmsg(3,{msg_name={sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, msg_namelen=16, msg_iov=[{iov_base="ping", iov_len=4}], msg_iovlen=1, msg_controllen=0, msg_flags=0},MSG_NOSIGNAL) = 4
            """.Trim(), _guest.Full(Sockets.Sendmsg, 4, 3, message, 0x4000));
        Assert.Equal("""recvfrom(3,"pi",100,MSG_DONTWAIT,NULL,NULL) = 2""", _guest.Full(Sockets.Recvfrom, 2, 3, data, 100, 0x40, 0, 0));
        Assert.Equal("shutdown(3,SHUT_RDWR) = 0", _guest.Full(Sockets.Shutdown, 0, 3, 2));
    }

    [Fact]
    public void The_rest()
    {
        Assert.Equal("prlimit64(0,RLIMIT_STACK,NULL,{rlim_cur=8388608, rlim_max=RLIM_INFINITY}) = 0",
            _guest.Full(Identity.Prlimit64, 0, 0, 3, 0, _guest.Words(8388608, -1)));
        Assert.Equal("getuid() = 0", _guest.Full(Identity.Getuid, 0));
        Assert.Equal("getgroups(4,[0, 27]) = 2", _guest.Full(Identity.Getgroups, 2, 4, _guest.Struct((4, 0), (4, 27))));
        Assert.Equal("getresuid([0],[1],[2]) = 0",
            _guest.Full(Identity.Getresuid, 0, _guest.Struct((4, 0)), _guest.Struct((4, 1)), _guest.Struct((4, 2))));
        Assert.Equal("""getrandom("\1\2\3",3,GRND_NONBLOCK) = 3""", _guest.Full(Machine.Getrandom, 3, _guest.Bytes(1, 2, 3), 3, 1));
        var names = new byte[390];
        "Linux"u8.CopyTo(names);
        "box"u8.CopyTo(names.AsSpan(65));
        Assert.Equal("""uname({sysname="Linux", nodename="box", release="", version="", machine="", ...}) = 0""",
            _guest.Full(Machine.Uname, 0, _guest.Bytes(names)));
        Assert.Equal("shmget(IPC_PRIVATE,4096,IPC_CREAT|0x180) = 5", _guest.Full(Interprocess.Shmget, 5, 0, 4096, 0x380));
        Assert.Equal("semop(1,[{sem_num=0, sem_op=-1, sem_flg=SEM_UNDO}],1) = 0",
            _guest.Full(Interprocess.Semop, 0, 1, _guest.Struct((2, 0), (2, -1), (2, 0x1000)), 1));
        Assert.Equal("""msgsnd(1,{mtype=3, mtext="hi"},2,IPC_NOWAIT) = 0""",
            _guest.Full(Interprocess.Msgsnd, 0, 1, _guest.Struct((8, 3), (1, 'h'), (1, 'i')), 2, 0x800));
        Assert.Equal("bpf(BPF_MAP_CREATE,0x5000,72) = 3", _guest.Full(Machine.Bpf, 3, 0, 0x5000, 72));
        Assert.Equal("keyctl(KEYCTL_GET_KEYRING_ID,KEY_SPEC_SESSION_KEYRING,0) = 7", _guest.Full(Identity.Keyctl, 7, 0, unchecked((ulong)-3), 0));
        Assert.Equal("sync() = 0", _guest.Full(Mounts.Sync, 0));
    }

    [Fact]
    public void A_string_before_an_unreadable_page_is_still_a_string()
    {
        Assert.Equal("""chdir("/x") = 0""", _guest.Full(Paths.Chdir, 0, _guest.AtEnd("/x\0"u8)));
        ulong unended = _guest.AtEnd("/x"u8);
        Assert.Equal($"chdir(0x{unended:x}) = -1 errno=14 (Bad address)", _guest.Full(Paths.Chdir, -14, unended));
    }

    [Fact]
    public void Guests_of_32_bits_have_their_own_registers_and_layouts()
    {
        StraceGuest i386 = StraceGuest.I386(), ppc = StraceGuest.Ppc();
        Assert.Equal("""pread64(3,"ab",2,4294967297) = 2""", i386.Full(Files.Pread64, 2, 3, i386.Text("ab"), 2, 1, 1));
        Assert.Equal("""pread64(3,"ab",2,8589934593) = 2""", ppc.Full(Files.Pread64, 2, 3, ppc.Text("ab"), 2, 0, 2, 1));
        Assert.Equal("truncate64(NULL,4294967298) = 0", ppc.Full(Paths.Truncate64, 0, 0, 0, 1, 2));
        Assert.Equal("lseek(3,-1,SEEK_SET) = -1 errno=22 (Invalid argument)", i386.Full(Files.Lseek, -22, 3, 0xffffffff, 0));
        Assert.Equal("clock_gettime64(CLOCK_REALTIME,{tv_sec=5, tv_nsec=6}) = 0", ppc.Full(Clocks.ClockGettime64, 0, 0, ppc.Struct((8, 5), (8, 6))));
        Assert.Equal("nanosleep({tv_sec=-1, tv_nsec=6},NULL) = 0", ppc.Full(Clocks.Nanosleep, 0, ppc.Words(-1, 6), 0));
        Assert.Equal("open(NULL,O_RDONLY|O_DIRECTORY) = 3", ppc.Full(Files.Open, 3, 0, 0x4000));
        Assert.Equal("mmap2(NULL,4096,PROT_READ,MAP_PRIVATE|MAP_ANONYMOUS,-1,0x0) = 0xb7000000",
            i386.Full(Memory.Mmap2, 0xb7000000, 0, 4096, 1, 0x22, 0xffffffff, 0));
        ulong stat64 = i386.Struct((8, 1), (4, 0), (4, 2), (4, 0x81a4), (4, 1), (4, 0), (4, 0), (8, 0), (4, 0), (8, 77));
        Assert.Equal("fstat64(3,{st_mode=S_IFREG|0644, st_size=77, ...}) = 0", i386.Full(Files.Fstat64, 0, 3, stat64));
        stat64 = ppc.Struct((8, 1), (8, 2), (4, 0x81a4), (4, 1), (4, 0), (4, 0), (8, 0), (2, 0), (6, 0), (8, 77));
        Assert.Equal("fstat64(3,{st_mode=S_IFREG|0644, st_size=77, ...}) = 0", ppc.Full(Files.Fstat64, 0, 3, stat64));
        Assert.Equal("rt_sigprocmask(SIG_BLOCK,[INT RTMIN],NULL,8) = 0",
            ppc.Full(Signals.RtSigprocmask, 0, 0, ppc.Struct((4, unchecked((int)0x80000002)), (4, 0)), 0, 8));
        Assert.Equal("socketcall(SYS_SOCKET,[1, 2, 0]) = 3", i386.Full(Sockets.Socketcall, 3, 1, i386.Words(1, 2, 0)));
        Assert.Equal("epoll_wait(3,[{events=EPOLLIN, data=0x7}],1,0) = 1", ppc.Full(Polling.EpollWait, 1, 3, ppc.Struct((4, 1), (4, 0), (8, 7)), 1, 0));
        Assert.Equal("""getsockname(3,{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("10.0.0.1")},[8]) = 0""",
            ppc.Full(Sockets.Getsockname, 0, 3, ppc.Bytes(0, 2, 0, 80, 10, 0, 0, 1), ppc.Struct((4, 8))));
    }

    /// <summary>Calls whose rows once printed addresses and numbers where structs and flags are meant.</summary>
    [Fact]
    public void Structs_and_flags_of_rarer_calls()
    {
        Assert.Equal("shmget(IPC_PRIVATE,4096,IPC_CREAT|0x180) = 7", _guest.Full(Interprocess.Shmget, 7, 0, 4096, 0x380));
        ulong shm = _guest.Struct((4, 0x1234), (4, 10), (4, 20), (4, 0), (4, 0), (4, 0x180), (2, 0), (2, 0), (4, 0), (8, 0), (8, 0), (8, 4096), (8, 0), (8, 0), (8, 0), (4, 5),
            (4, 6), (8, 1), (8, 0), (8, 0));
        Assert.Equal("shmctl(7,IPC_STAT,{shm_perm={key=0x1234, uid=10, gid=20, mode=0600}, shm_segsz=4096, shm_cpid=5, shm_lpid=6, shm_nattch=1, ...}) = 0",
            _guest.Full(Interprocess.Shmctl, 0, 7, 2, shm));
        Assert.Equal("semctl(7,1,SETVAL,5) = 0", _guest.Full(Interprocess.Semctl, 0, 7, 1, 16, 5));
        Assert.Equal("ptrace(PTRACE_CONT,12,0x1,SIGUSR1) = 0", _guest.Full(Processes.Ptrace, 0, 7, 12, 1, 10));
        Assert.Equal("ptrace(PTRACE_SETOPTIONS,12,0x0,PTRACE_O_TRACESYSGOOD|PTRACE_O_TRACEEXEC) = 0", _guest.Full(Processes.Ptrace, 0, 0x4200, 12, 0, 0x11));
        Assert.Equal("ptrace(PTRACE_TRACEME,0) = 0", _guest.Full(Processes.Ptrace, 0, 0, 0, 0, 0));
        Assert.Equal("capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0},{effective=CAP_CHOWN|CAP_KILL, permitted=CAP_CHOWN|CAP_KILL, inheritable=0, "
            + "effective_high=CAP_SYSLOG, permitted_high=CAP_SYSLOG, inheritable_high=0}) = 0", _guest.Full(Identity.Capset, 0, _guest.Struct((4, 0x20080522), (4, 0)),
            _guest.Struct((4, 0x21), (4, 0x21), (4, 0), (4, 4), (4, 4), (4, 0))));
        Assert.Equal("""fanotify_mark(3,FAN_MARK_ADD,FAN_OPEN|FAN_ONDIR,AT_FDCWD,"/x") = 0""",
            _guest.Full(Files.FanotifyMark, 0, 3, 1, 0x40000020, AtFdCwd, _guest.Text("/x")));
        Assert.Equal("ioprio_set(IOPRIO_WHO_PROCESS,0,IOPRIO_CLASS_BE|0x4) = 0", _guest.Full(Processes.IoprioSet, 0, 1, 0, 0x4004));
        Assert.Equal("seccomp(SECCOMP_SET_MODE_FILTER,0,{len=3, filter=0x5000}) = 0",
            _guest.Full(Identity.Seccomp, 0, 1, 0, _guest.Struct((2, 3), (2, 0), (4, 0), (8, 0x5000))));
        ulong iocb = _guest.Struct((8, 7), (4, 0), (4, 0), (2, 0), (2, 0), (4, 3), (8, 0x8000), (8, 100), (8, 0), (8, 0), (4, 0), (4, 0));
        Assert.Equal("io_submit(0x1000,1,[{data=0x7, lio_opcode=IOCB_CMD_PREAD, reqprio=0, fildes=3, buf=0x8000, nbytes=100, offset=0}]) = 1",
            _guest.Full(Polling.IoSubmit, 1, 0x1000, 1, _guest.Words((long)iocb)));
        Assert.Equal("ioctl(0,TCGETS,{c_iflag=ICRNL|IXON, c_oflag=OPOST|ONLCR, c_cflag=CS8|CREAD, c_lflag=ISIG|ICANON|ECHO, ...}) = 0",
            _guest.Full(Files.Ioctl, 0, 0, 0x5401, _guest.Struct((4, 0x500), (4, 5), (4, 0xb0), (4, 0xb), (4, 0), (8, 0), (8, 0), (8, 0))));
        StraceGuest i386 = StraceGuest.I386(), ppc = StraceGuest.Ppc();
        Assert.Equal("sigsuspend(0x0,0x0,[INT]) = -1 errno=4 (Interrupted system call)", i386.Full(Signals.Sigsuspend, -4, 0, 0, 2));
        Assert.Equal("ipc(SEMOP,3,1,0x0,[{sem_num=0, sem_op=-1, sem_flg=SEM_UNDO}]) = 0",
            i386.Full(Interprocess.Ipc, 0, 1, 3, 1, 0, i386.Struct((2, 0), (2, -1), (2, 0x1000)), 0));
        Assert.Equal("ioctl(0,TCGETS,{c_iflag=ICRNL|IXON, c_oflag=OPOST|ONLCR, c_cflag=CS8|CREAD, c_lflag=ISIG|ICANON|ECHO, ...}) = 0",
            ppc.Full(Files.Ioctl, 0, 0, 0x402c7413, ppc.Struct((4, 0x300), (4, 3), (4, 0xb00), (4, 0x188), (8, 0), (8, 0), (8, 0), (4, 0))));
        Assert.Equal("ioctl(3,_IOC(_IOC_WRITE, 0x12, 0x34, 0x8),0x10) = 0", ppc.Full(Files.Ioctl, 0, 3, 0x80081234, 16));
    }

    [Fact]
    public void Json_carries_text_registers_result_and_time()
    {
        ulong path = _guest.Text("/a\"b");
        Assert.Equal($$"""
            {"pid":10,"tid":11,"call":"open","args":{"path":"\"/a\\\"b\"","flags":"O_RDONLY"},"raw":["0x{{path:x}}","0x0","0x1b6"],"result":-2,"error":"ENOENT","us":12.5}
            """.Trim(), _guest.Printer.Json(10, 11, Files.Open, [path, 0, 0x1b6], -2, TimeSpan.FromMicroseconds(12.5)));
        Assert.Equal("""{"pid":1,"tid":1,"call":"getpid","args":{},"raw":[],"result":1,"us":0}""",
            _guest.Printer.Json(1, 1, Processes.Getpid, [1, 2, 3], 1, TimeSpan.Zero));
    }
}
