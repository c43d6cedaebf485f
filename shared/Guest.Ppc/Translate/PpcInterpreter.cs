using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Suite.Guest.Ppc.Float;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc;

/// <summary>
/// Executes guest instructions one at a time, exactly: what compiled code leaves out, and the oracle of tests. One instance serves one thread, which must be
/// outside generated code.
/// </summary>
public sealed unsafe class PpcInterpreter(StateLayout layout, PpcModel model, PpcDecoder decoder, IrHelpers helpers, IIrMemory memory)
{
    private readonly PpcEmitter _emitter = new(layout, model);
    private readonly IrInterpreter _interpreter = new(layout, helpers, memory);

    /// <summary>
    /// Executes the instruction at <see cref="VcpuState.Pc"/>. With <see cref="IrEnd.Next"/>, Pc has moved on; with a trap it is the outcome's pc; after a
    /// fault it has not moved, and the outcome tells the address.
    /// </summary>
    public IrOutcome ExecuteOne(VcpuState* thread)
    {
        uint pc = (uint)thread->Pc & ~3u;
        uint word;
        if (!memory.Read(pc, (byte*)&word, sizeof(uint), out ulong fault))
            return new IrOutcome(IrEnd.Fault, pc, ExitReason.FetchFault, FaultAddress: fault);
        return ExecuteOne(thread, BinaryPrimitives.ReverseEndianness(word));
    }

    /// <summary>Executes a given word as if it stood at <see cref="VcpuState.Pc"/>.</summary>
    public IrOutcome ExecuteOne(VcpuState* thread, uint word)
    {
        if ((word & MffsMask) == Mffs && model.Has(PpcFeature.Float))
            return ReadFpscr(thread, word);
        _emitter.Begin(exact: true, thread);
        _emitter.BeginInsn((uint)thread->Pc);
        ref readonly PpcRow row = ref decoder.Find(word);
        if (Unsafe.IsNullRef(in row))
            _emitter.Illegal();
        else
            row.Emit(_emitter, word);
        if (!_emitter.Ended)
            _emitter.UseScalarFloat();
        IrOutcome outcome = _interpreter.Run(_emitter.Ir, thread);
        if (outcome.End != IrEnd.Fault)
            thread->Pc = (uint)outcome.Pc;
        return outcome;
    }

    private const uint Mffs = 63u << 26 | FpOpcode.Mffs << 1, MffsMask = 0xFC00_07FF;

    // mffs without the way through IR: libraries do it at each square root, and it always leaves compiled code.
    private IrOutcome ReadFpscr(VcpuState* thread, uint word)
    {
        *(ulong*)layout.AddressOf(thread, PpcSlot.Fpr(PpcWord.Rt(word))) = FpscrState.Materialize(layout, thread);
        thread->Pc = (uint)thread->Pc + sizeof(uint);
        return new IrOutcome(IrEnd.Next, thread->Pc);
    }

    /// <summary>Runs until an instruction traps or faults, or so many are done.</summary>
    public IrOutcome Run(VcpuState* thread, long limit)
    {
        IrOutcome outcome = new(IrEnd.Next, thread->Pc);
        while (limit-- > 0 && outcome.End == IrEnd.Next)
            outcome = ExecuteOne(thread);
        return outcome;
    }
}
