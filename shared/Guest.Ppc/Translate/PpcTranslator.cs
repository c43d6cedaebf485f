using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Suite.Guest.Ppc.Float;
using Suite.Jit;
using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc;

/// <summary>
/// PowerPC code to host code: each word's row builds IR, and the back end compiles the block. A block is the instructions of one page up to an unconditional
/// branch; conditional branches leave it on the way.
/// </summary>
public sealed unsafe class PpcTranslator(StateLayout layout, PpcModel model) : ITranslator
{
    private const int InsnBytes = 4, PageBytes = 4096;

    // The engine has room for some 64 KiB of host code in a block.
    private const int MaxIr = 2500;

    // Legacy SSE, AVX and AVX-512 upper registers: nothing else is touched.
    private const ulong SseAvxHi16 = 0x86;

    private readonly PpcEmitter _emitter = new(layout, model);
    private readonly PpcDecoder _decoder = new(model);
    private readonly IrCompiler _compiler = new(layout, HostFeatures.Host, new FpscrCode(layout, HostFeatures.Host));

    /// <inheritdoc/>
    public TranslatorTraits Traits { get; } = new() { EntersInside = false, ComparesTargets = true, FollowsJumps = true, VectorComponents = SseAvxHi16 };

    /// <inheritdoc/>
    public bool Translate(ulong pc, byte* code, int available, BlockBuilder block)
    {
        if (available < InsnBytes)
            return false;
        int bytes = Math.Min(available, Room(pc, block));
        IrBlock ir = Build((uint)pc, code, bytes, block, assumed: 0);
        if (block.MayAssume && _emitter.Assumable() is var assumable and not 0)
            ir = Build((uint)pc, code, bytes, block, assumable);
        _compiler.Compile(ir, block);
        return true;
    }

    /// <inheritdoc/>
    public void Unborrow(ref VcpuState state, InsnKind kind)
    {
    }

    /// <inheritdoc/>
    public IColdRunner CreateColdRunner(Stubs stubs) => new PpcColdRunner(layout, model, stubs);

    /// <summary>The IR of a block, before any pass; valid until the next call.</summary>
    /// <param name="pc">Guest address.</param>
    /// <param name="code">Guest bytes from there.</param>
    /// <param name="bytes">How many of them may be used.</param>
    /// <param name="block">Says where the block has to end.</param>
    /// <param name="assumed">See <see cref="PpcEmitter.Begin"/>.</param>
    private IrBlock Build(uint pc, byte* code, int bytes, BlockBuilder block, uint assumed)
    {
        _emitter.Begin(exact: false, assumed: assumed, trace: block);
        for (int n = 1; !_emitter.Ended; n++)
        {
            uint word = BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(code, InsnBytes));
            int start = _emitter.Ir.Count;
            _emitter.BeginInsn(pc);
            Emit(word);
            if (!_emitter.TakeFollowed(ref pc, ref code, ref bytes))
            {
                pc += InsnBytes;
                code += InsnBytes;
                bytes -= InsnBytes;
            }

            bool isLast = n >= block.InsnLimit || _emitter.Ir.Count > MaxIr || bytes < InsnBytes || block.Checked && Stores(start) || block.EndsBefore(pc);
            if (isLast && !_emitter.Ended)
                _emitter.Exit(pc);
        }
        return _emitter.Ir;
    }

    private void Emit(uint word)
    {
        ref readonly PpcRow row = ref _decoder.Find(word);
        if (Unsafe.IsNullRef(in row))
            _emitter.Illegal();
        else
            row.Emit(_emitter, word);
    }

    // Bytes up to the end of the page, and no more than a block may have that checks them itself.
    private static int Room(ulong pc, BlockBuilder block)
    {
        int page = PageBytes - (int)(pc & PageBytes - 1);
        return block.Checked ? Math.Min(page, Engine.CheckedBytes) : page;
    }

    private bool Stores(int start)
    {
        foreach (ref readonly IrInsn insn in _emitter.Ir.Insns[start..])
            if (insn.Op is IrOp.Store or IrOp.VecStore or IrOp.CompareExchange32)
                return true;
        return false;
    }
}
