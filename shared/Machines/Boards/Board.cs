using Suite.Devices.Core;
using Suite.Devices.Pci;
using Suite.Devices.Virtio;
using Suite.Machines.Backends;
using Suite.Machines.Options;

namespace Suite.Machines.Boards;

/// <summary>A machine that is wired: what device creation, monitors and snapshots need of any board.</summary>
public abstract class Board(Machine machine, MachineBackends backends, MachineOptions options) : IDisposable
{
    private readonly List<PluggedDevice> _plugged = [];

    public Machine Machine { get; } = machine;

    /// <summary>The host's side.</summary>
    public MachineBackends Backends { get; } = backends;

    public MachineOptions Options { get; } = options;

    /// <summary>The board's name in -M: "pc".</summary>
    public abstract string Name { get; }

    /// <summary>The PCI bus; null on boards without.</summary>
    public abstract PciBus? Pci { get; }

    /// <summary>What the machine shows; null without a display adapter.</summary>
    public virtual Devices.Display.IDisplaySource? Display => null;

    /// <summary>The network card of -nic when no model is given; null: none is there without being asked for.</summary>
    public virtual string? DefaultNic => null;

    /// <summary>Devices that have a place in `info qtree`, in the order they were added.</summary>
    public IReadOnlyList<PluggedDevice> Plugged => _plugged;

    /// <summary>An option ROM's contents, looked for where firmware is; null when there is none of that name.</summary>
    public virtual byte[]? FindRom(string name) => null;

    /// <summary>Puts a virtio device where the board has them.</summary>
    /// <param name="device">The device.</param>
    /// <param name="place">Where, as far as the user said.</param>
    /// <exception cref="OptionException">There is no place for it.</exception>
    public abstract PluggedDevice AddVirtio(VirtioDevice device, DevicePlace place);

    /// <summary>Adds the standard display adapter.</summary>
    /// <exception cref="OptionException">The board has one, or cannot have one.</exception>
    public virtual PluggedDevice AddDisplay(DeviceRequest request) => throw new OptionException($"{request.Row.Name}: the board {Name} has no display", "use -M pc");

    /// <summary>Puts a function on the PCI bus.</summary>
    /// <exception cref="OptionException">There is no bus, or no place.</exception>
    /// <param name="function">The function.</param>
    /// <param name="place">Where, as far as the user said.</param>
    /// <param name="virtio">The device behind it, if it is a virtio one.</param>
    public PluggedDevice AddPci(PciFunction function, DevicePlace place, VirtioDevice? virtio = null)
    {
        if (Pci is not { } bus)
            throw new OptionException($"{place.Driver}: the board {Name} has no PCI bus", "use -M pc, or the device's form for this board");
        try
        {
            Machine.Add(function);
            if (place.Rom is { } rom)
                function.AddRom(rom);
            bus.Add(function, place.Slot, place.Function);
        }
        catch (InvalidOperationException e)
        {
            Machine.Remove(function);
            throw new OptionException(e.Message, "give another place with addr=, or leave it to the board");
        }

        return Note(new PluggedDevice(place.Driver, place.Id, $"pci.0, addr={function.Slot:x2}.{function.Function}", function) { Function = function, Virtio = virtio, BootIndex = place.BootIndex });
    }

    /// <summary>Notes a device that is in its place.</summary>
    public PluggedDevice Note(PluggedDevice device)
    {
        _plugged.Add(device);
        return device;
    }

    /// <summary>Takes a device out, if that can be done while the machine runs.</summary>
    /// <exception cref="OptionException">It cannot.</exception>
    public void Unplug(string id)
    {
        PluggedDevice device = Unpluggable(id);
        PciFunction function = device.Function!;
        Pci!.Remove(function);
        Machine.Remove(function);
        _plugged.Remove(device);
        device.Claims?.Release();
        Machine.Tell(new MachineEvent("DEVICE_DELETED", ("device", id), ("path", $"/machine/peripheral/{id}")));
    }

