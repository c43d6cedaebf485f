namespace Suite.PcBios;

/// <summary>What firmware and tables have to know of a PC. The board fills it in once; nothing in it changes while the machine runs.</summary>
public sealed record PcDescription
{
    /// <summary>Addresses that a PC of this family has for good.</summary>
    public const ulong IoApicBase = 0xFEC0_0000, HpetBase = 0xFED0_0000, LocalApicBase = 0xFEE0_0000, FourGiB = 1UL << 32;

    /// <summary>First I/O port of the PIIX4 power management block, of its SMBus, and the SCI's interrupt.</summary>
    public const int PmBase = 0x600, SmbusBase = 0x700, GeneralEvents = 0xAFE0, SciIrq = 9;

    /// <summary>Interrupts of the PIRQ links A-D on the `pc` board, and the mask of lines that a link may be routed to.</summary>
    public const int PciIrqA = 10, PciIrqB = 10, PciIrqC = 11, PciIrqD = 11;

    /// <summary>Bit of the generic event device's selector: the power button was pressed.</summary>
    public const uint MicrovmPowerButtonEvent = 2;

    /// <summary>RAM in bytes.</summary>
    public required ulong RamBytes { get; init; }

    /// <summary>RAM below 4 GiB, from address 0. What remains lies from 4 GiB on.</summary>
    public ulong LowRam => RamBytes >= 0xE000_0000 ? 0xC000_0000 : RamBytes;

    /// <summary>RAM from 4 GiB on.</summary>
    public ulong HighRam => RamBytes - LowRam;

    /// <summary>Addresses for the BARs of PCI functions below 4 GiB: first, and one behind the last.</summary>
    public (ulong Start, ulong End) PciWindow => (Math.Max(LowRam, 0xC000_0000), IoApicBase);

    /// <summary>Addresses for 64-bit BARs that do not fit below 4 GiB.</summary>
    public (ulong Start, ulong End) PciHighWindow => ((FourGiB + HighRam + (1UL << 30) - 1) >> 30 << 30, 1UL << 39);

    /// <summary>vCPUs. The local APIC id of each is its index.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>vCPUs that may be there at most.</summary>
    public int MaxCpus { get; init; } = 1;

    /// <summary>True for the `microvm` board: no PCI, no ISA devices but those named here, virtio by MMIO.</summary>
    public bool IsMicrovm { get; init; }

    /// <summary>ACPI tables are made.</summary>
    public bool HasAcpi { get; init; } = true;

    public bool HasHpet { get; init; } = true;

    public bool HasIoApic { get; init; } = true;

    /// <summary>An i8042 with keyboard and mouse.</summary>
    public bool HasI8042 { get; init; } = true;

    /// <summary>A CMOS clock.</summary>
    public bool HasRtc { get; init; } = true;

    /// <summary>PCI slots whose cards may come and go while the system runs, a bit each; 0: none.</summary>
    public uint HotPlugSlots { get; init; }

    /// <summary>A VGA that answers at A0000 and 3C0.</summary>
    public bool HasVga { get; init; } = true;

    /// <summary>The text screen goes to the first serial port (-nographic).</summary>
    public bool HasSerialConsole { get; init; }

    /// <summary>fw_cfg at ports 510-51B.</summary>
    public bool HasFwCfg { get; init; } = true;

    /// <summary>pvpanic's port; 0: none.</summary>
    public int PvPanicPort { get; init; }

    /// <summary>Serial ports, as COM1 to COM4.</summary>
    public int SerialPorts { get; init; } = 1;

    /// <summary>Parallel ports, as LPT1 to LPT3.</summary>
    public int ParallelPorts { get; init; } = 1;

    /// <summary>CMOS types of the floppy drives A and B: 0 none, 2 1.2 MB, 4 1.44 MB, 5 2.88 MB.</summary>
    public (int A, int B) Floppies { get; init; }

    /// <summary>microvm: the virtio devices' places.</summary>
    public IReadOnlyList<VirtioMmioPlace> VirtioMmio { get; init; } = [];

    /// <summary>microvm: address of the registers by which ACPI sleeps and resets (sleep control, sleep status, reset); 0: none.</summary>
    public ulong MicrovmPowerBase { get; init; }

    /// <summary>microvm: address of the generic event device's selector, four bytes that tell what happened and are cleared by reading; 0: none.</summary>
    public ulong MicrovmEventBase { get; init; }

    /// <summary>microvm: the generic event device's interrupt, an edge.</summary>
    public int MicrovmEventGsi { get; init; } = 9;

    /// <summary>As -uuid.</summary>
    public Guid Uuid { get; init; }

    /// <summary>As -name.</summary>
    public string? Name { get; init; }

    /// <summary>As -smbios.</summary>
    public Tables.SmbiosFields Smbios { get; init; } = Tables.SmbiosFields.None;

    /// <summary>Tables of the user's (-acpitable), each with its header.</summary>
    public IReadOnlyList<byte[]> ExtraAcpiTables { get; init; } = [];
}

/// <summary>One virtio device reached by memory-mapped registers.</summary>
/// <param name="Address">Of its 512 bytes of registers.</param>
/// <param name="Gsi">Its interrupt: an input of the I/O APIC.</param>
public readonly record struct VirtioMmioPlace(ulong Address, int Gsi);
