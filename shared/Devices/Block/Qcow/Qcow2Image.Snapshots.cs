using System.Buffers.Binary;
using System.Text;

namespace Suite.Devices.Block.Qcow;

// Internal snapshots: each has an L1 table of its own and shares clusters by their reference counts.
internal sealed partial class Qcow2Image : ISnapshotStore
{
    private const int SnapshotFixedBytes = 40, SnapshotExtraBytes = 24, MostTableBytes = 64 << 20, MostExtraBytes = 1024, MostNameBytes = 255; // as other tools have room for

    private readonly List<Snapshot> _snapshots = [];
    private long _snapshotsLength;

    private sealed record Snapshot(ImageSnapshot Info, long L1Offset, int L1Size);

    public IReadOnlyList<ImageSnapshot> Snapshots => [.. _snapshots.Select(s => s.Info)];

    public void CreateSnapshot(string name, DateTime date, long clockNanoseconds, Action<Stream>? writeMachine)
    {
        if (IsReadOnly)
            throw new IOException($"{_name}: is read-only; a snapshot cannot be made");
        if (Encoding.UTF8.GetByteCount(name) is var bytes && bytes is 0 or > MostNameBytes)
            throw new IOException(bytes == 0 ? "Name is empty" : $"the snapshot's name has {bytes} bytes; at most {MostNameBytes} are possible");
        long start = (long)_header.L1SizeNeeded << _header.BytesPerL1EntryBits, length = 0;
        if (writeMachine is not null)
        {
            MachineStream stream = new(this, start, long.MaxValue);
            writeMachine(stream);
            length = stream.Position;
        }

        WriteMetadata();
        Refer(_l1, +1);
        _refcounts.WriteDirty();
        _file.Flush();
        UpdateCopied(mayWriteInPlace: false);
        int clusters = Math.Max(ClustersOf((long)_l1.Length * EntryBytes), 1);
        long copy = _refcounts.AllocateRun(clusters);
        WriteL1(copy, _l1);
        int number = 1;
        while (_snapshots.Exists(s => s.Info.Id == number.ToString()))
            number++;
        _snapshots.Add(new Snapshot(new ImageSnapshot(number.ToString(), name, date, clockNanoseconds, length, _header.Size), copy, _l1.Length));
        WriteSnapshotTable();
        if (length > 0)
            ForgetMachine(start, length); // it belongs to the snapshot alone
        WriteMetadata();
        NoteMetadata();
    }

    public void LoadSnapshot(ImageSnapshot info)
    {
        Snapshot snapshot = Find(info);
        if (info.DiskSize != _header.Size)
            throw new IOException($"{_name}: snapshot {info.Name} is of a disk of {info.DiskSize} bytes, this one has {_header.Size}");
        WriteMetadata();
        ulong[] old = _l1, l1 = ReadL1(snapshot);
        Refer(l1, +1);
        _refcounts.WriteDirty();
        _file.Flush();
        if (l1.Length < _l1.Length)
            Array.Resize(ref l1, _l1.Length);
        for (int i = 0; i < l1.Length; i++)
            l1[i] &= ~Copied;
        if (l1.Length > _l1.Length)
            GrowL1(l1.Length);
        _l1 = l1;
        WriteL1(_header.L1Offset, _l1);
        _file.Flush();
        _l2Tables.Clear();
        Refer(old, -1);
        _refcounts.WriteDirty();
        long start = (long)_header.L1SizeNeeded << _header.BytesPerL1EntryBits;
        if (info.MachineLength > 0)
            ForgetMachine(start, info.MachineLength);
        WriteMetadata();
        UpdateCopied(mayWriteInPlace: true);
        NoteMetadata();
    }

    public Stream OpenMachine(ImageSnapshot info)
    {
        Snapshot snapshot = Find(info);
        Qcow2Image view = new(_file, _header, _backing, discards: false, _name) { _l1 = ReadL1(snapshot) };
        return new MachineStream(view, (long)_header.L1SizeNeeded << _header.BytesPerL1EntryBits, info.MachineLength);
    }

    public void DeleteSnapshot(ImageSnapshot info)
    {
        Snapshot snapshot = Find(info);
        WriteMetadata();
        ulong[] l1 = ReadL1(snapshot);
        _snapshots.Remove(snapshot);
        WriteSnapshotTable();
        Refer(l1, -1);
        for (int i = 0; i < Math.Max(ClustersOf((long)snapshot.L1Size * EntryBytes), 1); i++)
            _refcounts.Add((snapshot.L1Offset >> _header.ClusterBits) + i, -1);
        UpdateCopied(mayWriteInPlace: true);
        WriteMetadata();
        NoteMetadata();
    }

    private Snapshot Find(ImageSnapshot info) =>
        _snapshots.Find(s => s.Info == info) ?? throw new IOException($"{_name}: has no snapshot {info.Name}");

