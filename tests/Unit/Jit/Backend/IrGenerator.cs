using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using static Suite.Tests.Jit.Backend.IrTestLayout;

namespace Suite.Tests.Jit.Backend;

/// <summary>Random IR as rows would build it: guest instructions that read slots and earlier values, compute, access memory, write slots; side exits and traps.</summary>
internal sealed class IrGenerator(StateLayout layout, Random random)
{
    /// <summary>Arguments of conditional traps are below this, those of others are not.</summary>
    public const int TrapIfArguments = 3;

    private static readonly IrOp[] Binary = [IrOp.Add, IrOp.Sub, IrOp.Mul, IrOp.MulHighS, IrOp.MulHighU, IrOp.DivS, IrOp.DivU, IrOp.And, IrOp.Or, IrOp.Xor, IrOp.AndNot];
    private static readonly IrOp[] Shifts = [IrOp.Shl, IrOp.ShrU, IrOp.ShrS, IrOp.RotL];
    private static readonly IrOp[] Unary = [IrOp.Not, IrOp.Neg, IrOp.Clz, IrOp.Popcount, IrOp.ByteSwap, IrOp.Sext8, IrOp.Sext16];
    private static readonly IrOp[] Compares = [IrOp.Eq, IrOp.Ne, IrOp.LtS, IrOp.LtU, IrOp.LeS, IrOp.LeU, IrOp.GtS, IrOp.GtU, IrOp.GeS, IrOp.GeU];
    private static readonly IrOp[] OrderTests = [IrOp.OrderLess, IrOp.OrderGreater, IrOp.OrderEqual];
    private static readonly IrOp[] FloatBinary = [IrOp.FAdd, IrOp.FSub, IrOp.FMul, IrOp.FDiv];
    private static readonly IrOp[] FloatTests = [IrOp.FLess, IrOp.FGreater, IrOp.FEqual, IrOp.FUnordered];
    private static readonly VecOp[] VectorOps = [VecOp.And, VecOp.Or, VecOp.Xor, VecOp.AndNot, VecOp.Nor, VecOp.Add8, VecOp.Add16, VecOp.Add32, VecOp.Sub8, VecOp.Sub16, VecOp.Sub32];

    private readonly List<int>[] _values = [[], [], [], [], [], []];
    private readonly List<int> _orders = [], _exactDoubles = [];

    public IrBlock Block { get; } = new();

    /// <summary>True to make accesses that fault now and then.</summary>
    public bool Faults { get; init; }

    public bool Floats { get; init; }

    public IrOp[] Fused { get; init; } = [IrOp.FMulAdd, IrOp.FMulSub];

    /// <summary>Fills the block from pc on.</summary>
    public void Generate(ulong pc, int insns, Func<ulong> newPc)
    {
        Block.Clear();
        foreach (List<int> list in _values)
            list.Clear();
        for (int k = 0; k < insns; k++, pc += 4)
        {
            Block.InsnStart(pc, 4);
            foreach (List<int> list in _values)
                list.Clear();
            _orders.Clear();
            _exactDoubles.Clear();
            Insn();
            if (random.Next(12) == 0)
                Block.ExitIf(Condition(), newPc());
            if (random.Next(24) == 0)
                ExitUnless((uint)newPc(), (uint)newPc());
        }

        switch (random.Next(5))
        {
            case 0:
                Block.Exit(newPc());
                break;
            case 1:
                Block.TrapBehind(ExitReason.Special, 9);
                break;
            case 2:
                Block.ExitTo(Block.And(Integer(), Block.Const(0x0FFF_FFFC)));
                break;
            case 3:
                Block.Trap(ExitReason.Special, 7);
                break;
        }
    }

    private void ExitUnless(uint expected, uint other) => Block.ExitUnless(Block.Select(Condition(), Block.Const(other), Block.Const(expected)), expected);

    private void Insn()
    {
        if (random.Next(14) == 0)
            Block.TrapIf(Condition(), ExitReason.Special, (uint)random.Next(TrapIfArguments));
        int steps = random.Next(1, 5);
        for (int i = 0; i < steps; i++)
            Step();
        if (random.Next(3) == 0)
            Update();
        int puts = random.Next(1, 4);
        for (int i = 0; i < puts; i++)
            Put();
    }

