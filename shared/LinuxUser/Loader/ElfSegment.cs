namespace Suite.LinuxUser.Loader;

/// <summary>One program header, widened to 64 bits.</summary>
public readonly struct ElfSegment
{
    /// <summary>p_type values the loader looks at.</summary>
    public const uint Load = 1, Dynamic = 2, Interp = 3, GnuStack = 0x6474_E551;

    /// <summary>p_flags.</summary>
    public const uint Execute = 1, Writable = 2, Readable = 4;

    private const int ProtRead = 1, ProtWrite = 2, ProtExec = 4;

    private ElfSegment(uint type, uint flags, ulong offset, ulong vaddr, ulong fileSize, ulong memSize, ulong align)
    {
        Type = type;
        Flags = flags;
        Offset = offset;
        Vaddr = vaddr;
        FileSize = fileSize;
        MemSize = memSize;
        Align = align;
    }

    /// <summary>Reads the header at the start of <paramref name="at"/>.</summary>
    public static ElfSegment Read(ReadOnlySpan<byte> at, ElfTarget target)
    {
        bool big = target.BigEndian;
        return target.Is64
            ? new ElfSegment(ElfHeader.U32(at, 0, big), ElfHeader.U32(at, 4, big), ElfHeader.U64(at, 8, big), ElfHeader.U64(at, 16, big),
                ElfHeader.U64(at, 32, big), ElfHeader.U64(at, 40, big), ElfHeader.U64(at, 48, big))
            : new ElfSegment(ElfHeader.U32(at, 0, big), ElfHeader.U32(at, 24, big), ElfHeader.U32(at, 4, big), ElfHeader.U32(at, 8, big),
                ElfHeader.U32(at, 16, big), ElfHeader.U32(at, 20, big), ElfHeader.U32(at, 28, big));
    }

    /// <summary>sizeof(Elf32_Phdr) or sizeof(Elf64_Phdr).</summary>
    public static int SizeFor(bool is64) => is64 ? 56 : 32;

    /// <summary>PROT_* of the segment; with <paramref name="readImpliesExec"/> everything readable is executable.</summary>
    public int Protection(bool readImpliesExec)
    {
        int prot = (Flags & Readable) != 0 ? ProtRead : 0;
        if ((Flags & Writable) != 0)
            prot |= ProtWrite;
        if ((Flags & Execute) != 0 || (readImpliesExec && (Flags & Readable) != 0))
            prot |= ProtExec;
        return prot;
    }

    public uint Type { get; }
    public uint Flags { get; }
    public ulong Offset { get; }
    public ulong Vaddr { get; }
    public ulong FileSize { get; }
    public ulong MemSize { get; }
    public ulong Align { get; }
}
