namespace Suite.LinuxUser.Loader;

/// <summary>What a tool runs: the machine its programs are for and the facts of its address space the loader depends on.</summary>
public sealed class ElfTarget
{
    /// <summary>64-bit x86. TASK_SIZE of four-level paging; PIE base as arch/x86 places it (two thirds up).</summary>
    public static ElfTarget X86_64 { get; } = new("qemu-x86_64", ElfMachine.X86_64, ElfMachine.X86_64, is64: true, bigEndian: false,
        addressLimit: 0x7FFF_FFFF_F000, pieHint: 0x5555_5555_4000, legacyStackExecutable: false);

    /// <summary>32-bit x86 as under a 64-bit kernel. EM_IAMCU was EM_486, which the kernel takes as well.</summary>
    public static ElfTarget I386 { get; } = new("qemu-i386", ElfMachine.I386, ElfMachine.Iamcu, is64: false, bigEndian: false,
        addressLimit: 0xFFFF_E000, pieHint: 0x5655_5000, legacyStackExecutable: true);

    /// <summary>32-bit big-endian PowerPC as under a 64-bit kernel.</summary>
    public static ElfTarget Ppc { get; } = new("qemu-ppc", ElfMachine.Ppc, ElfMachine.Ppc, is64: false, bigEndian: true,
        addressLimit: 0xFFFF_F000, pieHint: 0x0040_0000, legacyStackExecutable: true);

    private readonly ushort _alternateMachine;

    private ElfTarget(string tool, ushort machine, ushort alternateMachine, bool is64, bool bigEndian,
        ulong addressLimit, ulong pieHint, bool legacyStackExecutable)
    {
        Tool = tool;
        Machine = machine;
        _alternateMachine = alternateMachine;
        Is64 = is64;
        BigEndian = bigEndian;
        AddressLimit = addressLimit;
        PieHint = pieHint;
        LegacyStackExecutable = legacyStackExecutable;
    }

    /// <summary>Whether e_machine names this target (elf_check_arch).</summary>
    public bool Accepts(ushort machine) => machine == Machine || machine == _alternateMachine;

    /// <summary>Name of the tool, for messages.</summary>
    public string Tool { get; }

    /// <summary>e_machine.</summary>
    public ushort Machine { get; }

    /// <summary>ELFCLASS64 layout and 8-byte words.</summary>
    public bool Is64 { get; }

    /// <summary>Byte order of headers and of the initial stack.</summary>
    public bool BigEndian { get; }

    /// <summary>First address a program can never have (TASK_SIZE).</summary>
    public ulong AddressLimit { get; }

    /// <summary>Where a position-independent program with an interpreter goes when nothing is in the way (ELF_ET_DYN_BASE).</summary>
    public ulong PieHint { get; }

    /// <summary>A program without PT_GNU_STACK gets an executable stack and READ_IMPLIES_EXEC (elf_read_implies_exec).</summary>
    public bool LegacyStackExecutable { get; }

    /// <summary>Bytes of an address.</summary>
    public int WordSize => Is64 ? 8 : 4;
}
