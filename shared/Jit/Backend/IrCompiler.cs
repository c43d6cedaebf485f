using Suite.Jit.Ir;
using Suite.Jit.Ir.Passes;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

/// <summary>
/// Turns the IR of a block into host code. While it runs, rbp holds the state block's address, pinned slots live in their registers, the general
/// and vector registers that no slot is pinned to are free for intermediate values, and every guest instruction ends with its Puts done.
/// I32 values are zero-extended wherever they are. One instance serves an engine, under its lock.
/// </summary>
public sealed unsafe partial class IrCompiler : IKnownSlots
{
    private readonly StateLayout _layout;
    private readonly HostFeatures _features;
    private readonly IrOptimizer _optimizer;
    private readonly ValuePlan _plan;
    private readonly IHelperCode? _helpers;

    private IrBlock _block = null!;
    private BlockBuilder _b = null!;
    private ValueState[] _values = [];

    // The instruction being emitted: uses up to here are over.
    private int _at;
    private ulong _pc, _behind;
    private int _insnLength;
    private InsnKind _insnKind;
    private byte* _coldExit;
    private (long Imm, ulong Pc) _coldExitOf;

    /// <param name="layout">Guest state; needs a spill area and constants.</param>
    /// <param name="features">What the host has.</param>
    /// <param name="helpers">Helpers that need not be left to the interpreter.</param>
    public IrCompiler(StateLayout layout, HostFeatures features, IHelperCode? helpers = null)
    {
        if (layout.SpillOffset < 0 || layout.ConstantsOffset < 0)
            throw new ArgumentException("the layout needs a spill area and room for constants", nameof(layout));
        _layout = layout;
        _features = features;
        _helpers = helpers;
        _optimizer = new IrOptimizer(layout);
        _plan = new ValuePlan(layout, features);
        _slotValue = new int[layout.Slots.Length];
        (_temps[General], _temps[Vector]) = FreeRegisters(layout);
    }

    /// <summary>
    /// Compiles a block; the IR is changed on the way. From the first guest instruction on that holds something the back end leaves to the
    /// interpreter, the block is cut: it ends with a trap (<see cref="ExitReason.Special"/>, 0) at that instruction.
    /// </summary>
    public void Compile(IrBlock block, BlockBuilder b)
    {
        CutUnsupported(block);
        _optimizer.Run(block);
        _plan.Run(block);
        _block = block;
        _b = b;
        _values = _plan.Values;
        _coldExit = null;
        _insnLength = -1;
        ResetRegisters();
        BeginLate();
        BeginLoop();
        bool ended = false;
        for (int i = 0; i < block.Count; i++)
        {
            ref readonly IrInsn n = ref block[i];
            _at = i;
            UpdateLate(i);
            switch (n.Op)
            {
                case IrOp.None or IrOp.Const:
                    continue;
                case IrOp.InsnStart:
                    StartInsn(n);
                    continue;
                case IrOp.Get:
                    Hold((int)n.Imm, i);
                    continue;
            }

            if (_values[i].Deferred)
                continue;
            _untold = _late.Count > 0 && MayFaultWithOperands(n) ? Asm.Position : null;
            Emit(i);
            TellFault();
            EndUses();
            ended = IrTraits.Ends(n.Op);
        }

        if (!ended)
            _b.Jump(_behind);
        _b.EndInsn(_insnLength, _insnKind);
    }

    private ref X64Asm Asm => ref _b.Hot;

    private void StartInsn(in IrInsn n)
    {
        if (_insnLength >= 0)
            _b.EndInsn(_insnLength, _insnKind);
        if (_insnLength > 0 && (ulong)n.Imm != _behind)
            _b.GoOnAt((ulong)n.Imm);
        _pc = (ulong)n.Imm;
        _insnLength = n.A;
        _insnKind = n.B == 1 ? InsnKind.Open : InsnKind.Copy;
        _behind = _pc + (uint)n.A;
        _b.BeginInsn();
        Recover(Asm.Position, Asm.Position + 1);
    }

    private void CutUnsupported(IrBlock block)
    {
        int start = -1;
        for (int i = 0; i < block.Count; i++)
        {
            ref readonly IrInsn n = ref block[i];
            if (n.Op == IrOp.InsnStart)
                start = i;
            else if (!IsSupported(n))
            {
                block.CutAt(start + 1);
                block.Trap(ExitReason.Special, 0);
                return;
            }
        }
    }

