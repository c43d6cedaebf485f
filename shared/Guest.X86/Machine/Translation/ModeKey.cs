using Suite.Guest.X86.Decode;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>
/// What of the processor's state generated code depends on; part of the key of every translation (design.md, R11). A segment that is "big" needs no check of
/// its limit, and one that is "flat" has base 0 besides.
/// </summary>
/// <param name="bits">Packed.</param>
internal readonly struct ModeKey(uint bits) : IEquatable<ModeKey>
{
    private const uint CodeSizeMask = 3, StackBig = 1 << 2, User = 1 << 3, Protected = 1 << 4, AccessUser = 1 << 5, TaskSwitched = 1 << 6, Emulation = 1 << 7, MonitorFpu = 1 << 8,
        SseOff = 1 << 9, AvxOff = 1 << 10, Avx512Off = 1 << 11, CheckAlignment = 1 << 12, Alone = 1 << 13, Middle = 1 << 14, Smap = 1 << 15;

    private const ulong AvxState = 6, Avx512State = 0xE6;

    private const int BigShift = 16, FlatShift = 24;

    /// <summary>The bits.</summary>
    public uint Bits => bits;

    /// <summary>Default operand and address size.</summary>
    public CpuMode CodeSize => (CpuMode)(bits & CodeSizeMask);

    /// <summary>True in 64-bit code.</summary>
    public bool Is64 => CodeSize == CpuMode.Bits64;

    /// <summary>What the instruction pointer is cut to.</summary>
    public ulong RipMask => CodeSize switch
    {
        CpuMode.Bits64 => ulong.MaxValue,
        CpuMode.Bits32 => uint.MaxValue,
        _ => ushort.MaxValue,
    };

    /// <summary>Bytes of the stack pointer: 2, 4 or 8.</summary>
    public int StackBytes => Is64 ? 8 : (bits & StackBig) != 0 ? 4 : 2;

    /// <summary>True at privilege level 3.</summary>
    public bool IsUser => (bits & User) != 0;

    /// <summary>True at privilege level 0. Levels 1 and 2 see the kernel's pages and may do none of its instructions.</summary>
    public bool IsKernel => (bits & (User | Middle)) == 0;

    /// <summary>True in protected mode proper, where loading a segment register means looking up a descriptor.</summary>
    public bool IsProtected => (bits & Protected) != 0;

    /// <summary>Which TLB table serves data accesses.</summary>
    public int View => IsUser ? 1 : (bits & AccessUser) != 0 ? 2 : 0;

    /// <summary>Which jump cache: code that may touch user pages in spite of SMAP has its own, so that kernels which copy to user space find what they jumped to before.</summary>
    public int JumpSet => View;

    /// <summary>What all entries of the kernel's jump caches, or of user code's, have in common.</summary>
    public uint JumpBits => bits & ~AccessUser;

    /// <summary>CR0.TS: x87 and vector instructions raise #NM.</summary>
    public bool IsTaskSwitched => (bits & TaskSwitched) != 0;

    /// <summary>CR0.MP and CR0.TS: fwait raises #NM.</summary>
    public bool ChecksWait => (bits & (TaskSwitched | MonitorFpu)) == (TaskSwitched | MonitorFpu);

    /// <summary>CR0.EM.</summary>
    public bool IsEmulated => (bits & Emulation) != 0;

    /// <summary>CR4.OSFXSR is clear.</summary>
    public bool IsSseOff => (bits & SseOff) != 0;

    /// <summary>CR4.OSXSAVE is clear, or XCR0 lacks the state of AVX.</summary>
    public bool IsAvxOff => (bits & AvxOff) != 0;

    /// <summary>As <see cref="IsAvxOff"/>, for AVX-512.</summary>
    public bool IsAvx512Off => (bits & Avx512Off) != 0;

    /// <summary>EFLAGS.AC and CR0.AM at privilege level 3.</summary>
    public bool ChecksAlignment => (bits & CheckAlignment) != 0;

    /// <summary>Accesses of a block share nothing: not of the processor's state, but for a second translation of the same code.</summary>
    public bool IsAlone => (bits & Alone) != 0;

    /// <summary>The key of kernel code with or without access to user pages in spite of SMAP; the same where CR4.SMAP is clear.</summary>
    public ModeKey WithAccess(bool isAllowed) => new(isAllowed && (bits & Smap) != 0 ? bits | AccessUser : bits & ~AccessUser);

    /// <summary>The key of 64-bit code at another privilege level, with EFLAGS.AC clear.</summary>
    public ModeKey AtLevel(bool isUser) => new((bits & ~(User | Middle | AccessUser | CheckAlignment | Alone)) | (isUser ? User : 0));

    /// <summary>The key of the second translation.</summary>
    public ModeKey AsAlone => new(bits | Alone);

    /// <summary>True when translations are for the same state of the processor.</summary>
    public static bool IsSameState(uint bits, uint others) => ((bits ^ others) & ~Alone) == 0;

    /// <summary>True when accesses through a segment cannot exceed its limit.</summary>
    public bool IsBig(int segment) => (bits >> BigShift & 1u << segment) != 0;

    /// <summary>True when a segment's base is 0.</summary>
    public bool IsFlat(int segment) => (bits >> FlatShift & 1u << segment) != 0;

    /// <summary>The key of the state.</summary>
    public static unsafe ModeKey Of(X86Cpu* cpu)
    {
        bool isLong = cpu->IsLong, isProtected = cpu->IsProtected, isVm86 = cpu->IsVm86;
        ref Segment cs = ref cpu->Seg(SegmentName.Cs);
        bool is64 = isLong && (cs.Attributes & Segment.Long) != 0;
        uint key = is64 ? 2u : (cs.Attributes & Segment.Big) != 0 ? 1u : 0u;
        if ((cpu->Cr4 & X86Cpu.Cr4Smap) != 0)
            key |= Smap;
        if (cpu->Cpl == 3)
            key |= User;
        else if ((cpu->Rflags & X86Cpu.FlagAc) != 0 && (key & Smap) != 0)
            key |= AccessUser;
        if (cpu->Cpl is 1 or 2)
            key |= Middle;
        if (isProtected && !isVm86)
            key |= Protected;
        if ((cpu->Cr0 & X86Cpu.Cr0Ts) != 0)
            key |= TaskSwitched;
        if ((cpu->Cr0 & X86Cpu.Cr0Em) != 0)
            key |= Emulation;
        if ((cpu->Cr0 & X86Cpu.Cr0Mp) != 0)
            key |= MonitorFpu;
        if ((cpu->Cr4 & X86Cpu.Cr4Osfxsr) == 0)
            key |= SseOff;
        ulong states = (cpu->Cr4 & X86Cpu.Cr4Osxsave) != 0 ? cpu->Xcr0 : 0;
        if ((states & AvxState) != AvxState)
            key |= AvxOff;
        if ((states & Avx512State) != Avx512State)
            key |= Avx512Off;
        if (cpu->Cpl == 3 && (cpu->Rflags & X86Cpu.FlagAc) != 0 && (cpu->Cr0 & X86Cpu.Cr0Am) != 0)
            key |= CheckAlignment;
        if (is64)
            return new ModeKey(key); // segments say nothing: a kernel has another stack segment behind an interrupt than behind syscall, and runs the same code
        if ((cpu->Seg(SegmentName.Ss).Attributes & Segment.Big) != 0)
            key |= StackBig;
        const uint BigData = Segment.CodeOrData | Segment.Present | Segment.Writable;
        for (int i = 0; i < 6; i++)
        {
            ref Segment segment = ref cpu->Seg(i);
            bool isBig = segment.Limit == uint.MaxValue;
            if (isProtected && !isVm86)
                isBig &= i == (int)SegmentName.Cs ? segment.Has(Segment.Readable) : segment.Has(BigData) && (segment.Attributes & (Segment.Code | Segment.ExpandDown | Segment.Unusable)) == 0;
            if (isBig)
                key |= 1u << (BigShift + i);
            if (segment.Base == 0)
                key |= 1u << (FlatShift + i);
        }

        return new ModeKey(key);
    }

    /// <inheritdoc/>
    public bool Equals(ModeKey other) => bits == other.Bits;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ModeKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)bits;
}
