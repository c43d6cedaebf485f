using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>What the two x86 targets share: the chain of saved frame pointers, and the search for return addresses.</summary>
internal abstract class UnwindX86(int framePointer) : UnwindTarget
{
    private const int SearchedWords = 512;
    private const ulong LargestFrame = 16 << 20;

    /// <inheritdoc/>
    public override bool BigEndian => false;

    /// <summary>Words of user_regs_struct by DWARF number; the last is the return address' column, where the program counter is.</summary>
    protected abstract ReadOnlySpan<byte> InRegset { get; }

    /// <summary>Words of struct sigcontext, in the same order.</summary>
    protected abstract ReadOnlySpan<byte> InSigcontext { get; }

    /// <inheritdoc/>
    public override UnwindRegisters Read(ReadOnlySpan<byte> general)
    {
        UnwindRegisters registers = new();
        for (int i = 0; i < InRegset.Length; i++)
            registers.Set(i, Word(general, InRegset[i]));
        registers.Pc = registers.Get(InRegset.Length - 1);
        return registers;
    }

    /// <summary>The registers in a sigcontext; null when it cannot be read.</summary>
    protected UnwindRegisters? ReadSigcontext(IGuestReader memory, ulong context)
    {
        UnwindRegisters registers = new();
        for (int i = 0; i < InSigcontext.Length; i++)
        {
            if (!TryWord(memory, context + InSigcontext[i] * (ulong)WordBytes, out ulong value))
                return null;
            registers.Set(i, value);
        }

        registers.Pc = registers.Get(InSigcontext.Length - 1);
        return registers;
    }

    internal override (UnwindRegisters Caller, FrameKind Kind)? WithoutTable(UnwindRegisters frame, bool isInnermost, ModuleMap map, IGuestReader memory)
    {
        ulong sp = frame.Get(StackPointer), word = (ulong)WordBytes;
        if (isInnermost && !map.IsCode(frame.Pc) && TryWord(memory, sp, out ulong back) && map.IsCode(back))
            return (Caller(frame, back, sp + word), FrameKind.Chain); // a call to where no code is
        ulong bp = frame.Get(framePointer);
        if (bp >= sp && bp - sp < LargestFrame && bp % word == 0 && TryWord(memory, bp + word, out back) && map.IsCode(back) && TryWord(memory, bp, out ulong outer))
        {
            UnwindRegisters caller = Caller(frame, back, bp + 2 * word);
            caller.Set(framePointer, outer);
            return (caller, FrameKind.Chain);
        }

        for (ulong at = sp, end = sp + SearchedWords * word; at < end && TryWord(memory, at, out back); at += word)
            if (map.IsCode(back) && FollowsCall(memory, back))
                return (Caller(frame, back, at + word), FrameKind.Guess);
        return null;
    }

    // call rel32, or call r/m with a ModR/M byte and 0 to 5 more (Intel SDM volume 2, CALL).
    private static bool FollowsCall(IGuestReader memory, ulong address)
    {
        const int Longest = 7, CallRelative = 0xE8, Group5 = 0xFF, CallDigit = 2;
        Span<byte> before = stackalloc byte[Longest];
        if (!memory.TryRead(address - Longest, before))
            return false;
        if (before[Longest - 5] == CallRelative)
            return true;
        for (int length = 2; length <= Longest; length++)
            if (before[Longest - length] == Group5 && (before[Longest - length + 1] >> 3 & 7) == CallDigit)
                return true;
        return false;
    }

    private UnwindRegisters Caller(UnwindRegisters frame, ulong pc, ulong sp)
    {
        UnwindRegisters caller = frame.Copy();
        caller.Pc = pc;
        caller.Set(StackPointer, sp);
        return caller;
    }
}
