using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using Suite.Guest.Ppc;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Tools.Ppc;

/// <summary>The architected registers of a thread that is outside generated code, as the kernel's structures show them.</summary>
internal readonly unsafe ref struct PpcRegisters(VcpuState* state, StateLayout layout)
{
    // An ordering (IrOp.OrderS): less is bit 62, equal is low 32 bits zero, greater is positive.
    private const ulong OrderLess = 1UL << 62, OrderUnequal = 1, OrderGreater = 1UL << 32, OrderNotGreater = 1UL << 63;
    private const uint SummaryOverflow = 0x80000000, Overflow = 0x40000000, Carry = 0x20000000;

    public ref uint this[int slot] => ref *(uint*)layout.AddressOf(state, slot);

    public uint Gpr(int n) => this[PpcSlot.Gpr(n)];

    // The whole host register: its upper half is not looked at, and zero is what it would hold.
    public void SetGpr(int n, uint value)
    {
        void* at = layout.AddressOf(state, PpcSlot.Gpr(n));
        if (layout.Slots[PpcSlot.Gpr(n)].Home == SlotHome.Register)
            *(ulong*)at = value;
        else
            *(uint*)at = value;
    }

    public ref ulong Fpr(int n) => ref *(ulong*)layout.AddressOf(state, PpcSlot.Fpr(n));

    /// <summary>Copies a vector register out in memory order.</summary>
    public void ReadVector(int n, Span<byte> into)
    {
        Vector128<byte> lanes = *(Vector128<byte>*)layout.AddressOf(state, PpcSlot.Vr(n));
        lanes.CopyTo(into);
        into[..16].Reverse();
    }

    /// <summary>Sets a vector register from memory order.</summary>
    public void WriteVector(int n, ReadOnlySpan<byte> from)
    {
        Span<byte> lanes = new(layout.AddressOf(state, PpcSlot.Vr(n)), 16);
        from[..16].CopyTo(lanes);
        lanes.Reverse();
    }

    /// <summary>CR, field 0 in the highest bits.</summary>
    public uint Cr
    {
        get
        {
            uint value = 0;
            for (int n = 0; n < 8; n++)
            {
                ulong order = *(ulong*)layout.AddressOf(state, PpcSlot.Cr(n));
                uint bits = ((order & OrderLess) != 0 ? 8u : 0) | ((long)order > 0 ? 4u : 0) | ((uint)order == 0 ? 2u : 0) | this[PpcSlot.CrSo(n)];
                value = value << 4 | bits;
            }

            return value;
        }
        set
        {
            for (int n = 0; n < 8; n++)
            {
                uint bits = value >> (28 - 4 * n);
                *(ulong*)layout.AddressOf(state, PpcSlot.Cr(n)) =
                    ((bits & 8) != 0 ? OrderLess : 0) | ((bits & 4) != 0 ? OrderGreater : OrderNotGreater) | ((bits & 2) != 0 ? 0 : OrderUnequal);
                this[PpcSlot.CrSo(n)] = bits & 1;
            }
        }
    }

    public uint Xer
    {
        get => (this[PpcSlot.XerSo] != 0 ? SummaryOverflow : 0) | (this[PpcSlot.XerOv] != 0 ? Overflow : 0) | (this[PpcSlot.XerCa] != 0 ? Carry : 0) | this[PpcSlot.XerCount];
        set
        {
            this[PpcSlot.XerSo] = value >> 31;
            this[PpcSlot.XerOv] = value >> 30 & 1;
            this[PpcSlot.XerCa] = value >> 29 & 1;
            this[PpcSlot.XerCount] = value & 0xFF7F;
        }
    }

    /// <summary>Whether the last system call failed.</summary>
    public bool CallFailed
    {
        set => this[PpcSlot.CrSo(0)] = value ? 1u : 0;
    }

    /// <summary>The accumulator of SPE.</summary>
    public ref ulong Accumulator => ref *(ulong*)layout.AddressOf(state, PpcSlot.Acc);

    /// <summary>A word of a structure in guest memory order.</summary>
    public static void Put(Span<byte> structure, int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(structure[at..], value);

    /// <inheritdoc cref="Put"/>
    public static uint Take(ReadOnlySpan<byte> structure, int at) => BinaryPrimitives.ReadUInt32BigEndian(structure[at..]);
}
