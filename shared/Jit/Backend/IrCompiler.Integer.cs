using System.Numerics;
using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Integer operations. Operands are looked up before the destination is chosen, because the destination may be one of their registers.
public sealed unsafe partial class IrCompiler
{
    private void EmitInteger(int i, in IrInsn n)
    {
        bool wide = n.Type == IrType.I64;
        switch (n.Op)
        {
            case IrOp.Add when n.B < 0:
                EmitAddConst(i, n, wide);
                break;
            case IrOp.And when n.B < 0 && n.Imm is 0xFF or 0xFFFF:
                EmitZeroExtend(i, n.A, n.Imm == 0xFF);
                break;
            case IrOp.Add or IrOp.Sub or IrOp.And or IrOp.Or or IrOp.Xor:
                EmitAlu(i, n, wide);
                break;
            case IrOp.AndNot:
                EmitAndNot(i, n, wide);
                break;
            case IrOp.Mul:
                EmitMultiply(i, n, wide);
                break;
            case IrOp.MulHighS or IrOp.MulHighU:
                EmitMultiplyHigh(i, n, wide);
                break;
            case IrOp.DivS or IrOp.DivU:
                EmitDivide(i, n, wide);
                break;
            case IrOp.Shl or IrOp.ShrU or IrOp.ShrS or IrOp.RotL:
                EmitShift(i, n, wide);
                break;
            case IrOp.RotMask:
                EmitRotMask(i, n);
                break;
            case IrOp.OrderS or IrOp.OrderU:
                EmitOrder(i, n);
                break;
            case IrOp.OrderFromBits:
                EmitOrderFromBits(i, n);
                break;
            case IrOp.OrderToBits:
                EmitOrderToBits(i, n);
                break;
            default:
                EmitUnary(i, n, wide);
                break;
        }
    }

    private static Alu AluOf(IrOp op) => op switch
    {
        IrOp.Add => Alu.Add,
        IrOp.Sub => Alu.Sub,
        IrOp.And => Alu.And,
        IrOp.Or => Alu.Or,
        _ => Alu.Xor,
    };

    private void EmitAddConst(int i, in IrInsn n, bool wide)
    {
        Place a = Find(n.A);
        Reg d = DefineReg(i, n.A);
        if (a.IsRegister && a.Reg != d)
        {
            Asm.Lea(d, Mem.At(a.Reg, (int)n.Imm), wide);
            return;
        }

        Copy(n.Type, (int)d, a);
        Asm.Op(Alu.Add, d, (int)n.Imm, wide);
        SetFlags(i, exact: false);
    }

    private void EmitZeroExtend(int i, int a, bool isByte)
    {
        Place p = Find(a);
        Reg d = DefineReg(i, a);
        if (isByte && p.IsRegister)
            Asm.MovzxByte(d, p.Reg);
        else if (isByte)
            Asm.MovzxByte(d, p.Mem);
        else if (p.IsRegister)
            Asm.MovzxWord(d, p.Reg);
        else
            Asm.MovzxWord(d, p.Mem);
    }

    private void EmitAlu(int i, in IrInsn n, bool wide)
    {
        Alu op = AluOf(n.Op);
        Place a = Find(n.A);
        if (n.B < 0)
        {
            Reg to = DefineReg(i, n.A);
            Copy(n.Type, (int)to, a);
            Asm.Op(op, to, (int)n.Imm, wide);
            SetFlags(i, exact: op is not (Alu.Add or Alu.Sub));
            return;
        }

        Place b = Find(n.B);
        (int first, int second) = (n.A, n.B);
        if (n.Op != IrOp.Sub && !a.IsRegister && b.IsRegister)
            (a, b, first, second) = (b, a, second, first);
        Reg d = DefineReg(i, first, second);
        if (b.IsRegister && b.Reg == d && a != b)
        {
            if (n.Op == IrOp.Sub)
            {
                Asm.Neg(d, wide);
                (op, b) = (Alu.Add, a);
            }
            else
            {
                (a, b) = (b, a);
            }
        }
        else if (n.Op == IrOp.Add && a.IsRegister && b.IsRegister && a.Reg != d)
        {
            Asm.Lea(d, Mem.At(a.Reg, b.Reg), wide);
            return;
        }
        else
        {
            Copy(n.Type, (int)d, a);
        }

        if (b.IsRegister)
            Asm.Op(op, d, b.Reg, wide);
        else
            Asm.Op(op, d, b.Mem, wide);
        SetFlags(i, exact: op is not (Alu.Add or Alu.Sub));
    }

