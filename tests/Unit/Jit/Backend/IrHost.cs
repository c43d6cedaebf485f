using System.Runtime.InteropServices;
using Suite.Host;
using Suite.Jit;
using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Tests.Guest.X86;

namespace Suite.Tests.Jit.Backend;

/// <summary>
/// An engine whose translator compiles IR that tests hand it, and a bound thread to run it on; beside it a second thread state, private memory
/// and the interpreter. Guest code addresses mean nothing: each stands for one IR block.
/// </summary>
internal sealed unsafe class IrHost : ITranslator, ICodeSource, IDisposable
{
    public const uint Data = 0x2E80_0000, CodeBase = 0x1000_0000;
    public const int DataBytes = 0x4000;
    private const int MarginBytes = 0x10_0000, StackBytes = 0x1_0000;

    private readonly Dictionary<ulong, Func<bool, IrBlock>> _blocks = [];
    private readonly GateFixture _gate;
    private readonly IrCompiler _compiler;
    private ulong _nextPc = CodeBase;

    /// <param name="features">What the compiler may use.</param>
    /// <param name="layout">State of the guest; by default one that has a bit of everything.</param>
    /// <param name="helpers">Host code of helpers.</param>
    public IrHost(HostFeatures features, StateLayout? layout = null, IHelperCode? helpers = null)
    {
        Layout = layout ?? IrTestLayout.Create(features);
        _compiler = new IrCompiler(Layout, features, helpers);
        Map();
        Engine = new Engine(new EngineOptions { CodeBytes = 32 << 20 }, this, this);
        _gate = new GateFixture(Engine);
        Block = (byte*)NativeMemory.AlignedAlloc((nuint)Layout.Size, 64);
        Stack = (byte*)NativeMemory.AlignedAlloc(StackBytes, 64);
        Interpreted = (VcpuState*)NativeMemory.AllocZeroed((nuint)sizeof(VcpuState));
        Interpreted->VectorArea = (ulong)NativeMemory.AlignedAlloc((nuint)ThreadBinding.VectorBytes, 64);
        new Span<byte>((byte*)Interpreted->VectorArea, ThreadBinding.VectorBytes).Clear();
        Interpreted->Gpr[StateLayout.BlockRegister] = (ulong)NativeMemory.AlignedAlloc((nuint)Layout.Size, 64);
    }

    public TranslatorTraits Traits { get; } = new() { EntersInside = false, ComparesTargets = true };

    public StateLayout Layout { get; }
    public Engine Engine { get; }

    /// <summary>The state block of the thread that runs compiled code.</summary>
    public byte* Block { get; }

    private byte* Stack { get; }

    /// <summary>State of the thread that is interpreted; its data memory is <see cref="Shadow"/>.</summary>
    public VcpuState* Interpreted { get; }

    public byte[] Shadow { get; } = new byte[DataBytes];

    public VcpuState* State { get; private set; }

    /// <summary>Host code of the block compiled last.</summary>
    public byte[] HostCode { get; private set; } = [];

    public ulong HostCodeAt { get; private set; }

    public HostFeatures Features => _compiler.Features;

    /// <summary>The fused operations this host has.</summary>
    public IrOp[] Fused => _compiler.Features.Avx512 ? [IrOp.FMulAdd, IrOp.FMulSub, IrOp.FMulAddOdd, IrOp.FMulSubOdd] : [IrOp.FMulAdd, IrOp.FMulSub];

    /// <summary>A guest address for a block.</summary>
    public ulong NewPc() => _nextPc += 0x400;

    public void Define(ulong pc, IrBlock block) => _blocks[pc] = _ => block;

    /// <summary>The same of a block that is built when it is translated: with or without assumptions (<see cref="BlockBuilder.MayAssume"/>).</summary>
    public void Define(ulong pc, Func<bool, IrBlock> build) => _blocks[pc] = build;

    /// <summary>Runs compiled code from an address until it leaves the engine.</summary>
    public ExitReason Execute(ulong pc, uint mxcsr = 0x1F80)
    {
        State->Pc = pc;
        State->Gpr[StateLayout.BlockRegister] = (ulong)Block;
        State->Gpr[4] = (ulong)(Stack + StackBytes / 2);
        State->Flags = 0x202;
        VectorImage.Mxcsr(State) = mxcsr;
        ExitReason reason = Engine.Run(State);
        VectorImage.MarkInUse(State);
        return reason;
    }

    /// <summary>Runs the body on a thread bound to the engine, faults going to the engine.</summary>
    public void Run(Action body)
    {
        GateFixture.OnThread(() => RunBound(body));
    }

