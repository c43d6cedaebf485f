using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Suite.Devices.Block;
using Suite.Devices.Core;

namespace Suite.Devices.Virtio;

/// <summary>A disk (Virtio 1.2, section 5.2): reads, writes, flushes, discards and zeroes, its serial number, geometry and topology.</summary>
/// <param name="medium">The disk's contents.</param>
/// <param name="serial">Up to 20 characters.</param>
/// <param name="logicalBlock">Bytes of a block as the guest is to see it; 512 or more, a power of two.</param>
/// <param name="physicalBlock">Bytes of a block on the medium; a multiple of the logical block's.</param>
public sealed class VirtioBlock(IBlockDevice medium, string serial = "", int logicalBlock = 512, int physicalBlock = 512)
    : VirtioDevice("virtio-blk", id: 2, queues: 1, queueSize: 256)
{
    private const ulong SegmentsMax = 1 << 2, Geometry = 1 << 4, ReadOnly = 1 << 5, BlockSize = 1 << 6, Flush = 1 << 9, Topology = 1 << 10, CacheMode = 1 << 11,
        Discard = 1 << 13, WriteZeroes = 1 << 14;

    private const uint RequestIn = 0, RequestOut = 1, RequestFlush = 4, RequestId = 8, RequestDiscard = 11, RequestWriteZeroes = 13;
    private const byte Ok = 0, IoError = 1, Unsupported = 2;
    private const int HeaderBytes = 16, RangeBytes = 16, SerialBytes = 20, WritebackOffset = 32, Sector = IBlockDevice.SectorSize, PageBytes = 4096;
    private const uint MostSegments = 254, MostSectors = 0x3F_FFFF;

    private readonly List<IoVector> _pieces = [];
    private Register _writeBack = null!;

    /// <summary>The disk's contents.</summary>
    public IBlockDevice Medium => medium;

    /// <inheritdoc/>
    public override int ConfigBytes => 60;

    /// <inheritdoc/>
    protected override ulong OwnFeatures =>
        SegmentsMax | Geometry | BlockSize | Flush | Topology | CacheMode | (medium.IsReadOnly ? ReadOnly : Discard | WriteZeroes);

    /// <summary>The medium has another size now (`block_resize`).</summary>
    public void Resized() => ConfigChanged();

    /// <inheritdoc/>
    protected internal override void Notified(VirtioQueue queue)
    {
        bool any = false;
        while (queue.TryPop(out VirtioChain chain))
        {
            any = true;
            if (chain.WritableBytes == 0)
            {
                queue.Push(chain, 0); // nowhere to answer to
                continue;
            }

            uint written = 0;
            byte status;
            try
            {
                status = Execute(chain, ref written);
            }
            catch (IOException)
            {
                (status, written) = (IoError, 0);
            }

            _pieces.Clear();
            chain.TryWrite(chain.WritableBytes - 1, [status]);
            queue.Push(chain, written + 1);
        }

        if (any)
            queue.Signal();
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        if ((Features & Flush) == 0)
            _writeBack.IsSet = false; // a driver that cannot flush gets a disk that needs none
    }

    /// <inheritdoc/>
    protected override void Stopped() => _writeBack.IsSet = true;

    /// <inheritdoc/>
    protected override void FillConfig(Span<byte> config)
    {
        const int heads = 16, sectorsPerTrack = 63, mostCylinders = 16383;
        long sectors = medium.Length / Sector;
        BinaryPrimitives.WriteInt64LittleEndian(config, sectors);
        BinaryPrimitives.WriteUInt32LittleEndian(config[12..], MostSegments);
        BinaryPrimitives.WriteUInt16LittleEndian(config[16..], (ushort)Math.Clamp(sectors / (heads * sectorsPerTrack), 2, mostCylinders));
        (config[18], config[19]) = (heads, sectorsPerTrack);
        BinaryPrimitives.WriteInt32LittleEndian(config[20..], logicalBlock);
        config[24] = (byte)int.Log2(Math.Max(physicalBlock / logicalBlock, 1));
        config[WritebackOffset] = _writeBack.Byte;
        BinaryPrimitives.WriteUInt16LittleEndian(config[34..], 1); // queues
        BinaryPrimitives.WriteUInt32LittleEndian(config[36..], MostSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(config[40..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(config[44..], (uint)(logicalBlock / Sector));
        BinaryPrimitives.WriteUInt32LittleEndian(config[48..], MostSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(config[52..], 1);
        config[56] = 1; // zeroes may be unmapped
    }

    /// <inheritdoc/>
    protected override void WriteConfig(int offset, int size, ulong value)
    {
        if (offset == WritebackOffset && size == 1 && (Features & CacheMode) != 0)
            _writeBack.IsSet = (value & 1) != 0;
    }

    /// <inheritdoc/>
    protected override void Declare(DeviceState state) => _writeBack = state.Register("write-back cache", 1, reset: 1);

    private byte Execute(VirtioChain chain, ref uint written)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (!chain.TryRead(0, header))
            return IoError;
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(header);
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        long incoming = chain.WritableBytes - 1, outgoing = chain.ReadableBytes - HeaderBytes;
        switch (type)
        {
            case RequestIn:
                if (!IsInside(sector, incoming) || !TryCollect(chain.Writable, 0, incoming, forWriting: true))
                    return IoError;
                medium.Read((long)sector * Sector, CollectionsMarshal.AsSpan(_pieces));
                foreach (VirtioSegment segment in chain.Writable)
                    Memory.Written(segment.Address, (int)Math.Min(segment.Length, int.MaxValue));
                written = (uint)incoming;
                return Ok;
            case RequestOut:
                if (medium.IsReadOnly || !IsInside(sector, outgoing) || !TryCollect(chain.Readable, HeaderBytes, outgoing, forWriting: false))
                    return IoError;
                medium.Write((long)sector * Sector, CollectionsMarshal.AsSpan(_pieces));
                if (!_writeBack.IsSet)
                    medium.Flush();
                return Ok;
            case RequestFlush:
                medium.Flush();
                return Ok;
            case RequestId:
                Span<byte> id = stackalloc byte[SerialBytes];
                Encoding.ASCII.TryGetBytes(serial.AsSpan(0, Math.Min(serial.Length, SerialBytes)), id, out _);
                Span<byte> part = id[..(int)Math.Min(incoming, SerialBytes)];
                written = (uint)part.Length;
                return chain.TryWrite(0, part) ? Ok : IoError;
            case RequestDiscard or RequestWriteZeroes:
                return Clear(chain, type, outgoing);
            default:
                return Unsupported;
        }
    }

    private byte Clear(VirtioChain chain, uint type, long outgoing)
    {
        const uint unmap = 1;
        Span<byte> range = stackalloc byte[RangeBytes];
        if (medium.IsReadOnly || outgoing != RangeBytes || !chain.TryRead(HeaderBytes, range))
            return IoError;
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(range);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(range[8..]), flags = BinaryPrimitives.ReadUInt32LittleEndian(range[12..]);
        if ((flags & ~unmap) != 0 || type == RequestDiscard && flags != 0)
            return Unsupported;
        long length = (long)count * Sector;
        if (count > MostSectors || !IsInside(sector, length))
            return IoError;
        if (type == RequestDiscard)
            medium.Discard((long)sector * Sector, length);
        else
            medium.WriteZeros((long)sector * Sector, length);
        if (!_writeBack.IsSet)
            medium.Flush();
        return Ok;
    }

    private bool IsInside(ulong sector, long length) =>
        length >= 0 && length % Sector == 0 && sector <= (ulong)(medium.Length / Sector) && length <= medium.Length - (long)sector * Sector;

    // The pieces of this process's memory behind a part of a chain. False when some of it is not memory.
    private bool TryCollect(IReadOnlyList<VirtioSegment> segments, long skip, long length, bool forWriting)
    {
        for (int i = 0; i < segments.Count && length > 0; i++)
        {
            VirtioSegment segment = segments[i];
            if (skip >= segment.Length)
            {
                skip -= segment.Length;
                continue;
            }

            long part = Math.Min(segment.Length - skip, length);
            if (!TryAdd(segment.Address + (ulong)skip, part, forWriting))
                return false;
            length -= part;
            skip = 0;
        }

        return length == 0;
    }

    private unsafe bool TryAdd(ulong address, long length, bool forWriting)
    {
        if (length <= int.MaxValue && Memory.TryMap(address, (int)length, forWriting, out byte* whole))
        {
            _pieces.Add(new IoVector((nint)whole, (nint)length));
            return true;
        }

        // It lies in several pieces of memory, or partly in none.
        while (length > 0)
        {
            int part = (int)Math.Min(length, PageBytes - (long)(address & (PageBytes - 1)));
            if (!Memory.TryMap(address, part, forWriting, out byte* page))
                return false;
            _pieces.Add(new IoVector((nint)page, part));
            address += (ulong)part;
            length -= part;
        }

        return true;
    }
}