    private void Step()
    {
        switch (random.Next(Floats ? 20 : 14))
        {
            case 0 or 1 or 2:
                Add(Block.Binary(Pick(Binary), Integer(), Integer()));
                break;
            case 3:
                Add(Block.Binary(Pick(Shifts), Integer(), Integer()));
                break;
            case 4:
                Add(Block.Unary(Pick(Unary), Integer()));
                break;
            case 5:
                RotateAndMask();
                break;
            case 6:
                Add(Comparison());
                break;
            case 7:
                Add(Block.Select(Condition(), Integer(), Integer()));
                break;
            case 8:
                _orders.Add(Block.Emit(random.Next(2) == 0 ? IrOp.OrderS : IrOp.OrderU, IrType.I64, Integer(), Integer()));
                break;
            case 9:
                if (random.Next(2) == 0)
                    _orders.Add(Block.Convert(IrOp.OrderFromBits, IrType.I64, Integer()));
                else
                    Add(Block.Convert(IrOp.OrderToBits, IrType.I32, Order()));
                break;
            case 10:
                WideStep();
                break;
            case 11:
                Load();
                break;
            case 12:
                Store();
                break;
            case 13:
                VectorStep();
                break;
            default:
                FloatStep();
                break;
        }
    }

    private void RotateAndMask()
    {
        uint mask = random.Next(3) switch
        {
            0 => uint.MaxValue << random.Next(32),
            1 => uint.MaxValue >> random.Next(32),
            _ => (uint.MaxValue >> random.Next(32)) & (uint.MaxValue << random.Next(32)),
        };
        int rotated = Block.Binary(IrOp.RotL, Integer(), Block.Const((uint)random.Next(32)));
        int masked = Block.And(rotated, Block.Const(mask));
        Add(random.Next(2) == 0 ? masked : Block.Or(masked, Block.And(Integer(), Block.Const(~mask))));
    }

    private void WideStep()
    {
        switch (random.Next(8))
        {
            case 0:
                Add(Block.Binary(Pick(Binary), Long(), Long()));
                break;
            case 1:
                Add(Block.Binary(Pick(Shifts), Long(), Integer()));
                break;
            case 2:
                Add(Block.Unary(Pick(Unary), Long()));
                break;
            case 3:
                Add(Block.Compare(Pick(Compares), Long(), Long()));
                break;
            case 4:
                Add(Block.Select(Condition(), Long(), Long()));
                break;
            case 5:
                Add(random.Next(2) == 0 ? Block.Low(Long()) : Block.High(Long()));
                break;
            default:
                Add(random.Next(2) == 0 ? Block.Sext32(Integer()) : Block.Zext32(Integer()));
                break;
        }
    }

    private void FloatStep()
    {
        switch (random.Next(11))
        {
            case 0 or 1:
                Add(Block.Binary(Pick(FloatBinary), Double(), Double()));
                break;
            case 2:
                Add(Block.Emit(Pick(Fused), IrType.F64, Double(), Double(), Double()));
                break;
            case 3:
                int signed = Block.Unary(random.Next(2) == 0 ? IrOp.FNeg : IrOp.FAbs, ExactDouble());
                Add(signed);
                _exactDoubles.Add(signed);
                break;
            case 4:
                Add(random.Next(2) == 0 ? Block.Unary(IrOp.FSqrt, Double()) : Block.Convert(IrOp.FWiden, IrType.F64, Single()));
                break;
            case 5:
                Add(Block.Compare(Pick(FloatTests), Double(), Double()));
                break;
            case 6:
                _orders.Add(Block.OrderF(Double(), Double()));
                break;
            case 7:
                Add(Block.Select(Condition(), Double(), Double()));
                break;
            case 8:
                int whole = Block.Convert(IrOp.FFromI32, IrType.F64, Integer());
                Add(whole);
                _exactDoubles.Add(whole);
                int quarter = Block.Binary(IrOp.FMul, whole, Block.Convert(IrOp.FFromBits, IrType.F64, Block.Const64(0x3FD0_0000_0000_0000)));
                Add(Block.Convert(random.Next(2) == 0 ? IrOp.FToI32Round : IrOp.FToI32Truncate, IrType.I32, quarter));
                break;
            case 9:
                Add(Block.Convert(IrOp.FBits, IrType.I64, ExactDouble()));
                break;
            default:
                Add(Block.Convert(IrOp.FWiden, IrType.F64, Block.Convert(IrOp.FFromBits, IrType.F32, random.Next(2) == 0 ? Block.Load(MemKind.U32Be, Address()) : Integer())));
                break;
        }
    }

