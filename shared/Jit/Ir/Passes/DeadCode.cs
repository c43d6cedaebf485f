namespace Suite.Jit.Ir.Passes;

/// <summary>
/// Removes Puts that are overwritten before anybody can see them, and values nobody uses. A slot is seen by exits and traps; one that is not
/// lazy also by whatever may fault and by conditional traps.
/// </summary>
public sealed class DeadCode(StateLayout layout)
{
    // Per slot, the Put that overwrites it later in the block, as _last minus its index: what earlier blocks left is below _last - Count and need
    // not be cleared. Only Puts before the next observation count.
    private readonly int[] _overwritten = new int[layout.Slots.Length];
    private int[] _uses = new int[1024];
    private int _last;

    /// <summary>One walk backwards.</summary>
    public void Run(IrBlock block)
    {
        if (_uses.Length < block.Count)
            _uses = new int[block.Count * 2];
        Array.Clear(_uses, 0, block.Count);
        if (_last > int.MaxValue - block.Count)
        {
            Array.Clear(_overwritten);
            _last = 0;
        }

        _last += block.Count;
        (int exit, int fault) = (block.Count, block.Count); // nearest places where lazy and other slots are seen
        for (int i = block.Count - 1; i >= 0; i--)
        {
            ref IrInsn n = ref block[i];
            if (!IrTraits.HasOperands(n.Op))
                continue;
            if (n.Op == IrOp.Put)
            {
                ref int later = ref _overwritten[n.Imm];
                if (_last - later < (layout.Slots[n.Imm].IsLazy ? exit : fault))
                {
                    n.Op = IrOp.None;
                    continue;
                }

                later = _last - i;
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
