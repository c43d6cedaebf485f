using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>What a boot loader has to know of the machine.</summary>
/// <param name="Pc">Its description.</param>
/// <param name="Map">The memory map for the kernel; of the firmware, or <see cref="MemoryMap.Of"/>.</param>
/// <param name="AcpiRsdp">The ACPI root pointer; 0: none.</param>
public sealed record BootMachine(PcDescription Pc, IReadOnlyList<MemoryRange> Map, ulong AcpiRsdp);
