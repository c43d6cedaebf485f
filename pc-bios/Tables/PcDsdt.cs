namespace Suite.PcBios.Tables;

/// <summary>The machine language of the `pc` board: PCI root bridge, interrupt links, ISA devices, sleep state.</summary>
internal static class PcDsdt
{
    private const int Slots = 32, Pins = 4, IsaSlot = 1;
    private const uint VgaFirst = 0xA0000, VgaLast = 0xBFFFF;
    private const byte PirqRegisters = 0x60, LinkDisabled = 0x80;
    private const int ExtendedInterruptNumber = 5; // offset of the number in an extended interrupt descriptor

    private static readonly string[] Links = ["LNKA", "LNKB", "LNKC", "LNKD"];

    public static byte[] Make(PcDescription pc) => Aml.Join(
    [
        Aml.Scope(@"\_SB", [RootBridge(pc), .. LinkDevices(), .. Processors(pc), .. pc.HasHpet ? [Hpet()] : (byte[][])[]]),
        // SLP_TYP of the PIIX4 for S5 is 0.
        Aml.Define(@"\_S5", Aml.Package([0], [0], [0], [0])),
        .. PciHotPlug.Events(pc.HotPlugSlots),
    ]);

    /// <summary>Processor objects.</summary>
    public static IEnumerable<byte[]> Processors(PcDescription pc)
    {
        for (int i = 0; i < Math.Min(Math.Max(pc.Cpus, pc.MaxCpus), 255); i++)
            yield return Aml.Processor($"C{i:X3}", (byte)i);
    }

    /// <summary>A device with a PNP id, a number and fixed resources.</summary>
    public static byte[] IsaDevice(string name, string id, int uid, params byte[][] resources) => Aml.Device(
        name, Aml.Define("_HID", Aml.EisaId(id)), Aml.Define("_UID", (ulong)uid), Aml.Define("_CRS", AcpiResources.Template(resources)));

    /// <summary>fw_cfg, as Linux's driver finds it.</summary>
    public static byte[] FwCfg() => Aml.Device(
        "FWCF", Aml.Define("_HID", "QEMU0002"), Aml.Define("_STA", 0xB), Aml.Define("_CRS", AcpiResources.Template(AcpiResources.Ports(0x510, 12))));

    /// <summary>Serial ports at the usual places.</summary>
    public static IEnumerable<byte[]> SerialPorts(int count)
    {
        (ushort Port, int Irq)[] places = [(0x3F8, 4), (0x2F8, 3), (0x3E8, 4), (0x2E8, 3)];
        for (int i = 0; i < Math.Min(count, places.Length); i++)
            yield return IsaDevice($"COM{i + 1}", "PNP0501", i + 1, AcpiResources.Ports(places[i].Port, 8), AcpiResources.Irq(places[i].Irq));
    }

    private static byte[] RootBridge(PcDescription pc)
    {
        (ulong start, ulong end) = pc.PciWindow;
        (ulong highStart, ulong highEnd) = pc.PciHighWindow;
        byte[] resources = AcpiResources.Template(
            AcpiResources.BusNumbers(0, 0xFF),
            AcpiResources.Ports(0xCF8, 8),
            AcpiResources.PortWindow(0, 0xCF7),
            AcpiResources.PortWindow(0xD00, 0xFFFF),
            AcpiResources.MemoryWindow(VgaFirst, VgaLast, isCacheable: true),
            AcpiResources.MemoryWindow((uint)start, (uint)(end - 1), isCacheable: false),
            AcpiResources.MemoryWindow64(highStart, highEnd - 1));
        return Aml.Device(
            "PCI0",
            [
                Aml.Define("_HID", Aml.EisaId("PNP0A03")),
                Aml.Define("_UID", 0),
                Aml.Define("_CRS", resources),
                Aml.Define("_PRT", Routes()),
                IsaBridge(pc),
                .. PciHotPlug.SlotDevices(pc.HotPlugSlots),
            ]);
    }

    // PIIX3 on an i440FX: INTA of slot 1 is PIRQA, and each further slot is turned by one. _PRT has more than 255 entries only in theory.
    private static byte[] Routes()
    {
        List<byte[]> routes = [];
        for (int slot = 0; slot < Slots; slot++)
            for (int pin = 0; pin < Pins; pin++)
            {
                byte[] source = slot == IsaSlot && pin == 0 ? Aml.Name("LNKS") : Aml.Name(Links[(slot + pin + Links.Length - 1) % Links.Length]);
                routes.Add(Aml.Package(Aml.Integer((ulong)slot << 16 | 0xFFFF), Aml.Integer((ulong)pin), source, [0]));
            }

        return Aml.Package([.. routes]);
    }

