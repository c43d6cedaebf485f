using Suite.Devices.Core;

namespace Suite.Devices.Virtio;

/// <summary>A stretch of guest memory that a descriptor names.</summary>
/// <param name="Address">Guest-physical; nothing is known about it.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct VirtioSegment(ulong Address, uint Length);

/// <summary>A descriptor chain: what the device reads, then what it writes. Offsets count through the whole part.</summary>
public sealed class VirtioChain
{
    private readonly List<VirtioSegment> _readable = [], _writable = [];
    private IGuestMemory _memory = null!;

    internal VirtioChain()
    {
    }

    /// <summary>The number of its first descriptor.</summary>
    public ushort Head { get; private set; }

    /// <summary>Bytes the device may read.</summary>
    public long ReadableBytes { get; private set; }

    /// <summary>Bytes the device may write.</summary>
    public long WritableBytes { get; private set; }

    /// <summary>Segments the device may read.</summary>
    public IReadOnlyList<VirtioSegment> Readable => _readable;

    /// <summary>Segments the device may write.</summary>
    public IReadOnlyList<VirtioSegment> Writable => _writable;

    /// <summary>Copies what the driver sent. False when there is not so much, or a part is not memory.</summary>
    public bool TryRead(long offset, Span<byte> into)
    {
        foreach (VirtioSegment segment in _readable)
        {
            if (into.IsEmpty)
                return true;
            if (offset >= segment.Length)
            {
                offset -= segment.Length;
                continue;
            }

            int part = (int)Math.Min(into.Length, segment.Length - offset);
            if (!_memory.TryRead(segment.Address + (ulong)offset, into[..part]))
                return false;
            into = into[part..];
            offset = 0;
        }

        return into.IsEmpty;
    }

    /// <summary>Copies to the driver. False when there is not so much room, or a part is not memory.</summary>
    public bool TryWrite(long offset, ReadOnlySpan<byte> from)
    {
        foreach (VirtioSegment segment in _writable)
        {
            if (from.IsEmpty)
                return true;
            if (offset >= segment.Length)
            {
                offset -= segment.Length;
                continue;
            }

            int part = (int)Math.Min(from.Length, segment.Length - offset);
            if (!_memory.TryWrite(segment.Address + (ulong)offset, from[..part]))
                return false;
            from = from[part..];
            offset = 0;
        }

        return from.IsEmpty;
    }

    internal void Start(IGuestMemory memory, ushort head)
    {
        _memory = memory;
        (Head, ReadableBytes, WritableBytes) = (head, 0, 0);
        _readable.Clear();
        _writable.Clear();
    }

    // Readable descriptors come first (2.7.4.2); the sum stays below 4 GiB.
    internal bool Add(ulong address, uint length, bool isWritable)
    {
        if (!isWritable && _writable.Count != 0 || ReadableBytes + WritableBytes + length > uint.MaxValue || address + length < address)
            return false;
        if (isWritable)
        {
            _writable.Add(new VirtioSegment(address, length));
            WritableBytes += length;
        }
        else
        {
            _readable.Add(new VirtioSegment(address, length));
            ReadableBytes += length;
        }

        return true;
    }
}
