namespace Suite.Guest.X86.Decode;

/// <summary>
/// Layout attributes of the opcodes of the one-byte map and the 0F map (Intel SDM volume 2, appendix A; AMD APM volume 3, appendix A).
/// The 0F38 and 0F3A maps need no table: every opcode has ModRM, and in 0F3A an 8-bit immediate.
/// An entry is a set of bits below, a kind of immediate in the low nibble and an <see cref="X86Flow"/> in bits 8 to 12.
/// </summary>
internal static class OpcodeTable
{
    /// <summary>Part of an entry that names the immediate.</summary>
    internal const int ImmKind = 0x000F;

    /// <summary>8-bit immediate or displacement. Kinds up to 2 are their own size.</summary>
    internal const int Ib = 1;

    /// <summary>16-bit immediate.</summary>
    internal const int Iw = 2;

    /// <summary>16 or 32 bits by operand size.</summary>
    internal const int Iz = 3;

    /// <summary>Branch displacement: 32 bits in 64-bit mode, otherwise as <see cref="Iz"/>.</summary>
    internal const int Jz = 4;

    /// <summary>16, 32 or 64 bits by operand size.</summary>
    internal const int Iv = 5;

    /// <summary>Absolute address of address size.</summary>
    internal const int Moffs = 6;

    /// <summary>16 bits and 8 bits (enter).</summary>
    internal const int IwIb = 7;

    /// <summary>Two times 8 bits (extrq, insertq).</summary>
    internal const int IbIb = 8;

    /// <summary>Far pointer: offset of operand size and selector.</summary>
    internal const int Ptr = 9;

    /// <summary>32 bits.</summary>
    internal const int Id = 10;

    /// <summary>64 bits.</summary>
    internal const int Iq = 11;

    /// <summary>Prefix byte; 40-4F only in 64-bit mode.</summary>
    internal const int Prefix = 0x0010;

    /// <summary>Escape to another map or encoding.</summary>
    internal const int Escape = 0x0020;

    /// <summary>Prefixes or ModRM decide about flow or immediate.</summary>
    internal const int Special = 0x0040;

    /// <summary>Position of the <see cref="ModRm"/> bit.</summary>
    internal const int ModRmShift = 7;

    /// <summary>Has a ModRM byte.</summary>
    internal const int ModRm = 1 << ModRmShift;

    /// <summary>Position of the flow class.</summary>
    internal const int FlowShift = 8;

    /// <summary>Mask of the flow class after the shift.</summary>
    internal const int FlowMask = 0x1F;

    /// <summary>Right shift that brings <see cref="RegisterOnly"/> to the mod field of ModRM.</summary>
    internal const int RegisterOnlyShift = 7;

    /// <summary>The mod field of ModRM is ignored: always the register form, mod 3.</summary>
    internal const int RegisterOnly = 0xC0 << RegisterOnlyShift;

    /// <summary>Not an instruction in 64-bit mode.</summary>
    internal const int Not64 = 0x8000;

    /// <summary>Entry of an opcode that is not an instruction; may be combined with any other but a class.</summary>
    internal const int Invalid = (int)X86Flow.Invalid << FlowShift;

    private const int M = ModRm;
    private const int MB = ModRm | Ib;
    private const int MZ = ModRm | Iz;
    private const int MS = ModRm | Special;
    private const int MR = ModRm | RegisterOnly;
    private const int P = Prefix;
    private const int E = Escape;
    private const int N = Not64;
    private const int A = Moffs | Special;
    private const int Jb = ((int)X86Flow.Jcc << FlowShift) | Ib;
    private const int Jc = ((int)X86Flow.Jcc << FlowShift) | Jz;
    private const int Lo = ((int)X86Flow.Loop << FlowShift) | Ib;
    private const int Seg = (int)X86Flow.LoadFsGs << FlowShift;
    private const int Ud = (int)X86Flow.Ud << FlowShift;
    private const int FarRet = (int)X86Flow.FarRet << FlowShift;
    private const int Jmp = (int)X86Flow.Jmp << FlowShift;

