namespace Suite.Guest.X86.Machine.Translation;

/// <summary>A place in generated code that managed code may be asked about: an instruction, and what it does to memory there.</summary>
internal struct TranslationSite
{
    /// <summary>Offset of the instruction in the code segment.</summary>
    public ulong Rip;

    /// <summary>Number of the block.</summary>
    public int Block;

    /// <summary>Bytes of the memory access; 0 where there is none.</summary>
    public byte Size;

    /// <summary>The access writes.</summary>
    public bool IsWrite;

    /// <summary>The instruction loads these bytes once and does nothing else to memory: it may be given a device register's value.</summary>
    public bool IsLoad;

    /// <summary>The access stands for several instructions, of which this is the first: a fault is found by executing it alone.</summary>
    public bool IsRun;

    /// <summary>The instruction is the core's.</summary>
    public bool IsCore;

    /// <summary>The instruction is directly behind sti: no interrupt comes between them.</summary>
    public bool IsShadowed;

    /// <summary>Which TLB table it goes through.</summary>
    public byte View;

    /// <summary>Number of its guess (<see cref="MachineCode.Hints"/>); -1 without.</summary>
    public int Hint;

    /// <summary>Number of the decoded instruction (<see cref="MachineCode.Insns"/>); -1 where it has to be decoded again.</summary>
    public int Insn;
}

/// <summary>A direct jump within a page: where its rel32 is, and where it leads.</summary>
internal unsafe struct TranslationLink
{
    public byte* Patch;

    /// <summary>Offsets of the instruction that jumps, and of the one it jumps to.</summary>
    public ulong From, Target;

    public int Block;

    /// <summary>The jump leaves with the flags in the host's.</summary>
    public bool HasHostFlags;

    /// <summary>It leads to a translation of the same instruction whose accesses are each on their own.</summary>
    public bool IsAlone;
}

/// <summary>A translated straight piece of guest code within one page (or one instruction across two).</summary>
internal unsafe struct MachineBlock
{
    public ulong Physical, Rip;

    /// <summary>Physical address of the second page of an instruction that lies across; else 0.</summary>
    public ulong SecondPage;

    public uint Mode;
    public int Length;

    /// <summary>Instructions; those that were executed when the block is left in the middle are told by its places.</summary>
    public int Insns;

    /// <summary>Stretches of 64 bytes of the page, one bit each, on which the translation depends besides.</summary>
    public ulong LookedAt;

    /// <summary>Entry with the flags in memory, for lookups and backward jumps, and for forward jumps.</summary>
    public byte* Entry, ForwardEntry;

    /// <summary>Entry with the flags in the host's, for forward jumps and for backward ones.</summary>
    public byte* HostEntry, HostLoopEntry;

    public byte* End;
    public int NextInHash;
    public int FirstPlace, PlaceCount;
    public bool IsDead;
}

/// <summary>Where the code of one guest instruction begins, for faults of the host.</summary>
internal readonly record struct InsnPlace(int HostOffset, ushort GuestOffset, FlagPlace Flags);
