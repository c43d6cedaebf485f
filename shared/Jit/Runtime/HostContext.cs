namespace Suite.Jit.Runtime;

/// <summary>
/// struct ucontext of x86-64, as the kernel lays it out for a signal handler and takes it back from rt_sigreturn(2)
/// (arch/x86/include/uapi/asm/sigcontext.h): offsets in bytes, and the order of the general registers.
/// </summary>
internal static class HostContext
{
    public const int AltStack = 16, Registers = 40, Rip = Registers + 16 * 8, Flags = Registers + 17 * 8, Segments = Registers + 18 * 8,
        Error = Registers + 19 * 8, Trap = Registers + 20 * 8, Cr2 = Registers + 22 * 8, FpState = Registers + 23 * 8, Mask = 296;

    /// <summary>Up to and with the first word of the signal mask.</summary>
    public const int Bytes = Mask + 8;

    /// <summary>uc_flags.</summary>
    public const ulong FpXstate = 1, SigcontextSs = 2, StrictRestoreSs = 4;

    /// <summary>Order of the registers, as encoding numbers: r8..r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp.</summary>
    public static ReadOnlySpan<byte> Order => [8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4];
}
