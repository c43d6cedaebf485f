using Suite.Jit;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc;

/// <summary>
/// What a row's emitter builds IR with: guest registers by number, condition fields, memory addresses, ways out. All guest state must be put
/// before the instruction ends, and after the last thing in it that may fault.
/// </summary>
public sealed unsafe partial class PpcEmitter(StateLayout layout, PpcModel model)
{
    private const uint InsnBytes = 4;

    private VcpuState* _thread;
    private bool _vectorMode;
    private uint _numbers;
    private int _fpscr;

    public IrBlock Ir { get; } = new();

    public StateLayout Layout { get; } = layout;

    public PpcModel Model { get; } = model;

    /// <summary>Guest address of the instruction.</summary>
    public uint Pc { get; private set; }

    /// <summary>Address behind the instruction.</summary>
    public uint NextPc => Pc + 4;

    /// <summary>True when building for the interpreter: exact software forms instead of fast compiled ones.</summary>
    public bool Exact { get; private set; }

    /// <summary>Set when the instruction ended the block.</summary>
    public bool Ended { get; private set; }

    /// <summary>Starts a block.</summary>
    /// <param name="exact">See <see cref="Exact"/>.</param>
    /// <param name="thread">With <paramref name="exact"/>: the thread that the block is interpreted on, once, as it is now (<see cref="Peek"/>).</param>
    /// <param name="assumed">Floating-point registers taken to hold singles at the block's start (<see cref="Assumable"/>).</param>
    /// <param name="trace">Where guest code behind jumps comes from; null where the block ends at each.</param>
    public void Begin(bool exact, VcpuState* thread = null, uint assumed = 0, BlockBuilder? trace = null)
    {
        Ir.Clear();
        Exact = exact;
        _thread = thread;
        Ended = false;
        _vectorMode = false;
        _numbers = 0;
        _fpscr = -1;
        BeginSingles(assumed);
        BeginTrace(trace);
        Ir.IsHot = _trace is not null;
    }

    /// <summary>The present value of an I32 slot, when building for one interpretation; else 0.</summary>
    public uint Peek(int slot) => _thread is null ? 0 : *(uint*)Layout.AddressOf(_thread, slot);

    /// <summary>Starts an instruction of the block.</summary>
    public void BeginInsn(uint pc)
    {
        if (Ir.Count == 0 || _assumed != 0 && Ir[Ir.Count - 1].Op == IrOp.LoopHead)
            _start = pc;
        Pc = pc;
        NoteInTrace(pc);
        Ir.InsnStart(pc, 4);
    }

    public int Const(uint value) => Ir.Const(value);

    public int Get(int slot) => Ir.Get(Layout, slot);
    public void Put(int slot, int value) => Ir.Put(slot, value);

    public int Gpr(int n) => Get(PpcSlot.Gpr(n));
    public void SetGpr(int n, int value) => Put(PpcSlot.Gpr(n), value);

    public int GprHigh(int n) => Get(PpcSlot.GprHigh(n));
    public void SetGprHigh(int n, int value) => Put(PpcSlot.GprHigh(n), value);

    public int Fpr(int n) => Get(PpcSlot.Fpr(n));
    public void SetFpr(int n, int value)
    {
        Put(PpcSlot.Fpr(n), value);
        ForgetSingle(n);
        _numbers &= ~(1u << n);
        if (_fpscr == n)
            _fpscr = -1;
    }

    /// <summary>Whether a floating-point register has what FPSCR's slot has, no exception is enabled, and rounding is to nearest.</summary>
    public bool HasFpscr(int n) => _fpscr == n;

    /// <summary>A floating-point register was given FPSCR by code that is left where exceptions are enabled or rounding is not to nearest.</summary>
    public void NoteFpscr(int n) => _fpscr = n;

    /// <summary>Whether a floating-point register is known to hold no NaN.</summary>
    public bool IsNumber(int n) => (_numbers >> n & 1) != 0;

    /// <summary>A floating-point register holds no NaN: it was tested, or computed from such.</summary>
    public void NoteNumber(int n) => _numbers |= 1u << n;

    public int Vr(int n) => Get(PpcSlot.Vr(n));
    public void SetVr(int n, int value) => Put(PpcSlot.Vr(n), value);

    /// <summary>The ordering (I64) of a condition field.</summary>
    public int Cr(int n) => Get(PpcSlot.Cr(n));
    public void SetCr(int n, int ordering) => Put(PpcSlot.Cr(n), ordering);

    public int CrSo(int n) => Get(PpcSlot.CrSo(n));
    public void SetCrSo(int n, int value) => Put(PpcSlot.CrSo(n), value);

