using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Comparisons and what hangs on them: host flags instead of a truth value wherever it has one use.
public sealed unsafe partial class IrCompiler
{
    // The host's ZF and SF say how this value compares with zero; with _flagsExact, OF and CF are 0 too. -1 for nothing known.
    private int _flagsValue;
    private bool _flagsExact;

    // Or they are those of comparing these two doubles; -1 for none.
    private int _comparedA, _comparedB;

    private bool AreFlagsWanted => (_flagsValue & _comparedA) >= 0;

    private void ForgetFlags() => _flagsValue = _comparedA = _comparedB = -1;

    private void SetFlags(int value, bool exact) => (_flagsValue, _flagsExact, _comparedA, _comparedB) = (value, exact, -1, -1);

    // True for FEqual, which takes two conditions.
    private bool IsEqualityOfDoubles(int value, out int test, out bool negated)
    {
        (test, negated) = (value, false);
        while (_values[test].Deferred && IsNegation(_block[test]))
            (test, negated) = (_block[test].A, !negated);
        return _values[test].Deferred && _block[test].Op == IrOp.FEqual;
    }

    private bool IsNegation(in IrInsn n) => n.Op == IrOp.Eq && n.B < 0 && n.Imm == 0 && IrTraits.IsBoolean(_block[n.A].Op);

    // Emits what sets the flags for a truth value; the result is the condition under which it holds.
    private Cond EmitCondition(int value, bool negate = false)
    {
        ref readonly IrInsn n = ref _block[value];
        if (_values[value].Deferred)
            return EmitComparison(n, negate);
        Cond c = EmitZeroTest(value, negate ? IrOp.Eq : IrOp.Ne);
        Unlock();
        return c;
    }

    private Cond EmitComparison(in IrInsn n, bool negate)
    {
        if (IsNegation(n))
            return EmitCondition(n.A, !negate);
        Cond c = n.Op switch
        {
            IrOp.OrderLess or IrOp.OrderGreater or IrOp.OrderEqual => EmitOrderTest(n),
            IrOp.FLess => EmitDoubleCompare(n.B, n.A, Cond.A),
            IrOp.FGreater => EmitDoubleCompare(n.A, n.B, Cond.A),
            IrOp.FEqual => EmitDoubleCompare(n.A, n.B, Cond.E),
            IrOp.FUnordered => EmitDoubleCompare(n.A, n.B, Cond.P),
            _ when n.B < 0 && n.Imm == 0 => EmitZeroTest(n.A, n.Op),
            _ => EmitCompare(n),
        };
        Unlock();
        return negate ? (Cond)((int)c ^ 1) : c;
    }

    private static Cond ConditionOf(IrOp op) => op switch
    {
        IrOp.Eq => Cond.E,
        IrOp.Ne => Cond.NE,
        IrOp.LtS => Cond.L,
        IrOp.LtU => Cond.B,
        IrOp.LeS => Cond.LE,
        IrOp.LeU => Cond.BE,
        IrOp.GtS => Cond.G,
        IrOp.GtU => Cond.A,
        IrOp.GeS => Cond.GE,
        _ => Cond.AE,
    };

    private Cond EmitCompare(in IrInsn n)
    {
        bool wide = _block[n.A].Type == IrType.I64;
        ForgetFlags();
        if (n.B < 0)
        {
            Place p = Find(n.A);
            if (p.IsRegister)
                Asm.Op(Alu.Cmp, p.Reg, (int)n.Imm, wide);
            else
                Asm.Op(Alu.Cmp, p.Mem, (int)n.Imm, wide);
            return ConditionOf(n.Op);
        }

        Place a = Find(n.A), b = Find(n.B);
        if (!a.IsRegister && b.IsRegister)
        {
            Asm.Op(Alu.Cmp, b.Reg, a.Mem, wide);
            return ConditionOf(IrMath.Swap(n.Op));
        }

        Reg left = a.IsRegister ? a.Reg : Use(n.A);
        if (b.IsRegister)
            Asm.Op(Alu.Cmp, left, b.Reg, wide);
        else
            Asm.Op(Alu.Cmp, left, b.Mem, wide);
        return ConditionOf(n.Op);
    }

    // value op 0, with the flags of the instruction that made the value when they are still there.
    private Cond EmitZeroTest(int value, IrOp op)
    {
        if (_flagsValue == value && (_flagsExact || op is IrOp.Eq or IrOp.Ne or IrOp.LtS or IrOp.GeS))
            return _flagsExact ? ConditionOf(op) : op switch
            {
                IrOp.LtS => Cond.S,
                IrOp.GeS => Cond.NS,
                _ => ConditionOf(op),
            };
        ForgetFlags();
        ref readonly IrInsn n = ref _block[value];
        if (_values[value].Deferred && n.Op is IrOp.And or IrOp.RotMask)
        {
            EmitBitTest(n);
            return ConditionOf(op);
        }

        bool wide = n.Type == IrType.I64;
        Place p = Find(value);
        if (p.IsRegister)
            Asm.Test(p.Reg, p.Reg, wide);
        else
            Asm.Op(Alu.Cmp, p.Mem, 0, wide);
        if (p.IsRegister)
            SetFlags(value, exact: true);
        return ConditionOf(op);
    }

