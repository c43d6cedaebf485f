namespace Suite.Jit.Ir;

// Operations without effects.
public sealed unsafe partial class IrInterpreter
{
    private IrValue Compute(IrBlock block, in IrInsn n)
    {
        IrValue r = default;
        switch (n.Op)
        {
            case IrOp.Const:
                r.U64 = n.Type == IrType.I32 ? (uint)n.Imm : (ulong)n.Imm;
                return r;
            case IrOp.Get:
                return Get((int)n.Imm);
            case IrOp.Select:
                return _values[n.A].U64 != 0 ? _values[n.B] : _values[n.C];
            case IrOp.Vec:
                r.V128 = VecInterpreter.Evaluate(VecImm.Op(n.Imm), VecImm.Immediate(n.Imm), n.A < 0 ? default : _values[n.A].V128,
                    n.B < 0 ? default : _values[n.B].V128, n.C < 0 ? default : _values[n.C].V128);
                return r;
        }

        IrValue a = _values[n.A], b = n.B < 0 ? default : _values[n.B], c = n.C < 0 ? default : _values[n.C];
        if (n.Op == IrOp.OrderF)
        {
            r.U64 = IrMath.OrderOf(a.F64, b.F64);
            return r;
        }

        if (n.Op == IrOp.RotMask)
        {
            r.U64 = System.Numerics.BitOperations.RotateLeft(a.U32, (int)(n.Imm >> 32)) & (uint)n.Imm;
            return r;
        }

        if (n.B < 0)
            b.I64 = n.Imm;
        if (n.Op is >= IrOp.FAdd and <= IrOp.FUnordered)
            return n.Type == IrType.F32 ? Single(n.Op, a, b, c) : Float(n.Op, a, b, c);
        bool wide = block.TypeOf(n.A) == IrType.I64;
        r.U64 = IrMath.IsComparison(n.Op)
            ? wide ? IrMath.Compare(n.Op, a.I64, b.I64) : IrMath.Compare(n.Op, a.I32, b.I32)
            : wide ? IrMath.Evaluate64(n.Op, a.U64, b.U64) : IrMath.Evaluate32(n.Op, a.U32, b.U32);
        if (n.Type == IrType.I32)
            r.U64 = r.U32;
        return r;
    }

    private static IrValue Float(IrOp op, IrValue a, IrValue b, IrValue c)
    {
        IrValue r = default;
        switch (op)
        {
            case IrOp.FHigh:
                r.U64 = a.U64 >> 32;
                return r;
            case IrOp.FLow:
                r.U64 = a.U32;
                return r;
            case IrOp.FFromWords:
                r.U64 = a.U64 << 32 | b.U32;
                return r;
            case IrOp.FBits or IrOp.FFromBits:
                return a;
            case IrOp.FWiden:
                r.F64 = a.F32;
                return r;
            case IrOp.FNeg:
                r.U64 = a.U64 ^ 1UL << 63;
                return r;
            case IrOp.FAbs:
                r.U64 = a.U64 & ~(1UL << 63);
                return r;
            case IrOp.FToI32Truncate:
                r.U64 = (uint)(int)a.F64;
                return r;
            case IrOp.FToI32Round:
                r.U64 = (uint)(int)Math.Round(a.F64, MidpointRounding.ToEven);
                return r;
            case IrOp.FLess:
                r.U64 = a.F64 < b.F64 ? 1u : 0;
                return r;
            case IrOp.FGreater:
                r.U64 = a.F64 > b.F64 ? 1u : 0;
                return r;
            case IrOp.FEqual:
                r.U64 = a.F64 == b.F64 ? 1u : 0;
                return r;
            case IrOp.FUnordered:
                r.U64 = double.IsNaN(a.F64) || double.IsNaN(b.F64) ? 1u : 0;
                return r;
        }

        r.F64 = op switch
        {
            IrOp.FAdd => a.F64 + b.F64,
            IrOp.FSub => a.F64 - b.F64,
            IrOp.FMul => a.F64 * b.F64,
            IrOp.FDiv => a.F64 / b.F64,
            IrOp.FSqrt => Math.Sqrt(a.F64),
            IrOp.FMulAdd => Math.FusedMultiplyAdd(a.F64, b.F64, c.F64),
            IrOp.FMulSub => Math.FusedMultiplyAdd(a.F64, b.F64, -c.F64),
            IrOp.FMulAddOdd => OddRounding.MultiplyAdd(a.F64, b.F64, c.F64),
            IrOp.FMulSubOdd => OddRounding.MultiplyAdd(a.F64, b.F64, -c.F64),
            IrOp.FFromI32 => a.I32,
            _ => throw new InvalidOperationException($"{op} has no interpretation"),
        };
        return r;
    }

    private static IrValue Single(IrOp op, IrValue a, IrValue b, IrValue c)
    {
        IrValue r = default;
        switch (op)
        {
            case IrOp.FFromBits:
                return a;
            case IrOp.FNeg:
                r.U64 = a.U32 ^ 1U << 31;
                return r;
            case IrOp.FAbs:
                r.U64 = a.U32 & ~(1U << 31);
                return r;
        }

        r.F32 = op switch
        {
            IrOp.FAdd => a.F32 + b.F32,
            IrOp.FSub => a.F32 - b.F32,
            IrOp.FMul => a.F32 * b.F32,
            IrOp.FDiv => a.F32 / b.F32,
            IrOp.FSqrt => MathF.Sqrt(a.F32),
            IrOp.FMulAdd => MathF.FusedMultiplyAdd(a.F32, b.F32, c.F32),
            IrOp.FMulSub => MathF.FusedMultiplyAdd(a.F32, b.F32, -c.F32),
            IrOp.FNarrow or IrOp.FAssume => (float)a.F64,
            _ => throw new InvalidOperationException($"{op} has no interpretation of singles"),
        };
        return r;
    }
}
