using System.Numerics;

namespace Suite.Jit.Ir.Passes;

/// <summary>Constant folding, algebraic identities, and constants moved into the instruction. Works on one instruction, whose operands have been visited.</summary>
public static class IrFold
{
    /// <summary>The earlier value the instruction equals, or -1; it may have been rewritten in place.</summary>
    public static int Visit(IrBlock block, int index)
    {
        ref IrInsn n = ref block[index];
        switch (n.Op)
        {
            case IrOp.Const or IrOp.Get or IrOp.Put or IrOp.Load or IrOp.Store or IrOp.Vec or IrOp.Call or IrOp.Query or IrOp.None:
                return -1;
            case IrOp.ExitIf or IrOp.TrapIf:
                FoldCondition(block, ref n);
                return -1;
            case IrOp.ExitTo when block[n.A].Op == IrOp.Const:
                Become(ref n, IrOp.Exit, -1, imm: (uint)block[n.A].Imm);
                return -1;
            case IrOp.Select:
                return FoldSelect(block, ref n);
        }

        if (n.Op is < IrOp.Add or > IrOp.OrderEqual)
            return -1;
        if (n.B >= 0)
            return FoldBinary(block, ref n);
        return FoldUnary(block, ref n);
    }

    private static void FoldCondition(IrBlock block, ref IrInsn n)
    {
        ref readonly IrInsn c = ref block[n.A];
        if (c.Op != IrOp.Const)
            return;
        if (c.Imm == 0)
            n.Op = IrOp.None;
        else
            Become(ref n, n.Op == IrOp.ExitIf ? IrOp.Exit : IrOp.Trap, -1, imm: n.Imm);
    }

    private static int FoldSelect(IrBlock block, ref IrInsn n)
    {
        if (n.B == n.C)
            return n.B;
        ref readonly IrInsn c = ref block[n.A];
        if (c.Op == IrOp.Const)
            return c.Imm != 0 ? n.B : n.C;
        ref readonly IrInsn b = ref block[n.B];
        ref readonly IrInsn other = ref block[n.C];
        if (n.Type != IrType.I32 || !IrTraits.IsBoolean(c.Op) || b.Op != IrOp.Const || other.Op != IrOp.Const)
            return -1;
        if (b.Imm == 1 && other.Imm == 0)
            return n.A;
        if (b.Imm == 0 && other.Imm == 1)
            Become(ref n, IrOp.Eq, n.A);
        return -1;
    }

    private static int FoldUnary(IrBlock block, ref IrInsn n)
    {
        ref readonly IrInsn a = ref block[n.A];
        if (IrTraits.TakesImmediate(n.Op) || n.Op == IrOp.RotMask)
            return -1; // has been here before
        if (a.Op == IrOp.Const)
        {
            BecomeConst(ref n, a.Type == IrType.I64 ? IrMath.Evaluate64(n.Op, (ulong)a.Imm, 0) : IrMath.Evaluate32(n.Op, (uint)a.Imm, 0));
            return -1;
        }

        switch (n.Op)
        {
            case IrOp.Low when a.Op is IrOp.Zext32 or IrOp.Sext32:
                return a.A;
            case IrOp.High when a.Op == IrOp.Zext32:
                BecomeConst(ref n, 0);
                break;
            case IrOp.Not or IrOp.Neg or IrOp.ByteSwap when a.Op == n.Op:
                return a.A;
            case IrOp.Sext8 when n.Type == IrType.I32 && (IrTraits.Bits(a) < 8 || (a.Op == IrOp.Load && MemAccess.Kind(a.Imm) == MemKind.S8)):
            case IrOp.Sext16 when n.Type == IrType.I32 && (IrTraits.Bits(a) < 16 || (a.Op == IrOp.Load && MemAccess.Kind(a.Imm) is MemKind.S8 or MemKind.S16Be)):
                return n.A;
        }

        return -1;
    }

    private static int FoldBinary(IrBlock block, ref IrInsn n)
    {
        IrType type = block[n.A].Type;
        bool constA = block[n.A].Op == IrOp.Const, constB = block[n.B].Op == IrOp.Const;
        if (constA && constB)
        {
            (long a, long b) = (block[n.A].Imm, block[n.B].Imm);
            BecomeConst(ref n, IrMath.IsComparison(n.Op) ? IrMath.Compare(n.Op, a, b)
                : type == IrType.I64 ? IrMath.Evaluate64(n.Op, (ulong)a, (ulong)b) : IrMath.Evaluate32(n.Op, (uint)a, (uint)b));
            return -1;
        }

        if (constA && IsCommutative(n.Op))
        {
            (n.A, n.B) = (n.B, n.A);
            (constA, constB) = (false, true);
            n.Op = IrMath.Swap(n.Op);
        }
        else if (constA && IrMath.IsComparison(n.Op))
        {
            (n.A, n.B) = (n.B, n.A);
            (constA, constB) = (false, true);
            n.Op = IrMath.Swap(n.Op);
        }

        if (n.A == n.B)
            return FoldSame(ref n);
        if (constA && n.Op == IrOp.Sub && block[n.A].Imm == 0)
        {
            Become(ref n, IrOp.Neg, n.B);
            return -1;
        }

        return constB ? FoldWithConst(block, ref n, block[n.B].Imm, type) : DropCountMask(block, ref n);
    }

    // a op a
    private static int FoldSame(ref IrInsn n)
    {
        switch (n.Op)
        {
            case IrOp.And or IrOp.Or:
                return n.A;
            case IrOp.Xor or IrOp.Sub or IrOp.AndNot or IrOp.Ne or IrOp.LtS or IrOp.LtU or IrOp.GtS or IrOp.GtU or IrOp.OrderS or IrOp.OrderU:
                BecomeConst(ref n, 0);
                break;
            case IrOp.Eq or IrOp.LeS or IrOp.LeU or IrOp.GeS or IrOp.GeU:
                BecomeConst(ref n, 1);
                break;
        }

        return -1;
    }

