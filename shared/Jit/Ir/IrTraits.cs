namespace Suite.Jit.Ir;

/// <summary>What passes and back end need to know of an operation.</summary>
public static class IrTraits
{
    /// <summary>True when a, b and c are values; an instruction start keeps a length in a.</summary>
    public static bool HasOperands(IrOp op) => op is not (IrOp.None or IrOp.InsnStart);

    /// <summary>The second operand may be a constant in imm, b being -1.</summary>
    public static bool TakesImmediate(IrOp op) => op is IrOp.Add or IrOp.Mul or IrOp.And or IrOp.Or or IrOp.Xor
        or IrOp.Shl or IrOp.ShrU or IrOp.ShrS or IrOp.RotL or (>= IrOp.Eq and <= IrOp.GeU) or IrOp.OrderS or IrOp.OrderU;

    /// <summary>The result is I32 0 or 1.</summary>
    public static bool IsBoolean(IrOp op) => op is (>= IrOp.Eq and <= IrOp.GeU) or IrOp.OrderLess or IrOp.OrderGreater or IrOp.OrderEqual
        or (>= IrOp.FLess and <= IrOp.FUnordered) or IrOp.CompareExchange32;

    /// <summary>May be dropped when nobody wants the result. Floating-point arithmetic and OrderF may not: they set sticky flags and may raise an exception.</summary>
    public static bool IsPure(IrOp op) => op is IrOp.Const or IrOp.Get or (>= IrOp.Add and <= IrOp.OrderEqual)
        or IrOp.FNeg or IrOp.FAbs or (>= IrOp.FWiden and <= IrOp.FFromWords) or (>= IrOp.FFromI32 and <= IrOp.Vec);

    /// <summary>Accesses guest memory, or computes with exceptions that may be unmasked: the host may fault in it.</summary>
    public static bool MayFault(IrOp op) => op is IrOp.Load or IrOp.Store or IrOp.VecLoad or IrOp.VecStore or IrOp.CompareExchange32
        or (>= IrOp.FAdd and <= IrOp.FMulSubOdd) or IrOp.FNarrow or IrOp.FWiden or IrOp.FToI32Round or IrOp.FToI32Truncate
        or IrOp.OrderF or (>= IrOp.FLess and <= IrOp.FUnordered);

    /// <summary>The same of an instruction: vector floating point has invalid operation unmasked.</summary>
    public static bool MayFault(in IrInsn n) => MayFault(n.Op) || (n.Op == IrOp.Vec && VecImm.Op(n.Imm) >= VecOp.FAdd);

    /// <summary>Guest code may go on elsewhere, or managed code may look at the whole state.</summary>
    public static bool Leaves(IrOp op) => op is IrOp.ExitIf or IrOp.ExitUnless or IrOp.Exit or IrOp.ExitTo or IrOp.Trap or IrOp.TrapBehind or IrOp.Call or IrOp.Query or IrOp.FpMode;

    /// <summary>Nothing behind it runs.</summary>
    public static bool Ends(IrOp op) => op is IrOp.Exit or IrOp.ExitTo or IrOp.Trap or IrOp.TrapBehind;

    /// <summary>An upper bound for how many low bits of an I32 value can be set.</summary>
    public static int Bits(in IrInsn n) => n.Op switch
    {
        IrOp.Const => 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)n.Imm),
        IrOp.Load => MemAccess.Kind(n.Imm) switch
        {
            MemKind.U8 => 8,
            MemKind.U16Be or MemKind.U16Le => 16,
            _ => 32,
        },
        IrOp.And when n.B < 0 => 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)n.Imm),
        IrOp.RotMask => 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)n.Imm),
        IrOp.ShrU when n.B < 0 => 32 - ((int)n.Imm & 31),
        IrOp.Clz or IrOp.Popcount => 6,
        IrOp.OrderToBits => 4,
        _ => IsBoolean(n.Op) ? 1 : 32,
    };
}
