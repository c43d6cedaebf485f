namespace Suite.Devices.FwCfg;

/// <summary>Keys of items that have no name (QEMU documentation, "fw_cfg", and what SeaBIOS and Linux boot ROMs ask for).</summary>
public static class FwCfgKey
{
    /// <summary>The interface itself: "QEMU"; the features; the directory of files; the first key of a file.</summary>
    public const ushort Signature = 0x00, Id = 0x01, FileDirectory = 0x19, FirstFile = 0x20;

    /// <summary>The machine: 16 bytes of UUID; bytes of memory below 4 GiB (64 bits); 16 bits for a machine without display; processors at start (16 bits) and at most (16 bits).</summary>
    public const ushort Uuid = 0x02, RamSize = 0x03, NoGraphic = 0x04, CpuCount = 0x05, MaxCpus = 0x0F;

    /// <summary>Boot: NUMA nodes (64-bit numbers), boot menu (16 bits).</summary>
    public const ushort Numa = 0x0D, BootMenu = 0x0E;

    /// <summary>A Linux kernel for the linuxboot ROMs: addresses, sizes (32 bits each) and contents of kernel, initial RAM disk, command line and setup code.</summary>
    public const ushort KernelAddress = 0x07, KernelSize = 0x08, InitrdAddress = 0x0A, InitrdSize = 0x0B, KernelEntry = 0x10, KernelData = 0x11, InitrdData = 0x12,
        CommandLineAddress = 0x13, CommandLineSize = 0x14, CommandLineData = 0x15, SetupAddress = 0x16, SetupSize = 0x17, SetupData = 0x18;

    /// <summary>x86 only: whether IRQ 0 comes to input 2 of the I/O APIC (32 bits), HPET description.</summary>
    public const ushort Irq0Override = 0x8002, Hpet = 0x8004;
}
