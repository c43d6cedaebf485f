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

    /// <summary>Devices that have a place in `info qtree`, in the order they were added.</summary>
    public IReadOnlyList<PluggedDevice> Plugged => _plugged;

    /// <summary>Puts a virtio device where the board has them.</summary>
    /// <param name="device">The device.</param>
    /// <param name="place">Where, as far as the user said.</param>
    /// <exception cref="OptionException">There is no place for it.</exception>
    public abstract PluggedDevice AddVirtio(VirtioDevice device, DevicePlace place);

    /// <summary>Puts a function on the PCI bus.</summary>
    /// <exception cref="OptionException">There is no bus, or no place.</exception>
    public PluggedDevice AddPci(PciFunction function, DevicePlace place)
    {
        if (Pci is not { } bus)
            throw new OptionException($"{place.Driver}: the board {Name} has no PCI bus", "use -M pc, or the device's form for this board");
        try
        {
            Machine.Add(function);
            bus.Add(function, place.Slot, place.Function);
        }
        catch (InvalidOperationException e)
        {
            Machine.Remove(function);
            throw new OptionException(e.Message, "give another place with addr=, or leave it to the board");
        }

        return Note(new PluggedDevice(place.Driver, place.Id, $"pci.0, addr={function.Slot:x2}.{function.Function}", function) { Function = function });
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
        PluggedDevice device = _plugged.Find(d => d.Id == id) ?? throw OptionException.Unknown("device", id, _plugged.Where(d => d.Id is not null).Select(d => d.Id!));
        if (device.Function is not { } function || !device.CanUnplug)
            throw new OptionException($"device '{id}' ({device.Driver}) cannot be unplugged while the machine runs");
        Pci!.Remove(function);
        Machine.Remove(function);
        _plugged.Remove(device);
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

    /// <summary>It may be taken out of a running machine.</summary>
    public bool CanUnplug { get; set; }
}

/// <summary>Where a device shall go.</summary>
/// <param name="Driver">Its name in -device.</param>
/// <param name="Id">id=.</param>
/// <param name="Slot">PCI slot; -1: the first free one.</param>
/// <param name="Function">PCI function.</param>
public sealed record DevicePlace(string Driver, string? Id = null, int Slot = -1, int Function = 0);
