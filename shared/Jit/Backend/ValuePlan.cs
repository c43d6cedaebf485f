using Suite.Jit.Ir;

namespace Suite.Jit.Backend;

/// <summary>What values are used as; decides whether one needs a register at all.</summary>
[Flags]
internal enum Role : byte
{
    None,

    /// <summary>Condition of an ExitIf or TrapIf.</summary>
    Branch = 1,

    /// <summary>Condition of a Select.</summary>
    Choice = 2,

    /// <summary>Address of a Load or Store.</summary>
    Address = 4,

    /// <summary>Compared with zero for equality.</summary>
    Zero = 8,
    Put = 16,

    /// <summary>Becomes a single by the very next instruction.</summary>
    Single = 32,
    Other = 64,
}

/// <summary>What is known of one value while a block is compiled: the plan (until Hint), and where it is now.</summary>
internal struct ValueState
{
    /// <summary>Index of the last instruction whose code reads it; -1 for none.</summary>
    public int LastUse;

    /// <summary>Index of the first Put of the value, -1 for none.</summary>
    public int FirstPut;

    /// <summary>The Put on the way to which <see cref="Hint"/> may be used, and over which nothing that may leave stands.</summary>
    public int HintPut;

    /// <summary>A pinned slot the value, or what is computed from it, goes to and may be computed in directly, or -1.</summary>
    public short Hint;

    public Role Roles;

    /// <summary>Not computed where it stands but where it is used, as part of what uses it.</summary>
    public bool Deferred;

    /// <summary>Slots that hold the value, or -1; a pinned one comes first.</summary>
    public short Home, OtherHome;

    /// <summary>Temporary register that holds it, or -1.</summary>
    public sbyte Register;

    /// <summary>Spill place that holds it, or -1.</summary>
    public sbyte Spill;
}

/// <summary>Walks a block backwards and finds, for each value, its last use, whether its computation is folded into its users, and which pinned register it may be computed in.</summary>
internal sealed class ValuePlan(StateLayout layout, HostFeatures features)
{
    // Per slot, the nearest later Get or Put, counted from _first: what earlier blocks left is below and need not be cleared.
    private readonly int[] _touched = new int[layout.Slots.Length];
    private int _first, _next = 1;
    private ValueState[] _values = new ValueState[1024];

    /// <summary>State of the values of the block last given to <see cref="Run"/>.</summary>
    public ValueState[] Values => _values;

    public void Run(IrBlock block)
    {
        if (_values.Length < block.Count)
            _values = new ValueState[block.Count * 2];
        ValueState fresh = new() { LastUse = -1, FirstPut = -1, Hint = -1, Home = -1, OtherHome = -1, Register = -1, Spill = -1 };
        Array.Fill(_values, fresh, 0, block.Count);
        if (_next > int.MaxValue - block.Count)
        {
            Array.Clear(_touched);
            _next = 1;
        }

        _first = _next;
        _next += block.Count;
        foreach (IrLatePut put in block.LatePuts)
        {
            Use(put.A, put.End, Role.Other);
            Use(put.B, put.End, Role.Other);
        }

        (int barrier, int nextInsn, int nextExit) = (block.Count, block.Count, block.Count);
        for (int i = block.Count - 1; i >= 0; i--)
        {
            ref readonly IrInsn n = ref block[i];
            if (n.Op == IrOp.None)
                continue;
            if (n.Op == IrOp.InsnStart)
            {
                barrier = nextInsn = i;
                continue;
            }

            ref ValueState v = ref _values[i];
            if (v.Hint >= 0 && (barrier < v.HintPut || _touched[v.Hint] != _first + v.HintPut))
                v.Hint = -1;
            v.Deferred = IsDeferred(block, n, v, nextInsn);
            if (n.Op is IrOp.Exit or IrOp.ExitIf)
                nextExit = i;
            if (n.Op == IrOp.Carry)
                v.LastUse = nextExit;
            if (n.Op is IrOp.Get or IrOp.Put)
                _touched[n.Imm] = _first + i;
            if (n.Op == IrOp.Put)
                NotePut(n, i);
            if (n.Op == IrOp.TrapIf || IrTraits.Leaves(n.Op) || IrTraits.MayFault(n))
                barrier = i;
            int at = !v.Deferred ? i : v.FirstPut >= 0 ? v.FirstPut : v.LastUse;
            if (n.Op == IrOp.Carry && n.A == n.B)
                at = nextExit; // what stays as it is must be where it was, whatever is moved for the others
            if (v.Hint >= 0)
                HandDown(block, n, v);
            Use(n.A, at, RoleOfA(block, i, v));
            if (n.Op != IrOp.Carry || n.A == n.B)
                Use(n.B, at, Role.Other);
            Use(n.C, at, Role.Other);
        }
    }

