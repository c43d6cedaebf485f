using System.Buffers.Binary;

namespace Suite.Devices.Block.Qcow;

// An image whose writer left reference counts for later and then crashed ("lazy refcounts") has them counted anew.
internal sealed partial class Qcow2Image
{
    private uint[]? _counted; // while a repair goes on: what may not be given away, whatever the counts on the disk say

    private void RepairRefcounts()
    {
        const long mostClusters = 1L << 28;
        long clusters = (_file.Length + ClusterSize - 1) >> _header.ClusterBits;
        if (clusters > mostClusters)
            throw Qcow2Header.Bad(_file, "it was not closed properly and is too large to be repaired here; use 'qemu-img check -r all'");
        uint[] counts = new uint[clusters];
        foreach (long cluster in _metadata)
            Count(cluster);
        // Tables that L1 tables refer to were noted as metadata, and are counted by the references themselves.
        foreach (ulong entry in _l1)
            if (HostOffset(entry) is not 0 and var offset)
                counts[offset >> _header.ClusterBits] = 0;
        CountTables(_l1, Count);
        foreach (Snapshot snapshot in _snapshots)
            CountTables(ReadL1(snapshot), Count);
        _counted = counts;
        for (long cluster = 0; cluster < clusters; cluster++)
            if (counts[cluster] != 0 && _refcounts.Get(cluster) != counts[cluster])
                _refcounts.Set(cluster, counts[cluster]);
        _counted = null;
        NoteMetadata(); // blocks of counts may have been added
        for (long cluster = 0; cluster < clusters; cluster++)
            if (counts[cluster] == 0 && !_metadata.Contains(cluster))
                _refcounts.Set(cluster, 0);
        _refcounts.WriteDirty();
        UpdateCopied(mayWriteInPlace: true);
        _file.Flush();
        _header.Incompatible &= ~Qcow2Header.IncompatibleDirty;
        Span<byte> field = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(field, _header.Incompatible);
        _file.Write(Qcow2Header.IncompatibleField, field);
        _file.Flush();

        void Count(long cluster)
        {
            if (cluster >= clusters)
                throw Qcow2Header.Bad(_file, $"a reference to cluster {cluster}, which lies behind its end; use 'qemu-img check -r all'");
            counts[cluster]++;
        }
    }

    private void CountTables(ulong[] l1, Action<long> count)
    {
        foreach (ulong l1Entry in l1)
        {
            long offset = HostOffset(l1Entry);
            if (offset == 0)
                continue;
            count(offset >> _header.ClusterBits);
            Table table = _l2Tables.Get(offset);
            for (int i = 0; i < EntriesPerTable; i++)
            {
                ulong entry = Entry(table, i);
                (long place, long length) = (entry & Compressed) != 0 ? _compressed.PlaceOf(entry) : (HostOffset(entry), 1);
                for (long cluster = place >> _header.ClusterBits; place != 0 && cluster << _header.ClusterBits < place + length; cluster++)
                    count(cluster);
            }
        }
    }
}
