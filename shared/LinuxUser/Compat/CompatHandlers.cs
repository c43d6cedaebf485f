using Suite.LinuxUser.Process;
using Suite.LinuxUser.Seccomp;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// The calls of 32-bit guests that a plan made from their row cannot serve. Handlers get the guest's registers; structs are converted by
/// <see cref="CompatPersonality.Converter(string)"/>. One part of this type per family, each asked in turn.
/// </summary>
internal static unsafe partial class CompatHandlers
{
    private static SyscallEntry ByRow => new() { Flow = SyscallFlow.Pass };

    /// <summary>Flow Handled with the handler, Unimplemented for ENOSYS, or Pass for what follows from the row.</summary>
    public static SyscallEntry Find(SyscallRow row) => row.Name switch
    {
        "mmap" when row == Catalog.Memory.OldMmap => Handle(&CompatMemory.OldMmap),
        "mmap2" => Handle(&CompatMemory.Mmap2),
        "mseal" => Handle(&CompatMemory.Mseal),
        "getdents" => Handle(&CompatDirectories.Getdents),
        "getdents64" => Handle(&CompatDirectories.Getdents64),
        "readdir" => Handle(&CompatDirectories.Readdir),
        "lseek" => Handle(&CompatDirectories.Lseek),
        "_llseek" => Handle(&CompatDirectories.Llseek),
        "statfs64" or "fstatfs64" => Handle(&CompatSystem.Statfs64),
        "name_to_handle_at" => Handle(&CompatProcesses.NameToHandleAt),
        "open_by_handle_at" => Handle(&CompatProcesses.OpenByHandleAt),
        "olduname" => Handle(&CompatSystem.Olduname),
        "oldolduname" => Handle(&CompatSystem.Oldolduname),
        "sysinfo" => Handle(&CompatSystem.Sysinfo),
        "getrlimit" => Handle(&CompatSystem.OldGetrlimit),
        "stime" => Handle(&CompatSystem.Stime),
        "nice" => Handle(&CompatSystem.Nice),
        "arch_prctl" => Handle(&CompatSystem.ArchPrctl),
        "clone" => Handle(&ProcessCalls.CloneTlsFourth),
        "set_robust_list" => Handle(&CompatProcesses.SetRobustList),
        "get_robust_list" => Handle(&CompatProcesses.GetRobustList),
        "seccomp" => Handle(&SeccompCalls.Seccomp),
        "waitid" => Handle(&CompatProcesses.Waitid),
        "sched_setaffinity" => Handle(&CompatProcesses.SchedSetaffinity),
        "sched_getaffinity" => Handle(&CompatProcesses.SchedGetaffinity),
        "sched_setattr" => Handle(&CompatProcesses.SchedSetattr),
        "sched_getattr" => Handle(&CompatProcesses.SchedGetattr),
        "capget" or "capset" => Handle(&CompatProcesses.Capabilities),
        "bpf" => Handle(&CompatProcesses.Bpf),
        "perf_event_open" or "kexec_load" or "quotactl" or "quotactl_fd" or "landlock_add_rule" or "lsm_get_self_attr" or "lsm_set_self_attr"
            or "move_pages" or "migrate_pages" or "mbind" or "set_mempolicy" or "get_mempolicy" or "statmount" or "listns" => Handle(&CompatProcesses.LittleEndianOnly),
        // Segments and virtual 8086 mode belong to the target's own tool, which puts its handlers into the table.
        "set_thread_area" or "get_thread_area" or "modify_ldt" or "iopl" or "ioperm" or "vm86" or "vm86old" => default,
        "io_uring_setup" => Handle(&CompatRing.Setup),
        "io_uring_enter" or "io_uring_register" => Handle(&CompatProcesses.LittleEndianOnly),
        _ => Network(row.Name),
    };

    private static SyscallEntry Handle(delegate*<GuestThread, in SysArgs, long> handler) => new() { Flow = SyscallFlow.Handled, Handler = handler };
}