    // From there on the slot has the value, so only uses ahead of it matter for how it is computed.
    private void NotePut(in IrInsn n, int index)
    {
        ref ValueState v = ref _values[n.A];
        v.FirstPut = v.HintPut = index;
        v.Hint = layout.Slots[n.Imm].Home == SlotHome.Memory ? (short)-1 : (short)n.Imm;
        v.Roles = Role.None;
    }

    // Host instructions overwrite their first operand: it may be computed where the result goes. Best is the one that changes what is there.
    private void HandDown(IrBlock block, in IrInsn n, in ValueState v)
    {
        if (!IsSimple(n.Op))
            return;
        int pick = n.B >= 0 && n.Op != IrOp.Sub && Changes(block, n.B, v.Hint) ? n.B : n.A;
        ref ValueState operand = ref _values[pick];
        ref readonly IrInsn made = ref block[pick];
        if (operand.LastUse < 0 && made.Type == n.Type && IsSimple(made.Op))
            (operand.Hint, operand.HintPut) = (v.Hint, v.HintPut);
    }

    private static bool Changes(IrBlock block, int value, int slot) =>
        IsSimple(block[value].Op) && block[block[value].A] is { Op: IrOp.Get, Imm: var held } && held == slot;

    private static bool IsSimple(IrOp op) => op is IrOp.Add or IrOp.Sub or IrOp.Mul or (>= IrOp.And and <= IrOp.RotMask);

    private void Use(int value, int at, Role role)
    {
        if (value < 0)
            return;
        ref ValueState v = ref _values[value];
        v.LastUse = Math.Max(v.LastUse, at);
        v.Roles |= role;
    }

    private static Role RoleOfA(IrBlock block, int index, in ValueState v)
    {
        ref readonly IrInsn n = ref block[index];
        switch (n.Op)
        {
            case IrOp.ExitIf or IrOp.TrapIf:
                return Role.Branch;
            case IrOp.Select:
                return Role.Choice;
            case IrOp.Load or IrOp.Store:
                return Role.Address;
            case IrOp.Put:
                return Role.Put;
            case IrOp.Eq or IrOp.Ne when n.B < 0 && n.Imm == 0:
                return IrTraits.IsBoolean(block[n.A].Op) && n.Op == IrOp.Eq ? (v.Deferred ? v.Roles : Role.Other) : Role.Zero;
            case IrOp.FFromBits when n.Type == IrType.F32 && IsNext(block, n.A, index):
                return Role.Single;
            default:
                return Role.Other;
        }
    }

    private static bool IsNext(IrBlock block, int first, int second)
    {
        while (++first < second)
            if (block[first].Op != IrOp.None)
                return false;
        return true;
    }

    private bool IsDeferred(IrBlock block, in IrInsn n, in ValueState v, int nextInsn)
    {
        if (v.Roles == Role.None)
            return false;
        switch (n.Op)
        {
            case >= IrOp.Eq and <= IrOp.GeU or IrOp.OrderLess or IrOp.OrderGreater or IrOp.OrderEqual or IrOp.FLess or IrOp.FGreater or IrOp.FUnordered:
                return (v.Roles & ~(Role.Branch | Role.Choice)) == 0;
            case IrOp.FEqual:
                return v.Roles == Role.Branch;
            case IrOp.And or IrOp.RotMask:
                return v.Roles == Role.Zero;
            case IrOp.Add when n.Type == IrType.I32:
                return (v.Roles & Role.Address) != 0 && (v.Roles & ~(Role.Address | Role.Put)) == 0 && (v.FirstPut >= 0 ? v.FirstPut : v.LastUse) < nextInsn
                    && (n.B < 0 || features.Movbe) && block[n.A].Op != IrOp.Const;
            case IrOp.Zext32:
                return true;
            case IrOp.Low:
                return v.Roles == Role.Put && v.FirstPut < nextInsn;
            case IrOp.Load:
                return v.Roles == Role.Single && MemAccess.Kind(n.Imm) == MemKind.U32Be;
            default:
                return false;
        }
    }
}
