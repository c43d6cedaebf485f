using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Doubles. Operands keep their order (it decides which NaN survives), and a register with guest state is written by the last instruction that
// may fault, never before it.
public sealed unsafe partial class IrCompiler
{
    private void EmitFloat(int i, in IrInsn n)
    {
        switch (n.Op)
        {
            case IrOp.FAdd:
                EmitDoubleOp(i, n, VexOps.Double(0x58));
                break;
            case IrOp.FSub:
                EmitDoubleOp(i, n, VexOps.Double(0x5C));
                break;
            case IrOp.FMul:
                EmitDoubleOp(i, n, VexOps.Double(0x59));
                break;
            case IrOp.FDiv:
                EmitDoubleOp(i, n, VexOps.Double(0x5E));
                break;
            case IrOp.FSqrt:
                int radicand = FindRegister(n.A);
                Asm.Vex(VexOps.Double(0x51), Define(i, n.A), radicand, radicand);
                break;
            case IrOp.FMulAdd:
                EmitFused(i, n, 0xA9);
                break;
            case IrOp.FMulSub:
                EmitFused(i, n, 0xAB);
                break;
            case IrOp.FMulAddOdd:
                EmitFusedOdd(i, n, 0xA9);
                break;
            case IrOp.FMulSubOdd:
                EmitFusedOdd(i, n, 0xAB);
                break;
            case IrOp.FNeg:
                EmitSign(i, n, VexOps.Xor, StateLayout.SignMask);
                break;
            case IrOp.FAbs:
                EmitSign(i, n, VexOps.And, StateLayout.MagnitudeMask);
                break;
            case IrOp.OrderF:
                EmitOrderF(i, n);
                break;
            default:
                EmitConversion(i, n);
                break;
        }
    }

    private void EmitDoubleOp(int i, in IrInsn n, VexOp op)
    {
        int a = FindRegister(n.A);
        Place b = Find(n.B);
        int d = Define(i, n.A, n.B);
        if (b.IsRegister)
            Asm.Vex(op, d, a, b.Register);
        else
            Asm.Vex(op, d, a, b.Mem);
    }

    // The form with opcode 213 is to = second * to + third, 231 (16 more) is to = second * third + to.
    private void EmitFused(int i, in IrInsn n, byte opcode)
    {
        int a = FindRegister(n.A), b = FindRegister(n.B), c = FindRegister(n.C);
        int d = Define(i, n.C, n.A);
        if (d == c)
        {
            Asm.Vex(VexOps.Fused((byte)(opcode + 0x10)), d, a, b);
        }
        else if (d == a || d == b)
        {
            Asm.Vex(VexOps.Fused(opcode), d, d == a ? b : a, c);
        }
        else if (_values[i].Register == d)
        {
            Asm.Vex(VexOps.MoveDouble, d, 0, a);
            Asm.Vex(VexOps.Fused(opcode), d, b, c);
        }
        else
        {
            int t = Allocate(Vector);
            Asm.Vex(VexOps.MoveDouble, t, 0, a);
            Asm.Vex(VexOps.Fused(opcode), t, b, c);
            Asm.Vex(VexOps.MoveDouble, d, 0, t);
        }
    }

    // The results rounded down and up differ in the last bit exactly when the result is inexact; then that bit is set in the one rounded toward
    // zero. The one in the current mode comes first, for its exceptions, and has the right sign should it be zero.
    private void EmitFusedOdd(int i, in IrInsn n, byte opcode)
    {
        VexOp fused = VexOps.Fused(opcode);
        int a = FindRegister(n.A), b = FindRegister(n.B), c = FindRegister(n.C);
        int r = Allocate(Vector), t = Allocate(Vector), u = Allocate(Vector);
        Asm.Vex(VexOps.MoveDouble, t, 0, a);
        Asm.Vex(fused, t, b, c);
        Asm.Vex(VexOps.MoveDouble, r, 0, a);
        Asm.VexRounded(fused, r, b, c, Rounding.TowardZero);
        Asm.OrMasked(r, t, Constant(StateLayout.SignMask));
        Asm.Vex(VexOps.MoveDouble, t, 0, a);
        Asm.VexRounded(fused, t, b, c, Rounding.Up);
        Asm.Vex(VexOps.MoveDouble, u, 0, a);
        Asm.VexRounded(fused, u, b, c, Rounding.Down);
        Asm.Vex(VexOps.Xor, t, t, u);
        Asm.OrMasked(r, t, Constant(StateLayout.LastBit));
        Adopt(i, r);
    }

    private void EmitSign(int i, in IrInsn n, VexOp op, int mask)
    {
        int a = FindRegister(n.A);
        Asm.Vex(op, Define(i, n.A), a, Constant(mask));
    }