    // Some arithmetic on singles. Which NaN comes of two is the host's matter, so they are made of numbers.
    private int Single()
    {
        int a = Narrow(), b = Narrow();
        for (int steps = random.Next(4); steps > 0; steps--)
        {
            a = random.Next(4) switch
            {
                0 => Block.Emit(random.Next(2) == 0 ? IrOp.FMulAdd : IrOp.FMulSub, IrType.F32, a, b, Narrow()),
                1 => Block.Unary(random.Next(3) switch { 0 => IrOp.FNeg, 1 => IrOp.FAbs, _ => IrOp.FSqrt }, a),
                _ => Block.Binary(Pick(FloatBinary), a, b),
            };
            if (random.Next(3) == 0)
                Add(Block.Convert(IrOp.FBits, IrType.I32, b));
        }

        return a;
    }

    private int Narrow() => Block.Convert(IrOp.FNarrow, IrType.F32, Double());

    private void VectorStep()
    {
        if (random.Next(3) != 0)
            Add(Block.Emit(IrOp.Vec, IrType.V128, Vector(), Vector(), imm: VecImm.Pack(Pick(VectorOps))));
        else if (random.Next(2) == 0)
            Add(Block.Emit(IrOp.VecLoad, IrType.V128, Address()));
        else
            Block.Emit(IrOp.VecStore, IrType.None, Address(), Vector());
    }

    private int Address()
    {
        int where = Block.Add(Block.And(Integer(), Block.Const(0x1FF8)), Block.Const(IrHost.Data + 0x800));
        if (Faults && random.Next(20) == 0)
            return Block.Add(where, Block.Const(0x8_0000));
        return where;
    }

    // A double and its halves, through addresses that are a constant apart.
    private void StoreAndLoadHalves()
    {
        int address = Address(), displacement = random.Next(-0x600, 0x600), away = random.Next(-0x100, 0x100), other = Block.Add(address, Block.Const((uint)away));
        Block.Store(MemKind.F64Be, address, ExactDouble(), displacement);
        if (random.Next(4) == 0)
            Block.Store(MemKind.U8, other, Integer(), displacement - away + random.Next(16) - 4);
        Add(Block.Load(MemKind.U32Be, other, displacement - away + 4 * random.Next(2)));
    }

    // Words, perhaps something between them, and what they are together.
    private void StoreAndLoad()
    {
        int address = Address(), displacement = random.Next(-0x700, 0x700);
        Block.Store(MemKind.U32Be, address, Integer(), displacement);
        if (random.Next(4) == 0)
            Block.Store(MemKind.U8, random.Next(2) == 0 ? address : Address(), Integer(), displacement + random.Next(16) - 4);
        Block.Store(MemKind.U32Be, address, Integer(), displacement + 4);
        Add(Block.Load(Floats ? MemKind.F64Be : MemKind.U32Be, address, displacement));
        if (random.Next(2) == 0)
            Add(Block.Load(MemKind.U32Be, address, displacement + 4));
    }

    private MemKind Kind()
    {
        MemKind kind;
        do
        {
            kind = (MemKind)random.Next((int)MemKind.U64Le + 1);
        }
        while (kind == MemKind.F64Be && !Floats);
        return kind;
    }

    private void Load() => Add(Block.Load(Kind(), Address(), random.Next(-0x700, 0x700)));

    private void Store()
    {
        if (random.Next(4) == 0)
        {
            Add(Block.Emit(IrOp.CompareExchange32, IrType.I32, Address(), random.Next(2) == 0 ? Integer() : Block.Load(MemKind.U32Be, Address()), Integer()));
            return;
        }

        if (random.Next(4) == 0)
        {
            if (Floats && random.Next(2) == 0)
                StoreAndLoadHalves();
            else
                StoreAndLoad();
            return;
        }

        MemKind kind = Kind();
        int value = kind switch
        {
            MemKind.U64Be or MemKind.U64Le => Long(),
            MemKind.F64Be => ExactDouble(),
            _ => Integer(),
        };
        Block.Store(kind, Address(), value, random.Next(-0x700, 0x700));
    }

    // An access whose address goes back to a register.
    private void Update()
    {
        int slot = random.Next(Integers);
        int start = Block.Add(Block.And(Integer(), Block.Const(0x1FF8)), Block.Const(IrHost.Data + 0x800));
        Block.Put(slot, start);
        int moved = Block.Add(Block.Get(layout, slot), random.Next(2) == 0 ? Block.Const((uint)random.Next(-0x700, 0x700)) : Block.And(Integer(), Block.Const(0x7F8)));
        if (random.Next(2) == 0)
        {
            int loaded = Block.Load(MemKind.U32Be, moved);
            Block.Put(random.Next(Integers), loaded);
        }
        else
        {
            Block.Store(MemKind.U32Be, moved, Integer());
        }

        Block.Put(slot, moved);
    }

