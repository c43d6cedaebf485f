using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>i386 (System V ABI i386, table 2.14: DWARF register numbers).</summary>
internal sealed class UnwindI386() : UnwindX86(framePointer: 5)
{
    // Words of user_regs_struct by DWARF number: eax ecx edx ebx esp ebp esi edi eip.
    protected override ReadOnlySpan<byte> InRegset => [6, 1, 2, 0, 15, 5, 3, 4, 12];

    // Words of struct sigcontext_32 by DWARF number.
    protected override ReadOnlySpan<byte> InSigcontext => [11, 10, 9, 8, 7, 6, 5, 4, 14];

    protected override string[] Names =>
    [
        "ebx", "ecx", "edx", "esi", "edi", "ebp", "eax", "ds", "es", "fs", "gs", "orig_eax", "eip", "cs", "eflags", "esp", "ss",
    ];

    public override int WordBytes => 4;

    public override int StackPointer => 4;

    // pop eax; mov eax, 119; int 80h with the context behind the signal's number - or mov eax, 173; int 80h with a pointer to the ucontext as third argument.
    internal override UnwindRegisters? Interrupted(UnwindRegisters frame, IGuestReader memory)
    {
        const int RtContext = 20;
        Span<byte> code = stackalloc byte[8];
        ulong sp = frame.Get(StackPointer), context;
        if (!memory.TryRead(frame.Pc, code))
            return null;
        if (code.StartsWith((ReadOnlySpan<byte>)[0x58, 0xB8, 119, 0, 0, 0, 0xCD, 0x80]))
            context = sp + 4;
        else if (code.StartsWith((ReadOnlySpan<byte>)[0xB8, 173, 0, 0, 0, 0xCD, 0x80]) && TryWord(memory, sp + 8, out ulong ucontext))
            context = ucontext + RtContext;
        else
            return null;
        return ReadSigcontext(memory, context);
    }
}
