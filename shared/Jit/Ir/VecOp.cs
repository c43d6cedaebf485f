namespace Suite.Jit.Ir;

/// <summary>
/// Operations of <see cref="IrOp.Vec"/> on V128 (operands a, b, c). Lanes are numbered as the host's, so lane 0 is a big-endian guest's last element.
/// </summary>
public enum VecOp : byte
{
    None,
    And,
    Or,
    Xor,

    /// <summary>a and not b.</summary>
    AndNot,
    Nor,
    Add8,
    Add16,
    Add32,
    Sub8,
    Sub16,
    Sub32,
}

/// <summary>Packs a <see cref="VecOp"/> with an immediate operand.</summary>
public static class VecImm
{
    public static long Pack(VecOp op, int immediate = 0) => (long)(byte)op << 32 | (uint)immediate;

    public static VecOp Op(long imm) => (VecOp)(imm >> 32);

    public static int Immediate(long imm) => (int)imm;
}
