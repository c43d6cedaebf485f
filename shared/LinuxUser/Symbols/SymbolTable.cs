using System.Text;

namespace Suite.LinuxUser.Symbols;

/// <summary>The functions of one ELF image by address. Addresses are those in the file, before any load bias.</summary>
internal sealed class SymbolTable
{
    private const int FunctionType = 2, NoType = 0, IndirectFunction = 10, LongestName = 512, LargestNesting = 16;
    private const ulong LargestCount = 1 << 22;

    private readonly Entry[] _entries;

    private SymbolTable(Entry[] entries) => _entries = entries;

    /// <summary>A table without symbols.</summary>
    public static SymbolTable Empty { get; } = new([]);

    public int Count => _entries.Length;

    /// <summary>Reads .symtab, or .dynsym where there is none, or what PT_DYNAMIC says where there are no sections.</summary>
    public static SymbolTable Read(ElfView view)
    {
        foreach (uint type in (ReadOnlySpan<uint>)[ElfSection.SymbolTable, ElfSection.DynamicSymbols])
            foreach (ElfSection section in view.Sections)
            {
                if (section.Type != type || (uint)section.Link >= (uint)view.Sections.Length)
                    continue;
                if (view.Read(section) is { } symbols && view.Read(view.Sections[section.Link]) is { } names && Read(view, symbols, names) is { Count: > 0 } table)
                    return table;
            }

        return ReadDynamic(view);
    }

