using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>32-bit PowerPC (Power Architecture 32-bit ABI supplement, 2.4 and 3.2): LR is column 65, the back chain is at r1, LR's save word behind it.</summary>
internal sealed class UnwindPpc : UnwindTarget
{
    private const int LinkRegister = 65, ConditionRegister = 70, Nip = 32, Link = 36, Condition = 38, LrSaveWord = 4;

    // From r1 in a handler's caller: where the address of the saved registers is (arch/powerpc/kernel/signal_32.c).
    private const int RtRegisters = 256, OldRegisters = 92;
    private const uint LiR0Sigreturn = 0x38000077, LiR0RtSigreturn = 0x380000AC, Sc = 0x44000002;

    protected override string[] Names =>
    [
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
        "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31",
        "nip", "msr", "orig_r3", "ctr", "lr", "xer", "cr", "mq", "trap", "dar", "dsisr", "result",
    ];

    public override int WordBytes => 4;

    public override bool BigEndian => true;

    public override int StackPointer => 1;

    public override UnwindRegisters Read(ReadOnlySpan<byte> general)
    {
        UnwindRegisters registers = new() { Pc = Word(general, Nip) };
        for (int i = 0; i < 32; i++)
            registers.Set(i, Word(general, i));
        registers.Set(LinkRegister, Word(general, Link));
        registers.Set(ConditionRegister, Word(general, Condition));
        return registers;
    }

    internal override UnwindRegisters? Interrupted(UnwindRegisters frame, IGuestReader memory)
    {
        if (!TryWord(memory, frame.Pc, out ulong first) || first is not (LiR0Sigreturn or LiR0RtSigreturn) || !TryWord(memory, frame.Pc + 4, out ulong second) || second != Sc)
            return null;
        if (!TryWord(memory, frame.Get(StackPointer) + (first == LiR0RtSigreturn ? RtRegisters : (ulong)OldRegisters), out ulong at))
            return null;
        Span<byte> general = stackalloc byte[(Condition + 1) * 4];
        return memory.TryRead(at, general) ? Read(general) : null;
    }

    internal override (UnwindRegisters Caller, FrameKind Kind)? WithoutTable(UnwindRegisters frame, bool isInnermost, ModuleMap map, IGuestReader memory)
    {
        ulong sp = frame.Get(StackPointer), link = frame.Get(LinkRegister);
        bool chained = TryWord(memory, sp, out ulong outer) && outer > sp;
        ulong saved = 0;
        bool hasSaved = chained && TryWord(memory, outer + LrSaveWord, out saved) && map.IsCode(saved);
        if (isInnermost && map.IsCode(link) && !IsSameFunction(map, frame.Pc, link))
        {
            // LR still has the return address; the frame is the function's own only when LR was saved to it.
            UnwindRegisters caller = frame.Copy();
            caller.Pc = link;
            if (hasSaved && saved == link)
                caller.Set(StackPointer, outer);
            return (caller, FrameKind.Chain);
        }

        if (!hasSaved)
            return null;
        UnwindRegisters next = frame.Copy();
        next.Pc = saved;
        next.Set(StackPointer, outer);
        next.Set(LinkRegister, 0);
        return (next, FrameKind.Chain);
    }

    private static bool IsSameFunction(ModuleMap map, ulong pc, ulong link) =>
        map.Find(pc)?.Find(pc) is { } a && map.Find(link)?.Find(link - 1) is { } b && a.Start == b.Start;
}
