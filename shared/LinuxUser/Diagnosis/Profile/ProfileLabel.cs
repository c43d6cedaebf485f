using Suite.Jit;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>Time that was not spent in guest code, as the innermost frame of a sample: a number that is no address.</summary>
internal static class ProfileLabel
{
    private const ulong First = 1UL << 63, Emulator = First, Instruction = First + 1, Kernel = First + 2, Calls = First + 0x10000;

    /// <summary>The label for a thread whose timer has struck; null when that was in guest code.</summary>
    public static unsafe ulong? Of(GuestThread t)
    {
        VcpuState* s = t.State;
        switch (s->Reason)
        {
            case ExitReason.Syscall or ExitReason.SystemCall or ExitReason.SyscallFault:
                return Calls + (ulong)Math.Clamp(t.Calls.Last() is [.., var last] ? last.Call.Number : 0, 0, 0xFFFF);
            case ExitReason.Special:
                return Instruction;
            case ExitReason.Interrupt when s->HostPc == Engine.PreciseAlready:
                ReadOnlySpan<byte> syscall = [0x0F, 0x05];
                Span<byte> before = stackalloc byte[2];
                // Just behind an instruction of a call that generated code makes itself.
                return t.Process.Target.Is64 && t.Memory.TryRead(s->Pc - 2, before) && before.SequenceEqual(syscall) ? Kernel : null;
            default:
                return Emulator;
        }
    }

    /// <summary>The label's text; null for an address.</summary>
    public static string? Text(ulong frame, SyscallRow?[] rows) => frame switch
    {
        < First => null,
        Emulator => "[emulator: translation]",
        Instruction => "[emulator: instruction]",
        Kernel => "[system call]",
        _ => frame - Calls < (ulong)rows.Length && rows[frame - Calls] is { } row ? $"[system call {row.Name}]" : $"[system call {frame - Calls}]",
    };
}
