namespace Suite.PcBios;

/// <summary>What a piece of the physical address space is good for (ACPI specification 6.5, 15.1).</summary>
public enum MemoryKind
{
    Usable = 1,
    Reserved = 2,
    Acpi = 3,
    AcpiNvs = 4,
}

/// <summary>A line of the memory map that INT 15h AX=E820h and boot protocols hand to a kernel.</summary>
/// <param name="Start">First address.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Kind">What it is good for.</param>
public readonly record struct MemoryRange(ulong Start, ulong Length, MemoryKind Kind);

/// <summary>The memory map of a PC, made from its description.</summary>
public static class MemoryMap
{
    /// <summary>Start of the extended BIOS data area, 1 KiB below the end of conventional memory.</summary>
    public const uint Ebda = 0x9FC00;

    /// <summary>End of the memory that programs of real mode may use, and of the area where ROMs lie.</summary>
    public const uint ConventionalEnd = 0xA0000, RomStart = 0xF0000, RomEnd = 0x100000;

    /// <summary>The map, in order of addresses.</summary>
    /// <param name="pc">The machine.</param>
    /// <param name="acpiBytes">Bytes for ACPI tables at the end of the RAM below 4 GiB, a multiple of 4096.</param>
    public static IReadOnlyList<MemoryRange> Of(PcDescription pc, uint acpiBytes)
    {
        List<MemoryRange> map =
        [
            new(0, Ebda, MemoryKind.Usable),
            new(Ebda, ConventionalEnd - Ebda, MemoryKind.Reserved),
            new(RomStart, RomEnd - RomStart, MemoryKind.Reserved),
        ];
        if (pc.LowRam - acpiBytes > RomEnd)
            map.Add(new(RomEnd, pc.LowRam - acpiBytes - RomEnd, MemoryKind.Usable));
        if (acpiBytes > 0)
            map.Add(new(pc.LowRam - acpiBytes, acpiBytes, MemoryKind.Acpi));
        map.Add(new(0xFFFC_0000, 0x4_0000, MemoryKind.Reserved));
        if (pc.HighRam > 0)
            map.Add(new(PcDescription.FourGiB, pc.HighRam, MemoryKind.Usable));
        return map;
    }
}
