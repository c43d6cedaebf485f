namespace Suite.PcBios.Tables;

/// <summary>
/// The machine language for PCI cards that come and go while the system runs: event 1 of the general-purpose block, the ports that tell the slots (32 bits each:
/// came, is to go, eject), and an object for each slot (ACPI specification 6.5, 6.3.3 _EJx, 5.6.4.1 general-purpose event handling).
/// </summary>
internal static class PciHotPlug
{
    private const int FirstPort = 0xAE00, Ports = 12, Slots = 32;
    private const byte DeviceCheck = 1, EjectRequest = 3;

    /// <summary>The objects below the root bridge.</summary>
    /// <param name="slots">A bit for each slot whose card may come and go.</param>
    public static IEnumerable<byte[]> SlotDevices(uint slots)
    {
        if (slots == 0)
            yield break;
        yield return Aml.Region("PCHP", Aml.SystemIo, FirstPort, Ports);
        yield return Aml.Field("PCHP", Aml.DWordAccess, ("PCIU", 32), ("PCID", 32), ("PCIE", 32));
        foreach (int slot in Numbers(slots))
            yield return Aml.Device(
                NameOf(slot),
                Aml.Define("_ADR", (ulong)slot << 16),
                Aml.Define("_SUN", (ulong)slot),
                Aml.Method("_EJ0", 1, false, Aml.Store(Aml.Integer(1UL << slot), Aml.Name("PCIE"))));
    }

    /// <summary>The handler of the event. Reading what came clears it, so that it is read once.</summary>
    public static IEnumerable<byte[]> Events(uint slots)
    {
        if (slots == 0)
            yield break;
        List<byte[]> terms = [Aml.Store(Aml.Name(@"\_SB.PCI0.PCIU"), Aml.Local0), Aml.Store(Aml.Name(@"\_SB.PCI0.PCID"), Aml.Local1)];
        foreach (int slot in Numbers(slots))
        {
            byte[] bit = Aml.Integer(1UL << slot);
            terms.Add(Aml.If(Aml.And(Aml.Local0, bit), Aml.Notify(@"\_SB.PCI0." + NameOf(slot), DeviceCheck)));
            terms.Add(Aml.If(Aml.And(Aml.Local1, bit), Aml.Notify(@"\_SB.PCI0." + NameOf(slot), EjectRequest)));
        }

        yield return Aml.Scope(@"\_GPE", Aml.Method("_E01", 0, true, [.. terms]));
    }

    private static IEnumerable<int> Numbers(uint slots) => Enumerable.Range(0, Slots).Where(slot => (slots >> slot & 1) != 0);

    private static string NameOf(int slot) => $"S{slot:X2}";
}