    private void EmitOrderF(int i, in IrInsn n)
    {
        EmitDoubleCompare(n.A, n.B, Cond.A);
        if (_values[i].LastUse < 0)
            return; // made for its exceptions only
        Reg d = DefineReg(i);
        Asm.MovImm(d, 1);
        Asm.Cmov(Cond.B, d, Constant(StateLayout.OrderLessValue), wide: true);
        Asm.Cmov(Cond.E, d, Constant(StateLayout.ZeroValue), wide: true);
        Asm.Cmov(Cond.P, d, Constant(StateLayout.OrderUnorderedValue), wide: true);
    }

    private void EmitConversion(int i, in IrInsn n)
    {
        switch (n.Op)
        {
            case IrOp.FToSingle:
                int wideValue = FindRegister(n.A);
                int single = Allocate(Vector);
                Asm.Vex(VexOps.DoubleToSingle, single, wideValue, wideValue);
                Asm.Vex(VexOps.SingleToDouble, Define(i, n.A), single, single);
                break;
            case IrOp.FFromSingleBits:
                int t = FetchSingle(n.A);
                Asm.Vex(VexOps.SingleToDouble, Define(i), t, t);
                break;
            case IrOp.FToSingleBits:
                int from = FindRegister(n.A);
                int rounded = Allocate(Vector);
                Asm.Vex(VexOps.DoubleToSingle, rounded, from, from);
                Asm.Vex(VexOps.ToGeneral32, rounded, 0, Define(i));
                break;
            case IrOp.FBits:
                Place source = Find(n.A);
                if (source.IsRegister)
                    Asm.Vex(VexOps.ToGeneral64, source.Register, 0, Define(i));
                else
                    Asm.Mov(DefineReg(i), source.Mem, wide: true);
                break;
            case IrOp.FFromBits:
                Place integer = Find(n.A);
                if (integer.IsRegister)
                    Asm.Vex(VexOps.FromGeneral64, Define(i), 0, integer.Register);
                else
                    Asm.Vex(VexOps.LoadDouble, Define(i), 0, integer.Mem);
                break;
            case IrOp.FFromWords:
                EmitFromWords(i, n);
                break;
            case IrOp.FToI32Truncate or IrOp.FToI32Round:
                int value = FindRegister(n.A);
                Asm.Vex(n.Op == IrOp.FToI32Round ? VexOps.ToInt32 : VexOps.ToInt32Truncate, Define(i), 0, value);
                break;
            default:
                Reg number = Use(n.A);
                int zero = Allocate(Vector);
                Asm.Vex(VexOps.Xor, zero, zero, zero); // else the result would wait for what the register had
                Asm.Vex(VexOps.FromInt32, Define(i), zero, (int)number);
                break;
        }
    }

    private void EmitFromWords(int i, in IrInsn n)
    {
        Reg whole = Scratch();
        if (IsConst(n.A))
        {
            Asm.MovImm(whole, ConstOf(n.A) << 32);
        }
        else
        {
            Fetch(whole, n.A);
            Asm.Shift(Shift.Shl, whole, 32, wide: true);
        }

        if (!IsConst(n.B) || ConstOf(n.B) != 0)
            Asm.Op(Alu.Or, whole, Use(n.B), wide: true);
        Asm.Vex(VexOps.FromGeneral64, Define(i), 0, (int)whole);
    }

    // The bits of a single in a vector register: loaded straight into it when they come from memory.
    private int FetchSingle(int value)
    {
        ref readonly IrInsn n = ref _block[value];
        if (!_values[value].Deferred)
        {
            Reg bits = Use(value);
            int moved = Allocate(Vector);
            Asm.Vex(VexOps.FromGeneral32, moved, 0, (int)bits);
            return moved;
        }

        Mem m = Address(n.A, MemAccess.Displacement(n.Imm));
        int loaded = Allocate(Vector);
        Asm.Vex(VexOps.FromGeneral32, loaded, 0, m);
        Asm.Vex(VexOps.Pshufb, loaded, loaded, Constant(StateLayout.Reverse4));
        return loaded;
    }

    // Reading MXCSR waits for all arithmetic before it, loading it for none.
    private void EmitFpClearFlags() => Asm.Vldmxcsr(Mem.At(Reg.Rbp, _layout.CleanMxcsrOffset));

    // The vector MXCSR has no flags the guest can see; the scalar one's are kept.
    private void EmitFpMode(int mode)
    {
        Mem scalar = Mem.At(Reg.Rbp, _layout.ScalarMxcsrOffset);
        if (mode != 0)
            Asm.Vstmxcsr(scalar);
        Asm.Vldmxcsr(mode != 0 ? Mem.At(Reg.Rbp, _layout.VectorMxcsrOffset) : scalar);
        Asm.Mov32(Mem.At(Reg.Rbp, _layout.VectorModeOffset), mode);
    }
}
