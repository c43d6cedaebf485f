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
        VecPlace a = n.A < 0 ? default : LowPlace(new VecPlace(FindRegister(n.A), default));
        VecPlace b = LowPlace(PlaceOf(n.B)), c = LowPlace(PlaceOf(n.C));
        int d = Define(i, n.A, n.B), to = d < 16 ? d : VectorTemp();
        VecEmitter.Emit(VecImm.Op(n.Imm), new VecCode(ref Asm, this, VecImm.Immediate(n.Imm), to, a, b, c));
        if (to != d)
            Asm.Vex(VexOps.MoveVector, d, 0, to);
    }

    // Many vector instructions have no EVEX form with the same meaning, so they see registers 0 to 15 only.
    private VecPlace LowPlace(VecPlace p)
    {
        if (p.Register < 16)
            return p;
        int t = VectorTemp();
        Asm.Vex(VexOps.MoveVector, t, 0, p.Register);
        return new VecPlace(t, default);
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
