namespace Suite.Devices.Core;

/// <summary>A device's place on a <see cref="Bus"/>.</summary>
public sealed class BusRange
{
    internal BusRange(Bus bus, string name, int number, ulong length, IBusDevice device, int widest) =>
        (Bus, Name, Number, Length, Device, Widest) = (bus, name, number, length, device, widest);

    /// <summary>The device's name, for errors and `info mtree`.</summary>
    public string Name { get; }

    /// <summary>First address.</summary>
    public ulong Start { get; internal set; }

    /// <summary>Addresses covered.</summary>
    public ulong Length { get; }

    /// <summary>True while the range answers; a PCI function's range does not before its decoding is enabled.</summary>
    public bool IsMapped { get; internal set; }

    internal Bus Bus { get; }

    internal int Number { get; }

    internal IBusDevice Device { get; }

    internal int Widest { get; }

    internal ulong Last => Start + Length - 1;

    /// <summary>Moves the range, mapping it if it was not. What lies there already keeps answering, as the one decoded first.</summary>
    public void MapAt(ulong start) => Bus.Map(this, start);

    /// <summary>Takes the range off the bus, until it is mapped again.</summary>
    public void Unmap() => Bus.Unmap(this);

    /// <summary>Ends the declaration: the device is unplugged.</summary>
    public void Withdraw() => Bus.Withdraw(this);
}
