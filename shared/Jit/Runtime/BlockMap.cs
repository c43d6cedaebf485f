using Suite.Host;

namespace Suite.Jit.Runtime;

/// <summary>
/// Guest pc to host code: an open hash table in plain memory, because the look-up stub probes it too. Entries are 16 bytes {pc, host};
/// the mask stands 8 bytes before the table. One writer (under the engine's lock), any number of readers; a table that was outgrown
/// stays readable until the next flush. In compatibility mode the stub compares 32 bits, so code in segments of its own (docs/adr/019) stands aside.
/// </summary>
internal sealed unsafe class BlockMap
{
    private const ulong Tombstone = ulong.MaxValue;
    private const int HeaderBytes = 64, TailEntries = 64, FirstEntries = 4096;

    private readonly ulong** _published;
    private readonly LowMemory? _low;
    private readonly List<(nint At, long Bytes)> _mappings = [];
    private ulong* _table;
    private ulong _mask;
    private int _used;
    private readonly Dictionary<ulong, nint> _aside = [];

    public BlockMap(CodeRegion region)
    {
        _published = (ulong**)region.BlockMap;
        _low = region.Low;
        Allocate(FirstEntries);
    }

    /// <summary>Host code for a guest pc, or null.</summary>
    public byte* Find(ulong pc)
    {
        if (IsAside(pc))
            return (byte*)_aside.GetValueOrDefault(pc);
        for (ulong* e = Slot(pc); e[0] != 0; e += 2)
            if (e[0] == pc)
                return (byte*)e[1];
        return null;
    }

    public void Set(ulong pc, byte* host)
    {
        if (IsAside(pc))
        {
            _aside[pc] = (nint)host;
            return;
        }

        if (_used * 2 > (int)_mask)
            Grow();
        while (!TrySet(pc, (ulong)host))
            Grow();
    }

    public void Remove(ulong pc)
    {
        if (IsAside(pc))
        {
            _aside.Remove(pc);
            return;
        }

        for (ulong* e = Slot(pc); e[0] != 0; e += 2)
        {
            if (e[0] == pc)
            {
                e[0] = Tombstone;
                return;
            }
        }
    }

    public void Clear()
    {
        _aside.Clear();
        foreach ((nint at, long bytes) in _mappings)
            Sys.Call(Nr.munmap, at, bytes);
        _low?.ClearTables();
        _mappings.Clear();
        Allocate(FirstEntries);
    }

    private bool IsAside(ulong pc) => pc > uint.MaxValue && _low is not null;

    private ulong* Slot(ulong pc) => _table + (pc & _mask) * 2;

    private bool TrySet(ulong pc, ulong host)
    {
        ulong* e = Slot(pc);
        ulong* end = _table + (_mask + TailEntries) * 2; // the last entry stays zero, so that a probe always ends
        while (e[0] != 0 && e[0] != pc)
        {
            e += 2;
            if (e >= end)
                return false;
        }

        if (e[0] == 0)
            _used++;
        e[1] = host;
        Volatile.Write(ref e[0], pc);
        return true;
    }

    private void Grow()
    {
        ulong* old = _table;
        ulong entries = _mask + 1 + TailEntries;
        Allocate((int)(_mask + 1) * 4);
        for (ulong i = 0; i < entries; i++)
            if (old[i * 2] is not (0 or Tombstone))
                Set(old[i * 2], (byte*)old[i * 2 + 1]);
    }

    private void Allocate(int entries)
    {
        long bytes = HeaderBytes + (entries + TailEntries) * 16L;
        byte* at = _low is null ? MapTable(bytes) : _low.TakeTable(bytes);
        // A hash soon touches every page of a small table, and of a large one too few.
        if (entries == FirstEntries)
            HostPages.Populate(at, (ulong)bytes);
        if (_low is not null)
            new Span<byte>(at, checked((int)bytes)).Clear(); // used before, perhaps
        _table = (ulong*)(at + HeaderBytes);
        _mask = (ulong)entries - 1;
        _used = 0;
        _table[-1] = _mask;
        Volatile.Write(ref *(nint*)_published, (nint)_table);
    }

    private byte* MapTable(long bytes)
    {
        long at = Sys.Call(Nr.mmap, 0, bytes, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE, -1, 0);
        if (Sys.IsError(at))
            throw new EngineException($"out of memory for the block map (errno {-at})");
        _mappings.Add(((nint)at, bytes));
        return (byte*)at;
    }
}