    bool ITranslator.Translate(ulong pc, byte* code, int available, BlockBuilder block)
    {
        byte* start = block.Hot.Position;
        if (_blocks.TryGetValue(pc, out Func<bool, IrBlock>? build))
        {
            _compiler.Compile(build(block.MayAssume), block);
            HostCode = new ReadOnlySpan<byte>(start, (int)(block.Hot.Position - start)).ToArray();
            HostCodeAt = (ulong)start;
            return true;
        }

        block.BeginInsn();
        block.Hot.Jmp(block.ColdExit(ExitReason.Special, 0x5000, pc));
        block.EndInsn(4, InsnKind.Copy);
        return true;
    }

    void ITranslator.Unborrow(ref VcpuState state, InsnKind kind)
    {
    }

    bool ICodeSource.IsExecutable(ulong pc) => true;

    int ICodeSource.Fetch(ulong pc, byte* into, int max, bool allowProtect, out bool canProtect)
    {
        canProtect = true;
        new Span<byte>(into, max).Clear();
        return max;
    }

    public void Dispose()
    {
        Sys.Call(Nr.munmap, Data - MarginBytes, DataBytes + 2 * MarginBytes);
        Sys.Call(Nr.munmap, (long)Engine.Region.Base, Engine.Region.Size);
        NativeMemory.AlignedFree(Block);
        NativeMemory.AlignedFree(Stack);
        NativeMemory.AlignedFree((void*)Interpreted->VectorArea);
        NativeMemory.AlignedFree((void*)Interpreted->Gpr[StateLayout.BlockRegister]);
        NativeMemory.Free(Interpreted);
    }

    private void RunBound(Action body)
    {
        ulong mask;
        Sys.Call(Nr.rt_sigprocmask, Linux.SIG_BLOCK, 0, (long)&mask, 8);
        ThreadBinding binding = ThreadBinding.Bind(Engine);
        State = binding.State;
        Engine.World.Add(State, (int)Sys.Call(Nr.gettid));
        _gate.CatchFaults();
        try
        {
            body();
        }
        finally
        {
            ulong all = ulong.MaxValue;
            Sys.Call(Nr.rt_sigprocmask, Linux.SIG_BLOCK, (long)&all, 0, 8);
            Engine.World.Remove(State);
            binding.Dispose();
            _gate.Release();
            Sys.Call(Nr.rt_sigprocmask, Linux.SIG_SETMASK, (long)&mask, 0, 8);
        }
    }

    // Nothing lies around the data.
    private static void Map()
    {
        const int Flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE;
        long around = Sys.Call(Nr.mmap, Data - MarginBytes, DataBytes + 2 * MarginBytes, Linux.PROT_NONE, Flags | Linux.MAP_FIXED_NOREPLACE, -1, 0);
        if (around != Data - MarginBytes || Sys.Call(Nr.mmap, Data, DataBytes, Linux.PROT_READ | Linux.PROT_WRITE, Flags | Linux.MAP_FIXED, -1, 0) != Data)
            throw new InvalidOperationException($"guest memory at {Data:x} is taken (errno {-around})");
    }
}

/// <summary>The data area as the interpreter sees it: a private copy.</summary>
internal sealed unsafe class IrShadowMemory(byte[] shadow) : IIrMemory
{
    public bool Read(uint address, byte* into, int bytes, out ulong faultAddress)
    {
        if (!IsInside(address, bytes, out faultAddress))
            return false;
        shadow.AsSpan((int)(address - IrHost.Data), bytes).CopyTo(new Span<byte>(into, bytes));
        return true;
    }

    public bool Write(uint address, byte* from, int bytes, out ulong faultAddress)
    {
        if (!IsInside(address, bytes, out faultAddress))
            return false;
        new ReadOnlySpan<byte>(from, bytes).CopyTo(shadow.AsSpan((int)(address - IrHost.Data)));
        return true;
    }

    public bool CompareExchange(uint address, uint expected, uint replacement, out bool stored, out ulong faultAddress)
    {
        stored = false;
        if (!IsInside(address, 4, out faultAddress))
            return false;
        ref uint word = ref MemoryMarshal.AsRef<uint>(shadow.AsSpan((int)(address - IrHost.Data), 4));
        stored = word == expected;
        if (stored)
            word = replacement;
        return true;
    }

    private static bool IsInside(uint address, int bytes, out ulong faultAddress)
    {
        faultAddress = address < IrHost.Data ? address : Math.Max(address, IrHost.Data + IrHost.DataBytes);
        return address >= IrHost.Data && address - IrHost.Data <= IrHost.DataBytes - (uint)bytes;
    }
}
