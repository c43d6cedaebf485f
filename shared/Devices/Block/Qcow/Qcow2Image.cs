using System.Buffers.Binary;

namespace Suite.Devices.Block.Qcow;

/// <summary>
/// A qcow2 image, versions 2 and 3 (QEMU documentation, "Qcow2 Image File Format"): clusters of guest data found through two levels of tables,
/// allocated when written, over an optional backing image.
/// </summary>
/// <remarks>
/// Order on the disk, so that a crash of the host at any moment leaves a usable image: data and raised reference counts, then L2 tables, then the
/// L1 table, then lowered reference counts; a flush between each. Tables are kept in memory until the guest flushes.
/// </remarks>
internal sealed partial class Qcow2Image : IBlockDevice
{
    private const ulong Compressed = 1UL << 62, Copied = 1UL << 63, ZeroFlag = 1, OffsetMask = 0x00FF_FFFF_FFFF_FE00;
    private const int EntryBytes = sizeof(ulong);

    // Frees wait for the next flush, or for so many of them.
    private const int MostFrees = 4096;

    private readonly HostFile _file;
    private readonly Qcow2Header _header;
    private readonly bool _discards;
    private readonly TableCache _l2Tables;
    private readonly Qcow2Refcounts _refcounts;
    private readonly HashSet<long> _metadata = []; // clusters of the image's own tables
    private readonly SortedSet<int> _dirtyL1 = [];
    private readonly List<(long Cluster, int Count)> _frees = [];
    private readonly CompressedCluster _compressed;
    private readonly List<IoVector> _pieces = [];
    private readonly string _name;
    private IBlockDevice? _backing;
    private ulong[] _l1 = [];

    private Qcow2Image(HostFile file, Qcow2Header header, IBlockDevice? backing, bool discards, string name)
    {
        (_file, _header, _backing, _discards, _name) = (file, header, backing, discards, name);
        _l2Tables = new TableCache(file, header.ClusterSize, WriteMetadata);
        _refcounts = new Qcow2Refcounts(file, header, cluster => _metadata.Contains(cluster) || (_counted is { } counts && cluster < counts.Length && counts[cluster] != 0));
        _compressed = new CompressedCluster(file, header.ClusterBits, header.IsZstd);
        Length = header.Size & -IBlockDevice.SectorSize;
    }

    public long Length { get; private set; }

    public bool IsReadOnly => _file.IsReadOnly;

    public (string File, string Format) Description => (_name, ImageFormat.Qcow2);

    /// <summary>File and format of the image it stands on; null for none.</summary>
    public (string File, string Format)? Below => _backing?.Description;

    public ImageDetails Details => new(_file.AllocatedBytes, ClusterSize, _header.BackingName, _header.BackingFormat, _backing is null ? 0 : _backing.Details.Depth + 1);

    public void SetLocks(bool held) => _file.SetLocks(held);

    private int ClusterSize => _header.ClusterSize;

    private int EntriesPerTable => ClusterSize / EntryBytes;

    /// <summary>Opens an image; the file is its own from then on.</summary>
    /// <param name="file">The file.</param>
    /// <param name="discards">Give the host room back for what is freed.</param>
    /// <param name="openBacking">Opens the backing image by name and format (null: unknown).</param>
    /// <param name="keepsBacking">The backing image is in use and stays open when this one cannot be opened.</param>
    /// <exception cref="IOException">It is damaged, or has features that are not supported, or its backing image cannot be opened.</exception>
    public static Qcow2Image Open(HostFile file, bool discards, Func<string, string?, IBlockDevice> openBacking, bool keepsBacking = false)
    {
        Qcow2Header header = Qcow2Header.Read(file);
        IBlockDevice? backing = header.BackingName is { } name ? openBacking(name, header.BackingFormat) : null;
        try
        {
            Qcow2Image image = new(file, header, backing, discards, file.Path);
            image.LoadTables();
            return image;
        }
        catch
        {
            if (!keepsBacking)
                backing?.Dispose();
            throw;
        }
    }