    /// <summary>The one-byte opcodes.</summary>
    internal static ReadOnlySpan<ushort> OneByte =>
    [
        /* 00 */ M, M, M, M, Ib, Iz, N, N, M, M, M, M, Ib, Iz, N, E,
        /* 10 */ M, M, M, M, Ib, Iz, N, N, M, M, M, M, Ib, Iz, N, N,
        /* 20 */ M, M, M, M, Ib, Iz, P, N, M, M, M, M, Ib, Iz, P, N,
        /* 30 */ M, M, M, M, Ib, Iz, P, N, M, M, M, M, Ib, Iz, P, N,
        /* 40 */ P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
        /* 50 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        /* 60 */ N, N, E, M, P, P, P, P, Iz, MZ, Ib, MB, 0, 0, 0, 0,
        /* 70 */ Jb, Jb, Jb, Jb, Jb, Jb, Jb, Jb, Jb, Jb, Jb, Jb, Jb, Jb, Jb, Jb,
        /* 80 */ MB, MZ, MB | N, MB, M, M, M, M, M, M, M, M, M, M, MS, E,
        /* 90 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ((int)X86Flow.FarCallDirect << FlowShift) | Ptr | N, 0, 0, 0, 0, 0,
        /* A0 */ A, A, A, A, 0, 0, 0, 0, Ib, Iz, 0, 0, 0, 0, 0, 0,
        /* B0 */ Ib, Ib, Ib, Ib, Ib, Ib, Ib, Ib, Iv, Iv, Iv, Iv, Iv, Iv, Iv, Iv,
        /* C0 */ MB, MB, ((int)X86Flow.RetImm << FlowShift) | Iw, (int)X86Flow.Ret << FlowShift, E, E, MB, MZ | Special,
        /* C8 */ IwIb | Special, 0, FarRet | Iw, FarRet, (int)X86Flow.Int3 << FlowShift, ((int)X86Flow.IntN << FlowShift) | Ib,
        /* CE */ ((int)X86Flow.Into << FlowShift) | N, (int)X86Flow.Iret << FlowShift,
        /* D0 */ M, M, M, M, Ib | N, Ib | N, N, 0, M, M, M, M, M, M, M, M,
        /* E0 */ Lo, Lo, Lo, Lo, Ib, Ib, Ib, Ib,
        /* E8 */ ((int)X86Flow.Call << FlowShift) | Jz, Jmp | Jz, ((int)X86Flow.FarJmpDirect << FlowShift) | Ptr | N, Jmp | Ib, 0, 0, 0, 0,
        /* F0 */ P, (int)X86Flow.Icebp << FlowShift, P, P, 0, 0, MS | Ib, MS | Iz, 0, 0, 0, 0, 0, 0, M, MS,
    ];

    /// <summary>The opcodes behind 0F.</summary>
    internal static ReadOnlySpan<ushort> TwoByte =>
    [
        /* 00 */ M, MS, M, M, Invalid, (int)X86Flow.Syscall << FlowShift, 0, 0, 0, 0, Invalid, Ud, Invalid, M, 0, E,
        /* 10 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
        /* 20 */ MR, MR, MR, MR, Invalid, Invalid, Invalid, Invalid, M, M, M, M, M, M, M, M,
        /* 30 */ 0, (int)X86Flow.Rdtsc << FlowShift, 0, (int)X86Flow.Rdpmc << FlowShift, (int)X86Flow.Sysenter << FlowShift, 0, Invalid, 0,
        /* 38 */ E, Invalid, E, Invalid, Invalid, Invalid, Invalid, Invalid,
        /* 40 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
        /* 50 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
        /* 60 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
        /* 70 */ MB, MB, MB, MB, M, M, M, 0, MS, M, Invalid, Invalid, M, M, M, M,
        /* 80 */ Jc, Jc, Jc, Jc, Jc, Jc, Jc, Jc, Jc, Jc, Jc, Jc, Jc, Jc, Jc, Jc,
        /* 90 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
        /* A0 */ 0, Seg, (int)X86Flow.Cpuid << FlowShift, M, MB, M, M, M, 0, Seg, 0, M, MB, M, MS, M,
        /* B0 */ M, M, M, M, Seg | MS, Seg | MS, M, M, MS, Ud | M, MB, M, M, M, M, M,
        /* C0 */ M, M, MB, M, MB, MB, MB, MS, 0, 0, 0, 0, 0, 0, 0, 0,
        /* D0 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
        /* E0 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,
        /* F0 */ M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, Ud | M,
    ];

    /// <summary>Size of the first immediate in a size entry; the rest of the byte, shifted by 4, is the size of what follows it.</summary>
    internal const int FirstImmediate = 0x0F;

    /// <summary>Row of <see cref="ImmediateSizes"/> for 64-bit operands. Rows 0 and 1 are for 16 and 32 bits.</summary>
    internal const int WideRow = 2;

    /// <summary>Row of <see cref="ImmediateSizes"/> for 16-bit operands in 64-bit mode.</summary>
    internal const int NarrowRow64 = 3;

    /// <summary>Operand size of each row, one byte a row.</summary>
    internal const int OperandBitsOfRows = 0x10402010;

    /// <summary>Sizes of the immediates by row and kind, 16 kinds a row. Moffs is resolved to Iw, Id or Iq beforehand.</summary>
    internal static ReadOnlySpan<byte> ImmediateSizes =>
    [
        0, 1, 2, 2, 2, 2, 0, 0x12, 0x11, 0x22, 4, 8, 0, 0, 0, 0,
        0, 1, 2, 4, 4, 4, 0, 0x12, 0x11, 0x24, 4, 8, 0, 0, 0, 0,
        0, 1, 2, 4, 4, 8, 0, 0x12, 0x11, 0x24, 4, 8, 0, 0, 0, 0,
        0, 1, 2, 2, 4, 2, 0, 0x12, 0x11, 0x22, 4, 8, 0, 0, 0, 0,
    ];
}