    private void EmitBitTest(in IrInsn n)
    {
        bool wide = n.Type == IrType.I64;
        if (n.B >= 0)
        {
            Reg b = Use(n.B);
            Place a = Find(n.A);
            if (a.IsRegister)
                Asm.Test(a.Reg, b, wide);
            else
                Asm.Test(a.Mem, b, wide);
            return;
        }

        int mask = n.Op == IrOp.RotMask ? (int)System.Numerics.BitOperations.RotateRight((uint)n.Imm, (int)(n.Imm >> 32)) : (int)n.Imm;
        Place p = Find(n.A);
        if (p.IsRegister)
            Asm.Test(p.Reg, mask, wide);
        else
            Asm.Test(p.Mem, mask, wide);
    }

    private Cond EmitOrderTest(in IrInsn n)
    {
        ForgetFlags();
        Place p = Find(n.A);
        switch (n.Op)
        {
            case IrOp.OrderLess:
                if (!p.IsRegister)
                {
                    Asm.TestByte(Mem.At(Reg.Rbp, p.Offset + 7), 0x40);
                    return Cond.NE;
                }

                Asm.Bt(p.Reg, 62, wide: true);
                return Cond.B;
            case IrOp.OrderEqual:
                if (p.IsRegister)
                    Asm.Test(p.Reg, p.Reg, wide: false);
                else
                    Asm.Op(Alu.Cmp, p.Mem, 0, wide: false);
                return Cond.E;
            default:
                if (p.IsRegister)
                    Asm.Test(p.Reg, p.Reg, wide: true);
                else
                    Asm.Op(Alu.Cmp, p.Mem, 0, wide: true);
                return Cond.G;
        }
    }

    private Cond EmitDoubleCompare(int a, int b, Cond condition)
    {
        if (a == _comparedA && b == _comparedB)
            return condition;
        ForgetFlags();
        int left = FindRegister(a);
        Place right = Find(b);
        if (right.IsRegister)
            Asm.Vex(VexOps.Ucomisd, left, 0, right.Register);
        else
            Asm.Vex(VexOps.Ucomisd, left, 0, right.Mem);
        (_comparedA, _comparedB) = (a, b);
        return condition;
    }

    // A truth value somebody wants in a register.
    private void EmitBoolean(int i)
    {
        ref readonly IrInsn n = ref _block[i];
        Cond c = EmitComparison(n, negate: false);
        Reg d = DefineReg(i);
        if (n.Op == IrOp.FEqual)
        {
            Reg ordered = Scratch();
            Asm.Setcc(Cond.NP, ordered);
            Asm.Setcc(c, d);
            Asm.AndByte(d, ordered);
        }
        else
        {
            Asm.Setcc(c, d);
        }

        Asm.MovzxByte(d, d);
        if (n.Op == IrOp.FEqual)
            ForgetFlags();
    }

    private void EmitSelect(int i, in IrInsn n)
    {
        Cond c = EmitCondition(n.A);
        TellFault();
        if (ClassOf(n.Type) == Vector)
        {
            EmitVectorSelect(i, n, c);
            return;
        }

        bool wide = n.Type == IrType.I64;
        Place yes = Find(n.B);
        bool constant = IsConst(n.C) && _values[n.C].Register < 0;
        Place no = constant ? default : Find(n.C);
        Reg d = DefineReg(i, n.C, constant ? -1 : n.B);
        if (yes.IsRegister && yes.Reg == d && !constant)
        {
            (yes, no, c) = (no, yes, (Cond)((int)c ^ 1));
        }
        else if (yes.IsRegister && yes.Reg == d)
        {
            no = In(LoadConst(n.C));
            (yes, no, c) = (no, yes, (Cond)((int)c ^ 1));
            constant = false;
        }

        if (constant)
            Asm.MovImm(d, ConstOf(n.C));
        else
            Copy(n.Type, (int)d, no);
        if (yes.IsRegister)
            Asm.Cmov(c, d, yes.Reg, wide);
        else
            Asm.Cmov(c, d, yes.Mem, wide);
    }

    private void EmitVectorSelect(int i, in IrInsn n, Cond c)
    {
        int yes = FindRegister(n.B), no = FindRegister(n.C);
        int d = Define(i, n.C, n.B);
        if (d == yes)
        {
            (yes, no) = (no, yes);
            c = (Cond)((int)c ^ 1);
        }

        Copy(n.Type, d, In(no));
        byte* over = Asm.JccShortForward((Cond)((int)c ^ 1));
        Copy(n.Type, d, In(yes));
        Asm.HereShort(over);
    }
}
