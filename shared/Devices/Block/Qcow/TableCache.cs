namespace Suite.Devices.Block.Qcow;

// A cluster of metadata (an L2 table, a block of reference counts) in memory.
internal sealed class Table(long offset, byte[] bytes)
{
    public long Offset { get; } = offset;

    public byte[] Bytes { get; } = bytes;

    public bool IsDirty { get; set; }

    public long LastUse { get; set; }
}

/// <summary>The tables used last. Changes stay in memory until <see cref="WriteDirty"/>.</summary>
/// <param name="file">Where they lie.</param>
/// <param name="tableBytes">Of each.</param>
/// <param name="makeRoom">Called when all are dirty and another is wanted: writes them, in whatever order crash safety asks for.</param>
internal sealed class TableCache(HostFile file, int tableBytes, Action makeRoom)
{
    private const int MostBytes = 4 << 20, Fewest = 16;

    private readonly Dictionary<long, Table> _tables = [];
    private readonly int _capacity = Math.Max(MostBytes / tableBytes, Fewest);
    private Table? _last;
    private long _uses;

    public bool HasDirty { get; private set; }

    public Table Get(long offset)
    {
        if (_last is { } last && last.Offset == offset)
            return last;
        if (!_tables.TryGetValue(offset, out Table? table))
        {
            byte[] bytes = new byte[tableBytes];
            file.Read(offset, bytes);
            table = Add(offset, bytes);
        }

        table.LastUse = ++_uses;
        return _last = table;
    }

    // A table of zeros that is not in the file yet.
    public Table New(long offset)
    {
        Drop(offset);
        Table table = Add(offset, new byte[tableBytes]);
        table.LastUse = ++_uses;
        Touch(table);
        return _last = table;
    }

    public void Touch(Table table) => HasDirty = table.IsDirty = true;

    // Forgets a table: its cluster is free.
    public void Drop(long offset)
    {
        if (_last?.Offset == offset)
            _last = null;
        _tables.Remove(offset);
    }

    public void Clear()
    {
        _tables.Clear();
        (_last, HasDirty) = (null, false);
    }

    public void WriteDirty()
    {
        if (!HasDirty)
            return;
        foreach (Table table in _tables.Values)
        {
            if (!table.IsDirty)
                continue;
            file.Write(table.Offset, table.Bytes);
            table.IsDirty = false;
        }

        HasDirty = false;
    }

    private Table Add(long offset, byte[] bytes)
    {
        if (_tables.Count >= _capacity)
        {
            if (Oldest() is not { } oldest)
            {
                makeRoom();
                oldest = Oldest();
            }

            if (oldest is not null)
                Drop(oldest.Offset);
        }

        Table table = new(offset, bytes);
        _tables[offset] = table;
        return table;
    }

    private Table? Oldest()
    {
        Table? oldest = null;
        foreach (Table table in _tables.Values)
            if (!table.IsDirty && (oldest is null || table.LastUse < oldest.LastUse))
                oldest = table;
        return oldest;
    }
}
