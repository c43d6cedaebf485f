using System.Diagnostics;
using Suite.Devices.Block;

namespace Suite.Machines.Backends;

/// <summary>
/// A medium as its device has it: an image that can be exchanged for one over it (blockdev-snapshot-sync) while the device goes on, and counts of what
/// the guest does with it. Under the machine's lock.
/// </summary>
/// <param name="image">The image; disposed with this.</param>
public sealed class BlockNode(IBlockDevice image) : IBlockDevice
{
    /// <summary>What is read and written now; an image put over it has it below.</summary>
    public IBlockDevice Image { get; set; } = image;

    /// <summary>What the guest has done.</summary>
    public BlockCounts Counts { get; } = new();

    /// <inheritdoc/>
    public long Length => Image.Length;

    /// <inheritdoc/>
    public bool IsReadOnly => Image.IsReadOnly;

    /// <inheritdoc/>
    public (string File, string Format) Description => Image.Description;

    /// <inheritdoc/>
    public ImageDetails Details => Image.Details;

    /// <inheritdoc/>
    public void Resize(long length) => Image.Resize(length);

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> into)
    {
        long start = Counts.Reads.Begin();
        Image.Read(offset, into);
        Counts.Reads.Done(into.Length, start);
    }

    /// <inheritdoc/>
    public void Read(long offset, ReadOnlySpan<IoVector> into)
    {
        long start = Counts.Reads.Begin();
        Image.Read(offset, into);
        Counts.Reads.Done(Sum(into), start);
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> from)
    {
        long start = Counts.Writes.Begin();
        Image.Write(offset, from);
        Counts.Writes.Done(from.Length, start);
        Counts.Wrote(offset + from.Length);
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<IoVector> from)
    {
        long start = Counts.Writes.Begin();
        Image.Write(offset, from);
        Counts.Writes.Done(Sum(from), start);
        Counts.Wrote(offset + Sum(from));
    }

    /// <inheritdoc/>
    public void Flush()
    {
        long start = Counts.Flushes.Begin();
        Image.Flush();
        Counts.Flushes.Done(0, start);
    }

    /// <inheritdoc/>
    public void Discard(long offset, long length)
    {
        long start = Counts.Discards.Begin();
        Image.Discard(offset, length);
        Counts.Discards.Done(length, start);
    }

    /// <inheritdoc/>
    public void WriteZeros(long offset, long length)
    {
        long start = Counts.Writes.Begin();
        Image.WriteZeros(offset, length);
        Counts.Writes.Done(length, start);
        Counts.Wrote(offset + length);
    }

    /// <inheritdoc/>
    public void Dispose() => Image.Dispose();

    private static long Sum(ReadOnlySpan<IoVector> pieces)
    {
        long sum = 0;
        foreach (IoVector piece in pieces)
            sum += piece.Length;
        return sum;
    }
}

/// <summary>What a guest has done with a medium, for query-blockstats.</summary>
public sealed class BlockCounts
{
    public BlockCount Reads { get; } = new();

    public BlockCount Writes { get; } = new();

    public BlockCount Flushes { get; } = new();

    public BlockCount Discards { get; } = new();

    /// <summary>Behind the last byte that was written.</summary>
    public long HighestOffset { get; private set; }

    internal void Wrote(long end) => HighestOffset = Math.Max(HighestOffset, end);
}

/// <summary>One kind of operation.</summary>
public sealed class BlockCount
{
    private long _begun;

    /// <summary>Those that succeeded.</summary>
    public long Operations { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>How long they took together.</summary>
    public long Nanoseconds { get; private set; }

    /// <summary>Those that the host failed: they were begun, and never done.</summary>
    public long Failed => _begun - Operations;

    internal long Begin()
    {
        _begun++;
        return Stopwatch.GetTimestamp();
    }

    internal void Done(long bytes, long start)
    {
        const long Second = 1_000_000_000;
        Operations++;
        Bytes += bytes;
        Nanoseconds += (Stopwatch.GetTimestamp() - start) * (Second / Stopwatch.Frequency);
    }
}
