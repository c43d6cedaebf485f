using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Vector operations: registers for the operands, then VecEmitter.
public sealed unsafe partial class IrCompiler
{
    /// <summary>What the host has.</summary>
    public HostFeatures Features => _features;

    internal int VectorTemp() => Allocate(Vector);

    internal Reg GeneralTemp() => Scratch();

    private void EmitVec(int i, in IrInsn n)
    {
        VecPlace a = new(FindRegister(n.A), default);
        VecPlace b = PlaceOf(n.B), c = PlaceOf(n.C);
        int d = Define(i, n.A, n.B);
        VecEmitter.Emit(VecImm.Op(n.Imm), new VecCode(ref Asm, this, VecImm.Immediate(n.Imm), d, a, b, c));
    }

    private VecPlace PlaceOf(int value)
    {
        if (value < 0)
            return new VecPlace(-1, default);
        if (ClassOf(_block[value].Type) == General)
            return new VecPlace(FindRegister(value), default);
        Place p = Find(value);
        return new VecPlace(p.Register, p.IsRegister ? default : p.Mem);
    }
}