    private void EmitAndNot(int i, in IrInsn n, bool wide)
    {
        Reg inverted = Use(n.B);
        Place a = Find(n.A);
        if (_features.Bmi)
        {
            Reg other = a.IsRegister ? a.Reg : Use(n.A);
            Reg to = DefineReg(i, n.A, n.B);
            Asm.Andn(to, inverted, other, wide);
            return;
        }

        Reg t = Scratch();
        Asm.Mov(t, inverted, wide);
        Asm.Not(t, wide);
        if (a.IsRegister)
            Asm.Op(Alu.And, t, a.Reg, wide);
        else
            Asm.Op(Alu.And, t, a.Mem, wide);
        Adopt(i, (int)t);
    }

    private void EmitMultiply(int i, in IrInsn n, bool wide)
    {
        if (n.B < 0)
        {
            Reg factor = Use(n.A);
            Asm.Imul(DefineReg(i, n.A), factor, (int)n.Imm, wide);
            return;
        }

        Place a = Find(n.A), b = Find(n.B);
        if (!a.IsRegister)
            (a, b) = (b, a);
        Reg d = DefineReg(i, n.A, n.B);
        if (b.IsRegister && b.Reg == d)
            (a, b) = (b, a);
        Copy(n.Type, (int)d, a);
        if (b.IsRegister)
            Asm.Imul(d, b.Reg, wide);
        else
            Asm.Imul(d, b.Mem, wide);
    }

    private void EmitMultiplyHigh(int i, in IrInsn n, bool wide)
    {
        if (wide)
        {
            Claim(Reg.Rax);
            Claim(Reg.Rdx);
            Fetch(Reg.Rax, n.A);
            LockOnly(Reg.Rax, Reg.Rdx);
            Reg factor = Use(n.B);
            if (n.Op == IrOp.MulHighS)
                Asm.ImulWide(factor, wide: true);
            else
                Asm.MulWide(factor, wide: true);
            Adopt(i, (int)Reg.Rdx);
            return;
        }

        // Both factors fit, so one 64-bit product has it all.
        Reg product = Scratch();
        Place a = Find(n.A);
        if (n.Op == IrOp.MulHighU)
        {
            Copy(IrType.I32, (int)product, a);
            LockOnly(product);
            Asm.Imul(product, Use(n.B), wide: true);
        }
        else
        {
            SignExtend(product, a);
            LockOnly(product);
            if (IsConst(n.B))
            {
                Asm.Imul(product, product, (int)_block[n.B].Imm, wide: true);
            }
            else
            {
                Reg other = Scratch();
                SignExtend(other, Find(n.B));
                Asm.Imul(product, other, wide: true);
            }
        }

        Asm.Shift(Shift.Shr, product, 32, wide: true);
        Adopt(i, (int)product);
    }

    private void SignExtend(Reg to, Place from)
    {
        if (from.IsRegister)
            Asm.Movsxd(to, from.Reg);
        else
            Asm.Movsxd(to, from.Mem);
    }

    // rax has the dividend, which is also the answer when the host would fault.
    private void EmitDivide(int i, in IrInsn n, bool wide)
    {
        Claim(Reg.Rax);
        Claim(Reg.Rdx);
        Fetch(Reg.Rax, n.A);
        LockOnly(Reg.Rax, Reg.Rdx);
        Reg divisor = Use(n.B);
        bool harmless = IsConst(n.B) && _block[n.B].Imm is not (0 or -1);
        if (n.Op == IrOp.DivU)
        {
            byte* zero = null;
            if (!harmless)
            {
                Asm.Test(divisor, divisor, wide);
                zero = Asm.JccShortForward(Cond.E);
            }

            Asm.Xor32(Reg.Rdx, Reg.Rdx);
            Asm.Div(divisor, wide);
            if (zero != null)
                Asm.HereShort(zero);
        }
        else
        {
            byte* done = null;
            if (!harmless)
            {
                // 0 and -1: (a ^ b) - b is a and -a
                Asm.Lea(Reg.Rdx, Mem.At(divisor, 1), wide);
                Asm.Op(Alu.Cmp, Reg.Rdx, 1, wide);
                byte* divide = Asm.JccShortForward(Cond.A);
                Asm.Op(Alu.Xor, Reg.Rax, divisor, wide);
                Asm.Op(Alu.Sub, Reg.Rax, divisor, wide);
                done = Asm.JmpShortForward();
                Asm.HereShort(divide);
            }

            Asm.SignIntoRdx(wide);
            Asm.Idiv(divisor, wide);
            if (done != null)
                Asm.HereShort(done);
        }

        Adopt(i, (int)Reg.Rax);
    }

