namespace Suite.Devices.Intc;

/// <summary>An interrupt message to local APICs, as a redirection entry or an MSI describes it.</summary>
/// <param name="Destination">APIC id, or a logical destination; FFh is all.</param>
/// <param name="IsLogical">How to read the destination.</param>
/// <param name="Mode">Delivery mode: 0 fixed, 1 lowest priority, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT.</param>
/// <param name="Vector">Its vector.</param>
/// <param name="IsLevel">Level-triggered: an EOI comes back.</param>
public readonly record struct ApicMessage(byte Destination, bool IsLogical, int Mode, byte Vector, bool IsLevel);

/// <summary>Where interrupt messages go.</summary>
public interface IApicBus
{
    /// <summary>Delivers a message.</summary>
    void Deliver(in ApicMessage message);
}
