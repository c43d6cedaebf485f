using Suite.Devices.Core;

namespace Suite.Devices.Pci;

// Memory as a function reaches it: only while it is plugged in and a bus master.
internal sealed class PciDma(PciFunction function) : IGuestMemory
{
    private IGuestMemory? Memory => function.IsBusMaster ? function.Bus?.Dma : null;

    public bool TryRead(ulong address, Span<byte> into) => Memory?.TryRead(address, into) ?? false;

    public bool TryWrite(ulong address, ReadOnlySpan<byte> from) => Memory?.TryWrite(address, from) ?? false;

    public unsafe bool TryMap(ulong address, int length, bool forWriting, out byte* pointer)
    {
        pointer = null;
        return Memory?.TryMap(address, length, forWriting, out pointer) ?? false;
    }

    public void Written(ulong address, int length) => Memory?.Written(address, length);
}
