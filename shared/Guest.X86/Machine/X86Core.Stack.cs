using System.Runtime.CompilerServices;

namespace Suite.Guest.X86.Machine;

/// <summary>The stack: single values as instructions push and pop them, and groups of values that are written as a whole or not at all.</summary>
public sealed unsafe partial class X86Core
{
    private const int Rax = 0, Rcx = 1, Rdx = 2, Rbx = 3, Rsp = 4, Rbp = 5, Rsi = 6, Rdi = 7;

    // 16, 32 or 64: how much of rsp is the stack pointer.
    private int StackBits => _cpu->Is64 ? 64 : (_cpu->Seg(SegmentName.Ss).Attributes & Segment.Big) != 0 ? 32 : 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Cut(ulong value, int bits) => bits == 64 ? value : bits == 32 ? (uint)value : bits == 16 ? (ushort)value : (byte)value;

    private ulong StackPointer => Cut(_cpu->Gpr[Rsp], StackBits);

    // Writes the part of a register that an operation of this width writes: 32 bits clear the upper half, 8 and 16 leave the rest.
    private static ulong Merge(ulong old, ulong value, int bits) => bits switch
    {
        64 => value,
        32 => (uint)value,
        16 => (old & ~0xFFFFUL) | (ushort)value,
        _ => (old & ~0xFFUL) | (byte)value,
    };

    private void SetStackPointer(ulong value, int stackBits) => _cpu->Gpr[Rsp] = Merge(_cpu->Gpr[Rsp], value, stackBits);

    // Bytes, 2, 4 or 8.
    private void Push(ulong value, int size)
    {
        int bits = StackBits;
        ulong sp = Cut(_cpu->Gpr[Rsp] - (ulong)size, bits);
        WriteLinear(LinearAddress(SegmentName.Ss, sp, size, MemoryAccess.Write), size, value, IsUser);
        SetStackPointer(sp, bits);
    }

    // The value a pop of the stack's slot number index would give; nothing moves.
    private ulong Peek(int index, int size)
    {
        ulong sp = Cut(_cpu->Gpr[Rsp] + (ulong)(index * size), StackBits);
        return ReadLinear(LinearAddress(SegmentName.Ss, sp, size, MemoryAccess.Read), size, IsUser);
    }

    private void Drop(int bytes)
    {
        int bits = StackBits;
        SetStackPointer(_cpu->Gpr[Rsp] + (ulong)bytes, bits);
    }

    // Pushes several values onto any stack, the first to the highest address; all of it is checked before anything is written. Gives the new pointer.
    // typed: the segment is one of protected mode, even while the flags still say vm86.
    private ulong PushAll(in Segment ss, int stackBits, ulong sp, int size, ReadOnlySpan<ulong> values, bool user, uint error, bool typed)
    {
        ulong at = sp;
        ulong lastPage = ulong.MaxValue;
        for (int i = 0; i < values.Length; i++)
        {
            at = Cut(at - (ulong)size, stackBits);
            ulong linear = StackLinear(ss, stackBits, at, size, error, typed);
            ulong end = linear + (ulong)size - 1;
            if (linear >> 12 != lastPage)
                Find(linear, MemoryAccess.Write, user, out _, out _);
            if (end >> 12 != linear >> 12)
                Find(SystemAddress(end), MemoryAccess.Write, user, out _, out _);
            lastPage = linear >> 12;
        }

        at = sp;
        foreach (ulong value in values)
        {
            at = Cut(at - (ulong)size, stackBits);
            WriteLinear(StackLinear(ss, stackBits, at, size, error, typed), size, value, user);
        }

        return at;
    }

    private ulong StackLinear(in Segment ss, int stackBits, ulong offset, int size, uint error, bool typed)
    {
        if (stackBits == 64)
            return IsCanonical(offset) && IsCanonical(offset + (ulong)size - 1) ? offset : throw StackFault(error);
        return Allows(ss, offset, size, MemoryAccess.Write, typed) ? (uint)(ss.Base + offset) : throw StackFault(error);
    }

    private static int BitsOf(in Segment ss) => (ss.Attributes & Segment.Big) != 0 ? 32 : 16;
}
