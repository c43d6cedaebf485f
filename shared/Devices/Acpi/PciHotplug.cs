using Suite.Devices.Core;

namespace Suite.Devices.Acpi;

/// <summary>
/// The ports by which a guest's ACPI methods learn of PCI cards that come and go while it runs (QEMU documentation, "QEMU and ACPI BIOS PCI
/// hotplug interface"): 32 bits each, one for each slot, at AE00h. General-purpose event 1 says that something has changed; its method reads what
/// came (cleared by that) and what is to go, and notifies the slot's device; a slot's _EJ0 writes its bit to take the card out.
/// </summary>
public sealed class PciHotplug : Device, IBusDevice
{
    /// <summary>Where the ports are, and how many.</summary>
    public const int Port = 0xAE00, Length = 0x14;

    /// <summary>Offsets: what came, what is to go, eject (write), what may be taken out, number of the bus.</summary>
    public const int Up = 0x00, Down = 0x04, Eject = 0x08, Removable = 0x0C, BusSelect = 0x10;

    private const int EventNumber = 1;

    private readonly Action<int> _raiseEvent, _eject;
    private readonly Func<uint> _removable;
    private readonly Register _up, _down, _bus;

    /// <summary>The ports.</summary>
    /// <param name="raiseEvent">Raises a general-purpose event: <see cref="Piix4Pm.RaiseEvent"/>.</param>
    /// <param name="removable">The slots whose cards may be taken out, a bit each.</param>
    /// <param name="eject">Called when the guest lets a slot's card go.</param>
    public PciHotplug(Action<int> raiseEvent, Func<uint> removable, Action<int> eject)
        : base("acpi-pci-hotplug")
    {
        (_raiseEvent, _removable, _eject) = (raiseEvent, removable, eject);
        _up = State.Register("came", 32);
        _down = State.Register("to go", 32);
        _bus = State.Register("bus", 32);
    }

    /// <summary>The ports.</summary>
    public void Attach(Bus io) => io.Attach(this, Name, Port, Length, widest: 4);

    /// <summary>A card was put into a slot.</summary>
    public void Plugged(int slot)
    {
        _up.Set(1u << slot, true);
        _raiseEvent(EventNumber);
    }

    /// <summary>A user wants a card back; the guest is asked to let it go.</summary>
    public void AskFor(int slot)
    {
        _down.Set(1u << slot, true);
        _raiseEvent(EventNumber);
    }

    public ulong Read(ulong offset, int size)
    {
        switch ((int)offset)
        {
            case Up when _bus.Value == 0:
                ulong came = _up.Value;
                _up.Value = 0;
                return came;
            case Down when _bus.Value == 0:
                return _down.Value;
            case Removable when _bus.Value == 0:
                return _removable();
            case BusSelect:
                return _bus.Value;
            default:
                return 0;
        }
    }

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset == BusSelect)
            _bus.Value = value;
        if (offset != Eject || _bus.Value != 0)
            return;
        ulong slots = value & _removable();
        for (int slot = 0; slot < 32; slot++)
        {
            if ((slots >> slot & 1) == 0)
                continue;
            _down.Set(1u << slot, false);
            _eject(slot);
        }
    }
}
