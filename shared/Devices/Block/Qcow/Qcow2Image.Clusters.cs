using System.Buffers.Binary;

namespace Suite.Devices.Block.Qcow;

// Where guest data lies: the two levels of tables.
internal sealed partial class Qcow2Image
{
    private enum Kind
    {
        Unallocated,
        Zero,
        Data,
        Compressed,
    }

    private readonly record struct Place(Kind Kind, long Offset, ulong Entry);

    // Where a guest offset lies, and how many bytes from there on lie in one piece.
    private Place Find(long offset, long length, out long run)
    {
        int within = (int)(offset & (ClusterSize - 1)), index = EntryIndex(offset);
        if (TableFor(offset) is not { } table)
        {
            run = Math.Min(length, ((long)(EntriesPerTable - index) << _header.ClusterBits) - within);
            return new Place(Kind.Unallocated, 0, 0);
        }

        ulong entry = Entry(table, index);
        Place place = new(KindOf(entry), 0, entry);
        run = ClusterSize - within;
        if (place.Kind == Kind.Data)
            place = place with { Offset = HostOffset(entry) + within };
        if (place.Kind != Kind.Compressed)
        {
            for (int next = index + 1; run < length && next < EntriesPerTable; next++, run += ClusterSize)
            {
                ulong other = Entry(table, next);
                if (KindOf(other) != place.Kind || (place.Kind == Kind.Data && HostOffset(other) != place.Offset + run))
                    break;
            }
        }

        run = Math.Min(run, length);
        return place;
    }

    private Kind KindOf(ulong entry)
    {
        if ((entry & Compressed) != 0)
            return Kind.Compressed;
        if ((entry & ZeroFlag) != 0 && _header.Version >= 3)
            return Kind.Zero;
        return (entry & OffsetMask) != 0 ? Kind.Data : Kind.Unallocated;
    }

    private long HostOffset(ulong entry)
    {
        long offset = (long)(entry & OffsetMask);
        return (offset & (ClusterSize - 1)) == 0 ? offset : throw Qcow2Header.Bad(_file, $"a cluster at {offset:x}, which is no multiple of its size");
    }

    private static ulong Entry(Table table, int index) => BinaryPrimitives.ReadUInt64BigEndian(table.Bytes.AsSpan(index * EntryBytes));

    private void SetEntry(Table table, int index, ulong entry)
    {
        BinaryPrimitives.WriteUInt64BigEndian(table.Bytes.AsSpan(index * EntryBytes), entry);
        _l2Tables.Touch(table);
    }

    // A cluster nobody else refers to: it may be written in place.
    private bool IsOwn(ulong entry) => (entry & Copied) != 0 && KindOf(entry) == Kind.Data;

    private Table? TableFor(long offset)
    {
        long index = offset >> _header.BytesPerL1EntryBits;
        if (index >= _l1.Length)
            return null;
        long table = HostOffset(_l1[index]);
        return table == 0 ? null : _l2Tables.Get(table);
    }

    private Table TableForWriting(long offset)
    {
        int index = (int)(offset >> _header.BytesPerL1EntryBits);
        ulong entry = _l1[index];
        long old = HostOffset(entry);
        if (old != 0 && (entry & Copied) != 0)
            return _l2Tables.Get(old);
        long place = _refcounts.Allocate(1, out _);
        Table table = _l2Tables.New(place);
        if (old != 0)
        {
            _l2Tables.Get(old).Bytes.CopyTo(table.Bytes, 0);
            Free(old, 1);
        }

        _metadata.Add(place >> _header.ClusterBits);
        _l1[index] = (ulong)place | Copied;
        _dirtyL1.Add(index);
        return table;
    }

    // How many bytes from an offset on may be written where they are, in one piece; 0 when something has to be allocated first.
    private long OwnRun(long offset, long length, out long place)
    {
        place = 0;
        if ((_l1[offset >> _header.BytesPerL1EntryBits] & Copied) == 0 || TableFor(offset) is not { } table)
            return 0;
        int index = EntryIndex(offset), within = (int)(offset & (ClusterSize - 1));
        if (!IsOwn(Entry(table, index)))
            return 0;
        long start = HostOffset(Entry(table, index)), run = -within;
        for (; run < length && index < EntriesPerTable; index++, run += ClusterSize)
        {
            ulong entry = Entry(table, index);
            long host = start + within + run;
            if (!IsOwn(entry) || HostOffset(entry) != host)
                break;
            if (_metadata.Contains(host >> _header.ClusterBits))
                throw Qcow2Header.Bad(_file, $"guest data at {host:x}, where the image's own tables are; repair it with 'qemu-img check -r all'");
        }

        place = start + within;
        return Math.Min(run, length);
    }

    // Writes to clusters that have to be allocated: what is not written of the first and the last is copied from what was there.
    private int WriteNew(Table table, int index, int clusters, long offset, ReadOnlySpan<byte> from)
    {
        int wanted = 1;
        while (wanted < clusters && !IsOwn(Entry(table, index + wanted)))
            wanted++;
        long place = _refcounts.Allocate(wanted, out int got);
        bool isFresh = place >= _file.Length;
        int within = (int)(offset & (ClusterSize - 1));
        int bytes = (int)Math.Min(from.Length, ((long)got << _header.ClusterBits) - within);
        int tail = (int)(((long)got << _header.ClusterBits) - within - bytes);
        CopyOld(offset - within, place, within, isFresh);
        CopyOld(offset + bytes, place + within + bytes, tail, isFresh);
        _file.Write(place + within, from[..bytes]);
        for (int i = 0; i < got; i++)
        {
            ulong old = Entry(table, index + i);
            SetEntry(table, index + i, (ulong)(place + ((long)i << _header.ClusterBits)) | Copied);
            FreeEntry(old);
        }

        return bytes;
    }

    private void CopyOld(long guestOffset, long place, int length, bool isFresh)
    {
        if (length == 0 || (isFresh && ReadsZero(guestOffset)))
            return; // behind the end of the file there are zeros
        byte[] bytes = new byte[length];
        Read(guestOffset, bytes);
        _file.Write(place, bytes);
    }

    // True when the cluster is known to read as zeros without looking at data.
    private bool ReadsZero(long offset) => Find(offset, 1, out _).Kind switch
    {
        Kind.Zero => true,
        Kind.Unallocated => _backing is null || offset >= _backing.Length,
        _ => false,
    };

    private void FreeEntry(ulong entry)
    {
        if ((entry & Compressed) != 0)
        {
            (long offset, int length) = _compressed.PlaceOf(entry);
            long first = offset & -(long)ClusterSize;
            Free(first, ClustersOf(offset + length - first));
        }
        else if (HostOffset(entry) is not 0 and var offset)
        {
            Free(offset, 1);
        }
    }

    // Makes a cluster read as zeros and need no room. False when the format cannot say that.
    private bool TryForget(long offset)
    {
        bool hasBacking = _backing is not null && offset < _backing.Length;
        if (hasBacking && _header.Version < 3)
            return false;
        int index = EntryIndex(offset);
        ulong wanted = hasBacking ? ZeroFlag : 0;
        if ((TableFor(offset) is { } now ? Entry(now, index) : 0) == wanted)
            return true;
        Table table = TableForWriting(offset);
        ulong old = Entry(table, index);
        SetEntry(table, index, wanted);
        FreeEntry(old);
        return true;
    }
}
