using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using Suite.Jit.Runtime;

namespace Suite.Jit.Ir;

/// <summary>
/// Executes IR on the state of a thread that is outside generated code: the oracle for compiled code, and the path of instructions that are
/// not compiled. Floating point is the plain host's; what must be exact goes through helpers. One instance serves one thread.
/// </summary>
public sealed unsafe partial class IrInterpreter(StateLayout layout, IrHelpers helpers, IIrMemory memory)
{
    private readonly IrInterpreterState _state = new(layout);
    private IrValue[] _values = new IrValue[1024];

    /// <summary>What helpers see.</summary>
    public IrInterpreterState State => _state;

    /// <summary>
    /// Runs a block to its end. A block without an end goes on behind its last instruction. <see cref="VcpuState.Pc"/> is not touched.
    /// </summary>
    public IrOutcome Run(IrBlock block, VcpuState* s)
    {
        if (_values.Length < block.Count)
            _values = new IrValue[block.Count * 2];
        VectorImage.MarkInUse(s);
        _state.Vcpu = s;
        ulong behind = 0;
        for (int i = 0; i < block.Count; i++)
        {
            ref readonly IrInsn n = ref block[i];
            switch (n.Op)
            {
                case IrOp.InsnStart:
                    _state.Pc = (ulong)n.Imm;
                    behind = _state.Pc + (uint)n.A;
                    break;
                case IrOp.Exit:
                    return new IrOutcome(IrEnd.Next, (ulong)n.Imm);
                case IrOp.ExitTo:
                    return new IrOutcome(IrEnd.Next, _values[n.A].U64);
                case IrOp.ExitIf:
                    if (_values[n.A].U64 != 0)
                        return new IrOutcome(IrEnd.Next, (ulong)n.Imm);
                    break;
                case IrOp.ExitUnless:
                    if (_values[n.A].U32 != (uint)n.Imm)
                        return new IrOutcome(IrEnd.Next, _values[n.A].U64);
                    break;
                case IrOp.Trap:
                    return Trap(n.Imm, _state.Pc);
                case IrOp.TrapIf:
                    if (_values[n.A].U64 != 0)
                        return Trap(n.Imm, _state.Pc);
                    break;
                case IrOp.TrapBehind:
                    return Trap(n.Imm, behind);
                case IrOp.Put:
                    Put((int)n.Imm, _values[n.A]);
                    break;
                case IrOp.LoopHead or IrOp.Carry:
                    break;
                case IrOp.FpClearFlags:
                    if (_values[n.A].U64 != 0)
                        VectorImage.Mxcsr(_state.Vcpu) &= ~VectorImage.MxcsrFlags;
                    break;
                case IrOp.FpMode:
                    SetFpMode((int)n.Imm);
                    break;
                case IrOp.Fence:
                    Interlocked.MemoryBarrier();
                    break;
                case IrOp.Call or IrOp.Query:
                    _state.ClearTrap();
                    _values[i].U64 = helpers.Invoke((int)n.Imm, _state, Bits(n.A), Bits(n.B), Bits(n.C));
                    if (_state.Trapped is { } reason)
                        return new IrOutcome(IrEnd.Trap, _state.Pc, reason, _state.TrapArgument);
                    if (n.Type == IrType.I32)
                        _values[i].U64 = _values[i].U32;
                    break;
                case IrOp.Load or IrOp.Store or IrOp.VecLoad or IrOp.VecStore or IrOp.CompareExchange32:
                    if (!Access(n, ref _values[i], out ulong fault))
                        return new IrOutcome(IrEnd.Fault, _state.Pc, FaultAddress: fault, IsWrite: n.Op is not (IrOp.Load or IrOp.VecLoad));
                    break;
                default:
                    _values[i] = Compute(block, n);
                    break;
            }
        }

        return new IrOutcome(IrEnd.Next, behind);
    }

    private static IrOutcome Trap(long imm, ulong pc) => new(IrEnd.Trap, pc, (ExitReason)(uint)imm, (uint)(imm >> 32));

    private ulong Bits(int value) => value < 0 ? 0 : _values[value].U64;

