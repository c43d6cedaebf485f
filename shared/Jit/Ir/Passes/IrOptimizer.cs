namespace Suite.Jit.Ir.Passes;

/// <summary>
/// Improves a block in place: one walk forwards (slots, constants, identities, fused comparisons), one backwards (dead Puts and values).
/// Removed instructions become <see cref="IrOp.None"/>. Values may be used in later guest instructions than their own; no Put moves.
/// </summary>
public sealed class IrOptimizer(StateLayout layout)
{
    private readonly SlotForwarding _slots = new(layout);
    private readonly StoreForwarding _stores = new();
    private readonly DeadCode _dead = new(layout);
    private int[] _alias = new int[1024];

    /// <summary>Runs all passes; the block may get shorter.</summary>
    public void Run(IrBlock block)
    {
        Forward(block);
        _dead.Run(block);
    }

    private void Forward(IrBlock block)
    {
        if (_alias.Length < block.Count)
            _alias = new int[block.Count * 2];
        _slots.Begin(block.Count);
        _stores.Begin();
        for (int i = 0; i < block.Count; i++)
        {
            ref IrInsn n = ref block[i];
            _alias[i] = i;
            if (n.Op == IrOp.InsnStart)
                continue;
            Rewrite(ref n);
            int same = _slots.Visit(block, i);
            if (same < 0)
                same = _stores.Visit(block, i);
            if (same < 0 && n.Op != IrOp.None)
            {
                OrderFusion.Visit(block, i, _slots);
                same = IrFold.Visit(block, i);
            }

            if (n.Op == IrOp.ExitUnless && block[n.A].Op == IrOp.Const && (uint)block[n.A].Imm == (uint)n.Imm)
                n.Op = IrOp.None;
            if (same >= 0)
            {
                _alias[i] = same;
                n.Op = IrOp.None;
            }
            else if (IrTraits.Ends(n.Op))
            {
                block.CutAt(i + 1);
            }
        }
    }

    private void Rewrite(ref IrInsn n)
    {
        if (n.A >= 0)
            n.A = _alias[n.A];
        if (n.B >= 0)
            n.B = _alias[n.B];
        if (n.C >= 0)
            n.C = _alias[n.C];
    }
}
