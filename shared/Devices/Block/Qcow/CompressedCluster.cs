using System.IO.Compression;

namespace Suite.Devices.Block.Qcow;

/// <summary>Reads clusters that are compressed with deflate or zstd; the last one stays unpacked in memory.</summary>
/// <param name="file">The image.</param>
/// <param name="clusterBits">Bytes of a cluster, as a power of two.</param>
/// <param name="isZstd">zstd, as the header says.</param>
internal sealed class CompressedCluster(HostFile file, int clusterBits, bool isZstd)
{
    private const int SectorBytes = 512;

    private readonly byte[] _unpacked = new byte[1 << clusterBits];
    private ulong _entry;

    /// <summary>Where its bytes lie: an offset of any alignment, up to the end of a sector.</summary>
    public (long Offset, int Length) PlaceOf(ulong entry)
    {
        int sizeShift = 62 - (clusterBits - 8);
        long offset = (long)(entry & ((1UL << sizeShift) - 1));
        int sectors = (int)(entry >> sizeShift & ((1UL << (clusterBits - 8)) - 1)) + 1;
        return (offset, sectors * SectorBytes - (int)(offset & (SectorBytes - 1)));
    }

    /// <summary>Reads a part of a cluster.</summary>
    /// <exception cref="IOException">It does not unpack to a whole cluster.</exception>
    public void Read(ulong entry, int start, Span<byte> into)
    {
        if (entry != _entry)
            Unpack(entry);
        _unpacked.AsSpan(start, into.Length).CopyTo(into);
    }

    private void Unpack(ulong entry)
    {
        _entry = 0;
        (long offset, int length) = PlaceOf(entry);
        byte[] packed = new byte[length];
        file.Read(offset, packed);
        try
        {
            using Stream stream = isZstd ? new ZstdSharp.DecompressionStream(new MemoryStream(packed)) : new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
            stream.ReadExactly(_unpacked);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ZstdSharp.ZstdException)
        {
            throw Qcow2Header.Bad(file, $"the compressed cluster at {offset:x} is damaged");
        }

        _entry = entry;
    }
}
