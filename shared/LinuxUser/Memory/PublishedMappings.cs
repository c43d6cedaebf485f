using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Proc;

namespace Suite.LinuxUser.Memory;

/// <summary>
/// A copy of the guest's mappings outside managed memory, where other emulated processes read it (<see cref="PeerProcess"/>). It follows each change at the cost of
/// a move within the copy; nothing is done to tell anybody. Not thread-safe: <see cref="GuestMemory"/> holds the lock.
/// </summary>
public sealed unsafe class PublishedMappings
{
    private readonly PublishedProcess* _notice;
    private PublishedMapping* _table;
    private int _capacity, _count;
    private bool _isMapped, _isLost;

    /// <summary>An empty copy, in the room that the region has for it.</summary>
    public PublishedMappings(CodeRegion region)
    {
        _notice = PublishedProcess.In(region);
        _table = (PublishedMapping*)region.NoticeTable;
        _capacity = CodeRegion.NoticeTableBytes / sizeof(PublishedMapping);
        (_notice->MappingTable, _notice->MappingCount) = ((ulong)region.NoticeTable, 0);
    }

    /// <summary>Takes over a change.</summary>
    /// <param name="items">The mappings after the change.</param>
    /// <param name="at">Index of the first one that changed.</param>
    /// <param name="removed">How many went away there.</param>
    /// <param name="added">How many came in their place.</param>
    public void Splice(List<Vma> items, int at, int removed, int added)
    {
        if (_isLost)
            (at, removed, added) = (0, 0, items.Count);
        int count = _count + added - removed;
        // Odd while the copy is not whole.
        Volatile.Write(ref _notice->Sequence, _notice->Sequence + 1);
        _isLost = count > _capacity && !Grow(count);
        if (_isLost)
            _count = 0; // better none than wrong ones; the next change tries again
        else
            Change(items, at, removed, added);
        _notice->MappingCount = _count;
        Volatile.Write(ref _notice->Sequence, _notice->Sequence + 1);
    }

    private void Change(List<Vma> items, int at, int removed, int added)
    {
        int tail = _count - at - removed;
        if (tail > 0 && added != removed)
            new ReadOnlySpan<PublishedMapping>(_table + at + removed, tail).CopyTo(new Span<PublishedMapping>(_table + at + added, tail));
        for (int i = at; i < at + added; i++)
            _table[i] = PublishedMapping.Of(items[i]);
        _count += added - removed;
    }

    private bool Grow(int count)
    {
        int capacity = Math.Max(count, _capacity * 2);
        long got = Sys.Call(Nr.mmap, 0, (long)capacity * sizeof(PublishedMapping), Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS, -1, 0);
        if (Sys.IsError(got))
            return false;
        new ReadOnlySpan<PublishedMapping>(_table, _count).CopyTo(new Span<PublishedMapping>((void*)got, _count));
        if (_isMapped)
            Sys.Call(Nr.munmap, (long)_table, (long)_capacity * sizeof(PublishedMapping));
        _table = (PublishedMapping*)got;
        (_notice->MappingTable, _capacity, _isMapped) = ((ulong)got, capacity, true);
        return true;
    }
}
