namespace Suite.LinuxUser.Memory;

/// <summary>The guest's mappings in address order, without overlap. Not thread-safe: <see cref="GuestMemory"/> holds the lock.</summary>
public sealed class VmaMap
{
    private readonly List<Vma> _items = [];
    private PublishedMappings? _published;

    /// <summary>From now on other processes can read the mappings.</summary>
    public void Publish(PublishedMappings published)
    {
        _published = published;
        published.Splice(_items, 0, 0, _items.Count);
    }

    /// <summary>All mappings in address order.</summary>
    public IReadOnlyList<Vma> All => _items;

    /// <summary>The mapping that holds an address, or null.</summary>
    public Vma? Find(ulong address)
    {
        int i = FirstEndingAfter(address);
        return i < _items.Count && _items[i].Start <= address ? _items[i] : null;
    }

    /// <summary>The mappings that overlap a range.</summary>
    public IEnumerable<Vma> Overlapping(ulong start, ulong end)
    {
        for (int i = FirstEndingAfter(start); i < _items.Count && _items[i].Start < end; i++)
            yield return _items[i];
    }

    /// <summary>True when some mapping overlaps the range.</summary>
    public bool Overlaps(ulong start, ulong end)
    {
        int i = FirstEndingAfter(start);
        return i < _items.Count && _items[i].Start < end;
    }

    /// <summary>The first mapping that overlaps a range, or null.</summary>
    public Vma? FirstOverlap(ulong start, ulong end)
    {
        int i = FirstEndingAfter(start);
        return i < _items.Count && _items[i].Start < end ? _items[i] : null;
    }

    /// <summary>First address from <paramref name="start"/> on that no mapping covers, at most <paramref name="end"/>.</summary>
    public ulong CoveredUntil(ulong start, ulong end)
    {
        for (int i = FirstEndingAfter(start); start < end && i < _items.Count && _items[i].Start <= start; i++)
            start = _items[i].End;
        return Math.Min(start, end);
    }

    /// <summary>True when mappings cover the range without a hole.</summary>
    public bool Covers(ulong start, ulong end) => CoveredUntil(start, end) == end;

    /// <summary>Adds a mapping, replacing what it overlaps, and joins it with its neighbours where they are one.</summary>
    public void Insert(Vma vma)
    {
        Remove(vma.Start, vma.End);
        int i = FirstEndingAfter(vma.Start);
        _items.Insert(i, vma);
        _published?.Splice(_items, i, 0, 1);
        JoinAround(i);
    }

    /// <summary>Takes a range out, cutting mappings that reach beyond it.</summary>
    public void Remove(ulong start, ulong end)
    {
        int i = FirstEndingAfter(start);
        int first = i;
        while (i < _items.Count && _items[i].Start < end)
            i++;
        if (i == first)
            return;
        Vma? left = _items[first].Start < start ? _items[first].Slice(_items[first].Start, start) : null;
        Vma? right = _items[i - 1].End > end ? _items[i - 1].Slice(end, _items[i - 1].End) : null;
        _items.RemoveRange(first, i - first);
        if (right is not null)
            _items.Insert(first, right);
        if (left is not null)
            _items.Insert(first, left);
        _published?.Splice(_items, first, i - first, (left is null ? 0 : 1) + (right is null ? 0 : 1));
    }

    /// <summary>Sets the protection of a range that is covered.</summary>
    public void Protect(ulong start, ulong end, int protection)
    {
        foreach (Vma vma in Overlapping(start, end).ToArray())
        {
            if (vma.Protection == protection)
                continue;
            Vma changed = vma.Slice(Math.Max(start, vma.Start), Math.Min(end, vma.End));
            changed.Protection = protection;
            Insert(changed);
        }
    }

    /// <summary>Lowest gap of a length between two addresses, or 0.</summary>
    public ulong FindGap(ulong low, ulong high, ulong length, ulong alignment)
    {
        ulong at = AlignUp(low, alignment);
        for (int i = FirstEndingAfter(at); ; i++)
        {
            ulong limit = i < _items.Count ? Math.Min(_items[i].Start, high) : high;
            if (at + length <= limit && at + length > at)
                return at;
            if (i >= _items.Count || _items[i].Start >= high)
                return 0;
            at = Math.Max(at, AlignUp(_items[i].End, alignment));
        }
    }

    /// <summary>Highest gap of a length between two addresses, or 0.</summary>
    public ulong FindGapDown(ulong low, ulong high, ulong length, ulong alignment)
    {
        for (int i = FirstEndingAfter(high) - 1; length <= high; i--)
        {
            // The mapping at i + 1 may begin below the limit.
            ulong end = i + 1 < _items.Count ? Math.Min(high, _items[i + 1].Start) : high;
            ulong floor = Math.Max(low, i >= 0 ? _items[i].End : 0);
            if (end >= length && (end - length & ~(alignment - 1)) is var at && at >= floor)
                return at;
            if (i < 0 || _items[i].Start <= low)
                break;
        }

        return 0;
    }

    private static ulong AlignUp(ulong value, ulong alignment) => (value + alignment - 1) & ~(alignment - 1);

    private int FirstEndingAfter(ulong address)
    {
        (int low, int high) = (0, _items.Count);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_items[middle].End <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private void JoinAround(int i)
    {
        if (i + 1 < _items.Count && _items[i].Continues(_items[i + 1]))
        {
            _items[i].End = _items[i + 1].End;
            _items.RemoveAt(i + 1);
            _published?.Splice(_items, i, 2, 1);
        }

        if (i > 0 && _items[i - 1].Continues(_items[i]))
        {
            _items[i - 1].End = _items[i].End;
            _items.RemoveAt(i);
            _published?.Splice(_items, i - 1, 2, 1);
        }
    }
}
