using Suite.Devices.Core;

namespace Suite.Devices.Pci;

/// <summary>
/// Configuration mechanism 1 (PCI Local Bus Specification 3.0, section 3.2.2.3.2): the address at port CF8h, written in one piece of four bytes, the
/// data at CFCh to CFFh. Byte accesses to CF9h between them are a chipset's reset control.
/// </summary>
public sealed class PciConfigurationPorts : Device, IBusDevice
{
    private const int AddressPort = 0, ResetPort = 1, DataPort = 4;
    private const uint Enable = 0x80000000, Writable = 0x80FFFFFC;

    private readonly PciBus _bus;
    private readonly Register _address;

    /// <summary>The ports by which a bus is configured.</summary>
    public PciConfigurationPorts(PciBus bus)
        : base("pci-configuration")
    {
        _bus = bus;
        _address = State.Register("CONFIG_ADDRESS", 32);
    }

    /// <summary>Who answers at CF9h; nobody does when null.</summary>
    public IBusDevice? ResetControl { get; set; }

    /// <summary>Ports CF8h to CFFh.</summary>
    public void Attach(Bus io) => io.Attach(this, Name, 0xCF8, 8, widest: 4);

    public ulong Read(ulong offset, int size)
    {
        if (offset >= DataPort)
            return IsEnabled ? _bus.ReadConfiguration(Place, Offset + (int)(offset - DataPort), size) : ulong.MaxValue;
        if (offset == AddressPort && size == 4)
            return _address.Value;
        return offset == ResetPort && size == 1 && ResetControl is { } reset ? reset.Read(0, 1) : ulong.MaxValue;
    }

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset >= DataPort)
        {
            if (IsEnabled)
                _bus.WriteConfiguration(Place, Offset + (int)(offset - DataPort), size, (uint)value);
        }
        else if (offset == AddressPort && size == 4)
        {
            _address.Value = value & Writable;
        }
        else if (offset == ResetPort && size == 1)
        {
            ResetControl?.Write(0, 1, value);
        }
    }

    // Only bus 0 exists.
    private bool IsEnabled => (_address.Value & (Enable | 0xFF0000)) == Enable;

    private int Place => _address.Int >> 8 & 0xFF;

    private int Offset => _address.Int & 0xFC;
}
