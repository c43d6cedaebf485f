using System.Buffers.Binary;
using Suite.Guest.Ppc;

namespace Suite.Tools.Ppc;

/// <summary>Registers as the kernel's structures have them: big-endian words, vectors in memory order.</summary>
internal static class GuestOrder
{
    /// <summary>Bytes of a vector register.</summary>
    public const int VectorSize = 16;

    /// <summary>A word of a structure in guest memory order.</summary>
    public static void Put(Span<byte> structure, int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(structure[at..], value);

    /// <inheritdoc cref="Put"/>
    public static uint Take(ReadOnlySpan<byte> structure, int at) => BinaryPrimitives.ReadUInt32BigEndian(structure[at..]);

    /// <summary>A signal mask: signals 1 to 32 in the first word.</summary>
    public static void PutMask(Span<byte> structure, int at, ulong mask) => BinaryPrimitives.WriteUInt64BigEndian(structure[at..], ulong.RotateLeft(mask, 32));

    /// <inheritdoc cref="PutMask"/>
    public static ulong TakeMask(ReadOnlySpan<byte> structure, int at) => ulong.RotateLeft(BinaryPrimitives.ReadUInt64BigEndian(structure[at..]), 32);

    /// <summary>Copies a vector register out.</summary>
    public static unsafe void PutVector(Span<byte> structure, int at, PpcState state, int n)
    {
        Span<byte> to = structure.Slice(at, VectorSize);
        System.Runtime.InteropServices.MemoryMarshal.Write(to, in state.Slot<Int128>(PpcSlot.Vr(n)));
        to.Reverse();
    }

    /// <summary>Sets a vector register.</summary>
    public static unsafe void TakeVector(ReadOnlySpan<byte> structure, int at, PpcState state, int n)
    {
        Span<byte> lanes = stackalloc byte[VectorSize];
        structure.Slice(at, VectorSize).CopyTo(lanes);
        lanes.Reverse();
        state.Slot<Int128>(PpcSlot.Vr(n)) = System.Runtime.InteropServices.MemoryMarshal.Read<Int128>(lanes);
    }
}
