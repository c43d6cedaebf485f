namespace Suite.Jit.Ir.Passes;

/// <summary>A Get of a slot whose value is known in the block is that value; a Put of what the slot holds already is nothing.</summary>
public sealed class SlotForwarding
{
    // Values of the block are counted from _first, so that what earlier blocks left is below and need not be cleared.
    private readonly int[] _known;
    private readonly int[] _modeSlots;
    private int[] _slotOf = new int[1024];
    private int _first, _next = 1;

    public SlotForwarding(StateLayout layout)
    {
        _known = new int[layout.Slots.Length];
        _modeSlots = SlotsAt(layout, layout.ScalarMxcsrOffset, layout.VectorModeOffset);
    }

    /// <summary>Forgets everything, for a new block.</summary>
    public void Begin(int count)
    {
        if (_next > int.MaxValue - count)
        {
            Array.Clear(_known);
            _next = 1;
        }

        _first = _next;
        _next += count;
        if (_slotOf.Length < count)
            _slotOf = new int[count * 2];
    }

    /// <summary>The value an instruction is a copy of, or -1. A superfluous Put becomes None.</summary>
    public int Visit(IrBlock block, int index)
    {
        ref IrInsn n = ref block[index];
        _slotOf[index] = -1;
        switch (n.Op)
        {
            case IrOp.Get:
                int known = _known[n.Imm] - _first;
                if (known >= 0)
                    return known;
                _known[n.Imm] = _first + index;
                _slotOf[index] = (int)n.Imm;
                break;
            case IrOp.Put:
                if (_known[n.Imm] == _first + n.A)
                {
                    n.Op = IrOp.None;
                    break;
                }

                _known[n.Imm] = _first + n.A;
                _slotOf[n.A] = (int)n.Imm;
                break;
            case IrOp.FpMode or IrOp.Query:
                foreach (int slot in _modeSlots)
                    _known[slot] = 0;
                break;
            case IrOp.Call:
                Array.Clear(_known);
                break;
        }

        return -1;
    }

    /// <summary>True when a value costs nothing to use again: a constant, or what a slot still holds.</summary>
    public bool IsAtHand(IrBlock block, int value) => block[value].Op == IrOp.Const || (_slotOf[value] >= 0 && _known[_slotOf[value]] == _first + value);

    private static int[] SlotsAt(StateLayout layout, params ReadOnlySpan<int> offsets)
    {
        List<int> found = [];
        for (int i = 0; i < layout.Slots.Length; i++)
            if (layout.Slots[i].Home == SlotHome.Memory && offsets.Contains(layout.Slots[i].Offset))
                found.Add(i);
        return [.. found];
    }
}
