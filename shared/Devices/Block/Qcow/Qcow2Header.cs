using System.Buffers.Binary;
using System.Text;

namespace Suite.Devices.Block.Qcow;

/// <summary>
/// The header of a qcow2 image, versions 2 and 3 (QEMU documentation, "Qcow2 Image File Format"). All numbers are big endian. What a hostile
/// header says is checked here: later code may rely on sizes and alignment.
/// </summary>
internal sealed class Qcow2Header
{
    public const uint Magic = 0x514649FB;

    public const ulong IncompatibleDirty = 1, IncompatibleCorrupt = 2, IncompatibleDataFile = 4, IncompatibleCompression = 8, IncompatibleExtendedL2 = 16;

    /// <summary>Offsets of fields that are written while the image is in use.</summary>
    public const int SizeField = 24, L1SizeField = 36, RefcountTableField = 48, SnapshotCountField = 60, IncompatibleField = 72, AutoClearField = 88;

    public const int Version2Length = 72, Version3Length = 104;

    private const int MinClusterBits = 9, MaxClusterBits = 21, MaxRefcountOrder = 6, MaxBackingName = 1023;
    private const int MaxL1Bytes = 32 << 20, MaxRefcountTableBytes = 8 << 20, MaxSnapshots = 65536;
    private const uint BackingFormatExtension = 0xE2792ACA;

    public int Version { get; init; } = 3;

    public int ClusterBits { get; init; } = 16;

    public long Size { get; set; }

    public int L1Size { get; set; }

    public long L1Offset { get; set; }

    public long RefcountTableOffset { get; set; }

    public int RefcountTableClusters { get; set; }

    public int SnapshotCount { get; set; }

    public long SnapshotsOffset { get; set; }

    public ulong Incompatible { get; set; }

    public ulong AutoClear { get; init; }

    public int RefcountOrder { get; init; } = 4;

    /// <summary>Clusters are compressed with zstd; else with deflate.</summary>
    public bool IsZstd { get; private set; }

    public string? BackingName { get; init; }

    public string? BackingFormat { get; init; }

    public int ClusterSize => 1 << ClusterBits;

    /// <summary>Guest bytes that one L2 table maps.</summary>
    public int BytesPerL1EntryBits => ClusterBits + ClusterBits - 3;

    /// <summary>Entries of L1 that the disk's contents need; what lies behind holds states of the machine.</summary>
    public int L1SizeNeeded => L1SizeFor(Size);

    /// <summary>False for a disk too large for any L1 table.</summary>
    public bool CanHold(long size) => size >= 0 && size >> BytesPerL1EntryBits < MaxL1Bytes / sizeof(ulong);

    /// <summary>Entries of the L1 table that a disk of some size needs.</summary>
    public int L1SizeFor(long size) => (int)((size + (1L << BytesPerL1EntryBits) - 1) >> BytesPerL1EntryBits);

    /// <summary>Reads and checks a header.</summary>
    /// <exception cref="IOException">It is damaged, or has a feature that is not supported.</exception>
    public static Qcow2Header Read(HostFile file)
    {
        byte[] start = new byte[1 << 12];
        file.Read(0, start);
        int version = (int)U32(start, 4);
        if (U32(start, 0) != Magic || version is not (2 or 3))
            throw Bad(file, $"version {version} is not supported (2 and 3 are)");
        int bits = (int)U32(start, 20);
        if (bits is < MinClusterBits or > MaxClusterBits)
            throw Bad(file, $"clusters of 2^{(uint)bits} bytes");
        if (U32(start, 32) != 0)
            throw Bad(file, "encrypted images are not supported; convert it with 'qemu-img convert'");
        if (1 << bits > start.Length)
        {
            start = new byte[1 << bits];
            file.Read(0, start);
        }

        int headerLength = version == 2 ? Version2Length : (int)U32(start, 100);
        if (version == 3 && (headerLength < Version3Length || headerLength > 1 << bits))
            throw Bad(file, $"a header of {(uint)headerLength} bytes");
        (string? backing, string? format) = ReadNames(file, start, headerLength, 1 << bits);
        Qcow2Header header = new()
        {
            Version = version,
            ClusterBits = bits,
            Size = (long)U64(start, 24),
            L1Size = (int)U32(start, L1SizeField),
            L1Offset = (long)U64(start, L1SizeField + 4),
            RefcountTableOffset = (long)U64(start, RefcountTableField),
            RefcountTableClusters = (int)U32(start, RefcountTableField + 8),
            SnapshotCount = (int)U32(start, SnapshotCountField),
            SnapshotsOffset = (long)U64(start, SnapshotCountField + 4),
            Incompatible = version == 2 ? 0 : U64(start, IncompatibleField),
            AutoClear = version == 2 ? 0 : U64(start, AutoClearField),
            RefcountOrder = version == 2 ? 4 : (int)U32(start, 96),
            BackingName = backing,
            BackingFormat = format,
        };
        header.CheckFeatures(file, headerLength > Version3Length ? start[Version3Length] : (byte)0);
        header.CheckSizes(file);
        return header;
    }

