namespace Suite.LinuxUser.Loader;

/// <summary>What a file says it is, taken at its word (e_ident, unlike <see cref="ElfHeader"/>).</summary>
/// <param name="Machine">e_machine.</param>
/// <param name="Is64">ELFCLASS64.</param>
/// <param name="BigEndian">ELFDATA2MSB.</param>
/// <param name="Type">e_type.</param>
/// <param name="Flags">e_flags; 0 when the file is too short to have them.</param>
public readonly record struct ElfIdentity(ushort Machine, bool Is64, bool BigEndian, ushort Type, uint Flags)
{
    private const int ClassOffset = 4, DataOffset = 5;
    private const uint MipsAbi2 = 0x20;

    /// <summary>Reads class, byte order, type and machine; false when it is no ELF file, too short, or class or byte order are unknown.</summary>
    public static bool TryRead(ReadOnlySpan<byte> head, out ElfIdentity identity)
    {
        identity = default;
        if (!MachineCheck.IsElf(head) || head.Length < ElfHeader.MachineOffset + 2 || head[ClassOffset] is not (1 or 2) || head[DataOffset] is not (1 or 2))
            return false;
        bool is64 = head[ClassOffset] == 2, big = head[DataOffset] == 2;
        int flagsOffset = is64 ? 48 : 36;
        uint flags = head.Length >= flagsOffset + 4 ? ElfHeader.U32(head, flagsOffset, big) : 0;
        identity = new ElfIdentity(ElfHeader.U16(head, ElfHeader.MachineOffset, big), is64, big, ElfHeader.U16(head, ElfHeader.TypeOffset, big), flags);
        return true;
    }

    /// <summary>Whether a tool for <paramref name="target"/> runs programs like this.</summary>
    public bool Fits(ElfTarget target) => target.Accepts(Machine) && target.Is64 == Is64 && target.BigEndian == BigEndian;

    /// <summary>The user-mode tool for the machine, by QEMU's name; null when there is none.</summary>
    public string? Tool => Machine switch
    {
        ElfMachine.I386 or ElfMachine.Iamcu => Is64 || BigEndian ? null : "qemu-i386",
        ElfMachine.X86_64 => Is64 && !BigEndian ? "qemu-x86_64" : null,
        ElfMachine.Ppc => Is64 || !BigEndian ? null : "qemu-ppc",
        ElfMachine.Ppc64 => !Is64 ? null : BigEndian ? "qemu-ppc64" : "qemu-ppc64le",
        2 => "qemu-sparc",
        18 => "qemu-sparc32plus",
        43 => "qemu-sparc64",
        4 => "qemu-m68k",
        8 or 10 => (Is64 ? "qemu-mips64" : (Flags & MipsAbi2) != 0 ? "qemu-mipsn32" : "qemu-mips") + (BigEndian ? "" : "el"),
        15 => "qemu-hppa",
        22 => Is64 ? "qemu-s390x" : null,
        40 => BigEndian ? "qemu-armeb" : "qemu-arm",
        42 => BigEndian ? "qemu-sh4eb" : "qemu-sh4",
        92 => "qemu-or1k",
        94 => BigEndian ? "qemu-xtensaeb" : "qemu-xtensa",
        164 => "qemu-hexagon",
        183 => BigEndian ? "qemu-aarch64_be" : "qemu-aarch64",
        189 or 0xBAAB => BigEndian ? "qemu-microblaze" : "qemu-microblazeel",
        243 => Is64 ? "qemu-riscv64" : "qemu-riscv32",
        258 => Is64 ? "qemu-loongarch64" : null,
        0x9026 => "qemu-alpha",
        _ => null,
    };

    /// <summary>Machine, width and byte order in words: "PowerPC (32-bit, big endian)".</summary>
    public override string ToString() => MachineCheck.Describe(Machine, Is64, BigEndian);
}
