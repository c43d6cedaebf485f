using Suite.LinuxUser.Process;
using Suite.LinuxUser.Seccomp;
using Suite.LinuxUser.Tracing;

namespace Suite.LinuxUser.Syscalls.Tables;

/// <summary>
/// How each x86-64 call is served. Guest and host share numbers and layouts, so a call is passed on unless it touches what the emulator
/// keeps: memory, signals, threads, processes, its own descriptors, /proc. Calls made in line are those that neither wait without being
/// restartable nor need looking at.
/// </summary>
public static unsafe class X64Syscalls
{
    private const int Highest = 470;

    private static ReadOnlySpan<ushort> InlineCalls =>
    [
        0, 1, 5, 8, 17, 18, 19, 20, // read write fstat lseek pread64 pwrite64 readv writev
        24, 39, 40, 41, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, // sched_yield getpid sendfile sockets
        22, 32, 72, 73, 74, 75, 77, 79, // pipe dup fcntl flock fsync fdatasync ftruncate getcwd
        96, 98, 99, 100, 102, 104, 105, 106, 107, 108, 110, 111, 112, 115, 118, 120, 121, 124, // gettimeofday .. getsid
        186, 201, 204, 228, 229, 233, 283, 284, 285, 286, 287, 288, 290, 291, 293, 295, 296, 306, 309, 318, 319, 326, // gettid .. copy_file_range
    ];

    // Numbers of the table without a call behind them, and calls the kernel has dropped: they answer ENOSYS.
    private static bool IsHole(int number) => number is (> 336 and < 424) or 156 or 174 or 177 or 178 or 180 or 181 or 182 or 183 or 184 or 185 or 214 or 215 or 236;

    /// <summary>The dispatch table. arch_prctl, which is about registers, is for the tool to fill in.</summary>
    public static SyscallEntry[] Build()
    {
        var t = new SyscallEntry[Highest + 1];
        for (int i = 0; i < t.Length; i++)
            t[i] = new SyscallEntry { Flow = IsHole(i) ? SyscallFlow.Unimplemented : SyscallFlow.Pass };
        foreach (ushort number in InlineCalls)
            t[number] = new SyscallEntry { Flow = SyscallFlow.Inline };
        Memory(t);
        Signals(t);
        Processes(t);
        Paths(t);
        return t;
    }

    private static void Memory(SyscallEntry[] t)
    {
        t[9] = Handle(&MemoryCalls.Mmap);
        t[10] = Handle(&MemoryCalls.Mprotect);
        t[11] = Handle(&MemoryCalls.Munmap);
        t[12] = Handle(&MemoryCalls.Brk);
        t[25] = Handle(&MemoryCalls.Mremap);
        t[28] = Handle(&MemoryCalls.Madvise);
        t[30] = Handle(&MemoryCalls.Shmat);
        t[67] = Handle(&MemoryCalls.Shmdt);
        t[26] = t[27] = t[149] = t[150] = t[325] = Handle(&MemoryCalls.Ranged); // msync mincore mlock munlock mlock2
        t[151] = Handle(&MemoryCalls.Mlockall);
        t[152] = Handle(&MemoryCalls.Munlockall);
        t[216] = Handle(&MemoryCalls.RemapFilePages);
        t[329] = Handle(&MemoryCalls.PkeyMprotect);
    }

    private static void Signals(SyscallEntry[] t)
    {
        t[13] = Handle(&SignalCalls.RtSigaction);
        t[14] = Handle(&SignalCalls.RtSigprocmask);
        t[15] = Handle(&SignalCalls.RtSigreturn);
        t[127] = Handle(&SignalCalls.RtSigpending);
        t[128] = Handle(&SignalCalls.RtSigtimedwait);
        t[130] = Handle(&SignalCalls.RtSigsuspend);
        t[131] = Handle(&SignalCalls.Sigaltstack);
        t[335] = Handle(&SignalCalls.Uretprobe);
        t[270] = Handle(&SignalCalls.Pselect6);
        t[271] = Handle(&SignalCalls.Ppoll);
        t[281] = Handle(&SignalCalls.EpollPwait);
        t[441] = Handle(&SignalCalls.EpollPwait);
        t[62] = t[129] = t[200] = t[234] = t[297] = Handle(&SignalCalls.PassSignal); // kill rt_sigqueueinfo tkill tgkill rt_tgsigqueueinfo
    }

    private static void Processes(SyscallEntry[] t)
    {
        t[56] = Handle(&ProcessCalls.Clone);
        t[57] = Handle(&ProcessCalls.Fork);
        t[58] = Handle(&ProcessCalls.Vfork);
        t[59] = Handle(&ExecCalls.Execve);
        t[60] = Handle(&ProcessCalls.Exit);
        t[218] = Handle(&ProcessCalls.SetTidAddress);
        t[231] = Handle(&ProcessCalls.ExitGroup);
        t[273] = Handle(&ProcessCalls.SetRobustList);
        t[322] = Handle(&ExecCalls.Execveat);
        t[435] = Handle(&ProcessCalls.Clone3);
        t[63] = Handle(&InfoCalls.Uname);
        t[97] = Handle(&InfoCalls.Getrlimit);
        t[61] = Handle(&WaitCalls.Wait4);
        t[101] = Handle(&PtraceCalls.Call);
        t[247] = Handle(&WaitCalls.Waitid);
        t[135] = Handle(&InfoCalls.Personality);
        t[157] = Handle(&InfoCalls.Prctl);
        t[160] = Handle(&InfoCalls.Setrlimit);
        t[302] = Handle(&InfoCalls.Prlimit64);
        t[317] = Handle(&SeccompCalls.Seccomp);
        t[324] = Handle(&InfoCalls.Membarrier);
        t[334] = Handle(&InfoCalls.Rseq);
    }

    private static void Paths(SyscallEntry[] t)
    {
        t[2] = Handle(&PathCalls.Open);
        t[3] = Handle(&FileCalls.Close);
        t[4] = Handle(&PathCalls.Stat);
        t[6] = Handle(&PathCalls.Lstat);
        t[16] = Handle(&FileCalls.Ioctl);
        t[21] = Handle(&PathCalls.Access);
        t[33] = Handle(&FileCalls.Dup2);
        t[76] = Handle(&PathCalls.Truncate);
        t[78] = Handle(&FileCalls.Getdents);
        t[85] = Handle(&PathCalls.Creat);
        t[89] = Handle(&PathCalls.Readlink);
        t[217] = Handle(&FileCalls.Getdents64);
        t[257] = Handle(&PathCalls.Openat);
        t[262] = Handle(&PathCalls.Newfstatat);
        t[267] = Handle(&PathCalls.Readlinkat);
        t[269] = Handle(&PathCalls.Faccessat);
        t[292] = Handle(&FileCalls.Dup3);
        t[332] = Handle(&PathCalls.Statx);
        t[155] = t[161] = t[165] = t[166] = t[272] = t[308] = t[429] = Handle(&RootCalls.Leave); // pivot_root chroot mount umount2 unshare setns move_mount
        t[436] = Handle(&FileCalls.CloseRange);
        t[437] = Handle(&PathCalls.Openat2);
        t[439] = Handle(&PathCalls.Faccessat2);
    }

    private static SyscallEntry Handle(delegate*<GuestThread, in SysArgs, long> handler) => new() { Flow = SyscallFlow.Handled, Handler = handler };
}
