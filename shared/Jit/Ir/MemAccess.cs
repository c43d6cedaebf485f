namespace Suite.Jit.Ir;

/// <summary>Width, extension and byte order of a memory operand.</summary>
public enum MemKind : byte
{
    U8,
    S8,
    U16Be,
    S16Be,
    U32Be,

    /// <summary>I64.</summary>
    U64Be,

    /// <summary>F64 from and to 8 bytes.</summary>
    F64Be,
    U16Le,
    U32Le,
    U64Le,
}

/// <summary>Packs a <see cref="MemKind"/> and a displacement into an instruction's constant.</summary>
public static class MemAccess
{
    /// <summary>The constant of a Load or Store.</summary>
    public static long Pack(MemKind kind, int displacement) => (long)kind << 32 | (uint)displacement;

    public static MemKind Kind(long imm) => (MemKind)(imm >> 32);

    public static int Displacement(long imm) => (int)imm;

    /// <summary>Bytes moved.</summary>
    public static int Size(MemKind kind) => kind switch
    {
        MemKind.U8 or MemKind.S8 => 1,
        MemKind.U16Be or MemKind.S16Be or MemKind.U16Le => 2,
        MemKind.U32Be or MemKind.U32Le => 4,
        _ => 8,
    };
}
