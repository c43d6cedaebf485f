using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>A system call that was seen some time ago, as -strace would print it.</summary>
internal static class CallText
{
    /// <summary>A printer for a process.</summary>
    /// <param name="process">The process.</param>
    /// <param name="memory">What pointers lead to.</param>
    public static StracePrinter Printer(GuestProcess process, IGuestReader memory) =>
        new(process.Target.Is64 ? GuestAbi.X64 : process.Target.BigEndian ? GuestAbi.Ppc : GuestAbi.I386, memory);

    /// <summary>The call and its result; dots for a result when it has not come back.</summary>
    public static string Write(StracePrinter printer, SyscallRow?[] rows, in SysArgs call, long? result)
    {
        ReadOnlySpan<ulong> args = [call.A1, call.A2, call.A3, call.A4, call.A5, call.A6];
        if ((ulong)call.Number >= (ulong)rows.Length || rows[call.Number] is not { } row)
            return $"syscall_{call.Number}(0x{call.A1:x}, 0x{call.A2:x}, 0x{call.A3:x}) = {result?.ToString() ?? "..."}";
        return result switch
        {
            null => printer.Enter(row, args) + " = ...",
            SysResult.Restart => printer.Enter(row, args) + " = ? (interrupted)",
            SysResult.RegistersSet => printer.Enter(row, args),
            _ => printer.Past(row, args, result.Value),
        };
    }
}
