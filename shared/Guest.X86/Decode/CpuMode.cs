namespace Suite.Guest.X86.Decode;

/// <summary>Default operand and address size of the code segment being decoded.</summary>
public enum CpuMode : byte
{
    /// <summary>16-bit code (real mode, virtual-8086 mode, 16-bit protected segments).</summary>
    Bits16,

    /// <summary>32-bit code (protected mode or compatibility mode).</summary>
    Bits32,

    /// <summary>64-bit code (long mode).</summary>
    Bits64,
}
