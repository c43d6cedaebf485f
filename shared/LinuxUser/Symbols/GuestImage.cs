using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>The ELF image behind a mapping: the file it came from, or what is mapped of it when that is gone.</summary>
internal sealed class GuestImage
{
    private const ulong PageMask = GuestMemory.PageSize - 1;

    private readonly string _path;
    private readonly ElfTarget _target;
    private readonly IReadOnlyList<string> _prefixes;
    private readonly bool _fromFile;

    private GuestImage(string path, ElfView view, bool fromFile, ElfTarget target, IReadOnlyList<string> prefixes)
    {
        (_path, View, _fromFile, _target, _prefixes) = (path, view, fromFile, target, prefixes);
    }

    /// <summary>Program headers, and the bytes as far as they are mapped.</summary>
    public ElfView View { get; }

    /// <summary>The image of a mapping; null when it is none of the target's.</summary>
    public static GuestImage? Open(Vma vma, Vma[] map, IGuestReader memory, ElfTarget target, IReadOnlyList<string> prefixes)
    {
        bool fromFile = vma.Inode != 0;
        if (fromFile && FileBytes.Find(vma.Name) is { } bytes && ElfView.TryOpen(bytes, target, out ElfView? onDisk))
            return new GuestImage(vma.Name, onDisk, true, target, prefixes);
        (ulong, ulong, ulong)[] pieces = [.. map.Where(v => v.Name == vma.Name && v.Inode == vma.Inode)
            .Select(v => (fromFile ? v.Offset : v.Start - vma.Start, v.Start, v.End - v.Start))];
        return ElfView.TryOpen(new MemoryBytes(memory, pieces), target, out ElfView? mapped) ? new GuestImage(vma.Name, mapped, false, target, prefixes) : null;
    }

    /// <summary>What is added to addresses in the file in this mapping of it; null when no segment of the file is mapped so.</summary>
    public ulong? BiasOf(Vma vma)
    {
        ulong offset = vma.Inode == 0 ? 0 : vma.Offset;
        ElfSegment? best = null;
        foreach (ElfSegment segment in View.Segments)
        {
            if (segment.Type != ElfSegment.Load || offset < (segment.Offset & ~PageMask) || offset >= segment.Offset + Math.Max(segment.FileSize, 1))
                continue;
            bool executable = (segment.Flags & ElfSegment.Execute) != 0;
            if (best is null || executable == vma.IsExecutable)
                best = segment; // two segments may share a page of the file
        }

        return best is { } found ? vma.Start - ((found.Vaddr & ~PageMask) + (offset - (found.Offset & ~PageMask))) : null;
    }

    /// <summary>The symbols: the debug file's where there is one, else the image's own.</summary>
    public SymbolTable ReadSymbols()
    {
        bool stripped = _fromFile && !View.Sections.Any(s => s.Type == ElfSection.SymbolTable);
        if (stripped && new DebugFiles(_prefixes, _target).Find(View, _path) is { } debug && SymbolTable.Read(debug) is { Count: > 0 } table)
            return table;
        return SymbolTable.Read(View);
    }
}
