namespace Suite.Guest.X86.Decode;

/// <summary>What the re-encoder must do with an instruction.</summary>
public enum X86Flow : byte
{
    /// <summary>May be copied; a memory operand may still need rewriting.</summary>
    Plain,

    /// <summary>Conditional direct branch; the displacement is the immediate.</summary>
    Jcc,

    /// <summary>Direct near jump; the displacement is the immediate.</summary>
    Jmp,

    /// <summary>Direct near call; the displacement is the immediate.</summary>
    Call,

    /// <summary>loopne, loope, loop, jcxz/jecxz/jrcxz (E0-E3); the displacement is the immediate.</summary>
    Loop,

    /// <summary>Near return.</summary>
    Ret,

    /// <summary>Near return that releases the immediate number of stack bytes.</summary>
    RetImm,

    /// <summary>Far return, with (CA, ImmSize 2) or without (CB) an immediate.</summary>
    FarRet,

    /// <summary>Return from interrupt.</summary>
    Iret,

    /// <summary>FF /4.</summary>
    JmpIndirect,

    /// <summary>FF /2.</summary>
    CallIndirect,

    /// <summary>FF /5 with a memory operand.</summary>
    FarJmpIndirect,

    /// <summary>FF /3 with a memory operand.</summary>
    FarCallIndirect,

    /// <summary>EA (not in 64-bit mode); the immediate is the offset, the selector follows it.</summary>
    FarJmpDirect,

    /// <summary>9A (not in 64-bit mode); the immediate is the offset, the selector follows it.</summary>
    FarCallDirect,

    /// <summary>syscall.</summary>
    Syscall,

    /// <summary>sysenter.</summary>
    Sysenter,

    /// <summary>CC.</summary>
    Int3,

    /// <summary>CD; the vector is the low byte of the immediate.</summary>
    IntN,

    /// <summary>F1.</summary>
    Icebp,

    /// <summary>CE (not in 64-bit mode).</summary>
    Into,

    /// <summary>cpuid.</summary>
    Cpuid,

    /// <summary>rdtsc.</summary>
    Rdtsc,

    /// <summary>rdtscp.</summary>
    Rdtscp,

    /// <summary>rdpmc.</summary>
    Rdpmc,

    /// <summary>xgetbv.</summary>
    Xgetbv,

    /// <summary>rdpid.</summary>
    Rdpid,

    /// <summary>rdfsbase, rdgsbase, wrfsbase, wrgsbase (64-bit mode only); RegField and 7 is /0 to /3.</summary>
    FsGsBase,

    /// <summary>Loads the fs or gs selector: mov, pop, lfs, lgs.</summary>
    LoadFsGs,

    /// <summary>xbegin; the displacement of the abort path is the immediate.</summary>
    Xbegin,

    /// <summary>ud0, ud1, ud2.</summary>
    Ud,

    /// <summary>Not an instruction in this mode. The length is what could be consumed, at least 1.</summary>
    Invalid,
}
