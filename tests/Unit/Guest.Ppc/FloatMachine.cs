using System.Runtime.InteropServices;
using Suite.Guest.Ppc;
using Suite.Guest.Ppc.Float;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.Ppc;

/// <summary>A PowerPC thread that executes single instructions through their exact forms, as the interpreter does at run time, and blocks through their fast ones.</summary>
internal sealed unsafe class FloatMachine : IIrMemory, IDisposable
{
    private const int ImageBytes = 4096;
    private readonly VcpuState* _state;
    private readonly IrInterpreter _interpreter;
    private readonly PpcRow[] _rows = PpcRows.All;

    public FloatMachine(StateLayout layout)
    {
        Layout = layout;
        _state = (VcpuState*)NativeMemory.AllocZeroed((nuint)sizeof(VcpuState));
        _state->VectorArea = (ulong)NativeMemory.AlignedAlloc(ImageBytes, 64);
        new Span<byte>((void*)_state->VectorArea, ImageBytes).Clear();
        _state->Gpr[StateLayout.BlockRegister] = (ulong)NativeMemory.AlignedAlloc((nuint)layout.Size, 64);
        new Span<byte>((void*)_state->Gpr[StateLayout.BlockRegister], layout.Size).Clear();
        VectorImage.MarkInUse(_state);
        Emitter = new PpcEmitter(layout, new PpcModel("test", 0, (PpcFeature)ulong.MaxValue, 32));
        _interpreter = new IrInterpreter(layout, PpcHelpers.Create(), this);
        FpscrState.Apply(layout, _state, 0);
    }

    public StateLayout Layout { get; }

    public VcpuState* State => _state;

    public PpcEmitter Emitter { get; }

    /// <summary>Guest memory from address 0.</summary>
    public byte[] Memory { get; } = new byte[64];

    public ref ulong Fpr(int n) => ref Slot<ulong>(PpcSlot.Fpr(n));

    public ref uint Gpr(int n) => ref Slot<uint>(PpcSlot.Gpr(n));

    /// <summary>The FPSCR as mffs would show it.</summary>
    public uint Fpscr
    {
        get => FpscrState.Materialize(Layout, _state);
        set => FpscrState.Apply(Layout, _state, value);
    }

    public uint Cr
    {
        get => new PpcState(Layout, _state).Cr;
        set
        {
            PpcState state = new(Layout, _state);
            state.Cr = value;
        }
    }

    public ref T Slot<T>(int slot) where T : unmanaged => ref *(T*)Layout.AddressOf(_state, slot);

    /// <summary>The row of a word.</summary>
    public PpcRow Row(uint word)
    {
        foreach (PpcRow row in _rows)
            if ((word & row.Mask) == row.Match)
                return row;
        throw new ArgumentException($"{word:x8} is no instruction", nameof(word));
    }

    /// <summary>The bits that belong to fields.</summary>
    public uint FieldBits(uint word)
    {
        PpcRow row = Row(word);
        uint bits = 0;
        foreach (string name in row.Operands.Split(','))
            bits |= PpcField.TryFind(name, out PpcField field) ? field.Bits : PpcField.EndingBit(name);
        return bits;
    }

    /// <summary>Executes one instruction exactly.</summary>
    public IrOutcome Execute(uint word)
    {
        Emitter.Begin(exact: true, _state);
        Emitter.BeginInsn(0x1000);
        Row(word).Emit(Emitter, word);
        return _interpreter.Run(Emitter.Ir, _state);
    }

    public bool Read(uint address, byte* into, int bytes, out ulong faultAddress)
    {
        faultAddress = address;
        return Copy(Memory.AsSpan((int)address, bytes), new Span<byte>(into, bytes));
    }

    public bool Write(uint address, byte* from, int bytes, out ulong faultAddress)
    {
        faultAddress = address;
        return Copy(new Span<byte>(from, bytes), Memory.AsSpan((int)address, bytes));
    }

    public bool CompareExchange(uint address, uint expected, uint replacement, out bool stored, out ulong faultAddress) => throw new NotSupportedException();

    public void Dispose()
    {
        NativeMemory.AlignedFree((void*)_state->VectorArea);
        NativeMemory.AlignedFree((void*)_state->Gpr[StateLayout.BlockRegister]);
        NativeMemory.Free(_state);
    }

    private static bool Copy(Span<byte> from, Span<byte> to)
    {
        from.CopyTo(to);
        return true;
    }
}