    private bool IsSupported(in IrInsn n) => n.Op switch
    {
        IrOp.Call => false,
        IrOp.Query => _helpers is not null && _helpers.Has((int)n.Imm),
        IrOp.FMulAdd or IrOp.FMulSub => _features.Fma,
        IrOp.FMulAddOdd or IrOp.FMulSubOdd => _features.Avx512,
        IrOp.Vec => _features.Avx && VecEmitter.Supports(VecImm.Op(n.Imm), _features),
        IrOp.OrderF or (>= IrOp.FAdd and <= IrOp.FUnordered) or IrOp.VecLoad or IrOp.VecStore or IrOp.FpMode or IrOp.FpClearFlags => _features.Avx,
        IrOp.Load or IrOp.Store => MemAccess.Kind(n.Imm) != MemKind.F64Be || _features.Avx,
        _ => true,
    };

    // Emits one instruction; also called for a deferred one when its user wants it in a register after all.
    private void Emit(int i)
    {
        ref readonly IrInsn n = ref _block[i];
        if (!KeepsFlags(n))
            ForgetFlags();
        switch (n.Op)
        {
            case IrOp.Put:
                if (!EmitPutPair(i, n))
                    EmitPut(n);
                break;
            case IrOp.Load:
                EmitLoad(i, n);
                break;
            case IrOp.Store:
                EmitStore(n);
                break;
            case IrOp.VecLoad or IrOp.VecStore:
                EmitVecMemory(i, n);
                break;
            case IrOp.CompareExchange32:
                EmitCompareExchange(i, n);
                break;
            case IrOp.Fence:
                Asm.LockAdd32(Spilled(0), 0);
                break;
            case IrOp.LoopHead:
                EmitLoopHead(i);
                break;
            case IrOp.Carry:
                EmitCarry(i, n);
                break;
            case IrOp.FpClearFlags:
                EmitFpClearFlags(n);
                break;
            case IrOp.FpMode:
                EmitFpMode((int)n.Imm);
                break;
            case IrOp.Vec:
                EmitVec(i, n);
                break;
            case IrOp.Query:
                EmitQuery(i, n);
                break;
            case IrOp.Select:
                EmitSelect(i, n);
                break;
            case IrOp.OrderF or (>= IrOp.FAdd and <= IrOp.FFromI32):
                EmitFloat(i, n);
                break;
            case IrOp.ExitIf or IrOp.ExitUnless or IrOp.Exit or IrOp.ExitTo or IrOp.Trap or IrOp.TrapIf or IrOp.TrapBehind:
                EmitExit(n);
                break;
            default:
                if (IrTraits.IsBoolean(n.Op))
                    EmitBoolean(i);
                else
                    EmitInteger(i, n);
                break;
        }
    }

    private bool KeepsFlags(in IrInsn n) => n.Op is IrOp.Put or IrOp.ExitIf or IrOp.TrapIf or IrOp.Carry or IrOp.OrderF or (>= IrOp.FLess and <= IrOp.FUnordered)
        || (n.Op is IrOp.Load or IrOp.Store && _features.Movbe && MemAccess.Kind(n.Imm) is MemKind.U32Be or MemKind.U8 or MemKind.S8);

    // Registers no slot is pinned to. rsp is the host's stack, rbp the state block.
    private static (uint General, uint Vector) FreeRegisters(StateLayout layout)
    {
        uint general = 0xFFFF & ~(1u << (int)Reg.Rsp | 1u << (int)Reg.Rbp), vector = 0xFFFF;
        foreach (ref readonly StateSlot slot in layout.Slots.AsSpan())
        {
            if (slot.Home == SlotHome.Register)
                general &= ~(1u << slot.Register);
            else if (slot.Home == SlotHome.VectorRegister && slot.Register < 16)
                vector &= ~(1u << slot.Register);
        }

        const uint NeededGeneral = 1u << (int)Reg.Rax | 1u << (int)Reg.Rcx | 1u << (int)Reg.Rdx;
        if ((general & NeededGeneral) != NeededGeneral || System.Numerics.BitOperations.PopCount(vector) < 4)
            throw new ArgumentException("rax, rcx, rdx and four vector registers must stay free", nameof(layout));
        return (general, vector);
    }
}
