namespace Suite.Jit.X64;

/// <summary>Host general registers, numbered as instruction encodings number them (AMD64 manual volume 3, table A-1).</summary>
public enum Reg : byte { Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15 }

/// <summary>Condition codes of jcc and setcc.</summary>
public enum Cond : byte { O, NO, B, AE, E, NE, BE, A, S, NS, P, NP, L, GE, LE, G }

/// <summary>A memory operand: [segment: base + index * 2^scale + displacement]. No base and no index means an absolute 32-bit address.</summary>
public readonly record struct Mem(int Base, int Index, int Scale, int Disp, byte Segment)
{
    /// <summary>[base + disp].</summary>
    public static Mem At(Reg b, int disp = 0) => new((int)b, -1, 0, disp, 0);

    /// <summary>[base + index * 2^scale + disp].</summary>
    public static Mem At(Reg b, Reg index, int scale = 0, int disp = 0) => new((int)b, (int)index, scale, disp, 0);

    /// <summary>[index * 2^scale + disp], for tables in the low 2 GiB.</summary>
    public static Mem Table(Reg index, int scale, int disp) => new(-1, (int)index, scale, disp, 0);

    /// <summary>[disp], a sign-extended absolute address.</summary>
    public static Mem Abs(int disp) => new(-1, -1, 0, disp, 0);

    /// <summary>fs:[disp]: a slot of the per-thread state.</summary>
    public static Mem Fs(int disp) => new(-1, -1, 0, disp, 0x64);

    /// <summary>The address is computed modulo 2^32 (prefix 67h).</summary>
    public bool Wraps { get; init; }
}
