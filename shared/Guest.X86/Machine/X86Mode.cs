namespace Suite.Guest.X86.Machine;

/// <summary>
/// What generated code depends on, in one word: two blocks of the same bytes with the same mode do the same. It is made from the state whenever
/// asked for, so it cannot be stale.
/// </summary>
/// <param name="Bits">All of it; the key of translations.</param>
public readonly record struct X86Mode(uint Bits)
{
    /// <summary>CS.D: 32-bit code.</summary>
    public const uint Code32 = 1 << 0;

    /// <summary>64-bit code.</summary>
    public const uint Code64 = 1 << 1;

    /// <summary>SS.B: esp is the stack pointer.</summary>
    public const uint Stack32 = 1 << 2;

    /// <summary>CPL 3.</summary>
    public const uint User = 1 << 3;

    /// <summary>CR0.PE, vm86 included.</summary>
    public const uint Protected = 1 << 4;

    /// <summary>Virtual-8086 mode.</summary>
    public const uint Vm86 = 1 << 5;

    /// <summary>EFER.LMA: 64-bit or compatibility mode.</summary>
    public const uint Long = 1 << 6;

    /// <summary>Segments with base 0 whose limit and type refuse nothing: offsets below 4 GiB are linear addresses. In 64-bit code all four are set.</summary>
    public const uint FlatEs = 1 << 7, FlatCs = 1 << 8, FlatSs = 1 << 9, FlatDs = 1 << 10;

    /// <summary>Limit and type refuse nothing: only the base has to be added. In 64-bit code both are set.</summary>
    public const uint OpenFs = 1 << 11, OpenGs = 1 << 12;

    /// <summary>CR0.TS, EM, MP and NE.</summary>
    public const uint Ts = 1 << 13, Em = 1 << 14, Mp = 1 << 15, Ne = 1 << 16;

    /// <summary>CR4.OSFXSR: SSE instructions are allowed.</summary>
    public const uint Sse = 1 << 17;

    /// <summary>CR4.OSXSAVE with the AVX components enabled in XCR0, and with those of AVX-512.</summary>
    public const uint Avx = 1 << 18, Avx512 = 1 << 19;

    /// <summary>CR4.SMAP with EFLAGS.AC clear at CPL 0 to 2: data of user pages is refused.</summary>
    public const uint Smap = 1 << 20;

    /// <summary>CR0.AM with EFLAGS.AC at CPL 3: misaligned data accesses raise #AC.</summary>
    public const uint AlignmentCheck = 1 << 21;

    /// <summary>EFLAGS.TF: a debug trap after every instruction.</summary>
    public const uint SingleStep = 1 << 22;

    /// <summary>DR7 enables a breakpoint on instructions, or on data or I/O.</summary>
    public const uint CodeBreakpoints = 1 << 23, DataBreakpoints = 1 << 24;

    private const uint FlatAll = FlatEs | FlatCs | FlatSs | FlatDs | OpenFs | OpenGs;

    /// <summary>True when all bits of a mask are set.</summary>
    public bool Has(uint mask) => (Bits & mask) == mask;

    /// <summary>16, 32 or 64.</summary>
    public int CodeSize => (Bits & Code64) != 0 ? 64 : (Bits & Code32) != 0 ? 32 : 16;

    /// <summary>Width of the stack pointer: 16, 32 or 64.</summary>
    public int StackSize => (Bits & Code64) != 0 ? 64 : (Bits & Stack32) != 0 ? 32 : 16;

    /// <summary>The mode a processor is in.</summary>
    public static unsafe X86Mode Of(X86Cpu* cpu)
    {
        const ulong avx = 6, avx512 = 0xE6, enabled = 0xFF;
        ref Segment cs = ref cpu->Seg(SegmentName.Cs);
        uint bits = 0;
        ulong cr0 = cpu->Cr0, cr4 = cpu->Cr4, flags = cpu->Rflags;
        bool isLong = (cpu->Efer & X86Cpu.EferLma) != 0;
        if (isLong)
            bits |= Long;
        if (isLong && (cs.Attributes & Segment.Long) != 0)
        {
            bits |= Code64 | FlatAll;
        }
        else
        {
            bits |= (cs.Attributes & Segment.Big) != 0 ? Code32 : 0;
            bits |= (cpu->Seg(SegmentName.Ss).Attributes & Segment.Big) != 0 ? Stack32 : 0;
            bits |= IsFlatCode(cs) ? FlatCs : 0;
            bits |= IsFlatData(cpu->Seg(SegmentName.Ss)) ? FlatSs : 0;
            bits |= IsFlatData(cpu->Seg(SegmentName.Ds)) ? FlatDs : 0;
            bits |= IsFlatData(cpu->Seg(SegmentName.Es)) ? FlatEs : 0;
            bits |= IsOpenData(cpu->Seg(SegmentName.Fs)) ? OpenFs : 0;
            bits |= IsOpenData(cpu->Seg(SegmentName.Gs)) ? OpenGs : 0;
        }

        if (cpu->Cpl == 3)
            bits |= User | ((cr0 & X86Cpu.Cr0Am) != 0 && (flags & X86Cpu.FlagAc) != 0 ? AlignmentCheck : 0);
        else if ((cr4 & X86Cpu.Cr4Smap) != 0 && (flags & X86Cpu.FlagAc) == 0)
            bits |= Smap;
        bits |= ((cr0 & X86Cpu.Cr0Pe) != 0 ? Protected : 0) | ((flags & X86Cpu.FlagVm) != 0 ? Vm86 : 0) | ((flags & X86Cpu.FlagTf) != 0 ? SingleStep : 0);
        bits |= ((cr0 & X86Cpu.Cr0Ts) != 0 ? Ts : 0) | ((cr0 & X86Cpu.Cr0Em) != 0 ? Em : 0) | ((cr0 & X86Cpu.Cr0Mp) != 0 ? Mp : 0) | ((cr0 & X86Cpu.Cr0Ne) != 0 ? Ne : 0);
        bits |= (cr4 & X86Cpu.Cr4Osfxsr) != 0 ? Sse : 0;
        if ((cr4 & X86Cpu.Cr4Osxsave) != 0)
            bits |= ((cpu->Xcr0 & avx) == avx ? Avx : 0) | ((cpu->Xcr0 & avx512) == avx512 ? Avx512 : 0);
        ulong dr7 = cpu->Dr[7];
        if ((dr7 & enabled) != 0)
            bits |= Breakpoints(dr7);
        return new X86Mode(bits);
    }

    private static uint Breakpoints(ulong dr7)
    {
        uint bits = 0;
        for (int i = 0; i < 4; i++)
            if ((dr7 >> (2 * i) & 3) != 0)
                bits |= (dr7 >> (16 + 4 * i) & 3) == 0 ? CodeBreakpoints : DataBreakpoints;
        return bits;
    }

    // Readable code: instructions and operands with a cs prefix alike.
    private static bool IsFlatCode(in Segment s) => s.Base == 0 && s.Limit == uint.MaxValue && (s.Attributes & Segment.Unusable) == 0
        && (s.Attributes & Segment.Readable) != 0;

    private static bool IsFlatData(in Segment s) => s.Base == 0 && IsOpenData(s);

    // Writable data that grows up.
    private static bool IsOpenData(in Segment s) => s.Limit == uint.MaxValue
        && (s.Attributes & (Segment.Unusable | Segment.Code | Segment.ExpandDown | Segment.Writable)) == Segment.Writable;
}
