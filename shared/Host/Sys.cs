namespace Suite.Host;

/// <summary>
/// Raw Linux system calls of the host. The result is what the kernel left in rax: a value, or -errno (-4095..-1).
/// The C library is by-passed because its wrappers cache state (pid, errno, cancellation) that a forked child must not inherit.
/// </summary>
public static unsafe class Sys
{
    private static readonly delegate* unmanaged[SuppressGCTransition]<long, long, long, long, long, long, long, long> Fast = BuildStub();

    /// <summary>A call that cannot block for long: made without telling the garbage collector.</summary>
    public static long Call(long number, long a1 = 0, long a2 = 0, long a3 = 0, long a4 = 0, long a5 = 0, long a6 = 0) =>
        Fast(number, a1, a2, a3, a4, a5, a6);

    /// <summary>A call that may block; the collector may run meanwhile. Signals do not cut it short reliably: guest-visible waits use the engine's stub.</summary>
    public static long Blocking(long number, long a1 = 0, long a2 = 0, long a3 = 0, long a4 = 0, long a5 = 0, long a6 = 0) =>
        ((delegate* unmanaged<long, long, long, long, long, long, long, long>)Fast)(number, a1, a2, a3, a4, a5, a6);

    /// <summary>True when a raw result is an error number.</summary>
    public static bool IsError(long result) => (ulong)result > unchecked((ulong)-4096L);

    private static delegate* unmanaged[SuppressGCTransition]<long, long, long, long, long, long, long, long> BuildStub()
    {
        ReadOnlySpan<byte> code =
        [
            0x48, 0x89, 0xF8,               // mov rax, rdi
            0x48, 0x89, 0xF7,               // mov rdi, rsi
            0x48, 0x89, 0xD6,               // mov rsi, rdx
            0x48, 0x89, 0xCA,               // mov rdx, rcx
            0x4D, 0x89, 0xC2,               // mov r10, r8
            0x4D, 0x89, 0xC8,               // mov r8, r9
            0x4C, 0x8B, 0x4C, 0x24, 0x08,   // mov r9, [rsp+8]
            0x0F, 0x05,                     // syscall
            0xC3,                           // ret
        ];
        return (delegate* unmanaged[SuppressGCTransition]<long, long, long, long, long, long, long, long>)HostCode.Publish(code);
    }
}
