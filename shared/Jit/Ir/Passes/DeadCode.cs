namespace Suite.Jit.Ir.Passes;

/// <summary>
/// Removes Puts that are overwritten before anybody can see them, and values nobody uses. A slot is seen by exits and traps; one that is not
/// lazy also by whatever may fault and by conditional traps. What only unlikely exits can see of a lazy one, and in hot blocks what only those, faults and
/// conditional traps can see of others, is a late Put (<see cref="IrBlock.LatePuts"/>), done when that happens: stores are what limits how far the host runs
/// ahead.
/// </summary>
public sealed class DeadCode(StateLayout layout)
{
    // How long values are kept for late Puts.
    private const int Reach = 64, LazyReach = 32;

    // Per slot, the Put that overwrites it later in the block, as _last minus its index: what earlier blocks left is below _last - Count and need
    // not be cleared. Only Puts before the next observation count.
    private readonly int[] _overwritten = new int[layout.Slots.Length];
    private readonly List<int> _exits = [];
    private int[] _uses = new int[1024];
    private int _last, _budget;

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
        (int exit, int fault) = (block.Count, block.Count); // nearest places where all slots are seen, and those that are not lazy
        _exits.Clear();
        _budget = Runtime.Generation.MaxRecoveries;
        for (int i = block.Count - 1; i >= 0; i--)
        {
            ref IrInsn n = ref block[i];
            if (!IrTraits.HasOperands(n.Op))
                continue;
            if (n.Op == IrOp.Put)
            {
                ref int later = ref _overwritten[n.Imm];
                int overwritten = _last - later;
                bool isLazy = layout.Slots[n.Imm].IsLazy;
                if (overwritten < exit && (isLazy ? SinkLazy(block, i, overwritten) : overwritten < fault ? Drop(block, i, overwritten) : Delay(block, i, overwritten)))
                    n.Op = IrOp.None;
                later = _last - i;
                if (n.Op == IrOp.None)
                    continue;
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
            else if (IrTraits.Leaves(n.Op) || IsVector(n))
            {
                (exit, fault) = (i, i);
                _exits.Clear();
            }
            else if (n.Op == IrOp.TrapIf || IrTraits.MayFault(n))
            {
                fault = i;
            }

            Use(n.A);
            Use(n.B);
            Use(n.C);
        }
    }

    // Nobody sees the Put but a signal between two instructions, which has to wait.
    private static bool Drop(IrBlock block, int put, int overwritten)
    {
        for (int i = put + 1; i < overwritten; i++)
            if (block[i].Op == IrOp.InsnStart)
                block[i].B = 1;
        return true;
    }

    // A Put that faults, traps and unlikely exits on the way to an index can see, where it is overwritten.
    private bool Delay(IrBlock block, int put, int overwritten)
    {
        ref readonly IrInsn n = ref block[put];
        ref readonly IrInsn value = ref block[n.A];
        bool inMemory = layout.Slots[n.Imm].Home == SlotHome.Memory, isNear = overwritten - put <= Reach;
        if (!block.IsHot || _budget < overwritten - put)
            return false;
        IrLatePut late = new(put, overwritten, (int)n.Imm, IrLateKind.Double, n.A, -1);
        switch (value.Op)
        {
            case IrOp.Const when inMemory && value.Type == IrType.I32:
                late = late with { Kind = IrLateKind.Constant };
                break;
            case IrOp.FWiden when isNear && IsComputed(block[value.A]):
                late = late with { Kind = IrLateKind.Widened, A = value.A };
                break;
            case IrOp.OrderF or IrOp.FUnordered when inMemory && isNear:
                late = late with { Kind = value.Op == IrOp.OrderF ? IrLateKind.Order : IrLateKind.Unordered, A = value.A, B = value.B };
                break;
            default:
                if (!inMemory || !isNear || value.Type != IrType.F64)
                    return false;
                break;
        }

        _budget -= overwritten - put; // the engine is told of each at most once for each instruction on the way
        block.LatePuts.Add(late);
        Use(late.A);
        Use(late.B);
        return true;
    }

    // No signalling NaN, which would fault when it is widened.
    private static bool IsComputed(in IrInsn single) => single.Op is (>= IrOp.FAdd and <= IrOp.FMulSub) or IrOp.FNarrow;

    // A lazy Put is left to the exits on the way to where it is overwritten. False when one of them is so far that the value would only be in the way.
    private bool SinkLazy(IrBlock block, int put, int overwritten)
    {
        ref readonly IrInsn n = ref block[put];
        bool isConstant = block[n.A].Op == IrOp.Const;
        int lastExit = -1;
        foreach (int exit in _exits)
        {
            if (exit >= overwritten)
                continue;
            if (layout.Slots[n.Imm].Home != SlotHome.Memory || !isConstant && (block[n.A].Type != IrType.F64 || exit - put > LazyReach))
                return false;
            lastExit = Math.Max(lastExit, exit);
        }

        if (lastExit < 0)
            return true;
        if (_budget < lastExit + 1 - put)
            return false;
        IrLateKind kind = isConstant ? IrLateKind.Constant : IrLateKind.Double;
        block.LatePuts.Add(new IrLatePut(put, lastExit + 1, (int)n.Imm, kind, n.A, -1));
        _budget -= lastExit + 1 - put;
        Use(n.A);
        return true;
    }

    // Operations whose registers the back end does not tell at a fault.
    private static bool IsVector(in IrInsn n) => n.Op is IrOp.VecLoad or IrOp.VecStore or IrOp.CompareExchange32 || n.Op == IrOp.Vec && IrTraits.MayFault(n);

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
