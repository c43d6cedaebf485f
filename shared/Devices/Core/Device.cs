namespace Suite.Devices.Core;

/// <summary>
/// A device: state that is declared once (<see cref="DeviceState"/>), and behaviour. Where it is attached is the board's business. Called under
/// its machine's lock.
/// </summary>
/// <param name="name">As `info qtree` and snapshots show it.</param>
public abstract class Device(string name)
{
    /// <summary>The device's name.</summary>
    public string Name { get; } = name;

    /// <summary>Everything that changes while the machine runs.</summary>
    public DeviceState State { get; } = new();

    /// <summary>Power-on, or a reset of the whole machine.</summary>
    public void Reset()
    {
        State.Reset();
        OnReset();
        Settle();
    }

    /// <summary>Takes the state from a snapshot.</summary>
    /// <exception cref="InvalidDataException">It is not one of this device.</exception>
    public void Load(Stream from)
    {
        State.Load(from);
        Settle();
    }

    /// <summary>What a reset does beyond setting the state to its declared values.</summary>
    protected virtual void OnReset()
    {
    }

    /// <summary>The state was replaced as a whole: outputs (interrupt lines, mappings) are to follow it.</summary>
    protected virtual void Settle()
    {
    }
}
