using System.Runtime.InteropServices;
using Suite.Devices.Core;

namespace Suite.Tests.Devices;

/// <summary>A machine's memory for device tests: one piece from address 0, and nothing above it.</summary>
internal sealed unsafe class RingMemory(int bytes) : IGuestMemory, IDisposable
{
    private readonly byte* _start = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);

    public Span<byte> Bytes => new(_start, bytes);

    public int Length => bytes;

    public bool TryRead(ulong address, Span<byte> into)
    {
        if (!TryMap(address, into.Length, forWriting: false, out byte* p))
            return false;
        new ReadOnlySpan<byte>(p, into.Length).CopyTo(into);
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> from)
    {
        if (!TryMap(address, from.Length, forWriting: true, out byte* p))
            return false;
        from.CopyTo(new Span<byte>(p, from.Length));
        return true;
    }

    public bool TryMap(ulong address, int length, bool forWriting, out byte* pointer)
    {
        pointer = _start + address;
        return length >= 0 && address <= (ulong)bytes && (ulong)length <= (ulong)bytes - address;
    }

    public void Written(ulong address, int length)
    {
    }

    public void Dispose() => NativeMemory.AlignedFree(_start);
}