    /// <summary>The device of an id that can be unplugged.</summary>
    /// <exception cref="OptionException">There is none, or it cannot.</exception>
    protected PluggedDevice Unpluggable(string id)
    {
        PluggedDevice device = _plugged.Find(d => d.Id == id) ?? throw OptionException.Unknown("device", id, _plugged.Where(d => d.Id is not null).Select(d => d.Id!));
        return device.Function is not null && device.CanUnplug ? device : throw new OptionException($"device '{id}' ({device.Driver}) cannot be unplugged while the machine runs");
    }

    /// <summary>A key goes down or up; the code is set 2's. Under the lock. Boards without keyboard do nothing.</summary>
    public virtual void Key(byte code, bool isExtended, bool isPressed)
    {
    }

    /// <summary>The mouse is moved by so much, its wheel turned, its buttons pressed (1 left, 2 right, 4 middle). Under the lock.</summary>
    public virtual void Mouse(int x, int y, int z, int buttons)
    {
    }

    /// <summary>A device was plugged into the running machine: the guest is told. Under the lock.</summary>
    public virtual void Announce(PluggedDevice device)
    {
    }

    /// <summary>Asks the guest to let a device go; boards that cannot ask take it out. Under the lock.</summary>
    /// <exception cref="OptionException">It cannot be taken out.</exception>
    public virtual void AskToUnplug(string id) => Unplug(id);

    /// <summary>From what the next start boots (boot_set). Under the lock.</summary>
    /// <param name="letters">As -boot order=.</param>
    /// <exception cref="OptionException">A letter is none, or the board does not choose.</exception>
    public virtual void SetBootOrder(string letters) => throw new OptionException($"the board {Name} has no boot order");

    /// <summary>Plugs a network cable in or out: by the card's id, or its back end's. Under the lock.</summary>
    /// <exception cref="OptionException">There is none of that name.</exception>
    public void SetLink(string name, bool isUp)
    {
        PluggedDevice card = _plugged.Find(d => d.SetLink is not null && (d.Id == name || d.Netdev == name))
            ?? throw OptionException.Unknown("network card", name, _plugged.Where(d => d.SetLink is not null).Select(d => d.Id ?? d.Netdev ?? d.Driver));
        card.SetLink!(isUp);
    }

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}

/// <summary>A device in its place.</summary>
/// <param name="Driver">Its name in -device.</param>
/// <param name="Id">The user's id=; null for none.</param>
/// <param name="Where">Its place, for `info qtree`.</param>
/// <param name="Device">Its state.</param>
public sealed record PluggedDevice(string Driver, string? Id, string Where, Device? Device)
{
    /// <summary>For functions of the PCI bus.</summary>
    public PciFunction? Function { get; init; }

    /// <summary>For virtio devices.</summary>
    public VirtioDevice? Virtio { get; init; }

    /// <summary>For network cards: plugs the cable in or out.</summary>
    public Action<bool>? SetLink { get; set; }

    /// <summary>For network cards: the back end's id.</summary>
    public string? Netdev { get; set; }

    /// <summary>What it has taken of the host's side; null for devices the board itself has.</summary>
    public DeviceClaims? Claims { get; set; }

    /// <summary>What the user said of it; null for devices the board itself has.</summary>
    public KeyValues? Properties { get; set; }

    /// <summary>It was added to a running machine.</summary>
    public bool IsHotplugged { get; set; }

    /// <summary>It may be taken out of a running machine.</summary>
    public bool CanUnplug { get; set; }

    /// <summary>bootindex= of a network card: its place in the boot order; null for none.</summary>
    public int? BootIndex { get; init; }
}

/// <summary>Where a device shall go.</summary>
/// <param name="Driver">Its name in -device.</param>
/// <param name="Id">id=.</param>
/// <param name="Slot">PCI slot; -1: the first free one.</param>
/// <param name="Function">PCI function.</param>
public sealed record DevicePlace(string Driver, string? Id = null, int Slot = -1, int Function = 0)
{
    /// <summary>Its option ROM; null for none.</summary>
    public byte[]? Rom { get; init; }

    /// <summary>bootindex= of a device that is booted by its option ROM.</summary>
    public int? BootIndex { get; init; }
}
