using System.Buffers.Binary;

namespace Suite.LinuxUser.Loader;

/// <summary>
/// The fields of an ELF header the kernel looks at. It takes class and byte order from itself, not from e_ident, and so does this:
/// deliberately tiny programs keep code in e_ident.
/// </summary>
public readonly struct ElfHeader
{
    /// <summary>Offset of e_type; the same in both classes, as are all fields up to e_version.</summary>
    public const int TypeOffset = 16;

    /// <summary>Offset of e_machine.</summary>
    public const int MachineOffset = 18;

    /// <summary>sizeof(Elf32_Ehdr), sizeof(Elf64_Ehdr).</summary>
    public const int Size32 = 52, Size64 = 64;

    private ElfHeader(ushort type, ushort machine, ulong entry, ulong phOff, ushort phEntSize, ushort phNum)
    {
        Type = type;
        Machine = machine;
        Entry = entry;
        PhOff = phOff;
        PhEntSize = phEntSize;
        PhNum = phNum;
    }

    /// <summary>Reads the header at the start of <paramref name="at"/>, which holds at least <see cref="SizeFor"/> bytes.</summary>
    public static ElfHeader Read(ReadOnlySpan<byte> at, ElfTarget target)
    {
        bool big = target.BigEndian;
        ushort type = U16(at, TypeOffset, big);
        ushort machine = U16(at, MachineOffset, big);
        return target.Is64
            ? new ElfHeader(type, machine, U64(at, 24, big), U64(at, 32, big), U16(at, PhEntSizeOffset(true), big), U16(at, PhNumOffset(true), big))
            : new ElfHeader(type, machine, U32(at, 24, big), U32(at, 28, big), U16(at, PhEntSizeOffset(false), big), U16(at, PhNumOffset(false), big));
    }

    /// <summary>Size of the header in bytes.</summary>
    public static int SizeFor(bool is64) => is64 ? Size64 : Size32;

    /// <summary>Offset of e_phoff.</summary>
    public static int PhOffOffset(bool is64) => is64 ? 32 : 28;

    /// <summary>Offset of e_phentsize.</summary>
    public static int PhEntSizeOffset(bool is64) => is64 ? 54 : 42;

    /// <summary>Offset of e_phnum.</summary>
    public static int PhNumOffset(bool is64) => is64 ? 56 : 44;

    /// <summary>Offset of e_entry; the same in both classes.</summary>
    public const int EntryOffset = 24;

    public ushort Type { get; }
    public ushort Machine { get; }
    public ulong Entry { get; }
    public ulong PhOff { get; }
    public ushort PhEntSize { get; }
    public ushort PhNum { get; }

    internal static ushort U16(ReadOnlySpan<byte> at, int offset, bool big) =>
        big ? BinaryPrimitives.ReadUInt16BigEndian(at[offset..]) : BinaryPrimitives.ReadUInt16LittleEndian(at[offset..]);

    internal static uint U32(ReadOnlySpan<byte> at, int offset, bool big) =>
        big ? BinaryPrimitives.ReadUInt32BigEndian(at[offset..]) : BinaryPrimitives.ReadUInt32LittleEndian(at[offset..]);

    internal static ulong U64(ReadOnlySpan<byte> at, int offset, bool big) =>
        big ? BinaryPrimitives.ReadUInt64BigEndian(at[offset..]) : BinaryPrimitives.ReadUInt64LittleEndian(at[offset..]);
}
