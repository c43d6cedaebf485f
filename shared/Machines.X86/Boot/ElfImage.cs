using System.Buffers.Binary;

namespace Suite.Machines.X86.Boot;

/// <summary>A loadable segment of an ELF kernel.</summary>
public readonly record struct ElfSegment(ulong Offset, ulong Virtual, ulong Physical, ulong FileSize, ulong MemorySize);

/// <summary>An ELF kernel for x86: what is loaded where, its entry, and the PVH note. All sizes have been checked against the file.</summary>
public sealed class ElfImage
{
    private const int Header32 = 52, Header64 = 64, Segment32 = 32, Segment64 = 56, MostSegments = 512, MostNotes = 1 << 20;
    private const ushort Intel386 = 3, Amd64 = 62;
    private const uint LoadType = 1, NoteType = 4, PvhEntryNote = 18;

    private readonly LoaderFile _file;

    private ElfImage(LoaderFile file, bool is64) => (_file, Is64) = (file, is64);

    public bool Is64 { get; }

    /// <summary>Where the header says that it begins, as a physical address where a segment covers it.</summary>
    public ulong Entry { get; private set; }

    /// <summary>The 32-bit entry of the PVH protocol (XEN_ELFNOTE_PHYS32_ENTRY); null when there is no such note.</summary>
    public uint? PvhEntry { get; private set; }

    public IReadOnlyList<ElfSegment> Segments { get; private set; } = [];

    /// <summary>The section headers' place in the file, size and number, and the index of the one with the names; zeros when there are none.</summary>
    public (ulong Offset, int EntrySize, int Count, int Names) Sections { get; private set; }

    /// <summary>Reads the headers; null when the file is no ELF file.</summary>
    /// <exception cref="BootException">It is one, but not for x86, or damaged.</exception>
    public static ElfImage? TryParse(LoaderFile file, byte[] head)
    {
        if (head.Length < 20 || !head.AsSpan().StartsWith("\x7f"u8 + "ELF"u8))
            return null;
        ushort machine = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(18));
        if (head[5] != 1 || machine is not (Intel386 or Amd64))
            throw file.Error($"is an ELF file for another machine (e_machine {machine}, {(head[5] == 1 ? "little" : "big")} endian); this one takes i386 and x86-64");
        bool is64 = head[4] == 2;
        if (head.Length < (is64 ? Header64 : Header32))
            throw file.Error("ends within its ELF header: the file is truncated, fetch it again");
        ElfImage elf = new(file, is64);
        elf.ReadHeaders(head);
        return elf;
    }

    /// <summary>Takes room for all segments and gives them as pieces.</summary>
    public List<BootPiece> Load(LoaderFile file, MemoryPlacer placer)
    {
        List<BootPiece> pieces = [];
        for (int i = 0; i < Segments.Count; i++)
        {
            ElfSegment s = Segments[i];
            placer.Take(file, $"segment {i}", s.Physical, s.MemorySize);
            pieces.Add(new BootPiece(s.Physical, $"segment {i}") { File = _file, FileOffset = s.Offset, FileLength = s.FileSize, Zeros = s.MemorySize - s.FileSize });
        }

        return pieces;
    }

    private void ReadHeaders(byte[] head)
    {
        ReadOnlySpan<byte> h = head;
        (ulong entry, ulong table, ulong sections) = Is64 ? (U64(h[24..]), U64(h[32..]), U64(h[40..])) : (U32(h[24..]), U32(h[28..]), U32(h[32..]));
        ReadOnlySpan<byte> sizes = h[(Is64 ? 54 : 42)..];
        int entrySize = U16(sizes), count = U16(sizes[2..]), least = Is64 ? Segment64 : Segment32;
        if (count == 0)
            throw _file.Error("has no program headers: it is an object file or library; give a linked kernel");
        if (entrySize < least || count > MostSegments)
            throw _file.Error($"has {count} program headers of {entrySize} bytes: its ELF header is damaged");
        Sections = (sections, U16(sizes[4..]), U16(sizes[6..]), U16(sizes[8..]));

        byte[] bytes = new byte[entrySize * count];
        _file.Read(table, bytes, "the program headers");
        List<ElfSegment> segments = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> p = bytes.AsSpan(i * entrySize, entrySize);
            ElfSegment s = Is64
                ? new(U64(p[8..]), U64(p[16..]), U64(p[24..]), U64(p[32..]), U64(p[40..]))
                : new(U32(p[4..]), U32(p[8..]), U32(p[12..]), U32(p[16..]), U32(p[20..]));
            switch (U32(p))
            {
                case LoadType when s.MemorySize > 0:
                    if (s.FileSize > s.MemorySize || !_file.Holds(s.Offset, s.FileSize))
                        throw _file.Error($"has a segment (program header {i}) of {s.FileSize} bytes at {s.Offset} that does not lie within the file ({_file.Length} bytes): truncated or damaged");
                    segments.Add(s);
                    break;
                case NoteType:
                    ReadNotes(s, Is64 ? U64(p[48..]) : U32(p[28..]));
                    break;
            }
        }

        if (segments.Count == 0)
            throw _file.Error("has no segment to load; give a linked kernel");
        Segments = segments;
        Entry = ToPhysical(entry);
    }

    // Kernels linked for high addresses give a virtual entry; the segment tells where it lies.
    private ulong ToPhysical(ulong entry)
    {
        foreach (ElfSegment s in Segments)
            if (entry >= s.Physical && entry - s.Physical < s.MemorySize)
                return entry;
        foreach (ElfSegment s in Segments)
            if (entry >= s.Virtual && entry - s.Virtual < s.MemorySize)
                return entry - s.Virtual + s.Physical;
        throw _file.Error($"has its entry at {entry:x}, outside all segments: damaged");
    }

    private void ReadNotes(ElfSegment segment, ulong alignment)
    {
        if (segment.FileSize > MostNotes || !_file.Holds(segment.Offset, segment.FileSize))
            throw _file.Error("has notes that do not lie within the file: truncated or damaged");
        byte[] notes = new byte[segment.FileSize];
        _file.Read(segment.Offset, notes, "the notes");
        ulong mask = alignment == 8 ? 7UL : 3UL;
        for (ulong at = 0; at + 12 <= (ulong)notes.Length;)
        {
            ReadOnlySpan<byte> note = notes.AsSpan((int)at);
            ulong nameSize = U32(note), size = U32(note[4..]);
            ulong data = (12 + nameSize + mask) & ~mask, next = (data + size + mask) & ~mask;
            if (data + size > (ulong)note.Length)
                return;
            if (U32(note[8..]) == PvhEntryNote && nameSize == 4 && note.Slice(12, 3).SequenceEqual("Xen"u8) && size is 4 or 8)
                PvhEntry = U32(note[(int)data..]);
            at += next;
        }
    }

    private static ushort U16(ReadOnlySpan<byte> p) => BinaryPrimitives.ReadUInt16LittleEndian(p);

    private static uint U32(ReadOnlySpan<byte> p) => BinaryPrimitives.ReadUInt32LittleEndian(p);

    private static ulong U64(ReadOnlySpan<byte> p) => BinaryPrimitives.ReadUInt64LittleEndian(p);
}
