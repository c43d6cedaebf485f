using System.Buffers.Binary;

namespace Suite.Devices.Block.Qcow;

/// <summary>
/// The reference counts of an image's clusters: a table of blocks of counts of 1 to 64 bits. A count may be too high after a crash (room is
/// lost), never too low (data would be): counts are raised before a reference is written, and lowered after it is gone from the disk.
/// </summary>
internal sealed class Qcow2Refcounts
{
    private const ulong OffsetMask = ~0x1FFUL;
    private const int MaxTableBytes = 8 << 20;

    private readonly HostFile _file;
    private readonly Qcow2Header _header;
    private readonly TableCache _blocks;
    private readonly int _order, _countsPerBlockBits;
    private readonly Func<long, bool> _isMetadata;
    private ulong[] _table = [];
    private long _firstFree;

    /// <param name="file">The image.</param>
    /// <param name="header">Its header.</param>
    /// <param name="isMetadata">Says of a cluster whether it holds the image's own tables: such a one is never given away, whatever its count says.</param>
    public Qcow2Refcounts(HostFile file, Qcow2Header header, Func<long, bool> isMetadata)
    {
        (_file, _header, _isMetadata, _order) = (file, header, isMetadata, header.RefcountOrder);
        _blocks = new TableCache(file, header.ClusterSize, WriteDirty);
        _countsPerBlockBits = header.ClusterBits + 3 - _order;
    }

    /// <summary>Offsets of the blocks; 0 where there is none.</summary>
    public ReadOnlySpan<ulong> Blocks => _table;

    /// <summary>Counts that the table has room for.</summary>
    public ulong Largest => _order == 6 ? ulong.MaxValue : (1UL << (1 << _order)) - 1;

