using Suite.Jit.Runtime;
using Suite.LinuxUser.Process;
using Suite.UserMode.X86;

namespace Suite.Tools.I386;

/// <summary>A place in memory as 32-bit instructions name it. What cannot be accessed raises the processor's fault, and the access returns false.</summary>
/// <param name="Segment">The segment register.</param>
/// <param name="Offset">The offset in its segment.</param>
internal readonly unsafe record struct I386Place(int Segment, uint Offset)
{
    /// <summary>Reads a number of up to four bytes.</summary>
    public bool TryRead(GuestThread t, int size, out uint value)
    {
        value = 0;
        uint read = 0;
        if (!TryLocate(t, size, write: false, out uint address))
            return false;
        if (!t.Memory.TryRead(address, new Span<byte>(&read, size)))
        {
            X86Faults.MemoryFault(t, address, write: false);
            return false;
        }

        value = read;
        return true;
    }

    /// <summary>Writes a number of up to four bytes.</summary>
    public bool TryWrite(GuestThread t, int size, uint value)
    {
        if (!TryLocate(t, size, write: true, out uint address))
            return false;
        if (t.Memory.TryWrite(address, new ReadOnlySpan<byte>(&value, size)))
            return true;
        X86Faults.MemoryFault(t, address, write: true);
        return false;
    }

    // The linear address of all bytes; #SS or #GP where the segment does not have them, or not so.
    private bool TryLocate(GuestThread t, int size, bool write, out uint address)
    {
        address = Offset;
        if (I386Segments.Find(t, Segment) is not { } segment)
            return true;
        address += segment.Base;
        if (segment.Allows(Offset, size, write))
            return true;
        if (Segment == Stubs.Ss)
            X86Faults.Stack(t, 0);
        else
            X86Faults.Protection(t, 0);
        return false;
    }
}