    private void EmitShift(int i, in IrInsn n, bool wide)
    {
        Shift op = n.Op switch { IrOp.Shl => Shift.Shl, IrOp.ShrU => Shift.Shr, IrOp.ShrS => Shift.Sar, _ => Shift.Rol };
        if (n.B < 0)
        {
            Place a = Find(n.A);
            Reg to = DefineReg(i, n.A);
            Rotate(op, to, a, (int)n.Imm, n.Type);
            if (op != Shift.Rol)
                SetFlags(i, exact: false);
        }
        else if (op != Shift.Rol && _features.Bmi)
        {
            Reg from = Use(n.A), count = Use(n.B);
            Asm.Shiftx(op, DefineReg(i, n.A, n.B), from, count, wide);
        }
        else
        {
            Claim(Reg.Rcx);
            Fetch(Reg.Rcx, n.B);
            LockOnly(Reg.Rcx);
            Place a = Find(n.A);
            Reg to = DefineReg(i, n.A);
            Copy(n.Type, (int)to, a);
            Asm.ShiftCl(op, to, wide);
        }
    }

    // Shift or rotation by a constant.
    private void Rotate(Shift op, Reg to, Place from, int count, IrType type)
    {
        bool wide = type == IrType.I64;
        if (op == Shift.Rol && _features.Bmi && from.IsRegister && from.Reg != to)
        {
            Asm.Rorx(to, from.Reg, (wide ? 64 : 32) - count, wide);
            return;
        }

        Copy(type, (int)to, from);
        Asm.Shift(op, to, count, wide);
    }

    private void EmitRotMask(int i, in IrInsn n)
    {
        int count = (int)(n.Imm >> 32);
        uint mask = (uint)n.Imm;
        Place a = Find(n.A);
        Reg d = DefineReg(i, n.A);
        // A shift will do where the mask keeps none of the bits that come around.
        if ((mask & ~(uint.MaxValue >> (32 - count))) == 0)
            Rotate(Shift.Shr, d, a, 32 - count, IrType.I32);
        else if ((mask & ~(uint.MaxValue << count)) == 0)
            Rotate(Shift.Shl, d, a, count, IrType.I32);
        else
            Rotate(Shift.Rol, d, a, count, IrType.I32);
        if (mask == 0xFF)
        {
            Asm.MovzxByte(d, d);
        }
        else if (mask == 0xFFFF)
        {
            Asm.MovzxWord(d, d);
        }
        else
        {
            Asm.Op(Alu.And, d, (int)mask, wide: false);
            SetFlags(i, exact: true);
        }
    }

    private void EmitUnary(int i, in IrInsn n, bool wide)
    {
        Place a = Find(n.A);
        Reg d;
        switch (n.Op)
        {
            case IrOp.Not or IrOp.Neg:
                d = DefineReg(i, n.A);
                Copy(n.Type, (int)d, a);
                if (n.Op == IrOp.Not)
                    Asm.Not(d, wide);
                else
                    Asm.Neg(d, wide);
                break;
            case IrOp.ByteSwap:
                d = DefineReg(i, n.A);
                Copy(n.Type, (int)d, a);
                Asm.Bswap(d, wide);
                break;
            case IrOp.Sext8 or IrOp.Sext16:
                d = DefineReg(i, n.A);
                SignExtendPart(d, a, n.Op == IrOp.Sext8);
                if (wide)
                    Asm.Movsxd(d, d);
                break;
            case IrOp.Sext32:
                SignExtend(DefineReg(i, n.A), a);
                break;
            case IrOp.Zext32:
                Copy(IrType.I32, Define(i, n.A), a);
                break;
            case IrOp.Low:
                d = DefineReg(i, n.A);
                if (a.IsRegister)
                    Asm.Mov32(d, a.Reg);
                else
                    Asm.Mov32(d, a.Mem);
                break;
            case IrOp.High:
                d = DefineReg(i, n.A);
                if (a.IsRegister)
                    Rotate(Shift.Shr, d, a, 32, IrType.I64);
                else
                    Asm.Mov32(d, Mem.At(Reg.Rbp, a.Offset + 4));
                break;
            case IrOp.Popcount:
                Reg counted = a.IsRegister ? a.Reg : Use(n.A);
                Asm.Popcnt(DefineReg(i, n.A), counted, wide);
                break;
            case IrOp.Clz:
                EmitCountLeadingZeros(i, n, wide);
                break;
            default:
                throw new InvalidOperationException($"{n.Op} has no host code");
        }
    }

