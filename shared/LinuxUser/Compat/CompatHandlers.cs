using Suite.LinuxUser.Process;
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
        "io_uring_setup" or "io_uring_enter" or "io_uring_register" => default,
        _ => Network(row.Name),
    };

    private static SyscallEntry Handle(delegate*<GuestThread, in SysArgs, long> handler) => new() { Flow = SyscallFlow.Handled, Handler = handler };
}
