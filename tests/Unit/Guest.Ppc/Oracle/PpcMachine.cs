using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Suite.Guest.Ppc;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Tests.Guest.Ppc;

/// <summary>A PowerPC thread outside compiled code, with 4 KiB of memory at guest address 0: rows are emitted and interpreted on it.</summary>
internal sealed unsafe class PpcMachine : IIrMemory, IDisposable
{
    private const int MemoryBytes = 4096;
    private readonly VcpuState* _state;
    private readonly byte* _stateBlock;
    private readonly byte* _area;
    private readonly IrInterpreter _interpreter;
    private readonly PpcEmitter _emitter;

    public PpcMachine(PpcFeature features, StateLayout? layout = null)
    {
        Layout = layout ?? PpcLayout.ForHost();
        _state = (VcpuState*)NativeMemory.AllocZeroed((nuint)sizeof(VcpuState));
        _stateBlock = (byte*)NativeMemory.AlignedAlloc((nuint)Layout.Size, 64);
        _area = (byte*)NativeMemory.AlignedAlloc(16384, 64);
        new Span<byte>(_stateBlock, Layout.Size).Clear();
        new Span<byte>(_area, 16384).Clear();
        _state->VectorArea = (ulong)_area;
        VectorImage.MarkInUse(_state);
        _state->Gpr[StateLayout.BlockRegister] = (ulong)_stateBlock;
        _interpreter = new IrInterpreter(Layout, PpcHelpers.Create(), this);
        _emitter = new PpcEmitter(Layout, new PpcModel("test", 0, features, 32));
    }

    public StateLayout Layout { get; }

    public byte[] Memory { get; } = new byte[MemoryBytes];

    public VcpuState* State => _state;

    /// <summary>A slot's value, I32, I64 or F64 bits.</summary>
    public ref T Slot<T>(int slot) where T : unmanaged => ref *(T*)Layout.AddressOf(_state, slot);

    /// <summary>The row of a word among given ones.</summary>
    public static PpcRow RowOf(ReadOnlySpan<PpcRow> rows, uint word)
    {
        foreach (PpcRow row in rows)
            if ((word & row.Mask) == row.Match)
                return row;
        throw new ArgumentException($"no row for {word:x8}");
    }

    /// <summary>Emits a row's IR for a word and interprets it.</summary>
    public IrOutcome Execute(in PpcRow row, uint word, bool exact)
    {
        _emitter.Begin(exact, exact ? _state : null);
        _emitter.BeginInsn(0x1000);
        row.Emit(_emitter, word);
        return _interpreter.Run(_emitter.Ir, _state);
    }

    /// <summary>A vector register from its bytes in guest order.</summary>
    public void SetVr(int n, ReadOnlySpan<byte> guest)
    {
        Span<byte> host = stackalloc byte[16];
        guest.CopyTo(host);
        host.Reverse();
        Slot<Vector128<byte>>(PpcSlot.Vr(n)) = Vector128.Create<byte>(host);
    }

    /// <summary>The bytes of a vector register in guest order.</summary>
    public byte[] Vr(int n)
    {
        byte[] bytes = new byte[16];
        Slot<Vector128<byte>>(PpcSlot.Vr(n)).CopyTo(bytes);
        Array.Reverse(bytes);
        return bytes;
    }

    /// <summary>CR as mfcr reads it.</summary>
    public uint Cr
    {
        get
        {
            uint cr = 0;
            for (int n = 0; n < 8; n++)
            {
                long order = Slot<long>(PpcSlot.Cr(n));
                uint bits = (order >> 62 & 1) != 0 ? 8u : 0;
                bits |= order > 0 ? 4u : 0;
                bits |= (uint)order == 0 ? 2u : 0;
                cr = cr << 4 | bits | Slot<uint>(PpcSlot.CrSo(n));
            }

            return cr;
        }
        set
        {
            for (int n = 0; n < 8; n++)
            {
                uint bits = value >> 28 - 4 * n & 15;
                Slot<ulong>(PpcSlot.Cr(n)) = 1UL << 40 | ((bits & 8) != 0 ? 1UL << 62 : 0) | ((bits & 4) != 0 ? 0 : 1UL << 63) | ((bits & 2) != 0 ? 0 : 1u);
                Slot<uint>(PpcSlot.CrSo(n)) = bits & 1;
            }
        }
    }

    public void SetGpr(int n, uint value) => Slot<uint>(PpcSlot.Gpr(n)) = value;

    public uint Gpr(int n) => Slot<uint>(PpcSlot.Gpr(n));

    public bool Read(uint address, byte* into, int bytes, out ulong faultAddress)
    {
        faultAddress = address;
        if (address > MemoryBytes - bytes)
            return false;
        Memory.AsSpan((int)address, bytes).CopyTo(new Span<byte>(into, bytes));
        return true;
    }

    public bool Write(uint address, byte* from, int bytes, out ulong faultAddress)
    {
        faultAddress = address;
        if (address > MemoryBytes - bytes)
            return false;
        new ReadOnlySpan<byte>(from, bytes).CopyTo(Memory.AsSpan((int)address, bytes));
        return true;
    }

    public bool CompareExchange(uint address, uint expected, uint replacement, out bool stored, out ulong faultAddress)
    {
        stored = false;
        faultAddress = address;
        if (address > MemoryBytes - 4)
            return false;
        stored = BinaryPrimitives.ReadUInt32LittleEndian(Memory.AsSpan((int)address)) == expected;
        if (stored)
            BinaryPrimitives.WriteUInt32LittleEndian(Memory.AsSpan((int)address), replacement);
        return true;
    }

    public void Dispose()
    {
        NativeMemory.Free(_state);
        NativeMemory.AlignedFree(_stateBlock);
        NativeMemory.AlignedFree(_area);
    }
}