    public void LoadTable()
    {
        byte[] bytes = new byte[(long)_header.RefcountTableClusters << _header.ClusterBits];
        _file.Read(_header.RefcountTableOffset, bytes);
        _table = new ulong[bytes.Length / sizeof(ulong)];
        for (int i = 0; i < _table.Length; i++)
            _table[i] = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(i * sizeof(ulong))) & OffsetMask;
    }

    /// <summary>Tables for a new image: the table itself at its cluster, and one block behind it.</summary>
    public void Format()
    {
        _table = new ulong[_header.ClusterSize / sizeof(ulong)];
        long first = (_header.RefcountTableOffset >> _header.ClusterBits) + _header.RefcountTableClusters;
        _table[0] = (ulong)first << _header.ClusterBits;
        Table block = _blocks.New((long)_table[0]);
        for (long i = 0; i <= first; i++)
            Put(block, i, 1);
        WriteTable();
    }

    public ulong Get(long cluster)
    {
        int index = IndexOf(cluster);
        return index >= _table.Length || _table[index] == 0 ? 0 : Value(Block(index), cluster);
    }

    /// <summary>Raises or lowers the count of a cluster.</summary>
    /// <exception cref="IOException">It would fall below zero or not fit: the image is damaged, or the snapshots are too many.</exception>
    public void Add(long cluster, int delta)
    {
        MakeRoomFor(cluster);
        Table block = Block(IndexOf(cluster));
        ulong value = Value(block, cluster);
        if (delta < 0 ? value < (ulong)-delta : value > Largest - (ulong)delta)
            throw Qcow2Header.Bad(_file, $"the reference count of cluster {cluster} is {value}; check it with 'qemu-img check'");
        value += (ulong)delta;
        Put(block, cluster, value);
        if (value == 0)
            _firstFree = Math.Min(_firstFree, cluster);
    }

    /// <summary>Sets a count, for a repair.</summary>
    public void Set(long cluster, ulong value)
    {
        if (value == 0 && Get(cluster) == 0)
            return;
        MakeRoomFor(cluster);
        Put(Block(IndexOf(cluster)), cluster, value);
    }

    /// <summary>Takes up to so many free clusters that follow each other; the result is the first one's offset.</summary>
    public long Allocate(int wanted, out int got)
    {
        while (true)
        {
            long first = NextFree(_firstFree);
            _firstFree = first;
            if (Ensure(first))
                continue; // the block it needed took a cluster itself
            got = 1;
            while (got < wanted && IndexOf(first + got) == IndexOf(first) && IsFree(first + got))
                got++;
            Table block = Block(IndexOf(first));
            for (int i = 0; i < got; i++)
                Put(block, first + i, 1);
            _firstFree = first + got;
            return first << _header.ClusterBits;
        }
    }

    /// <summary>Takes exactly so many clusters that follow each other.</summary>
    public long AllocateRun(int count)
    {
        long first = NextFree(_firstFree);
        for (int length = 0; length < count;)
        {
            if (!IsFree(first + length))
                (first, length) = (NextFree(first + length), 0);
            else if (Ensure(first + length))
                length = 0; // as above
            else
                length++;
        }

        for (int i = 0; i < count; i++)
            Add(first + i, 1);
        return first << _header.ClusterBits;
    }

    public void WriteDirty() => _blocks.WriteDirty();

    private int IndexOf(long cluster) => (int)Math.Min(cluster >> _countsPerBlockBits, int.MaxValue / 2);

    private Table Block(int index)
    {
        long offset = (long)_table[index];
        if ((offset & (_header.ClusterSize - 1)) != 0 || offset < 0)
            throw Qcow2Header.Bad(_file, $"a block of reference counts at {(ulong)offset:x}");
        return _blocks.Get(offset);
    }

    private bool IsFree(long cluster) => Get(cluster) == 0 && !_isMetadata(cluster);

    private long NextFree(long cluster)
    {
        const int longestSearch = 1 << 30; // more than any image that is not made to keep us busy
        for (int i = 0; i < longestSearch; i++, cluster++)
            if (IsFree(cluster))
                return cluster;
        throw Qcow2Header.Bad(_file, "no cluster is free; check it with 'qemu-img check'");
    }

    private void MakeRoomFor(long cluster)
    {
        while (Ensure(cluster))
        {
            // The first steps may have made room for what makes the room.
        }
    }

    // Makes sure that a cluster's count has a place. True when something was allocated for that.
    private bool Ensure(long cluster)
    {
        int index = IndexOf(cluster);
        if (index >= _table.Length)
        {
            GrowTable(index + 1);
            return true;
        }

        if (_table[index] != 0)
            return false;
        // The new block's own count may be in itself, or in a block that is there.
        long own = NextFree(_firstFree);
        if (IndexOf(own) != index && Ensure(own))
            return true;
        long offset = own << _header.ClusterBits;
        Table block = _blocks.New(offset);
        _file.Write(offset, block.Bytes);
        _table[index] = (ulong)offset;
        Put(Block(IndexOf(own)), own, 1);
        Span<byte> entry = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteInt64BigEndian(entry, offset);
        _file.Write(_header.RefcountTableOffset + (long)index * sizeof(ulong), entry);
        return true;
    }

    // A larger table goes behind everything the old one could count, together with the blocks that count it.
    private void GrowTable(int atLeast)
    {
        int perCluster = _header.ClusterSize / sizeof(ulong);
        long start = (long)_table.Length << _countsPerBlockBits;
        int clusters = (Math.Max(atLeast, _table.Length + _table.Length / 2) + perCluster) / perCluster;
        if ((long)clusters << _header.ClusterBits > MaxTableBytes)
            throw new IOException($"{_file.Path}: the image cannot grow further: its reference count table is full; convert it to larger clusters");
        int blocks = 1;
        while ((long)blocks << _countsPerBlockBits < clusters + blocks)
            blocks++;
        ulong[] old = _table;
        (long oldOffset, int oldClusters) = (_header.RefcountTableOffset, _header.RefcountTableClusters);
        _table = new ulong[clusters * perCluster];
        old.CopyTo(_table, 0);
        for (int i = 0; i < blocks; i++)
        {
            _table[old.Length + i] = (ulong)(start + clusters + i) << _header.ClusterBits;
            _blocks.New((long)_table[old.Length + i]);
        }

        for (int i = 0; i < clusters + blocks; i++)
            Put(Block(IndexOf(start + i)), start + i, 1);
        (_header.RefcountTableOffset, _header.RefcountTableClusters) = (start << _header.ClusterBits, clusters);
        WriteTable();
        WriteDirty();
        _file.Flush();
        Span<byte> field = stackalloc byte[12];
        BinaryPrimitives.WriteInt64BigEndian(field, _header.RefcountTableOffset);
        BinaryPrimitives.WriteInt32BigEndian(field[8..], clusters);
        _file.Write(Qcow2Header.RefcountTableField, field);
        _file.Flush();
        for (int i = 0; i < oldClusters; i++)
            Add((oldOffset >> _header.ClusterBits) + i, -1);
    }

    private void WriteTable()
    {
        byte[] bytes = new byte[_table.Length * sizeof(ulong)];
        for (int i = 0; i < _table.Length; i++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(i * sizeof(ulong)), _table[i]);
        _file.Write(_header.RefcountTableOffset, bytes);
    }

    private ulong Value(Table block, long cluster)
    {
        int i = (int)(cluster & ((1L << _countsPerBlockBits) - 1));
        ReadOnlySpan<byte> bytes = block.Bytes;
        switch (_order)
        {
            case < 3:
                int bit = i << _order;
                return (ulong)(bytes[bit >> 3] >> (bit & 7)) & Largest;
            case 3:
                return bytes[i];
            case 4:
                return BinaryPrimitives.ReadUInt16BigEndian(bytes[(i * 2)..]);
            case 5:
                return BinaryPrimitives.ReadUInt32BigEndian(bytes[(i * 4)..]);
            default:
                return BinaryPrimitives.ReadUInt64BigEndian(bytes[(i * 8)..]);
        }
    }

    private void Put(Table block, long cluster, ulong value)
    {
        int i = (int)(cluster & ((1L << _countsPerBlockBits) - 1));
        Span<byte> bytes = block.Bytes;
        switch (_order)
        {
            case < 3:
                int bit = i << _order;
                bytes[bit >> 3] = (byte)((bytes[bit >> 3] & ~((int)Largest << (bit & 7))) | (int)value << (bit & 7));
                break;
            case 3:
                bytes[i] = (byte)value;
                break;
            case 4:
                BinaryPrimitives.WriteUInt16BigEndian(bytes[(i * 2)..], (ushort)value);
                break;
            case 5:
                BinaryPrimitives.WriteUInt32BigEndian(bytes[(i * 4)..], (uint)value);
                break;
            default:
                BinaryPrimitives.WriteUInt64BigEndian(bytes[(i * 8)..], value);
                break;
        }

        _blocks.Touch(block);
    }
}