    /// <summary>Makes an empty image in a file that is empty.</summary>
    public static Qcow2Image Create(HostFile file, long size, string? backingName = null, string? backingFormat = null, IBlockDevice? backing = null, int clusterBits = 16, int version = 3) =>
        Create(file, new Qcow2Header { Size = size, ClusterBits = clusterBits, Version = version, BackingName = backingName, BackingFormat = backingFormat }, backing, file.Path);

    /// <summary>Makes the disk larger. What lies behind the old end reads as zeros, whatever the backing image has there.</summary>
    public void Resize(long length)
    {
        string? why = IsReadOnly ? "is read-only" : length < Length ? "cannot be made smaller" : _snapshots.Count > 0 ? "has snapshots, which are of its size"
            : !_header.CanHold(length) ? $"cannot be made {length} bytes large with its clusters" : null;
        if (why is not null)
            throw new IOException($"{_name}: {why}");
        GrowL1(_header.L1SizeFor(length));
        _header.Size = length;
        Span<byte> field = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(field, length);
        _file.Write(Qcow2Header.SizeField, field);
        WriteMetadata();
        long before = Length;
        Length = length;
        if (_backing is { } backing && backing.Length > before)
            WriteZeros(before, Math.Min(length, backing.Length) - before);
    }

    /// <summary>An image that takes what is written over another one.</summary>
    /// <param name="file">An empty file.</param>
    /// <param name="below">The other one, disposed with this.</param>
    /// <param name="name">As it is to be called.</param>
    public static Qcow2Image CreateOverlay(HostFile file, IBlockDevice below, string name) => Create(file, new Qcow2Header { Size = below.Length }, below, name);

