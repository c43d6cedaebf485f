using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>x86-64 (System V ABI AMD64, figure 3.36: DWARF register numbers).</summary>
internal sealed class UnwindX64() : UnwindX86(framePointer: 6)
{
    private const int Rip = 16, SigcontextInUcontext = 40;

    // Words of user_regs_struct by DWARF number: rax rdx rcx rbx rsi rdi rbp rsp r8..r15 rip.
    protected override ReadOnlySpan<byte> InRegset => [10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, Rip];

    // Words of struct sigcontext by DWARF number.
    protected override ReadOnlySpan<byte> InSigcontext => [13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16];

    protected override string[] Names =>
    [
        "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss",
        "fs_base", "gs_base", "ds", "es", "fs", "gs",
    ];

    public override int WordBytes => 8;

    public override int StackPointer => 7;

    // mov rax, 15; syscall - with the forms of mov that C libraries use. rsp is at the ucontext.
    internal override UnwindRegisters? Interrupted(UnwindRegisters frame, IGuestReader memory)
    {
        Span<byte> code = stackalloc byte[9];
        if (!memory.TryRead(frame.Pc, code)
            || !(code.SequenceEqual((ReadOnlySpan<byte>)[0x48, 0xC7, 0xC0, 15, 0, 0, 0, 0x0F, 5]) || code.StartsWith((ReadOnlySpan<byte>)[0xB8, 15, 0, 0, 0, 0x0F, 5])))
            return null;
        return ReadSigcontext(memory, frame.Get(StackPointer) + SigcontextInUcontext);
    }
}
