using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Suite.Guest.Ppc;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.Ppc;

/// <summary>A thread of some model, interpreted, whose memory is a record's.</summary>
internal sealed unsafe class IntegerMachine : IIrMemory, IDisposable
{
    private const int VectorBytes = 16384;
    private readonly StateLayout _layout = PpcLayout.Create(avx512: false);
    private readonly VcpuState* _thread = (VcpuState*)NativeMemory.AllocZeroed((nuint)sizeof(VcpuState));
    private readonly PpcInterpreter _interpreter;
    private IntegerRecord _record;

    public IntegerMachine(PpcModel model)
    {
        _thread->VectorArea = (ulong)NativeMemory.AlignedAlloc(VectorBytes, 64);
        new Span<byte>((byte*)_thread->VectorArea, VectorBytes).Clear();
        _thread->Gpr[StateLayout.BlockRegister] = (ulong)NativeMemory.AlignedAlloc((nuint)_layout.Size, 64);
        State = new PpcState(_layout, _thread);
        State.Reset();
        _interpreter = new PpcInterpreter(_layout, model, new PpcDecoder(model), PpcHelpers.Create(), this);
    }

    public PpcState State { get; }

    /// <summary>Executes a record's word and puts the outcome into it.</summary>
    public void Execute(IntegerRecord record)
    {
        _record = record;
        PpcState state = State;
        for (int n = 0; n < 32; n++)
            state.SetGpr(n, record.Gpr(n));
        state.Cr = record.Cr;
        state.Xer = record.Xer;
        state.Slot<uint>(PpcSlot.Lr) = record.Lr;
        state.Slot<uint>(PpcSlot.Ctr) = record.Ctr;
        _thread->Pc = IntegerRecord.Code;
        IrOutcome outcome = _interpreter.ExecuteOne(_thread, record.Word);
        for (int n = 0; n < 32; n++)
            record.SetGpr(n, state.Gpr(n));
        record.Cr = state.Cr;
        record.Xer = state.Xer;
        record.Lr = state.Slot<uint>(PpcSlot.Lr);
        record.Ctr = state.Slot<uint>(PpcSlot.Ctr);
        (record.Signal, record.SignalCode) = SignalOf(outcome);
        record.Taken = outcome.End == IrEnd.Next && outcome.Pc != IntegerRecord.Code + 4 ? 1u : 0;
    }

    public bool Read(uint address, byte* into, int bytes, out ulong faultAddress)
    {
        if (!Find(address, bytes, out Span<byte> memory, out faultAddress))
            return false;
        memory.CopyTo(new Span<byte>(into, bytes));
        return true;
    }

    public bool Write(uint address, byte* from, int bytes, out ulong faultAddress)
    {
        if (!Find(address, bytes, out Span<byte> memory, out faultAddress))
            return false;
        new Span<byte>(from, bytes).CopyTo(memory);
        return true;
    }

    public bool CompareExchange(uint address, uint expected, uint replacement, out bool stored, out ulong faultAddress)
    {
        stored = false;
        if (!Find(address, 4, out Span<byte> memory, out faultAddress))
            return false;
        stored = BinaryPrimitives.ReadUInt32LittleEndian(memory) == expected;
        if (stored)
            BinaryPrimitives.WriteUInt32LittleEndian(memory, replacement);
        return true;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree((void*)_thread->VectorArea);
        NativeMemory.AlignedFree((void*)_thread->Gpr[StateLayout.BlockRegister]);
        NativeMemory.Free(_thread);
    }

    private static (uint Signal, uint Code) SignalOf(IrOutcome outcome)
    {
        const uint Sigill = 4, Sigtrap = 5, Sigbus = 7, Sigsegv = 11, IllegalOpcode = 1, PrivilegedOpcode = 5, First = 1;
        return outcome switch
        {
            { End: IrEnd.Next } => (0, 0),
            { End: IrEnd.Fault } => (Sigsegv, First),
            { Argument: PpcTrap.Illegal } => (Sigill, IllegalOpcode),
            { Argument: PpcTrap.Privileged } => (Sigill, PrivilegedOpcode),
            { Argument: PpcTrap.Trap } => (Sigtrap, First),
            { Argument: PpcTrap.Alignment } => (Sigbus, First),
            _ => (uint.MaxValue, outcome.Argument),
        };
    }

    private bool Find(uint address, int bytes, out Span<byte> memory, out ulong faultAddress)
    {
        memory = default;
        faultAddress = address;
        if (address - IntegerRecord.Data > IntegerRecord.MemoryBytes - (uint)bytes)
            return false;
        memory = _record.Memory.Slice((int)(address - IntegerRecord.Data), bytes);
        return true;
    }
}