    public void Read(long offset, Span<byte> into)
    {
        while (into.Length > 0)
        {
            Place place = Find(offset, into.Length, out long run);
            Span<byte> part = into[..(int)run];
            switch (place.Kind)
            {
                case Kind.Data:
                    _file.Read(place.Offset, part);
                    break;
                case Kind.Compressed:
                    _compressed.Read(place.Entry, (int)(offset & (ClusterSize - 1)), part);
                    break;
                case Kind.Unallocated when _backing is not null:
                    ReadBacking(offset, part);
                    break;
                default:
                    part.Clear();
                    break;
            }

            into = into[part.Length..];
            offset += part.Length;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> from)
    {
        while (from.Length > 0)
        {
            Table table = TableForWriting(offset);
            int index = EntryIndex(offset), within = (int)(offset & (ClusterSize - 1));
            int clusters = Math.Min((int)(((long)within + from.Length + ClusterSize - 1) >> _header.ClusterBits), EntriesPerTable - index);
            int done = (int)OwnRun(offset, from.Length, out long place);
            if (done > 0)
                _file.Write(place, from[..done]);
            else
                done = WriteNew(table, index, clusters, offset, from);
            from = from[done..];
            offset += done;
        }

        if (_file.WritesThrough)
            WriteMetadata();
    }

    public void Read(long offset, ReadOnlySpan<IoVector> into)
    {
        long left = VectorCursor.Sum(into);
        for (VectorCursor cursor = new(into, _pieces); left > 0;)
        {
            Place place = Find(offset, left, out long run);
            ReadOnlySpan<IoVector> part = cursor.Take(run);
            left -= run;
            if (place.Kind == Kind.Data)
            {
                _file.Read(place.Offset, part);
                offset += run;
                continue;
            }

            foreach (IoVector piece in part)
            {
                Read(offset, piece.Bytes);
                offset += piece.Length;
            }
        }
    }

    public void Write(long offset, ReadOnlySpan<IoVector> from)
    {
        long left = VectorCursor.Sum(from);
        for (VectorCursor cursor = new(from, _pieces); left > 0;)
        {
            long run = OwnRun(offset, left, out long place);
            if (run > 0)
            {
                _file.Write(place, cursor.Take(run));
            }
            else
            {
                // Up to the end of the cluster, which is then allocated.
                run = Math.Min(left, ClusterSize - (offset & (ClusterSize - 1)));
                byte[] bytes = new byte[run];
                int at = 0;
                foreach (IoVector piece in cursor.Take(run))
                {
                    piece.Bytes.CopyTo(bytes.AsSpan(at));
                    at += (int)piece.Length;
                }

                Write(offset, bytes);
            }

            offset += run;
            left -= run;
        }
    }

    public void Flush()
    {
        if (!IsReadOnly)
            WriteMetadata();
    }

    public void Discard(long offset, long length)
    {
        long end = (offset + length) >> _header.ClusterBits << _header.ClusterBits;
        if (offset + length == Length)
            end = offset + length + ClusterSize - 1 >> _header.ClusterBits << _header.ClusterBits;
        offset = (offset + ClusterSize - 1) >> _header.ClusterBits << _header.ClusterBits;
        for (; offset < end; offset += ClusterSize)
            TryForget(offset);
    }

    public void WriteZeros(long offset, long length)
    {
        Span<byte> zeros = default;
        while (length > 0)
        {
            int within = (int)(offset & (ClusterSize - 1));
            int part = (int)Math.Min(length, ClusterSize - within);
            bool isWhole = part == ClusterSize || (within == 0 && offset + part == Length);
            if (!isWhole || !TryForget(offset))
            {
                if (zeros.IsEmpty)
                    zeros = new byte[ClusterSize];
                if (!ReadsZero(offset))
                    Write(offset, zeros[..part]);
            }

            offset += part;
            length -= part;
        }
    }

    /// <summary>Writes what this image has into the one below, which is opened anew for that, and has nothing of its own then.</summary>
    /// <param name="reopen">Opens the image below, to take the place of the given one: for writing (true), or to be read only.</param>
    public void CommitBelow(Func<IBlockDevice, bool, IBlockDevice> reopen)
    {
        WriteMetadata();
        Succeed(reopen, isWritable: true);
        try
        {
            if (_backing!.Length < Length)
                _backing.Resize(Length);
            CopyTo(_backing);
            _backing.Flush();
        }
        finally
        {
            Succeed(reopen, isWritable: false);
        }

        Empty();
        WriteMetadata();
    }

    // The image below stays open, and its file locked, until its successor is there.
    private void Succeed(Func<IBlockDevice, bool, IBlockDevice> reopen, bool isWritable)
    {
        IBlockDevice before = _backing!;
        try
        {
            _backing = reopen(before, isWritable);
        }
        catch
        {
            before.SetLocks(true);
            throw;
        }

        before.Dispose();
    }

    private void CopyTo(IBlockDevice below)
    {
        const int piece = 1 << 20;
        byte[] bytes = new byte[piece];
        for (long offset = 0; offset < Length;)
        {
            Place place = Find(offset, Math.Min(Length - offset, piece), out long run);
            if (place.Kind is Kind.Data or Kind.Compressed)
            {
                Read(offset, bytes.AsSpan(0, (int)run));
                below.Write(offset, bytes.AsSpan(0, (int)run));
            }
            else if (place.Kind != Kind.Unallocated)
            {
                below.WriteZeros(offset, run);
            }

            offset += run;
        }
    }

    private void Empty()
    {
        for (long offset = 0; offset < Length; offset += ClusterSize)
        {
            if (TableFor(offset) is not { } now || Entry(now, EntryIndex(offset)) == 0)
                continue;
            Table table = TableForWriting(offset);
            ulong old = Entry(table, EntryIndex(offset));
            SetEntry(table, EntryIndex(offset), 0);
            FreeEntry(old);
        }
    }

    /// <summary>Closes this image and leaves the one below open.</summary>
    public void DisposeAlone()
    {
        _backing = null;
        Dispose();
    }

    public void Dispose()
    {
        try
        {
            Flush();
        }
        finally
        {
            _file.Dispose();
            _backing?.Dispose();
        }
    }

    private static Qcow2Image Create(HostFile file, Qcow2Header header, IBlockDevice? backing, string name)
    {
        (header.RefcountTableOffset, header.RefcountTableClusters) = (header.ClusterSize, 1);
        Qcow2Image image = new(file, header, backing, discards: true, name);
        file.SetLength(header.ClusterSize);
        image._refcounts.Format();
        image._l1 = new ulong[header.L1SizeNeeded];
        int clusters = Math.Max(image.ClustersOf((long)header.L1SizeNeeded * EntryBytes), 1);
        (header.L1Size, header.L1Offset) = (header.L1SizeNeeded, image._refcounts.AllocateRun(clusters));
        file.Write(header.L1Offset, new byte[(long)clusters << header.ClusterBits]);
        image._refcounts.WriteDirty();
        file.Write(0, header.ToBytes());
        image.NoteMetadata();
        return image;
    }

    private void LoadTables()
    {
        byte[] bytes = new byte[(long)_header.L1Size * EntryBytes];
        _file.Read(_header.L1Offset, bytes);
        _l1 = new ulong[_header.L1Size];
        for (int i = 0; i < _l1.Length; i++)
            _l1[i] = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(i * EntryBytes));
        LoadSnapshots();
        if (IsReadOnly)
            return;
        _refcounts.LoadTable();
        NoteMetadata();
        if ((_header.Incompatible & Qcow2Header.IncompatibleDirty) != 0)
            RepairRefcounts();
        if (_header.AutoClear != 0)
            _file.Write(Qcow2Header.AutoClearField, new byte[8]); // bitmaps and the like do not follow what we write
    }

