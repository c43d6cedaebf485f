using Suite.PcBios;

namespace Suite.Machines.X86.Boot;

/// <summary>Finds room in guest memory for what a loader brings, and notices what does not fit or lies on top of another.</summary>
/// <param name="map">The memory map; only usable memory below 4 GiB is given out.</param>
public sealed class MemoryPlacer(IReadOnlyList<MemoryRange> map)
{
    /// <summary>The first page (interrupt vectors, BIOS data) is not given out.</summary>
    private const ulong Lowest = 0x1000;

    private readonly List<(ulong Start, ulong End, string Name)> _taken = [];

    /// <summary>RAM below 4 GiB in MiB, for messages.</summary>
    private ulong Mebibytes => map.Where(r => r.Start < PcDescription.FourGiB && r.Kind is MemoryKind.Usable or MemoryKind.Acpi).Max(r => r.Start + r.Length) >> 20;

    /// <summary>Takes a fixed place.</summary>
    /// <param name="file">For the error.</param>
    /// <param name="name">What lies there: "segment 2".</param>
    /// <param name="start">First address.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="BootException">It is not usable memory, or taken.</exception>
    public void Take(LoaderFile file, string name, ulong start, ulong length)
    {
        if (length == 0)
            return;
        if (length > PcDescription.FourGiB || start > PcDescription.FourGiB || !IsUsable(start, start + length))
        {
            throw file.Error($"{name} goes to {start:x}-{start + (length - 1):x}, which is not free memory of this machine; "
                + $"give it more than {Mebibytes} MiB (-m {Suggest(start + length)}M) if the address lies behind its end, or use a kernel that is linked for a PC");
        }

        foreach ((ulong otherStart, ulong otherEnd, string other) in _taken)
            if (start < otherEnd && otherStart < start + length)
                throw file.Error($"{name} ({start:x}-{start + length - 1:x}) lies on top of {other} ({otherStart:x}-{otherEnd - 1:x})");
        _taken.Add((start, start + length, name));
    }

    /// <summary>The highest free place below a limit.</summary>
    /// <param name="name">What will lie there.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="alignment">A power of two.</param>
    /// <param name="below">One behind the last address it may use.</param>
    /// <param name="above">The lowest address it may use.</param>
    public ulong? Highest(string name, ulong length, ulong alignment, ulong below, ulong above = Lowest)
    {
        ulong? best = null;
        foreach (MemoryRange range in map)
        {
            if (range.Kind != MemoryKind.Usable || range.Start >= PcDescription.FourGiB)
                continue;
            ulong end = Math.Min(range.Start + range.Length, below), start = Math.Max(range.Start, Math.Max(above, Lowest));
            while (end > start && end - start >= length)
            {
                ulong at = (end - length) & ~(alignment - 1);
                if (at < start)
                    break;
                if (Conflict(at, at + length) is not { } taken)
                {
                    best = best is { } b && b > at ? b : at;
                    break;
                }

                end = taken;
            }
        }

        if (best is { } found)
            _taken.Add((found, found + Math.Max(length, 1), name));
        return best;
    }

    /// <summary>As <see cref="Highest"/>, for what must find room.</summary>
    /// <exception cref="BootException">There is no room.</exception>
    public ulong Place(LoaderFile file, string name, ulong length, ulong alignment, ulong below, ulong above = Lowest) =>
        Highest(name, length, alignment, below, above) ?? throw file.Error(
            $"no room for {name} ({length} bytes, below {below:x}) in {Mebibytes} MiB of memory; give the machine more: -m {Suggest(length + _taken.Aggregate(0UL, (sum, t) => sum + t.End - t.Start))}M");

    /// <summary>A size for -m that holds so many bytes and some room to work.</summary>
    public static ulong Suggest(ulong bytes)
    {
        ulong mebibytes = 64;
        while (mebibytes < (1 << 20) && mebibytes << 20 < bytes + (bytes >> 3) + (16 << 20))
            mebibytes *= 2;
        return mebibytes;
    }

    private ulong? Conflict(ulong start, ulong end)
    {
        ulong? lowest = null;
        foreach ((ulong otherStart, ulong otherEnd, _) in _taken)
            if (start < otherEnd && otherStart < end && (lowest is not { } l || otherStart < l))
                lowest = otherStart;
        return lowest;
    }

    private bool IsUsable(ulong start, ulong end) =>
        start >= Lowest && map.Any(r => r.Kind == MemoryKind.Usable && r.Start < PcDescription.FourGiB && start >= r.Start && end <= r.Start + r.Length);
}
