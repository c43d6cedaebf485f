using System.Diagnostics.CodeAnalysis;

namespace Suite.LinuxUser.Loader;

/// <summary>
/// An ELF file that has passed every check fs/binfmt_elf.c makes, so that <see cref="ElfLoader"/> can map it without looking for lies.
/// Addresses are those in the file, before any load bias.
/// </summary>
public sealed class ElfFile
{
    /// <summary>Bytes read from the start of a file in one go; they hold the headers of practically every program.</summary>
    public const int HeadBytes = 4096;

    internal ElfFile(IProgramFile file, in ElfHeader header, ElfSegment[] segments)
    {
        File = file;
        Header = header;
        Segments = segments;
    }

    /// <summary>Reads and checks the headers of <paramref name="file"/>.</summary>
    public static bool TryRead(IProgramFile file, ElfTarget target, ulong pageSize, [NotNullWhen(true)] out ElfFile? elf, [NotNullWhen(false)] out LoadError? error)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        int got = FileReading.ReadUpTo(file, 0, head);
        if (got >= 0)
            return TryParse(file, head[..got], target, pageSize, ElfRole.Program, allowTruncated: false, out elf, out error);
        elf = null;
        error = new LoadError(-got, $"{file.Path}: cannot read: {LoadErrno.Text(-got)}");
        return false;
    }

    /// <summary>Checks the headers of <paramref name="file"/>, whose first bytes are <paramref name="head"/>.</summary>
    /// <param name="file">Read again only for headers that lie outside <paramref name="head"/>.</param>
    /// <param name="head">The first <see cref="HeadBytes"/> bytes, or the whole file when it is shorter.</param>
    /// <param name="target">What the tool runs.</param>
    /// <param name="pageSize">Guest page size in bytes.</param>
    /// <param name="role">Decides the errnos.</param>
    /// <param name="allowTruncated">
    /// The kernel maps segments that reach beyond the end of the file, and the program gets SIGBUS when it touches them. False refuses
    /// such a file with a sentence instead.
    /// </param>
    /// <param name="elf">The checked file.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryParse(IProgramFile file, ReadOnlySpan<byte> head, ElfTarget target, ulong pageSize, ElfRole role, bool allowTruncated,
        [NotNullWhen(true)] out ElfFile? elf, [NotNullWhen(false)] out LoadError? error) =>
        new ElfReader(file, head, target, pageSize, role, allowTruncated).TryParse(out elf, out error);

    /// <summary>
    /// What is strange about the file although the kernel runs it: overlapping segments, alignments that are no power of two,
    /// an entry point in no executable segment, a last page that is not all there. For logs; not on the start path.
    /// </summary>
    public IEnumerable<string> Oddities()
    {
        bool entryRuns = false;
        for (int i = 0; i < Segments.Length; i++)
        {
            ElfSegment segment = Segments[i];
            if (segment.Type != ElfSegment.Load)
                continue;
            if (segment.Align > 1 && !ulong.IsPow2(segment.Align))
                yield return $"segment {i}: p_align 0x{segment.Align:x} is not a power of two and is ignored";
            if (segment.FileSize != 0 && segment.Offset + segment.FileSize > (ulong)File.Length)
                yield return $"segment {i} reaches to offset 0x{segment.Offset + segment.FileSize:x} of a file of 0x{File.Length:x} bytes; the missing bytes are zero";
            entryRuns |= (segment.Flags & ElfSegment.Execute) != 0 && Header.Entry - segment.Vaddr < segment.MemSize;
            for (int j = 0; j < i; j++)
            {
                ElfSegment other = Segments[j];
                if (other.Type == ElfSegment.Load && segment.Vaddr < other.Vaddr + other.MemSize && other.Vaddr < segment.Vaddr + segment.MemSize)
                    yield return $"segments {j} and {i} overlap at 0x{Math.Max(segment.Vaddr, other.Vaddr):x}; the later one wins";
            }
        }
        if (!entryRuns)
            yield return $"the entry point 0x{Header.Entry:x} is in no executable segment";
    }

    /// <summary>The open file.</summary>
    public IProgramFile File { get; }

    /// <summary>The file header.</summary>
    public ElfHeader Header { get; }

    /// <summary>All program headers, in file order.</summary>
    public ElfSegment[] Segments { get; }

    /// <summary>Content of PT_INTERP; null for a static program, and always for an interpreter.</summary>
    public string? InterpreterPath { get; internal init; }

    /// <summary>PF_X of PT_GNU_STACK; null when there is none.</summary>
    public bool? StackFlag { get; internal init; }

    /// <summary>First page of the lowest PT_LOAD.</summary>
    public ulong LowPage { get; internal init; }

    /// <summary>End of the highest PT_LOAD (p_vaddr + p_memsz), not rounded.</summary>
    public ulong End { get; internal init; }

    /// <summary>Largest power of two among the p_align of PT_LOADs, at least a page (maximum_alignment).</summary>
    public ulong Alignment { get; internal init; }

    /// <summary>Address at which the program headers get mapped; 0 when no segment covers them.</summary>
    public ulong PhdrVaddr { get; internal init; }

    /// <summary>ET_DYN: goes where there is room.</summary>
    public bool IsRelocatable => Header.Type == ElfType.Dynamic;
}
