using Suite.Devices.Core;

namespace Suite.Devices.Pci;

/// <summary>A base address register: addresses a function answers at, placed by the guest.</summary>
public sealed class PciBar
{
    /// <summary>Number of <see cref="Index"/> of the expansion ROM.</summary>
    public const int Rom = 6;

    private readonly IBusDevice? _device;
    private readonly Action<ulong?>? _moved;
    private readonly int _widest;
    private BusRange? _range;

    internal PciBar(int index, ulong length, bool isIo, bool is64, bool isPrefetchable, IBusDevice? device, int widest, Action<ulong?>? moved) =>
        (Index, Length, IsIo, Is64, IsPrefetchable, _device, _widest, _moved) = (index, length, isIo, is64, isPrefetchable, device, widest, moved);

    /// <summary>0 to 5, or <see cref="Rom"/>.</summary>
    public int Index { get; }

    /// <summary>Addresses, a power of two.</summary>
    public ulong Length { get; }

    /// <summary>Ports; otherwise memory addresses.</summary>
    public bool IsIo { get; }

    /// <summary>Takes two registers.</summary>
    public bool Is64 { get; }

    /// <summary>Reading has no side effects.</summary>
    public bool IsPrefetchable { get; }

    /// <summary>Where it answers now; null while the guest has decoding off, or has placed it nowhere.</summary>
    public ulong? Address { get; private set; }

    /// <summary>Offset of its register in configuration space.</summary>
    internal int Offset => Index == Rom ? PciRegisters.RomAddress : PciRegisters.Bar0 + 4 * Index;

    /// <summary>True when it was to be mapped where something else answered.</summary>
    internal bool IsBlocked => Address is not null && _range is { IsMapped: false };

    internal void Attach(PciBus bus, string name)
    {
        if (_device is not null)
            _range = (IsIo ? bus.Io : bus.Memory).Declare(_device, name, Length, _widest);
    }

    internal void Detach()
    {
        MoveTo(null);
        _range?.Withdraw();
        _range = null;
    }

    internal void MoveTo(ulong? address)
    {
        if (address == Address)
            return;
        Address = address;
        if (address is { } start)
            _range?.MapAt(start);
        else
            _range?.Unmap();
        _moved?.Invoke(address);
    }

    internal void SetDoorbells(IEnumerable<Doorbell> doorbells) => _range?.SetDoorbells(doorbells);

    internal void Retry() => _range?.MapAt(Address!.Value);
}
