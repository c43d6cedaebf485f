using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

/// <summary>Number and arguments of a system call, as 64-bit values.</summary>
public readonly record struct SysArgs(long Number, ulong A1, ulong A2, ulong A3, ulong A4, ulong A5, ulong A6)
{
    public int Int1 => (int)A1;
    public int Int2 => (int)A2;
    public int Int3 => (int)A3;
    public int Int4 => (int)A4;
    public int Int5 => (int)A5;
}

/// <summary>Results of handlers that are not values for the guest.</summary>
public static class SysResult
{
    /// <summary>A signal came first: the call is to be made again after its handler.</summary>
    public const long Restart = Jit.Runtime.Stubs.Interrupted;

    /// <summary>The registers are set already (sigreturn).</summary>
    public const long RegistersSet = long.MinValue;
}

/// <summary>How a call is served.</summary>
public enum SyscallFlow : byte
{
    /// <summary>ENOSYS, logged once under -d unimp.</summary>
    Unimplemented,

    /// <summary>Handed to the host kernel as it is.</summary>
    Pass,

    /// <summary>As Pass, and generated code may make it itself: it neither blocks without being restartable nor needs looking at.</summary>
    Inline,

    /// <summary>Served by a handler.</summary>
    Handled,
}

/// <summary>One entry of a target's dispatch table.</summary>
public readonly unsafe struct SyscallEntry
{
    public SyscallFlow Flow { get; init; }

    public delegate*<GuestThread, in SysArgs, long> Handler { get; init; }
}