    /// <summary>The function an address is in: the innermost that holds it, or the nearest before it whose size is not known.</summary>
    public (string Name, ulong Start, ulong Size)? Find(ulong address)
    {
        (int low, int high) = (0, _entries.Length);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_entries[middle].Address <= address)
                low = middle + 1;
            else
                high = middle;
        }

        for (int i = low - 1, tries = 0; i >= 0 && tries < LargestNesting; i--, tries++)
        {
            ref readonly Entry entry = ref _entries[i];
            if (address - entry.Address < entry.Size || entry.Size == 0)
                return (Name(entry), entry.Address, entry.Size);
        }

        return null;
    }

    private static SymbolTable ReadDynamic(ElfView view)
    {
        const ulong DT_NULL = 0, DT_HASH = 4, DT_STRTAB = 5, DT_SYMTAB = 6, DT_STRSZ = 10, DT_GNU_HASH = 0x6FFFFEF5;
        const int LargestDynamic = 4096;
        const uint PtDynamic = 2;
        foreach (var segment in view.Segments)
        {
            if (segment.Type != PtDynamic || view.OffsetOf(segment.Vaddr) is not { } at || view.Read(at, Math.Min(segment.FileSize, LargestDynamic)) is not { } dynamic)
                continue;
            ulong symbols = 0, names = 0, nameBytes = 0, hash = 0, gnuHash = 0;
            int word = view.WordBytes;
            for (int i = 0; i + 2 * word <= dynamic.Length && view.Word(dynamic, i) is var tag and not DT_NULL; i += 2 * word)
            {
                ulong value = view.Word(dynamic, i + word);
                switch (tag)
                {
                    case DT_SYMTAB: symbols = value; break;
                    case DT_STRTAB: names = value; break;
                    case DT_STRSZ: nameBytes = value; break;
                    case DT_HASH: hash = value; break;
                    case DT_GNU_HASH: gnuHash = value; break;
                    default: break;
                }
            }

            // In memory the loader may have added the bias to these; the image is then the memory's, which starts at the bias.
            ulong bias = symbols != 0 && view.OffsetOf(symbols) is null ? BiasOf(view, symbols) : 0;
            ulong count = CountByHash(view, hash - bias, hash != 0) ?? CountByGnuHash(view, gnuHash - bias, gnuHash != 0) ?? 0;
            if (count is 0 or > LargestCount || view.OffsetOf(symbols - bias) is not { } symbolsAt || view.OffsetOf(names - bias) is not { } namesAt)
                continue;
            if (view.Read(symbolsAt, count * (ulong)EntryBytes(view)) is { } table && view.Read(namesAt, nameBytes) is { } text)
                return Read(view, table, text);
        }

        return Empty;
    }

    private static ulong BiasOf(ElfView view, ulong relocated) => view.Bytes is MemoryBytes memory ? memory.BiasFor(relocated) : 0;

    private static ulong? CountByHash(ElfView view, ulong hash, bool known)
    {
        if (!known || view.OffsetOf(hash) is not { } at || view.Read(at, 8) is not { } head)
            return null;
        return view.Number(head, 4, 4);
    }

    // The highest symbol of any chain is the last of the table (one chain per bucket, its last entry has bit 0 set).
    private static ulong? CountByGnuHash(ElfView view, ulong hash, bool known)
    {
        if (!known || view.OffsetOf(hash) is not { } at || view.Read(at, 16) is not { } head)
            return null;
        ulong buckets = view.Number(head, 0, 4), first = view.Number(head, 4, 4), bloom = view.Number(head, 8, 4);
        ulong bucketsAt = at + 16 + bloom * (ulong)view.WordBytes, highest = 0;
        if (buckets > LargestCount || view.Read(bucketsAt, buckets * 4) is not { } table)
            return null;
        for (int i = 0; i + 4 <= table.Length; i += 4)
            highest = Math.Max(highest, view.Number(table, i, 4));
        if (highest < first)
            return first;
        for (ulong chain = bucketsAt + buckets * 4 + (highest - first) * 4; highest < LargestCount; chain += 4, highest++)
            if (view.Read(chain, 4) is not { } link || (link[view.BigEndian ? 3 : 0] & 1) != 0)
                break;
        return highest + 1;
    }

    private static int EntryBytes(ElfView view) => view.WordBytes == 8 ? 24 : 16;

    private static SymbolTable Read(ElfView view, byte[] symbols, byte[] names)
    {
        int size = EntryBytes(view);
        List<Entry> entries = [];
        for (int at = size; at + size <= symbols.Length; at += size)
        {
            ReadOnlySpan<byte> raw = symbols.AsSpan(at, size);
            (int infoAt, int sectionAt, int valueAt, int sizeAt) = size == 24 ? (4, 6, 8, 16) : (12, 14, 4, 8);
            int type = raw[infoAt] & 15, binding = raw[infoAt] >> 4;
            ulong address = view.Word(raw, valueAt), name = view.Number(raw, 0, 4);
            if (type is not (FunctionType or IndirectFunction or NoType) || view.Number(raw, sectionAt, 2) == 0 || address == 0 || name >= (ulong)names.Length || names[name] == 0)
                continue;
            // Labels without a type are what hand-written assembly has; compilers' own start with a dot or a dollar sign.
            if (type == NoType && names[name] is (byte)'.' or (byte)'$')
                continue;
            byte rank = (byte)((type == NoType ? 4 : 0) + (binding == 1 ? 0 : binding == 2 ? 1 : 2));
            entries.Add(new Entry(address, view.Word(raw, sizeAt), names, (int)name, rank));
        }

        Entry[] sorted = [.. entries];
        Array.Sort(sorted);
        return new SymbolTable(Thin(sorted));
    }

    // One name per address: the best of them, which sorts first.
    private static Entry[] Thin(Entry[] sorted)
    {
        int count = 0;
        foreach (Entry entry in sorted)
            if (count == 0 || sorted[count - 1].Address != entry.Address)
                sorted[count++] = entry;
        return sorted[..count];
    }

    private static string Name(in Entry entry)
    {
        ReadOnlySpan<byte> rest = entry.Names.AsSpan(entry.Name);
        if (rest.Length > LongestName)
            rest = rest[..LongestName];
        int end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    private readonly record struct Entry(ulong Address, ulong Size, byte[] Names, int Name, byte Rank) : IComparable<Entry>
    {
        public int CompareTo(Entry other)
        {
            int order = Address.CompareTo(other.Address);
            if (order == 0)
                order = Rank.CompareTo(other.Rank);
            if (order == 0)
                order = (Size == 0).CompareTo(other.Size == 0);
            return order != 0 ? order : Name.CompareTo(other.Name);
        }
    }
}
