namespace Suite.LinuxUser.Process;

/// <summary>What clone and clone3 ask for, in one form (struct clone_args, include/uapi/linux/sched.h).</summary>
public sealed record CloneRequest
{
    public ulong Flags { get; init; }
    public ulong ExitSignal { get; init; }

    /// <summary>Initial stack pointer of the child; 0 keeps the parent's.</summary>
    public ulong Stack { get; init; }
    public ulong ParentTid { get; init; }
    public ulong ChildTid { get; init; }
    public ulong PidFd { get; init; }
    public ulong Tls { get; init; }
    public ulong SetTid { get; init; }
    public ulong SetTidSize { get; init; }
    public ulong Cgroup { get; init; }

    /// <summary>It came by clone3 and holds what clone has no words for.</summary>
    public bool IsExtended { get; init; }
}
