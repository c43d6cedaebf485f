using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Doubles and singles. Operands keep their order (it decides which NaN survives), and a register with guest state is written by the last instruction that
// may fault, never before it.
public sealed unsafe partial class IrCompiler
{
    private void EmitFloat(int i, in IrInsn n)
    {
        switch (n.Op)
        {
            case IrOp.FAdd:
                EmitArithmetic(i, n, 0x58);
                break;
            case IrOp.FSub:
                EmitArithmetic(i, n, 0x5C);
                break;
            case IrOp.FMul:
                EmitArithmetic(i, n, 0x59);
                break;
            case IrOp.FDiv:
                EmitArithmetic(i, n, 0x5E);
                break;
            case IrOp.FSqrt:
                int radicand = FindRegister(n.A);
                Asm.Vex(ScalarOp(n.Type, 0x51), Define(i, n.A), radicand, radicand);
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
                EmitSign(i, n, VexOps.Xor, n.Type == IrType.F32 ? StateLayout.SingleSignMask : StateLayout.SignMask);
                break;
            case IrOp.FAbs:
                EmitSign(i, n, VexOps.And, n.Type == IrType.F32 ? StateLayout.SingleMagnitudeMask : StateLayout.MagnitudeMask);
                break;
            case IrOp.OrderF:
                EmitOrderF(i, n);
                break;
            default:
                EmitConversion(i, n);
                break;
        }
    }

    private static VexOp ScalarOp(IrType type, byte opcode) => type == IrType.F32 ? VexOps.Single(opcode) : VexOps.Double(opcode);

    private static VexOp FusedOp(IrType type, byte opcode) => type == IrType.F32 ? VexOps.FusedSingle(opcode) : VexOps.Fused(opcode);

    private void EmitArithmetic(int i, in IrInsn n, byte opcode)
    {
        VexOp op = ScalarOp(n.Type, opcode);
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
        VexOp op = FusedOp(n.Type, opcode);
        if (d == c)
        {
            Asm.Vex(FusedOp(n.Type, (byte)(opcode + 0x10)), d, a, b);
        }
        else if (d == a || d == b)
        {
            Asm.Vex(op, d, d == a ? b : a, c);
        }
        else if (_values[i].Register == d)
        {
            Asm.Vex(VexOps.MoveDouble, d, 0, a);
            Asm.Vex(op, d, b, c);
        }
        else
        {
            int t = Allocate(Vector);
            Asm.Vex(VexOps.MoveDouble, t, 0, a);
            Asm.Vex(op, t, b, c);
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
        EmitOrder(ref Asm, DefineReg(i));
    }

    // An ordering from the flags of a comparison of doubles, which stay.
    private void EmitOrder(ref X64Asm asm, Reg to)
    {
        asm.MovImm(to, 1);
        asm.Cmov(Cond.B, to, Constant(StateLayout.OrderLessValue), wide: true);
        asm.Cmov(Cond.E, to, Constant(StateLayout.ZeroValue), wide: true);
        asm.Cmov(Cond.P, to, Constant(StateLayout.OrderUnorderedValue), wide: true);
    }

    private void EmitConversion(int i, in IrInsn n)
    {
        switch (n.Op)
        {
            case IrOp.FNarrow:
                int wideValue = FindRegister(n.A);
                Asm.Vex(VexOps.DoubleToSingle, Define(i, n.A), wideValue, wideValue);
                break;
            case IrOp.FAssume:
                EmitAssume(i, n);
                break;
            case IrOp.FWiden:
                int single = FindRegister(n.A);
                Asm.Vex(VexOps.SingleToDouble, Define(i, n.A), single, single);
                break;
            case IrOp.FBits when n.Type == IrType.I32:
                int from = FindRegister(n.A);
                Asm.Vex(VexOps.ToGeneral32, from, 0, Define(i));
                break;
            case IrOp.FFromBits when n.Type == IrType.F32:
                EmitSingleFromBits(i, n.A);
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
            case IrOp.FHigh or IrOp.FLow:
                EmitHalf(i, n);
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

    private void EmitHalf(int i, in IrInsn n)
    {
        const int HalfBytes = 4, HalfBits = 32;
        Place whole = Find(n.A);
        if (!whole.IsRegister)
        {
            Asm.Mov(DefineReg(i), Mem.At(Reg.Rbp, whole.Offset + (n.Op == IrOp.FHigh ? HalfBytes : 0)), wide: false);
            return;
        }

        Reg half = DefineReg(i);
        Asm.Vex(n.Op == IrOp.FHigh ? VexOps.ToGeneral64 : VexOps.ToGeneral32, whole.Register, 0, (int)half);
        if (n.Op == IrOp.FHigh)
            Asm.Shift(Shift.Shr, half, HalfBits, wide: true);
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

    // Loaded straight into a vector register when they come from memory.
    private void EmitSingleFromBits(int i, int value)
    {
        ref readonly IrInsn n = ref _block[value];
        if (!_values[value].Deferred)
        {
            Reg bits = Use(value);
            Asm.Vex(VexOps.FromGeneral32, Define(i), 0, (int)bits);
            return;
        }

        Mem m = Address(n.A, MemAccess.Displacement(n.Imm));
        int loaded = Define(i);
        Asm.Vex(VexOps.FromGeneral32, loaded, 0, m);
        Asm.Vex(VexOps.Pshufb, loaded, loaded, Constant(StateLayout.Reverse4));
    }

    // There and back without exceptions.
    private void EmitAssume(int i, in IrInsn n)
    {
        int value = FindRegister(n.A), single = Allocate(Vector), back = Allocate(Vector);
        Asm.VexRounded(VexOps.DoubleToSingle, single, value, value, Rounding.Nearest);
        Asm.VexRounded(VexOps.SingleToDouble, back, single, single, Rounding.Nearest);
        Asm.VexRounded(VexOps.Ucomisd, back, 0, value, Rounding.Nearest);
        Asm.Jcc(Cond.P, _assumptionExit);
        Asm.Jcc(Cond.NE, _assumptionExit);
        Adopt(i, single);
    }

    // Reading MXCSR waits for all arithmetic before it; loading it keeps what follows from starting early.
    private void EmitFpClearFlags(in IrInsn n)
    {
        Reg condition = Use(n.A);
        Asm.Test(condition, condition, wide: false);
        byte* over = Asm.JccShortForward(Cond.E);
        Asm.Vldmxcsr(Mem.At(Reg.Rbp, _layout.CleanMxcsrOffset));
        Asm.HereShort(over);
    }

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
