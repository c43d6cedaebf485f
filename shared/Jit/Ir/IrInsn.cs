namespace Suite.Jit.Ir;

/// <summary>One IR instruction; its index in the block is the value it defines. -1 stands for no operand.</summary>
public struct IrInsn
{
    public IrOp Op;
    public IrType Type;
    public int A, B, C;
    public long Imm;
}
