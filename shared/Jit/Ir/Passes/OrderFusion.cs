namespace Suite.Jit.Ir.Passes;

/// <summary>A test of an ordering made in the same block becomes a comparison of what was ordered, so that a compare and its branch are one host compare and branch.</summary>
public static class OrderFusion
{
    /// <summary>How far behind the ordering its operands are kept alive for it when nothing else does.</summary>
    private const int Reach = 16;

    /// <summary>Rewrites the instruction at an index when it is OrderLess, OrderGreater or OrderEqual.</summary>
    public static void Visit(IrBlock block, int index, SlotForwarding slots)
    {
        ref IrInsn n = ref block[index];
        if (n.Op is not (IrOp.OrderLess or IrOp.OrderGreater or IrOp.OrderEqual))
            return;
        ref readonly IrInsn order = ref block[n.A];
        if (order.Op is not (IrOp.OrderS or IrOp.OrderU or IrOp.OrderF) || !(index - n.A <= Reach || IsAtHand(block, order, slots)))
            return;
        n.Op = (order.Op, n.Op) switch
        {
            (IrOp.OrderF, IrOp.OrderLess) => IrOp.FLess,
            (IrOp.OrderF, IrOp.OrderGreater) => IrOp.FGreater,
            (IrOp.OrderF, _) => IrOp.FEqual,
            (_, IrOp.OrderEqual) => IrOp.Eq,
            (IrOp.OrderS, IrOp.OrderLess) => IrOp.LtS,
            (IrOp.OrderS, _) => IrOp.GtS,
            (_, IrOp.OrderLess) => IrOp.LtU,
            _ => IrOp.GtU,
        };
        n.A = order.A;
        n.B = order.B;
        n.Imm = order.B < 0 ? (int)order.Imm : 0;
    }

    private static bool IsAtHand(IrBlock block, in IrInsn order, SlotForwarding slots) =>
        slots.IsAtHand(block, order.A) && (order.B < 0 || slots.IsAtHand(block, order.B));
}
