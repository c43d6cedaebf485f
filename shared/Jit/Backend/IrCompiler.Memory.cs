using System.Buffers.Binary;
using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Guest memory. A guest address is the same host address; the prefix 67h makes the sum wrap at 32 bits.
public sealed unsafe partial class IrCompiler
{
    internal Mem Constant(int offset) => Mem.At(Reg.Rbp, _layout.ConstantsOffset + offset);

    private Mem Address(int value, int displacement)
    {
        if (IsConst(value))
            return Mem.Abs((int)_block[value].Imm + displacement) with { Wraps = true };
        if (!_values[value].Deferred)
            return Mem.At(Use(value), displacement) with { Wraps = displacement != 0 };
        ref readonly IrInsn sum = ref _block[value];
        Reg a = Use(sum.A);
        return sum.B < 0
            ? Mem.At(a, (int)sum.Imm + displacement) with { Wraps = true }
            : Mem.At(a, Use(sum.B), 0, displacement) with { Wraps = true };
    }

    private void EmitLoad(int i, in IrInsn n)
    {
        Mem m = Address(n.A, MemAccess.Displacement(n.Imm));
        MemKind kind = MemAccess.Kind(n.Imm);
        if (kind == MemKind.F64Be)
        {
            int to = Define(i);
            Asm.Vex(VexOps.LoadQuad, to, 0, m);
            Asm.Vex(VexOps.Pshufb, to, to, Constant(StateLayout.Reverse8));
            return;
        }

        Reg d = DefineReg(i);
        switch (kind)
        {
            case MemKind.U8:
                Asm.MovzxByte(d, m);
                break;
            case MemKind.S8:
                Asm.MovsxByte(d, m);
                break;
            case MemKind.U16Le:
                Asm.MovzxWord(d, m);
                break;
            case MemKind.U16Be:
                Asm.MovzxWord(d, m);
                Asm.SwapWord(d);
                break;
            case MemKind.S16Be:
                Asm.MovzxWord(d, m);
                Asm.Bswap(d, wide: false);
                Asm.Shift(Shift.Sar, d, 16, wide: false);
                break;
            case MemKind.U32Be or MemKind.U64Be:
                bool wide = kind == MemKind.U64Be;
                if (_features.Movbe)
                {
                    Asm.Movbe(d, m, wide);
                }
                else
                {
                    Asm.Mov(d, m, wide);
                    Asm.Bswap(d, wide);
                }

                break;
            default:
                Asm.Mov(d, m, kind == MemKind.U64Le);
                break;
        }
    }

    private void EmitStore(in IrInsn n)
    {
        Mem m = Address(n.A, MemAccess.Displacement(n.Imm));
        MemKind kind = MemAccess.Kind(n.Imm);
        if (kind == MemKind.F64Be)
            StoreDouble(m, n.B);
        else if (IsConst(n.B) && kind is not (MemKind.U64Be or MemKind.U64Le))
            StoreConst(m, kind, (uint)_block[n.B].Imm);
        else
            StoreGeneral(m, kind, Use(n.B));
    }

    private void StoreConst(Mem m, MemKind kind, uint value)
    {
        switch (kind)
        {
            case MemKind.U8 or MemKind.S8:
                Asm.MovByte(m, (byte)value);
                break;
            case MemKind.U16Be or MemKind.S16Be:
                Asm.MovWord(m, BinaryPrimitives.ReverseEndianness((short)value));
                break;
            case MemKind.U16Le:
                Asm.MovWord(m, (short)value);
                break;
            default:
                Asm.Mov32(m, (int)(kind == MemKind.U32Be ? BinaryPrimitives.ReverseEndianness(value) : value));
                break;
        }
    }

    private void StoreGeneral(Mem m, MemKind kind, Reg value)
    {
        bool wide = MemAccess.Size(kind) == 8;
        switch (kind)
        {
            case MemKind.U8 or MemKind.S8:
                Asm.MovByte(m, value);
                return;
            case MemKind.U16Le:
                Asm.MovWord(m, value);
                return;
            case MemKind.U32Le or MemKind.U64Le:
                Asm.Mov(m, value, wide);
                return;
        }

        if (_features.Movbe)
        {
            if (MemAccess.Size(kind) == 2)
                Asm.MovbeWord(m, value);
            else
                Asm.Movbe(m, value, wide);
            return;
        }

        Reg t = Scratch();
        Asm.Mov(t, value, wide);
        if (MemAccess.Size(kind) == 2)
        {
            Asm.SwapWord(t);
            Asm.MovWord(m, t);
        }
        else
        {
            Asm.Bswap(t, wide);
            Asm.Mov(m, t, wide);
        }
    }

    private void StoreDouble(Mem m, int value)
    {
        Place p = Find(value);
        if (!p.IsRegister && _features.Movbe && (_free[General] & ~_locked[General]) != 0)
        {
            Reg bits = Scratch();
            Asm.Mov(bits, p.Mem, wide: true);
            Asm.Movbe(m, bits, wide: true);
            return;
        }

        int from = p.IsRegister ? p.Register : FindRegister(value);
        int t = Allocate(Vector);
        Asm.Vex(VexOps.Pshufb, t, from, Constant(StateLayout.Reverse8));
        Asm.Vex(VexOps.StoreQuad, t, 0, m);
    }

    private void EmitVecMemory(int i, in IrInsn n)
    {
        Reg address = Scratch();
        Fetch(address, n.A);
        Asm.Op(Alu.And, address, -16, wide: false);
        if (n.Op == IrOp.VecLoad)
        {
            int d = Define(i);
            Asm.Vex(VexOps.LoadVector, d, 0, Mem.At(address));
            Asm.Vex(VexOps.Pshufb, d, d, Constant(StateLayout.Reverse16));
            return;
        }

        int from = FindRegister(n.B);
        int t = Allocate(Vector);
        Asm.Vex(VexOps.Pshufb, t, from, Constant(StateLayout.Reverse16));
        Asm.Vex(VexOps.StoreVector, t, 0, Mem.At(address));
    }

    private void EmitCompareExchange(int i, in IrInsn n)
    {
        Claim(Reg.Rax);
        Fetch(Reg.Rax, n.B);
        Asm.Bswap(Reg.Rax, wide: false);
        LockOnly(Reg.Rax);
        Reg address = Use(n.A);
        Reg replacement = Scratch();
        Fetch(replacement, n.C);
        Asm.Bswap(replacement, wide: false);
        Asm.LockCmpxchg32(Mem.At(address), replacement);
        Asm.Setcc(Cond.E, Reg.Rax);
        Asm.MovzxByte(Reg.Rax, Reg.Rax);
        Adopt(i, (int)Reg.Rax);
    }
}