    // One or some neighbours.
    private void PutLazily()
    {
        for (int slot = random.Next(LazyDoubles); slot < LazyDoubles; slot++)
            Block.Put(LazyDouble0 + slot, Double());
    }

    private void Put()
    {
        switch (random.Next(Floats ? 10 : 8))
        {
            case 0 when _orders.Count > 0 || random.Next(2) == 0:
                Block.Put(Order0 + random.Next(Orders), Order());
                break;
            case 1:
                Block.Put(Long0 + random.Next(Longs), Long());
                break;
            case 2:
                Block.Put(Flag0 + random.Next(Flags), Condition());
                break;
            case 3:
                Block.Put(Vector0 + random.Next(Vectors), Vector());
                break;
            case 4:
                Block.Put(Lazy0 + random.Next(Lazies), random.Next(2) == 0 ? Block.Const((uint)random.Next()) : Integer());
                break;
            case 8 or 9:
                if (random.Next(3) == 0)
                    PutComputed();
                else if (random.Next(3) != 0)
                    Block.Put(Double0 + random.Next(Doubles), Double());
                else
                    PutLazily();
                break;
            default:
                Block.Put(Integer0 + random.Next(Integers), Integer());
                break;
        }
    }

    // What late Puts compute again: widened singles, comparisons of doubles.
    private void PutComputed()
    {
        switch (random.Next(3))
        {
            case 0:
                Block.Put(Double0 + random.Next(Doubles), Block.Convert(IrOp.FWiden, IrType.F64, Single()));
                break;
            case 1:
                Block.Put(Flag0 + random.Next(Flags), Block.Compare(IrOp.FUnordered, Double(), Double()));
                break;
            default:
                Block.Put(Order0 + random.Next(Orders), Block.OrderF(Double(), Double()));
                break;
        }
    }

    private int Comparison() => Floats && random.Next(4) == 0 ? Block.Compare(Pick(FloatTests), Double(), Double()) : Block.Compare(Pick(Compares), Integer(), Integer());

    private int Condition()
    {
        int c = random.Next(6) switch
        {
            0 => Integer(),
            1 => Block.Convert(Pick(OrderTests), IrType.I32, Order()),
            2 => Block.Compare(random.Next(2) == 0 ? IrOp.Ne : IrOp.Eq, Block.And(Integer(), Block.Const(1u << random.Next(32))), Block.Const(0)),
            _ => Comparison(),
        };
        return random.Next(4) == 0 ? Block.Compare(IrOp.Eq, c, Block.Const(0)) : random.Next(8) == 0 ? Block.Xor(c, Block.Const(1)) : c;
    }

    private int Order() => _orders.Count > 0 && random.Next(2) == 0 ? Pick(_orders) : Block.Get(layout, Order0 + random.Next(Orders));

    private int Integer() => Value(IrType.I32, Integer0, Integers) ?? Block.Const(random.Next(3) switch
    {
        0 => (uint)random.Next(-4, 36),
        1 => 0x8000_0000u >> random.Next(32),
        _ => (uint)random.NextInt64(),
    });

    private int Long() => Value(IrType.I64, Long0, Longs) ?? Block.Const64(random.Next(2) == 0 ? (ulong)random.NextInt64() : (ulong)random.Next(-200, 200));

    private int Double() => Value(IrType.F64, Double0, Doubles) ?? Block.Get(layout, Double0);

    // Bits that do not depend on which of two NaN operands an addition hands on.
    private int ExactDouble() => _exactDoubles.Count > 0 ? Pick(_exactDoubles) : Block.Convert(IrOp.FFromBits, IrType.F64, Long());

    private int Vector() => Value(IrType.V128, Vector0, Vectors) ?? Block.Get(layout, Vector0);

    private int? Value(IrType type, int slot0, int slots)
    {
        List<int> made = _values[(int)type];
        int way = random.Next(10);
        if (made.Count > 0 && way < 5)
            return Pick(made);
        return way < 8 ? Block.Get(layout, slot0 + random.Next(slots)) : null;
    }

    private void Add(int value) => _values[(int)Block.TypeOf(value)].Add(value);

    private T Pick<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];
}
