namespace Suite.Devices.Core;

/// <summary>A device's place on a <see cref="Bus"/>.</summary>
public sealed class BusRange
{
    private readonly List<(ulong, ulong)> _deferred = [];
    private readonly List<Doorbell> _doorbells = [];

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

    /// <summary>
    /// Parts, by offset and length, whose writes nobody sees the effect of before a device is accessed otherwise or <see cref="Bus.Settle"/> was called: who
    /// runs the vCPUs may collect them.
    /// </summary>
    public IReadOnlyList<(ulong Offset, ulong Length)> Deferred => _deferred;

    /// <summary>Places whose writes say nothing but that there is something to do: who runs the vCPUs may report them another way.</summary>
    public IReadOnlyList<Doorbell> Doorbells => _doorbells;

    internal Bus Bus { get; }

    internal int Number { get; }

    internal IBusDevice Device { get; }

    internal int Widest { get; }

    internal ulong Last => Start + Length - 1;

    /// <summary>Moves the range, mapping it if it was not. What lies there already keeps answering, as the one decoded first.</summary>
    public void MapAt(ulong start) => Bus.Map(this, start);

    /// <summary>Declares a part of the range <see cref="Deferred"/>.</summary>
    public void Defer(ulong offset, ulong length) => Describe(() => _deferred.Add((offset, length)));

    /// <summary>Declares <see cref="Doorbells"/> instead of those before. A write there may still reach the device, which does the same then.</summary>
    public void SetDoorbells(IEnumerable<Doorbell> doorbells) => Describe(() =>
    {
        _doorbells.Clear();
        _doorbells.AddRange(doorbells);
    });

    /// <summary>Takes the range off the bus, until it is mapped again.</summary>
    public void Unmap() => Bus.Unmap(this);

    /// <summary>Ends the declaration: the device is unplugged.</summary>
    public void Withdraw() => Bus.Withdraw(this);

    private void Describe(Action change)
    {
        if (IsMapped)
            Bus.Shortcuts?.Remove(this);
        change();
        if (IsMapped)
            Bus.Shortcuts?.Add(this);
    }
}
