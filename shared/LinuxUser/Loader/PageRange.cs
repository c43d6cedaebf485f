namespace Suite.LinuxUser.Loader;

/// <summary>A run of pages, [Start, End).</summary>
internal readonly record struct PageRange(ulong Start, ulong End)
{
    /// <summary>The pages of all PT_LOADs, ascending, with overlapping and adjoining ones joined; the first <paramref name="count"/> elements count.</summary>
    public static PageRange[] Of(ReadOnlySpan<ElfSegment> segments, ulong pageSize, out int count)
    {
        PageRange[] ranges = new PageRange[segments.Length];
        int found = 0;
        bool ascending = true;
        foreach (ref readonly ElfSegment segment in segments)
        {
            PageRange range = new(segment.Vaddr & ~(pageSize - 1), (segment.Vaddr + segment.MemSize + pageSize - 1) & ~(pageSize - 1));
            if (segment.Type != ElfSegment.Load || range.Start == range.End)
                continue;
            ascending &= found == 0 || ranges[found - 1].Start <= range.Start;
            ranges[found++] = range;
        }
        // The specification demands ascending order; the kernel does not.
        if (!ascending)
            ranges.AsSpan(0, found).Sort(static (a, b) => a.Start.CompareTo(b.Start));
        count = 0;
        for (int i = 0; i < found; i++)
        {
            if (count > 0 && ranges[i].Start <= ranges[count - 1].End)
                ranges[count - 1] = ranges[count - 1] with { End = Math.Max(ranges[count - 1].End, ranges[i].End) };
            else
                ranges[count++] = ranges[i];
        }
        return ranges;
    }
}