    /// <summary>A condition field from an ordering, with XER.SO copied beside it.</summary>
    public void SetCrWithSo(int n, int ordering)
    {
        SetCr(n, ordering);
        SetCrSo(n, Get(PpcSlot.XerSo));
    }

    /// <summary>A condition field from four bits (I32: 8 less, 4 greater, 2 equal, 1 summary overflow or unordered).</summary>
    public void SetCrBits(int n, int bits)
    {
        SetCr(n, Ir.Convert(IrOp.OrderFromBits, IrType.I64, bits));
        SetCrSo(n, Ir.And(bits, Const(1)));
    }

    /// <summary>The four bits of a condition field (I32).</summary>
    public int CrBits(int n) => Ir.Or(Ir.Convert(IrOp.OrderToBits, IrType.I32, Cr(n)), CrSo(n));

    /// <summary>One bit of CR (0 to 31) as I32 0 or 1.</summary>
    public int CrBit(int bit) => (bit & 3) switch
    {
        0 => Ir.Convert(IrOp.OrderLess, IrType.I32, Cr(bit >> 2)),
        1 => Ir.Convert(IrOp.OrderGreater, IrType.I32, Cr(bit >> 2)),
        2 => Ir.Convert(IrOp.OrderEqual, IrType.I32, Cr(bit >> 2)),
        _ => CrSo(bit >> 2),
    };

    /// <summary>Rc=1: CR0 from the signed comparison of a result with zero.</summary>
    public void Record(int value) => SetCrWithSo(0, Ir.OrderS(value, Const(0)));

    /// <summary>The base register of an address: zero for ra 0.</summary>
    public int Base(int ra) => ra == 0 ? Const(0) : Gpr(ra);

    /// <summary>(ra|0) + displacement as a value. Loads and stores can take the displacement themselves, with <see cref="Base"/>.</summary>
    public int EffectiveAddress(int ra, int displacement) => displacement == 0 ? Base(ra) : ra == 0 ? Const((uint)displacement) : Ir.Add(Gpr(ra), Const((uint)displacement));

    /// <summary>(ra|0) + rb.</summary>
    public int EffectiveAddressIndexed(int ra, int rb) => ra == 0 ? Gpr(rb) : Ir.Add(Gpr(ra), Gpr(rb));

    /// <summary>Scalar floating point follows: the scalar MXCSR is loaded.</summary>
    public void UseScalarFloat()
    {
        if (_vectorMode)
            Ir.Emit(IrOp.FpMode, IrType.None, imm: 0);
        _vectorMode = false;
    }

    /// <summary>Vector floating point follows: the vector MXCSR is loaded.</summary>
    public void UseVectorFloat()
    {
        if (!_vectorMode)
            Ir.Emit(IrOp.FpMode, IrType.None, imm: 1);
        _vectorMode = true;
    }

    /// <summary>No instruction may be added behind this one.</summary>
    public void EndBlock() => Ended = true;

    /// <summary>Ends the block going on at a guest address.</summary>
    public void Exit(uint pc)
    {
        UseScalarFloat();
        LeadTo(pc);
        Ir.Exit(pc);
        EndBlock();
    }

    /// <summary>If the condition is not 0, goes on at a guest address, else behind this.</summary>
    public void ExitIf(int condition, uint pc)
    {
        UseScalarFloat();
        LeadTo(pc);
        Ir.ExitIf(condition, pc);
    }

    /// <summary>Ends the block going on at a computed guest address.</summary>
    public void ExitTo(int pc)
    {
        UseScalarFloat();
        Ir.ExitTo(pc);
        EndBlock();
    }

    /// <summary>Ends the block with a <see cref="PpcTrap"/> at this instruction.</summary>
    public void Trap(uint argument)
    {
        UseScalarFloat();
        Ir.Trap(ExitReason.Special, argument);
        EndBlock();
    }

    /// <summary>If the condition is not 0, a <see cref="PpcTrap"/> at this instruction, which must have done nothing yet.</summary>
    public void TrapIf(int condition, uint argument)
    {
        UseScalarFloat();
        Ir.TrapIf(condition, ExitReason.Special, argument);
    }

    /// <summary>Ends the block behind this instruction with a system call.</summary>
    public void SystemCall()
    {
        UseScalarFloat();
        Ir.TrapBehind(ExitReason.SystemCall, 0);
        EndBlock();
    }

    public void Illegal() => Trap(PpcTrap.Illegal);

    public void Privileged() => Trap(PpcTrap.Privileged);

    /// <summary>Calls a helper (<see cref="PpcHelpers"/>). In compiled code the whole instruction is left to the interpreter.</summary>
    public int Call(int helper, IrType result, int a = -1, int b = -1, int c = -1) => Ir.Call(helper, result, a, b, c);
}