    private static int FoldWithConst(IrBlock block, ref IrInsn n, long b, IrType type)
    {
        int width = type == IrType.I64 ? 64 : 32;
        int constant = n.B;
        switch (n.Op)
        {
            case IrOp.Sub when width == 32 || -b == (int)-b:
                (n.Op, b) = (IrOp.Add, -b);
                break;
            case IrOp.AndNot when width == 32 || b == (int)b:
                (n.Op, b) = (IrOp.And, ~b);
                break;
            case IrOp.Shl or IrOp.ShrU or IrOp.ShrS or IrOp.RotL:
                b &= width - 1;
                break;
            case IrOp.Mul when b > 0 && BitOperations.IsPow2(b):
                (n.Op, b) = (IrOp.Shl, BitOperations.TrailingZeroCount(b));
                break;
            case IrOp.OrderU:
                b = (uint)b;
                break;
        }

        if (width == 32 && n.Op != IrOp.OrderU)
            b = (int)b;
        int same = Identity(block, ref n, b, width);
        if (same >= 0 || n.Op == IrOp.Const)
            return same;
        if (n.B == constant && IrTraits.TakesImmediate(n.Op) && (b == (int)b || n.Op == IrOp.OrderU))
        {
            n.B = -1;
            n.Imm = b;
        }

        return -1;
    }

    // Neutral and absorbing constants, tests of truth values, masks that change nothing, rotate and mask.
    private static int Identity(IrBlock block, ref IrInsn n, long b, int width)
    {
        ref readonly IrInsn a = ref block[n.A];
        bool all = b == -1;
        switch (n.Op)
        {
            case IrOp.Add or IrOp.Or or IrOp.Xor or IrOp.Shl or IrOp.ShrU or IrOp.ShrS or IrOp.RotL when b == 0:
            case IrOp.And when all:
                return n.A;
            case IrOp.And or IrOp.Mul when b == 0:
                BecomeConst(ref n, 0);
                return -1;
            case IrOp.Or when all:
                BecomeConst(ref n, ulong.MaxValue);
                return -1;
            case IrOp.Xor when all:
                Become(ref n, IrOp.Not, n.A);
                return -1;
            case IrOp.And when width == 32:
                return Mask(block, ref n, (uint)b);
            case IrOp.Ne when b == 0 && IrTraits.IsBoolean(a.Op):
            case IrOp.Eq when b == 1 && IrTraits.IsBoolean(a.Op):
                return n.A;
            case IrOp.Eq when b == 0 && a.Op == IrOp.Eq && a.B < 0 && a.Imm == 0 && IrTraits.IsBoolean(block[a.A].Op):
                return a.A;
            case IrOp.Eq when b == 0 && IrMath.IsComparison(a.Op):
            case IrOp.Xor or IrOp.Ne when b == 1 && IrMath.IsComparison(a.Op):
                n.Op = IrMath.Negate(a.Op);
                (n.B, n.Imm) = (a.B, a.Imm);
                n.A = a.A;
                return -1;
            case IrOp.Xor or IrOp.Ne when b == 1 && IrTraits.IsBoolean(a.Op):
                Become(ref n, IrOp.Eq, n.A);
                return -1;
            case IrOp.LtU when b == 0:
                BecomeConst(ref n, 0);
                return -1;
            case IrOp.GeU when b == 0:
                BecomeConst(ref n, 1);
                return -1;
        }

        return -1;
    }

    private static int Mask(IrBlock block, ref IrInsn n, uint mask)
    {
        ref readonly IrInsn a = ref block[n.A];
        uint possible = (uint)((1UL << IrTraits.Bits(a)) - 1);
        if ((possible & ~mask) == 0)
            return n.A;
        if (a.Op != IrOp.RotL || a.B >= 0)
            return -1;
        int count = (int)a.Imm;
        int source = a.A;
        if (mask == uint.MaxValue << count)
            Become(ref n, IrOp.Shl, source, imm: count);
        else if (mask == uint.MaxValue >> (32 - count))
            Become(ref n, IrOp.ShrU, source, imm: 32 - count);
        else
            Become(ref n, IrOp.RotMask, source, imm: (long)count << 32 | mask);
        return -1;
    }

    // The host takes shift counts modulo the width itself.
    private static int DropCountMask(IrBlock block, ref IrInsn n)
    {
        if (n.Op is IrOp.Shl or IrOp.ShrU or IrOp.ShrS or IrOp.RotL)
        {
            ref readonly IrInsn count = ref block[n.B];
            int width = n.Type == IrType.I64 ? 64 : 32;
            if (count.Op == IrOp.And && count.B < 0 && (count.Imm & (width - 1)) == width - 1)
                n.B = count.A;
        }

        return -1;
    }

    private static bool IsCommutative(IrOp op) => op is IrOp.Add or IrOp.Mul or IrOp.MulHighS or IrOp.MulHighU or IrOp.And or IrOp.Or or IrOp.Xor or IrOp.Eq or IrOp.Ne;

    private static void Become(ref IrInsn n, IrOp op, int a, long imm = 0)
    {
        n.Op = op;
        n.A = a;
        n.B = -1;
        n.C = -1;
        n.Imm = imm;
    }

    private static void BecomeConst(ref IrInsn n, ulong value) => Become(ref n, IrOp.Const, -1, n.Type == IrType.I32 ? (int)value : (long)value);
}
