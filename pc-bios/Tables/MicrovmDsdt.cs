namespace Suite.PcBios.Tables;

/// <summary>The machine language of the `microvm` board: virtio devices by MMIO, serial port, power button and sleep state by a generic event device.</summary>
internal static class MicrovmDsdt
{
    private const uint VirtioBytes = 0x200;
    private const byte PowerButtonPressed = 0x80;

    /// <summary>SLP_TYP for S5, as the sleep control register takes it.</summary>
    private const byte PowerOffType = 5;

    public static byte[] Make(PcDescription pc)
    {
        List<byte[]> devices = [.. PcDsdt.SerialPorts(pc.SerialPorts)];
        if (pc.HasFwCfg)
            devices.Add(PcDsdt.FwCfg());
        if (pc.HasRtc)
            devices.Add(PcDsdt.IsaDevice("RTC", "PNP0B00", 0, AcpiResources.Ports(0x70, 8), AcpiResources.Irq(8)));
        if (pc.HasI8042)
            devices.Add(PcDsdt.IsaDevice("KBD", "PNP0303", 0, AcpiResources.Ports(0x60, 1), AcpiResources.Ports(0x64, 1), AcpiResources.Irq(1)));
        for (int i = 0; i < pc.VirtioMmio.Count; i++)
            devices.Add(Virtio(i, pc.VirtioMmio[i]));
        if (pc.MicrovmEventBase != 0)
            devices.AddRange([EventDevice(pc), PowerButton()]);
        devices.AddRange(PcDsdt.Processors(pc));
        byte[] scope = Aml.Scope(@"\_SB", [.. devices]);
        return pc.MicrovmPowerBase == 0 ? scope : [.. scope, .. Aml.Define(@"\_S5", Aml.Package([0x0A, PowerOffType], [0], [0], [0]))];
    }

    private static byte[] Virtio(int index, VirtioMmioPlace place) => Aml.Device(
        $"VR{index:X2}",
        Aml.Define("_HID", "LNRO0005"),
        Aml.Define("_UID", (ulong)index),
        Aml.Define("_CCA", 1),
        Aml.Define("_CRS", AcpiResources.Template(AcpiResources.Memory((uint)place.Address, VirtioBytes), AcpiResources.Interrupts(isLevel: true, isShared: false, (uint)place.Gsi))));

    // Reading the selector tells which events have come, and takes them back.
    private static byte[] EventDevice(PcDescription pc) => Aml.Device(
        "GED",
        Aml.Define("_HID", "ACPI0013"),
        Aml.Define("_UID", 0),
        Aml.Define("_CRS", AcpiResources.Template(AcpiResources.Interrupts(isLevel: false, isShared: false, (uint)pc.MicrovmEventGsi))),
        Aml.Region("EREG", Aml.SystemMemory, pc.MicrovmEventBase, 4),
        Aml.Field("EREG", Aml.DWordAccess, ("ESEL", 32)),
        Aml.Method(
            "_EVT",
            1,
            true,
            Aml.Store(Aml.Name("ESEL"), Aml.Local0),
            Aml.If(Aml.And(Aml.Local0, Aml.Integer(PcDescription.MicrovmPowerButtonEvent)), Aml.Notify("PWRB", PowerButtonPressed))));

    private static byte[] PowerButton() => Aml.Device("PWRB", Aml.Define("_HID", "PNP0C0C"), Aml.Define("_UID", 0));
}