    private static byte[] IsaBridge(PcDescription pc)
    {
        List<byte[]> terms =
        [
            Aml.Define("_ADR", IsaSlot << 16),
            Aml.Region("P40C", Aml.PciConfig, PirqRegisters, 4),
        ];
        if (pc.HasRtc)
            terms.Add(IsaDevice("RTC", "PNP0B00", 0, AcpiResources.Ports(0x70, 8), AcpiResources.Irq(8)));
        if (pc.HasI8042)
        {
            terms.Add(IsaDevice("KBD", "PNP0303", 0, AcpiResources.Ports(0x60, 1), AcpiResources.Ports(0x64, 1), AcpiResources.Irq(1)));
            terms.Add(IsaDevice("MOU", "PNP0F13", 0, AcpiResources.Irq(12)));
        }

        if (pc.Floppies != default)
            terms.Add(IsaDevice("FDC0", "PNP0700", 0, AcpiResources.Ports(0x3F2, 4), AcpiResources.Ports(0x3F7, 1), AcpiResources.Irq(6), AcpiResources.Dma(2)));
        (ushort Port, int Irq)[] printers = [(0x378, 7), (0x278, 5), (0x3BC, 7)];
        for (int i = 0; i < Math.Min(pc.ParallelPorts, printers.Length); i++)
            terms.Add(IsaDevice($"LPT{i + 1}", "PNP0400", i + 1, AcpiResources.Ports(printers[i].Port, 8), AcpiResources.Irq(printers[i].Irq)));
        terms.AddRange(SerialPorts(pc.SerialPorts));
        if (pc.HasFwCfg)
            terms.Add(FwCfg());
        if (pc.PvPanicPort != 0)
            terms.Add(PvPanic(pc.PvPanicPort));
        return Aml.Device("ISA", [.. terms]);
    }

    private static byte[] PvPanic(int port) => Aml.Device(
        "PEVT",
        Aml.Define("_HID", "QEMU0001"),
        Aml.Define("_STA", 0xF),
        Aml.Define("_CRS", AcpiResources.Template(AcpiResources.Ports((ushort)port, 1))),
        Aml.Region("PEOR", Aml.SystemIo, (ulong)port, 1),
        Aml.Field("PEOR", Aml.ByteAccess, ("PEPT", 8)),
        Aml.Method("RDPT", 0, false, Aml.Store(Aml.Name("PEPT"), Aml.Local0), Aml.Return(Aml.Local0)),
        Aml.Method("WRPT", 1, false, Aml.Store(Aml.Arg0, Aml.Name("PEPT"))));

    // The links' registers are in the ISA bridge's configuration space; LNKS is the SCI, whose line is fixed.
    private static List<byte[]> LinkDevices()
    {
        byte[] none = AcpiResources.Template(AcpiResources.Interrupts(isLevel: true, isShared: true, 0));
        byte[] possible = AcpiResources.Template(AcpiResources.Interrupts(isLevel: true, isShared: true, 5, PcDescription.PciIrqA, PcDescription.PciIrqC));
        List<byte[]> terms =
        [
            Aml.Field("PCI0.ISA.P40C", Aml.ByteAccess, ("PRQ0", 8), ("PRQ1", 8), ("PRQ2", 8), ("PRQ3", 8)),
            Aml.Method("IQST", 1, false, Aml.If(Aml.And(Aml.Arg0, Aml.Integer(LinkDisabled)), Aml.Return(Aml.Integer(9))), Aml.Return(Aml.Integer(0xB))),
            Aml.Method(
                "IQCR",
                1,
                true,
                Aml.Define("PRR0", none),
                Aml.CreateDWordField(Aml.Name("PRR0"), ExtendedInterruptNumber, "PRRI"),
                Aml.If(Aml.Less(Aml.Arg0, Aml.Integer(LinkDisabled)), Aml.Store(Aml.Arg0, Aml.Name("PRRI"))),
                Aml.Return(Aml.Name("PRR0"))),
        ];
        for (int i = 0; i < Links.Length; i++)
        {
            byte[] register = Aml.Name($"PRQ{i}");
            terms.Add(Aml.Device(
                Links[i],
                Aml.Define("_HID", Aml.EisaId("PNP0C0F")),
                Aml.Define("_UID", (ulong)i),
                Aml.Define("_PRS", possible),
                Aml.Method("_STA", 0, false, Aml.Return(Aml.Call("IQST", register))),
                Aml.Method("_DIS", 0, false, Aml.Or(register, Aml.Integer(LinkDisabled), register)),
                Aml.Method("_CRS", 0, false, Aml.Return(Aml.Call("IQCR", register))),
                Aml.Method("_SRS", 1, true, Aml.CreateDWordField(Aml.Arg0, ExtendedInterruptNumber, "PRRI"), Aml.Store(Aml.Name("PRRI"), register))));
        }

        byte[] sci = AcpiResources.Template(AcpiResources.Interrupts(isLevel: true, isShared: true, PcDescription.SciIrq));
        terms.Add(Aml.Device(
            "LNKS",
            Aml.Define("_HID", Aml.EisaId("PNP0C0F")),
            Aml.Define("_UID", (ulong)Links.Length),
            Aml.Define("_PRS", sci),
            Aml.Define("_STA", 0xB),
            Aml.Define("_CRS", sci),
            Aml.Method("_DIS", 0, false),
            Aml.Method("_SRS", 1, false)));
        return terms;
    }

    private static byte[] Hpet() => Aml.Device(
        "HPET",
        Aml.Define("_HID", Aml.EisaId("PNP0103")),
        Aml.Define("_UID", 0),
        Aml.Define("_STA", 0xF),
        Aml.Define("_CRS", AcpiResources.Template(AcpiResources.Memory((uint)PcDescription.HpetBase, 0x400))));
}