    // Clusters that no guest data may ever be written to, however damaged the tables are.
    private void NoteMetadata()
    {
        _metadata.Clear();
        Note(0, ClusterSize);
        Note(_header.L1Offset, (long)_header.L1Size * EntryBytes);
        Note(_header.RefcountTableOffset, (long)_header.RefcountTableClusters << _header.ClusterBits);
        foreach (ulong block in _refcounts.Blocks)
            Note((long)block, block == 0 ? 0 : 1);
        foreach (ulong entry in _l1)
            Note((long)(entry & OffsetMask), (entry & OffsetMask) == 0 ? 0 : 1);
        Note(_header.SnapshotsOffset, _snapshotsLength);
        foreach (Snapshot snapshot in _snapshots)
            Note(snapshot.L1Offset, (long)snapshot.L1Size * EntryBytes);
    }

    private void Note(long offset, long length)
    {
        for (long cluster = offset >> _header.ClusterBits, end = (offset + length + ClusterSize - 1) >> _header.ClusterBits; length > 0 && cluster < end; cluster++)
            _metadata.Add(cluster);
    }

    private int ClustersOf(long bytes) => (int)((bytes + ClusterSize - 1) >> _header.ClusterBits);

    private int EntryIndex(long offset) => (int)(offset >> _header.ClusterBits) & (EntriesPerTable - 1);

    private void ReadBacking(long offset, Span<byte> into)
    {
        int inside = (int)Math.Clamp(_backing!.Length - offset, 0, into.Length);
        if (inside > 0)
            _backing.Read(offset, into[..inside]);
        into[inside..].Clear();
    }

    // Data, then what refers to it, then the end of what nothing refers to any more.
    private void WriteMetadata()
    {
        _refcounts.WriteDirty();
        _file.Flush();
        if (!_l2Tables.HasDirty && _dirtyL1.Count == 0 && _frees.Count == 0)
            return;
        _l2Tables.WriteDirty();
        if (_dirtyL1.Count > 0)
        {
            _file.Flush();
            Span<byte> entry = stackalloc byte[EntryBytes];
            foreach (int index in _dirtyL1)
            {
                BinaryPrimitives.WriteUInt64BigEndian(entry, _l1[index]);
                _file.Write(_header.L1Offset + (long)index * EntryBytes, entry);
            }

            _dirtyL1.Clear();
        }

        _file.Flush();
        ReleaseFreed();
    }

    private void ReleaseFreed()
    {
        (long Cluster, int Count)[] frees = [.. _frees];
        _frees.Clear();
        foreach ((long cluster, int count) in frees)
        {
            for (long c = cluster; c < cluster + count; c++)
            {
                _refcounts.Add(c, -1);
                if (_refcounts.Get(c) != 0)
                    continue;
                _metadata.Remove(c);
                _l2Tables.Drop(c << _header.ClusterBits);
                if (_discards)
                    _file.TryPunch(c << _header.ClusterBits, ClusterSize);
            }
        }

        _refcounts.WriteDirty();
    }

    private void Free(long offset, int clusters)
    {
        _frees.Add((offset >> _header.ClusterBits, clusters));
        if (_frees.Count >= MostFrees)
            WriteMetadata();
    }
}