    private void SignExtendPart(Reg to, Place from, bool isByte)
    {
        if (isByte && from.IsRegister)
            Asm.MovsxByte(to, from.Reg);
        else if (isByte)
            Asm.MovsxByte(to, from.Mem);
        else if (from.IsRegister)
            Asm.MovsxWord(to, from.Reg);
        else
            Asm.MovsxWord(to, from.Mem);
    }

    private void EmitCountLeadingZeros(int i, in IrInsn n, bool wide)
    {
        Reg from = Use(n.A);
        if (_features.Lzcnt)
        {
            Asm.Lzcnt(DefineReg(i, n.A), from, wide);
            return;
        }

        Reg zero = Scratch();
        int width = wide ? 64 : 32;
        Asm.MovImm(zero, (ulong)(2 * width - 1));
        Reg d = DefineReg(i, n.A);
        Asm.Bsr(d, from, wide);
        Asm.Cmov(Cond.E, d, zero, wide);
        Asm.Op(Alu.Xor, d, width - 1, wide);
    }

    private void EmitOrder(int i, in IrInsn n)
    {
        if (n.B < 0)
        {
            EmitOrderConst(i, n);
            return;
        }

        bool signed = n.Op == IrOp.OrderS;
        Reg right;
        if (signed)
        {
            right = Scratch();
            SignExtend(right, Find(n.B));
            LockOnly(right);
        }
        else
        {
            right = Use(n.B);
        }

        Place a = Find(n.A);
        Reg d = DefineReg(i, n.A);
        if (d == right)
        {
            right = Scratch();
            Asm.Mov(right, d);
        }

        Extend(d, a, signed);
        Asm.Op(Alu.Sub, d, right, wide: true);
    }

    private void EmitOrderConst(int i, in IrInsn n)
    {
        Place a = Find(n.A);
        Reg d = DefineReg(i, n.A);
        Extend(d, a, n.Op == IrOp.OrderS);
        if (n.Imm == 0)
            return;
        if (n.Imm <= int.MaxValue)
        {
            Asm.Op(Alu.Sub, d, (int)n.Imm, wide: true);
            return;
        }

        Reg t = Scratch(); // unsigned, 2^31 or more: does not fit an immediate
        Asm.MovImm(t, (ulong)n.Imm);
        Asm.Op(Alu.Sub, d, t, wide: true);
    }

    private void Extend(Reg to, Place from, bool signed)
    {
        if (signed)
            SignExtend(to, from);
        else
            Copy(IrType.I32, (int)to, from);
    }

    private void EmitOrderFromBits(int i, in IrInsn n)
    {
        Reg rest = Scratch(), t = Scratch();
        Fetch(rest, n.A);
        Asm.Mov32(t, rest);
        Asm.Op(Alu.And, t, 8, wide: false);
        Asm.Shift(Shift.Shl, t, 59, wide: true); // less: bit 62
        Asm.Not(rest, wide: false);
        Asm.Bts(t, 32, wide: true);
        Asm.Bt(rest, 2, wide: false);
        byte* greater = Asm.JccShortForward(Cond.AE);
        Asm.Bts(t, 63, wide: true); // not greater: negative
        Asm.HereShort(greater);
        Asm.Shift(Shift.Shr, rest, 1, wide: false);
        Asm.Op(Alu.And, rest, 1, wide: false); // not equal: low half not zero
        Asm.Op(Alu.Or, t, rest, wide: true);
        Adopt(i, (int)t);
    }

    private void EmitOrderToBits(int i, in IrInsn n)
    {
        Reg order = Use(n.A);
        Reg d = Scratch(), t = Scratch();
        Asm.Test(order, order, wide: true);
        Asm.Setcc(Cond.G, d);
        Asm.MovzxByte(d, d);
        Asm.Test(order, order, wide: false);
        Asm.Setcc(Cond.E, t);
        Asm.MovzxByte(t, t);
        Asm.Lea(d, Mem.At(t, d, 1), wide: false); // 2 * greater + equal
        Asm.Op(Alu.Add, d, d, wide: false);
        Asm.Mov(t, order, wide: true);
        Asm.Shift(Shift.Shr, t, 59, wide: true);
        Asm.Op(Alu.And, t, 8, wide: false);
        Asm.Op(Alu.Or, d, t, wide: false);
        Adopt(i, (int)d);
    }
}
