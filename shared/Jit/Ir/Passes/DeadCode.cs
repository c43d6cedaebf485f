namespace Suite.Jit.Ir.Passes;

/// <summary>
/// Removes Puts that are overwritten before anybody can see them, and values nobody uses. A slot is seen by exits and traps; one that is not
/// lazy also by whatever may fault and by conditional traps.
/// </summary>
public sealed class DeadCode(StateLayout layout)
{
    // Per slot, the index of the Put that overwrites it later in the block; only those before the next observation count.
    private readonly int[] _overwritten = new int[layout.Slots.Length];
    private int[] _uses = new int[1024];

    /// <summary>One walk backwards.</summary>
    public void Run(IrBlock block)
    {
        if (_uses.Length < block.Count)
            _uses = new int[block.Count * 2];
        Array.Clear(_uses, 0, block.Count);
        Array.Fill(_overwritten, int.MaxValue);
        (int exit, int fault) = (block.Count, block.Count); // nearest places where lazy and other slots are seen
        for (int i = block.Count - 1; i >= 0; i--)
        {
            ref IrInsn n = ref block[i];
            if (!IrTraits.HasOperands(n.Op))
                continue;
            if (n.Op == IrOp.Put)
            {
                ref int later = ref _overwritten[n.Imm];
                if (later < (layout.Slots[n.Imm].IsLazy ? exit : fault))
                {
                    n.Op = IrOp.None;
                    continue;
                }

                later = i;
            }
            else if (_uses[i] == 0 && IrTraits.IsPure(n.Op))
            {
                n.Op = IrOp.None;
                continue;
            }

            if (IrTraits.Leaves(n.Op))
                (exit, fault) = (i, i);
            else if (n.Op == IrOp.TrapIf || IrTraits.MayFault(n))
                fault = i;
            Use(n.A);
            Use(n.B);
            Use(n.C);
        }
    }

    private void Use(int value)
    {
        if (value >= 0)
            _uses[value]++;
    }
}
