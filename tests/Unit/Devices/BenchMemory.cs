using System.Runtime.InteropServices;
using Suite.Devices.Core;

namespace Suite.Tests.Devices;

/// <summary>Memory from address 0 on, for DMA.</summary>
internal sealed unsafe class BenchMemory : IGuestMemory
{
    private readonly byte* _start;

    public BenchMemory(int length)
    {
        Bytes = GC.AllocateArray<byte>(length, pinned: true);
        _start = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(Bytes, 0);
    }

    public byte[] Bytes { get; }

    public Span<byte> At(int address, int length) => Bytes.AsSpan(address, length);

    public bool TryRead(ulong address, Span<byte> into)
    {
        if (!IsInside(address, into.Length))
            return false;
        Bytes.AsSpan((int)address, into.Length).CopyTo(into);
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> from)
    {
        if (!IsInside(address, from.Length))
            return false;
        from.CopyTo(Bytes.AsSpan((int)address));
        return true;
    }

    public bool TryMap(ulong address, int length, bool forWriting, out byte* pointer)
    {
        bool inside = IsInside(address, length);
        pointer = inside ? _start + address : null;
        return inside;
    }

    public void Written(ulong address, int length)
    {
    }

    private bool IsInside(ulong address, int length) => address <= (ulong)Bytes.Length && (ulong)length <= (ulong)Bytes.Length - address;
}
