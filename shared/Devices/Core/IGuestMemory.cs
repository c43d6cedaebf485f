namespace Suite.Devices.Core;

/// <summary>A machine's memory as a device's DMA sees it. Addresses come from the guest: anything may be asked for.</summary>
public interface IGuestMemory
{
    /// <summary>Copies memory out. False when a part of it is not memory.</summary>
    bool TryRead(ulong address, Span<byte> into);

    /// <summary>Copies into memory. False when a part of it is not memory.</summary>
    bool TryWrite(ulong address, ReadOnlySpan<byte> from);

    /// <summary>
    /// Memory itself, for data that is moved in bulk: where a stretch of addresses lies in this process. False when it is not one piece of memory.
    /// After writing through it, <see cref="Written"/> must be called.
    /// </summary>
    unsafe bool TryMap(ulong address, int length, bool forWriting, out byte* pointer);

    /// <summary>Memory was written through a pointer of <see cref="TryMap"/>.</summary>
    void Written(ulong address, int length);
}
