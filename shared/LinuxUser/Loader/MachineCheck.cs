namespace Suite.LinuxUser.Loader;

/// <summary>Says in words why a file is no program for this tool, and which tool it is for.</summary>
public static class MachineCheck
{
    /// <summary>Whether the first four bytes are the ELF magic.</summary>
    public static bool IsElf(ReadOnlySpan<byte> head) => head.StartsWith("\u007fELF"u8);

    /// <summary>
    /// A predicate for a sentence that starts with the file's name ("is a PowerPC ... program; use qemu-ppc ..."), or null when type, machine,
    /// class and byte order are right.
    /// </summary>
    /// <param name="head">The first bytes of the file, up to 4 KiB.</param>
    /// <param name="target">What the tool runs.</param>
    public static string? Explain(ReadOnlySpan<byte> head, ElfTarget target)
    {
        if (!IsElf(head))
            return ExplainOther(head);
        if (head.Length < ElfHeader.MachineOffset + 2)
            return $"is cut off inside the ELF header: {head.Length} bytes";
        if (!ElfIdentity.TryRead(head, out ElfIdentity identity))
            return $"has a damaged ELF header: class {head[4]}, byte order {head[5]} (both must be 1 or 2)";
        if (identity.Type is not (ElfType.Executable or ElfType.Dynamic))
            return ExplainType(identity);
        if (identity.Fits(target))
            return null;
        string other = identity.Tool is { } tool ? $"use {tool}" : "no tool runs it";
        return $"is {Article(MachineName(identity.Machine))} {identity} program; {other} ({target.Tool} runs {Describe(target.Machine, target.Is64, target.BigEndian)} programs)";
    }

    /// <summary>Offset of the field <see cref="Explain"/> complains about, or -1.</summary>
    public static long OffsetOf(ReadOnlySpan<byte> head, ElfTarget target)
    {
        if (!IsElf(head))
            return 0;
        if (!ElfIdentity.TryRead(head, out ElfIdentity identity))
            return 4;
        if (identity.Type is not (ElfType.Executable or ElfType.Dynamic))
            return ElfHeader.TypeOffset;
        return identity.Fits(target) ? -1 : !target.Accepts(identity.Machine) ? ElfHeader.MachineOffset : 4;
    }

    /// <summary>"x86-64 (64-bit, little endian)".</summary>
    public static string Describe(ushort machine, bool is64, bool bigEndian) =>
        $"{MachineName(machine)} ({(is64 ? 64 : 32)}-bit, {(bigEndian ? "big" : "little")} endian)";

    private static string ExplainType(in ElfIdentity identity) => identity.Type switch
    {
        ElfType.Relocatable => $"is a relocatable object file for {identity}: link it first",
        ElfType.Core => $"is a core dump of {Article(MachineName(identity.Machine))} {identity} program: open it with a debugger",
        ElfType.None => "is an ELF file without a type (e_type is 0), not a program",
        _ => $"is an ELF file of unknown type 0x{identity.Type:x}, not a program",
    };

    private static string ExplainOther(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
            return "is an empty file, not a program";
        if (head.StartsWith("!<arch>\n"u8))
            return "is a static library, not a program";
        if (head.StartsWith("MZ"u8))
            return "is a DOS or Windows program, not an ELF file";
        if (head.StartsWith("#!"u8))
            return "has a #! line that names no interpreter (or a name longer than 254 bytes)";
        if (head.Length >= 4 && ElfHeader.U32(head, 0, true) is 0xFEEDFACE or 0xFEEDFACF or 0xCEFAEDFE or 0xCFFAEDFE or 0xCAFEBABE)
            return "is a macOS program or Java class, not an ELF file";
        return head[..Math.Min(head.Length, 256)].Contains((byte)0)
            ? "is not an ELF file"
            : "is a text file without a #! line, not a program: name its interpreter";
    }

    // By sound: an i386, an x86-64, an M32R, an S/390, an ARM.
    private static string Article(string name) =>
        name is "x86-64" or "m68k" or "M32R" or "S/390" or "MSP430" || name[0] is 'A' or 'I' or 'O' or 'i' or 'u' ? "an" : "a";

    private static string MachineName(ushort machine) => machine switch
    {
        1 => "WE 32100",
        2 or 18 or 43 => "SPARC",
        ElfMachine.I386 or ElfMachine.Iamcu => "i386",
        4 => "m68k",
        8 or 10 => "MIPS",
        15 => "PA-RISC",
        ElfMachine.Ppc => "PowerPC",
        ElfMachine.Ppc64 => "PowerPC64",
        22 => "S/390",
        23 => "Cell SPU",
        40 => "ARM",
        42 => "SuperH",
        45 or 93 or 195 => "ARC",
        50 => "Itanium",
        ElfMachine.X86_64 => "x86-64",
        75 => "VAX",
        76 => "CRIS",
        83 => "AVR",
        87 => "V850",
        88 => "M32R",
        92 => "OpenRISC",
        94 => "Xtensa",
        105 => "MSP430",
        106 => "Blackfin",
        113 => "Nios II",
        164 => "Hexagon",
        183 => "AArch64",
        189 or 0xBAAB => "MicroBlaze",
        191 => "TILE-Gx",
        224 => "AMD GPU",
        243 => "RISC-V",
        247 => "BPF",
        252 => "C-SKY",
        258 => "LoongArch",
        0x9026 => "Alpha",
        _ => $"unknown machine {machine}",
    };
}
