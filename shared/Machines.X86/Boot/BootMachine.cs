using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>What a boot loader has to know of the machine.</summary>
/// <param name="Pc">Its description.</param>
/// <param name="Map">The memory map for the kernel; of the firmware, or <see cref="MemoryMap.Of"/>.</param>
/// <param name="AcpiRsdp">The ACPI root pointer; 0: none.</param>
public sealed record BootMachine(PcDescription Pc, IReadOnlyList<MemoryRange> Map, ulong AcpiRsdp)
{
    /// <summary>The ACPI root pointer itself, for multiboot 2 kernels; empty: none.</summary>
    public ReadOnlyMemory<byte> RsdpBytes { get; init; }

    /// <summary>The CPU model has long mode.</summary>
    public bool HasLongMode { get; init; } = true;

    /// <summary>Linux is entered in this mode if it can be; null: the fastest that it offers.</summary>
    public EntryMode? LinuxEntry { get; init; }

    /// <summary>The firmware that runs is another's (-bios): tables and interrupt services are its own, so Linux starts by its 16-bit entry.</summary>
    public bool HasForeignFirmware { get; init; }
}
