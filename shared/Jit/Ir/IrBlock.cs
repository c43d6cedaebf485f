namespace Suite.Jit.Ir;

/// <summary>
/// IR of one guest block under construction: straight-line, with side exits. Reused for every block of a translator; nothing is allocated per instruction.
/// The small methods build; folding of constants and copies happens in the passes.
/// </summary>
public sealed class IrBlock
{
    private IrInsn[] _insns = new IrInsn[1024];

    private readonly List<IrLatePut> _latePuts = [];

    public int Count { get; private set; }

    /// <summary>Puts that are done only where something unlikely happens: on the way out of conditional exits and traps, and when something faults. The last one first.</summary>
    public List<IrLatePut> LatePuts => _latePuts;

    /// <summary>The block is worth that passes look for late Puts of more than lazy slots. Until it is cleared.</summary>
    public bool IsHot { get; set; }

    public ref IrInsn this[int index] => ref _insns[index];

    public ReadOnlySpan<IrInsn> Insns => _insns.AsSpan(0, Count);

    public void Clear()
    {
        Count = 0;
        IsHot = false;
        _latePuts.Clear();
    }

    /// <summary>Drops everything from an index on.</summary>
    public void CutAt(int index) => Count = index;

    /// <summary>Appends an instruction; the result is its value.</summary>
    public int Emit(IrOp op, IrType type, int a = -1, int b = -1, int c = -1, long imm = 0)
    {
        if (Count == _insns.Length)
            Array.Resize(ref _insns, Count * 2);
        _insns[Count] = new IrInsn { Op = op, Type = type, A = a, B = b, C = c, Imm = imm };
        return Count++;
    }

    public IrType TypeOf(int value) => _insns[value].Type;

    public void InsnStart(ulong pc, int length) => Emit(IrOp.InsnStart, IrType.None, length, imm: (long)pc);

    public int Const(uint value) => Emit(IrOp.Const, IrType.I32, imm: (int)value);
    public int Const64(ulong value) => Emit(IrOp.Const, IrType.I64, imm: (long)value);

    public int Get(StateLayout layout, int slot) => Emit(IrOp.Get, layout.Slots[slot].Type, imm: slot);
    public void Put(int slot, int value) => Emit(IrOp.Put, IrType.None, value, imm: slot);

    public int Load(MemKind kind, int address, int displacement = 0) => Emit(IrOp.Load, kind switch
    {
        MemKind.U64Be or MemKind.U64Le => IrType.I64,
        MemKind.F64Be => IrType.F64,
        _ => IrType.I32,
    }, address, imm: MemAccess.Pack(kind, displacement));

    public void Store(MemKind kind, int address, int value, int displacement = 0) =>
        Emit(IrOp.Store, IrType.None, address, value, imm: MemAccess.Pack(kind, displacement));

    /// <summary>An operation whose result has the type of its first operand.</summary>
    public int Unary(IrOp op, int a) => Emit(op, TypeOf(a), a);
    public int Binary(IrOp op, int a, int b) => Emit(op, TypeOf(a), a, b);

    /// <summary>An operation with a result of another type than its operands'.</summary>
    public int Convert(IrOp op, IrType type, int a) => Emit(op, type, a);

    public int Add(int a, int b) => Binary(IrOp.Add, a, b);
    public int Sub(int a, int b) => Binary(IrOp.Sub, a, b);
    public int And(int a, int b) => Binary(IrOp.And, a, b);
    public int Or(int a, int b) => Binary(IrOp.Or, a, b);
    public int Xor(int a, int b) => Binary(IrOp.Xor, a, b);
    public int Sext32(int a) => Convert(IrOp.Sext32, IrType.I64, a);
    public int Zext32(int a) => Convert(IrOp.Zext32, IrType.I64, a);
    public int Low(int a) => Convert(IrOp.Low, IrType.I32, a);
    public int High(int a) => Convert(IrOp.High, IrType.I32, a);
    public int Compare(IrOp op, int a, int b) => Emit(op, IrType.I32, a, b);
    public int Select(int condition, int a, int b) => Emit(IrOp.Select, TypeOf(a), condition, a, b);
    public int OrderS(int a, int b) => Emit(IrOp.OrderS, IrType.I64, a, b);
    public int OrderF(int a, int b) => Emit(IrOp.OrderF, IrType.I64, a, b);
    public int OrderU(int a, int b) => Emit(IrOp.OrderU, IrType.I64, a, b);

    /// <summary>A helper call with up to three operands; see <see cref="IrHelpers"/>.</summary>
    public int Call(int helper, IrType result, int a = -1, int b = -1, int c = -1) => Emit(IrOp.Call, result, a, b, c, helper);

    /// <summary>A helper call that changes no state by itself.</summary>
    public int Query(int helper, IrType result) => Emit(IrOp.Query, result, imm: helper);

    public void ExitIf(int condition, ulong pc) => Emit(IrOp.ExitIf, IrType.None, condition, imm: (long)pc);
    public void ExitUnless(int pc, uint expected) => Emit(IrOp.ExitUnless, IrType.None, pc, imm: expected);
    public void Exit(ulong pc) => Emit(IrOp.Exit, IrType.None, imm: (long)pc);
    public void ExitTo(int pc) => Emit(IrOp.ExitTo, IrType.None, pc);
    public void Trap(Runtime.ExitReason reason, uint argument) => Emit(IrOp.Trap, IrType.None, imm: (long)argument << 32 | (uint)reason);
    public void TrapIf(int condition, Runtime.ExitReason reason, uint argument) => Emit(IrOp.TrapIf, IrType.None, condition, imm: (long)argument << 32 | (uint)reason);
    public void TrapBehind(Runtime.ExitReason reason, uint argument) => Emit(IrOp.TrapBehind, IrType.None, imm: (long)argument << 32 | (uint)reason);
}