    /// <summary>Bytes of a header that says all this, with the names behind it.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[ClusterSize];
        Put32(bytes, 0, Magic);
        Put32(bytes, 4, (uint)Version);
        Put32(bytes, 20, (uint)ClusterBits);
        Put64(bytes, 24, (ulong)Size);
        Put32(bytes, L1SizeField, (uint)L1Size);
        Put64(bytes, L1SizeField + 4, (ulong)L1Offset);
        Put64(bytes, RefcountTableField, (ulong)RefcountTableOffset);
        Put32(bytes, RefcountTableField + 8, (uint)RefcountTableClusters);
        Put32(bytes, SnapshotCountField, (uint)SnapshotCount);
        Put64(bytes, SnapshotCountField + 4, (ulong)SnapshotsOffset);
        int at = Version2Length;
        if (Version == 3)
        {
            Put64(bytes, IncompatibleField, Incompatible);
            Put32(bytes, 96, (uint)RefcountOrder);
            Put32(bytes, 100, Version3Length);
            at = Version3Length;
        }

        if (BackingFormat is { } format)
        {
            Put32(bytes, at, BackingFormatExtension);
            Put32(bytes, at + 4, (uint)format.Length);
            Encoding.ASCII.GetBytes(format, bytes.AsSpan(at + 8));
            at += 8 + (format.Length + 7 & ~7);
        }

        at += 8; // the end of the extensions: a type and a length of 0
        if (BackingName is not { } name)
            return bytes;
        Put64(bytes, 8, (ulong)at);
        Put32(bytes, 16, (uint)Encoding.UTF8.GetBytes(name, bytes.AsSpan(at)));
        return bytes;
    }

    internal static IOException Bad(HostFile file, string what) => new($"{file.Path}: not a usable qcow2 image: {what}");

    private static (string? Name, string? Format) ReadNames(HostFile file, byte[] start, int headerLength, int clusterSize)
    {
        string? name = null;
        ulong offset = U64(start, 8);
        uint length = U32(start, 16);
        if (offset != 0 && length != 0)
        {
            if (length > MaxBackingName || offset > (ulong)clusterSize - length)
                throw Bad(file, "the name of the backing file lies outside of the header");
            name = Encoding.UTF8.GetString(start, (int)offset, (int)length);
        }

        string? format = null;
        int end = name is null ? clusterSize : (int)offset;
        for (int at = headerLength; at + 8 <= end;)
        {
            uint type = U32(start, at), size = U32(start, at + 4);
            at += 8;
            if (type == 0)
                break;
            if (size > (uint)(end - at))
                throw Bad(file, "a header extension is longer than the header");
            if (type == BackingFormatExtension)
                format = Encoding.ASCII.GetString(start, at, (int)size);
            at += (int)(size + 7 & ~7u);
        }

        return (name, format);
    }

    private void CheckFeatures(HostFile file, byte compression)
    {
        if ((Incompatible & IncompatibleCompression) != 0)
            IsZstd = compression switch { 0 => false, 1 => true, _ => throw Bad(file, $"its clusters are compressed in an unknown way ({compression})") };
        if ((Incompatible & IncompatibleDataFile) != 0)
            throw Bad(file, "its data lies in another file, which is not supported; convert it with 'qemu-img convert -O qcow2'");
        if ((Incompatible & IncompatibleExtendedL2) != 0)
            throw Bad(file, "it has extended L2 entries, which are not supported; convert it with 'qemu-img convert -O qcow2'");
        if ((Incompatible & IncompatibleCorrupt) != 0 && !file.IsReadOnly)
            throw Bad(file, "it is marked as corrupt; repair it with 'qemu-img check -r all', or open it with readonly=on");
        const ulong known = IncompatibleDirty | IncompatibleCorrupt | IncompatibleCompression;
        if ((Incompatible & ~known) != 0)
            throw Bad(file, $"unknown incompatible features {Incompatible & ~known:x}");
    }

    private void CheckSizes(HostFile file)
    {
        if (RefcountOrder is < 0 or > MaxRefcountOrder)
            throw Bad(file, $"reference counts of 2^{(uint)RefcountOrder} bits");
        if (!CanHold(Size))
            throw Bad(file, $"a size of {(ulong)Size} bytes");
        if (L1Size is < 0 or > MaxL1Bytes / sizeof(ulong) || L1Size < L1SizeNeeded)
            throw Bad(file, $"an L1 table of {(uint)L1Size} entries for {Size} bytes");
        if (RefcountTableClusters <= 0 || (long)RefcountTableClusters << ClusterBits > MaxRefcountTableBytes)
            throw Bad(file, $"a reference count table of {(uint)RefcountTableClusters} clusters");
        if (SnapshotCount is < 0 or > MaxSnapshots)
            throw Bad(file, $"{(uint)SnapshotCount} snapshots");
        CheckPlace(file, L1Offset, "L1 table", canBeZero: L1Size == 0);
        CheckPlace(file, RefcountTableOffset, "reference count table", canBeZero: false);
        CheckPlace(file, SnapshotsOffset, "snapshot table", canBeZero: SnapshotCount == 0);
    }

    private void CheckPlace(HostFile file, long offset, string what, bool canBeZero)
    {
        if (offset < 0 || offset > long.MaxValue / 2 || (offset & (ClusterSize - 1)) != 0 || (offset == 0 && !canBeZero))
            throw Bad(file, $"the {what} at {(ulong)offset:x}");
    }

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));

    private static ulong U64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(at));

    private static void Put32(byte[] bytes, int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at), value);

    private static void Put64(byte[] bytes, int at, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(at), value);
}
