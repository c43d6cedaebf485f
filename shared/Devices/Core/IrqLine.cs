namespace Suite.Devices.Core;

/// <summary>One end of an interrupt wire: a device drives it, whoever is at the other end sees changes. Devices know no interrupt controller.</summary>
/// <param name="sink">Called with the new level when it changes.</param>
public sealed class IrqLine(Action<bool> sink)
{
    /// <summary>A wire that leads nowhere.</summary>
    public static IrqLine Unconnected() => new(static _ => { });

    /// <summary>The level now.</summary>
    public bool IsHigh { get; private set; }

    /// <summary>Drives the wire.</summary>
    public void Set(bool high)
    {
        if (high == IsHigh)
            return;
        IsHigh = high;
        sink(high);
    }

    /// <summary>A rising edge, then low again.</summary>
    public void Pulse()
    {
        Set(false);
        Set(true);
        Set(false);
    }
}