    private ulong[] ReadL1(Snapshot snapshot)
    {
        byte[] bytes = new byte[(long)snapshot.L1Size * EntryBytes];
        _file.Read(snapshot.L1Offset, bytes);
        ulong[] l1 = new ulong[snapshot.L1Size];
        for (int i = 0; i < l1.Length; i++)
            l1[i] = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(i * EntryBytes));
        return l1;
    }

    private void WriteL1(long offset, ulong[] l1)
    {
        byte[] bytes = new byte[l1.Length * EntryBytes];
        for (int i = 0; i < l1.Length; i++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(i * EntryBytes), l1[i]);
        _file.Write(offset, bytes);
    }

    // Raises or lowers the count of everything a table refers to.
    private void Refer(ulong[] l1, int delta)
    {
        foreach (ulong l1Entry in l1)
        {
            long offset = HostOffset(l1Entry);
            if (offset == 0)
                continue;
            Table table = _l2Tables.Get(offset);
            for (int i = 0; i < EntriesPerTable; i++)
                ReferEntry(Entry(table, i), delta);
            _refcounts.Add(offset >> _header.ClusterBits, delta);
            if (delta < 0 && _refcounts.Get(offset >> _header.ClusterBits) == 0)
                _l2Tables.Drop(offset);
        }
    }

    private void ReferEntry(ulong entry, int delta)
    {
        (long offset, long length) = (entry & Compressed) != 0 ? _compressed.PlaceOf(entry) : (HostOffset(entry), 1);
        if (offset == 0)
            return;
        for (long cluster = offset >> _header.ClusterBits; cluster << _header.ClusterBits < offset + length; cluster++)
            _refcounts.Add(cluster, delta);
    }

    // Makes the "may be written in place" flags of the active tables follow the counts; only clears them when told so.
    private void UpdateCopied(bool mayWriteInPlace)
    {
        for (int i = 0; i < _l1.Length; i++)
        {
            long offset = HostOffset(_l1[i]);
            if (offset == 0)
                continue;
            bool isOwn = mayWriteInPlace && _refcounts.Get(offset >> _header.ClusterBits) == 1;
            ulong l1Entry = isOwn ? (ulong)offset | Copied : (ulong)offset;
            if (l1Entry != _l1[i])
            {
                _l1[i] = l1Entry;
                _dirtyL1.Add(i);
            }

            Table table = _l2Tables.Get(offset);
            for (int j = 0; j < EntriesPerTable; j++)
            {
                ulong entry = Entry(table, j);
                if ((entry & Compressed) != 0 || HostOffset(entry) == 0)
                    continue;
                bool isOwnData = mayWriteInPlace && _refcounts.Get(HostOffset(entry) >> _header.ClusterBits) == 1;
                ulong wanted = isOwnData ? entry | Copied : entry & ~Copied;
                if (wanted != entry)
                    SetEntry(table, j, wanted);
            }
        }

        WriteMetadata();
    }

    private void GrowL1(int size)
    {
        if (size <= _l1.Length)
            return;
        int clusters = ClustersOf((long)size * EntryBytes);
        long place = _refcounts.AllocateRun(clusters);
        ulong[] larger = new ulong[size];
        _l1.CopyTo(larger, 0);
        WriteMetadata();
        _file.Write(place, new byte[(long)clusters << _header.ClusterBits]);
        WriteL1(place, larger);
        _file.Flush();
        (long old, int oldSize) = (_header.L1Offset, _header.L1Size);
        (_l1, _header.L1Offset, _header.L1Size) = (larger, place, size);
        Span<byte> field = stackalloc byte[12];
        BinaryPrimitives.WriteInt32BigEndian(field, size);
        BinaryPrimitives.WriteInt64BigEndian(field[4..], place);
        _file.Write(Qcow2Header.L1SizeField, field);
        _file.Flush();
        Free(old, Math.Max(ClustersOf((long)oldSize * EntryBytes), 1));
        Note(place, (long)size * EntryBytes);
    }

    private void ForgetMachine(long start, long length)
    {
        long end = Math.Min(start + length, (long)_l1.Length << _header.BytesPerL1EntryBits);
        for (long offset = start; offset < end; offset += ClusterSize)
        {
            Table table = TableForWriting(offset);
            ulong old = Entry(table, EntryIndex(offset));
            SetEntry(table, EntryIndex(offset), 0);
            FreeEntry(old);
        }
    }

    private void LoadSnapshots()
    {
        long at = _header.SnapshotsOffset;
        byte[] head = new byte[SnapshotFixedBytes];
        for (int i = 0; i < _header.SnapshotCount; i++)
        {
            _file.Read(at, head);
            int idLength = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(12)), nameLength = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(14));
            uint extraLength = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(36));
            long l1Offset = BinaryPrimitives.ReadInt64BigEndian(head);
            int l1Size = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(8));
            if (extraLength > MostExtraBytes || l1Size is < 0 or > (32 << 20) / EntryBytes || l1Offset < 0 || (l1Offset & (ClusterSize - 1)) != 0)
                throw Qcow2Header.Bad(_file, $"snapshot {i} is damaged; repair it with 'qemu-img check -r all'");
            byte[] rest = new byte[extraLength + idLength + nameLength];
            _file.Read(at + SnapshotFixedBytes, rest);
            long machine = extraLength >= 8 ? BinaryPrimitives.ReadInt64BigEndian(rest) : BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(32));
            long disk = extraLength >= 16 ? BinaryPrimitives.ReadInt64BigEndian(rest.AsSpan(8)) : _header.Size;
            if (machine < 0 || machine > long.MaxValue / 2)
                throw Qcow2Header.Bad(_file, $"snapshot {i} says that the machine's state has {(ulong)machine} bytes");
            DateTime date = DateTime.UnixEpoch.AddSeconds(BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(16))).AddTicks(BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(20)) / 100);
            string id = Encoding.UTF8.GetString(rest, (int)extraLength, idLength), name = Encoding.UTF8.GetString(rest, (int)extraLength + idLength, nameLength);
            _snapshots.Add(new Snapshot(new ImageSnapshot(id, name, date, BinaryPrimitives.ReadInt64BigEndian(head.AsSpan(24)), machine, disk), l1Offset, l1Size));
            at += (SnapshotFixedBytes + rest.Length + 7) & ~7;
            if (at - _header.SnapshotsOffset > MostTableBytes)
                throw Qcow2Header.Bad(_file, "the snapshot table is too long");
        }

        _snapshotsLength = at - _header.SnapshotsOffset;
    }

    // Writes the table anew and makes the header point to it, in one write.
    private void WriteSnapshotTable()
    {
        MemoryStream table = new();
        byte[] head = new byte[SnapshotFixedBytes + SnapshotExtraBytes];
        foreach (Snapshot snapshot in _snapshots)
        {
            ImageSnapshot info = snapshot.Info;
            byte[] id = Encoding.UTF8.GetBytes(info.Id), name = Encoding.UTF8.GetBytes(info.Name);
            long ticks = (info.Date - DateTime.UnixEpoch).Ticks;
            BinaryPrimitives.WriteInt64BigEndian(head, snapshot.L1Offset);
            BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(8), snapshot.L1Size);
            BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(12), (ushort)id.Length);
            BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(14), (ushort)name.Length);
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(16), (uint)(ticks / TimeSpan.TicksPerSecond));
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(20), (uint)(ticks % TimeSpan.TicksPerSecond * 100));
            BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(24), info.ClockNanoseconds);
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(32), (uint)Math.Min(info.MachineLength, uint.MaxValue));
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(36), SnapshotExtraBytes);
            BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(40), info.MachineLength);
            BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(48), info.DiskSize);
            BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(56), -1); // no instruction count
            table.Write(head);
            table.Write(id);
            table.Write(name);
            table.Write(new byte[-table.Length & 7]);
        }

        (long old, long oldLength) = (_header.SnapshotsOffset, _snapshotsLength);
        long place = table.Length == 0 ? 0 : _refcounts.AllocateRun(ClustersOf(table.Length));
        if (place != 0)
            _file.Write(place, table.ToArray());
        WriteMetadata();
        (_header.SnapshotsOffset, _header.SnapshotCount, _snapshotsLength) = (place, _snapshots.Count, table.Length);
        Span<byte> field = stackalloc byte[12];
        BinaryPrimitives.WriteInt32BigEndian(field, _snapshots.Count);
        BinaryPrimitives.WriteInt64BigEndian(field[4..], place);
        _file.Write(Qcow2Header.SnapshotCountField, field);
        _file.Flush();
        for (int i = 0; i < ClustersOf(oldLength); i++)
            _refcounts.Add((old >> _header.ClusterBits) + i, -1);
        _refcounts.WriteDirty();
    }

    // The state of the machine lies behind the disk's contents, where the guest cannot reach.
    private sealed class MachineStream(Qcow2Image image, long start, long length) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => length == long.MaxValue;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int part = (int)Math.Min(buffer.Length, length - _position);
            image.Read(start + _position, buffer[..part]);
            _position += part;
            return part;
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (buffer.IsEmpty)
                return;
            long end = start + _position + buffer.Length;
            image.GrowL1((int)((end + (1L << image._header.BytesPerL1EntryBits) - 1) >> image._header.BytesPerL1EntryBits));
            image.Write(start + _position, buffer);
            _position += buffer.Length;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
