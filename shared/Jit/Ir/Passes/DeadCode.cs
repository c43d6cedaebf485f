namespace Suite.Jit.Ir.Passes;

/// <summary>
/// Removes Puts that are overwritten before anybody can see them, and values nobody uses. A slot is seen by exits and traps; one that is not
/// lazy also by whatever may fault and by conditional traps. A lazy one that only unlikely exits can see is written on the way out of those
/// (<see cref="IrBlock.ExitPuts"/>): stores are what limits how far the host runs ahead.
/// </summary>
public sealed class DeadCode(StateLayout layout)
{
    // Per slot, the Put that overwrites it later in the block, as _last minus its index: what earlier blocks left is below _last - Count and need
    // not be cleared. Only Puts before the next observation count.
    private readonly int[] _overwritten = new int[layout.Slots.Length];
    private readonly List<int> _exits = [];
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
        _exits.Clear();
        for (int i = block.Count - 1; i >= 0; i--)
        {
            ref IrInsn n = ref block[i];
            if (!IrTraits.HasOperands(n.Op))
                continue;
            if (n.Op == IrOp.Put)
            {
                ref int later = ref _overwritten[n.Imm];
                bool isLazy = layout.Slots[n.Imm].IsLazy;
                if (_last - later < (isLazy ? exit : fault) && (!isLazy || Sink(block, i, _last - later)))
                {
                    later = _last - i;
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

            if (n.Op == IrOp.ExitUnless || (n.Op == IrOp.ExitIf && IsUnlikely(block, i)))
            {
                fault = i;
                _exits.Add(i);
            }
            else if (IrTraits.Leaves(n.Op))
            {
                (exit, fault) = (i, i);
                _exits.Clear();
            }
            else if (n.Op == IrOp.TrapIf || IrTraits.MayFault(n))
                fault = i;
            Use(n.A);
            Use(n.B);
            Use(n.C);
        }
    }

    // A lazy Put that is overwritten at an index is left to the exits on the way there. False when one of them is so far that the value would only be in the way.
    private bool Sink(IrBlock block, int put, int overwritten)
    {
        const int Reach = 32;
        ref readonly IrInsn n = ref block[put];
        bool isConstant = block[n.A].Op == IrOp.Const, any = false;
        foreach (int exit in _exits)
        {
            if (exit >= overwritten)
                continue;
            if (layout.Slots[n.Imm].Home != SlotHome.Memory || !isConstant && (block[n.A].Type != IrType.F64 || exit - put > Reach))
                return false;
            any = true;
        }

        if (!any)
            return true;
        foreach (int exit in _exits)
            if (exit < overwritten)
                block.PutAtExit(new IrExitPut(exit, (int)n.Imm, n.A));
        Use(n.A);
        return true;
    }

    // Forwards, as out of a loop or to what is rarely done.
    private static bool IsUnlikely(IrBlock block, int exit)
    {
        for (int i = exit; i >= 0; i--)
            if (block[i].Op == IrOp.InsnStart)
                return (ulong)block[exit].Imm > (ulong)block[i].Imm;
        return false;
    }

    private void Use(int value)
    {
        if (value >= 0)
            _uses[value]++;
    }
}
