using System.Runtime.InteropServices;

namespace Suite.LinuxUser.Compat;

/// <summary>Memory for host copies during one call: first a piece of the caller's stack, then the heap. The kernel is given pointers into it.</summary>
internal unsafe ref struct HostArena(byte* start, int bytes)
{
    private byte* _at = start;
    private int _left = bytes;
    private List<nint>? _allocated;

    /// <summary>Zeroed memory aligned to 8 bytes; null when there is none to be had.</summary>
    public byte* Take(ulong bytes)
    {
        const ulong Most = 256UL << 20;
        if (bytes <= (ulong)_left)
        {
            byte* taken = _at;
            int rounded = Math.Min((int)(bytes + 7) & ~7, _left);
            _at += rounded;
            _left -= rounded;
            new Span<byte>(taken, (int)bytes).Clear();
            return taken;
        }

        if (bytes > Most)
            return null;
        nint more;
        try
        {
            more = (nint)NativeMemory.AllocZeroed((nuint)bytes);
        }
        catch (OutOfMemoryException)
        {
            return null;
        }

        _allocated ??= [];
        _allocated.Add(more);
        return (byte*)more;
    }

    /// <summary>Gives back what came from the heap.</summary>
    public readonly void Dispose()
    {
        if (_allocated is null)
            return;
        foreach (nint block in _allocated)
            NativeMemory.Free((void*)block);
    }
}