    private IrValue Get(int slot)
    {
        void* at = layout.AddressOf(_state.Vcpu, slot);
        IrValue v = default;
        switch (layout.Slots[slot].Type)
        {
            case IrType.I32:
                v.U64 = *(uint*)at;
                break;
            case IrType.V128:
                v.V128 = Vector128.Load((byte*)at);
                break;
            default:
                v.U64 = *(ulong*)at;
                break;
        }

        return v;
    }

    private void Put(int slot, in IrValue v)
    {
        void* at = layout.AddressOf(_state.Vcpu, slot);
        ref readonly StateSlot about = ref layout.Slots[slot];
        if (about.Type == IrType.V128)
            v.V128.Store((byte*)at);
        else if (about.Type == IrType.I32 && about.Home != SlotHome.Register)
            *(uint*)at = v.U32;
        else
            *(ulong*)at = v.U64;
    }

    // As compiled code does it: the MXCSR that is loaded is the image's.
    private void SetFpMode(int mode)
    {
        byte* block = (byte*)_state.Vcpu->Gpr[StateLayout.BlockRegister];
        ref int loaded = ref *(int*)(block + layout.VectorModeOffset);
        if (loaded == mode)
            return;
        if (mode != 0)
            *(uint*)(block + layout.ScalarMxcsrOffset) = VectorImage.Mxcsr(_state.Vcpu);
        VectorImage.Mxcsr(_state.Vcpu) = *(uint*)(block + (mode != 0 ? layout.VectorMxcsrOffset : layout.ScalarMxcsrOffset));
        loaded = mode;
    }

    private bool Access(in IrInsn n, ref IrValue result, out ulong fault)
    {
        byte* bytes = stackalloc byte[16];
        switch (n.Op)
        {
            case IrOp.Load:
                MemKind kind = MemAccess.Kind(n.Imm);
                if (!memory.Read(Address(n), bytes, MemAccess.Size(kind), out fault))
                    return false;
                result = FromBytes(kind, bytes);
                return true;
            case IrOp.Store:
                kind = MemAccess.Kind(n.Imm);
                ToBytes(kind, _values[n.B].U64, bytes);
                return memory.Write(Address(n), bytes, MemAccess.Size(kind), out fault);
            case IrOp.VecLoad:
                if (!memory.Read(_values[n.A].U32 & ~15u, bytes, 16, out fault))
                    return false;
                new Span<byte>(bytes, 16).Reverse();
                result.V128 = Vector128.Load(bytes);
                return true;
            case IrOp.VecStore:
                _values[n.B].V128.Store(bytes);
                new Span<byte>(bytes, 16).Reverse();
                return memory.Write(_values[n.A].U32 & ~15u, bytes, 16, out fault);
            default:
                bool done = memory.CompareExchange(_values[n.A].U32, BinaryPrimitives.ReverseEndianness(_values[n.B].U32),
                    BinaryPrimitives.ReverseEndianness(_values[n.C].U32), out bool stored, out fault);
                result.U64 = stored ? 1u : 0;
                return done;
        }
    }

    private uint Address(in IrInsn n) => _values[n.A].U32 + (uint)MemAccess.Displacement(n.Imm);

    private static IrValue FromBytes(MemKind kind, byte* p)
    {
        IrValue v = default;
        v.U64 = kind switch
        {
            MemKind.U8 => *p,
            MemKind.S8 => (uint)(sbyte)*p,
            MemKind.U16Be => BinaryPrimitives.ReverseEndianness(*(ushort*)p),
            MemKind.S16Be => (uint)BinaryPrimitives.ReverseEndianness(*(short*)p),
            MemKind.U32Be => BinaryPrimitives.ReverseEndianness(*(uint*)p),
            MemKind.U64Be or MemKind.F64Be => BinaryPrimitives.ReverseEndianness(*(ulong*)p),
            MemKind.U16Le => *(ushort*)p,
            MemKind.U32Le => *(uint*)p,
            _ => *(ulong*)p,
        };
        return v;
    }

    private static void ToBytes(MemKind kind, ulong value, byte* p) => *(ulong*)p = kind switch
    {
        MemKind.U16Be or MemKind.S16Be => BinaryPrimitives.ReverseEndianness((ushort)value),
        MemKind.U32Be => BinaryPrimitives.ReverseEndianness((uint)value),
        MemKind.U64Be or MemKind.F64Be => BinaryPrimitives.ReverseEndianness(value),
        _ => value,
    };
}
