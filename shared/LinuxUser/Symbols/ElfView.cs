using System.Diagnostics.CodeAnalysis;
using System.Text;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Symbols;

/// <summary>
/// Program headers and sections of an ELF image, as far as they can be believed: every size and offset is checked against the image, what is
/// not there reads as missing, and nothing throws.
/// </summary>
internal sealed class ElfView
{
    private const int LargestTable = 1 << 20, NameBytes = 128;
    private const ulong LargestSection = 1UL << 28;

    private readonly bool _big;
    private readonly ElfTarget _target;
    private ElfSection[]? _sections;

    private ElfView(IImageBytes bytes, ElfTarget target, ElfHeader header, ElfSegment[] segments)
    {
        (Bytes, _target, _big) = (bytes, target, target.BigEndian);
        (Header, Segments) = (header, segments);
    }

    public IImageBytes Bytes { get; }

    public ElfHeader Header { get; }

    /// <summary>All program headers.</summary>
    public ElfSegment[] Segments { get; }

    /// <summary>Bytes of a word: 4 or 8.</summary>
    public int WordBytes => _target.WordSize;

    public bool BigEndian => _big;

    /// <summary>The sections; none when the table is missing or cannot be read.</summary>
    public ElfSection[] Sections => _sections ??= ReadSections();

    /// <summary>Reads the headers. False when this is no ELF image of the target.</summary>
    public static bool TryOpen(IImageBytes bytes, ElfTarget target, [NotNullWhen(true)] out ElfView? view)
    {
        view = null;
        Span<byte> head = stackalloc byte[ElfHeader.Size64];
        head = head[..ElfHeader.SizeFor(target.Is64)];
        if (!bytes.TryRead(0, head) || !head.StartsWith("\u007fELF"u8))
            return false;
        ElfHeader header = ElfHeader.Read(head, target);
        int size = ElfSegment.SizeFor(target.Is64);
        if (!target.Accepts(header.Machine) || header.PhEntSize != size || header.PhNum * size > LargestTable)
            return false;
        byte[] table = new byte[header.PhNum * size];
        if (!bytes.TryRead(header.PhOff, table))
            return false;
        ElfSegment[] segments = new ElfSegment[header.PhNum];
        for (int i = 0; i < segments.Length; i++)
            segments[i] = ElfSegment.Read(table.AsSpan(i * size), target);
        view = new ElfView(bytes, target, header, segments);
        return true;
    }

    /// <summary>The section of that name, or null.</summary>
    public ElfSection? Find(string name)
    {
        foreach (ElfSection section in Sections)
            if (section.Name == name)
                return section;
        return null;
    }

    /// <summary>The bytes of a section that are in the file, uncompressed ones only; null when they are not there.</summary>
    public byte[]? Read(in ElfSection section) =>
        section.Type == ElfSection.NoBits || (section.Flags & ElfSection.Compressed) != 0 ? null : Read(section.Offset, section.Size);

    /// <summary>Bytes by their place in the file; null when they are not there.</summary>
    public byte[]? Read(ulong offset, ulong size)
    {
        if (size > LargestSection || offset > Bytes.Length || size > Bytes.Length - offset)
            return null;
        byte[] content = new byte[size];
        return Bytes.TryRead(offset, content) ? content : null;
    }

    /// <summary>An unsigned integer of 1, 2, 4 or 8 bytes in the image's byte order.</summary>
    public ulong Number(ReadOnlySpan<byte> at, int offset, int size) => GuestNumber.Read(at.Slice(offset, size), _big, signed: false);

    /// <summary>A word of the image's class.</summary>
    public ulong Word(ReadOnlySpan<byte> at, int offset) => Number(at, offset, WordBytes);

    /// <summary>The place in the file of an address in the file; null when no segment has it.</summary>
    public ulong? OffsetOf(ulong address)
    {
        foreach (ElfSegment segment in Segments)
            if (segment.Type == ElfSegment.Load && address - segment.Vaddr < segment.FileSize)
                return segment.Offset + (address - segment.Vaddr);
        return null;
    }

    private ElfSection[] ReadSections()
    {
        bool wide = _target.Is64;
        Span<byte> head = stackalloc byte[ElfHeader.Size64];
        head = head[..ElfHeader.SizeFor(wide)];
        if (!Bytes.TryRead(0, head))
            return [];
        ulong at = Word(head, wide ? 40 : 32);
        int size = (int)Number(head, wide ? 58 : 46, 2), count = (int)Number(head, wide ? 60 : 48, 2), names = (int)Number(head, wide ? 62 : 50, 2);
        int expected = wide ? 64 : 40;
        if (at == 0 || size != expected || count == 0 || count * size > LargestTable || Read(at, (ulong)(count * size)) is not { } table)
            return [];
        ElfSection[] sections = new ElfSection[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = table.AsSpan(i * size, size);
            int w = WordBytes;
            sections[i] = new ElfSection("", (uint)Number(entry, 4, 4), Word(entry, 8), Word(entry, 8 + w), Word(entry, 8 + 2 * w), Word(entry, 8 + 3 * w),
                (int)Number(entry, 8 + 4 * w, 4), Word(entry, 16 + 5 * w));
        }

        if (names < count && Read(sections[names]) is { } text)
            for (int i = 0; i < count; i++)
                sections[i] = sections[i] with { Name = Text(text, Number(table, i * size, 4)) };
        return sections;
    }

    private static string Text(byte[] strings, ulong at)
    {
        if (at >= (ulong)strings.Length)
            return "";
        ReadOnlySpan<byte> rest = strings.AsSpan((int)at, Math.Min(NameBytes, strings.Length - (int)at));
        int end = rest.IndexOf((byte)0);
        return Encoding.ASCII.GetString(end < 0 ? rest : rest[..end]);
    }
}
