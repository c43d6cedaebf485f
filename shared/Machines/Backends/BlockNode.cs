using Suite.Devices.Block;

namespace Suite.Machines.Backends;

/// <summary>
/// A medium as its device has it: an image that can be exchanged for one over it (blockdev-snapshot-sync) while the device goes on, and counts of what
/// the guest does with it. Under the machine's lock.
/// </summary>
/// <param name="image">The image; disposed with this.</param>
public sealed class BlockNode(IBlockDevice image) : IBlockDevice
{
    /// <summary>What is read and written now.</summary>
    public IBlockDevice Image { get; private set; } = image;

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

    /// <summary>Puts another image in the place of this one, which it keeps below it.</summary>
    public void Replace(Func<IBlockDevice, IBlockDevice> make) => Image = make(Image);

    /// <inheritdoc/>
    public void Resize(long length) => Image.Resize(length);

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> into)
    {
        Counts.Read(into.Length);
        Image.Read(offset, into);
    }

    /// <inheritdoc/>
    public void Read(long offset, ReadOnlySpan<IoVector> into)
    {
        Counts.Read(Sum(into));
        Image.Read(offset, into);
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> from)
    {
        Counts.Wrote(offset, from.Length);
        Image.Write(offset, from);
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<IoVector> from)
    {
        Counts.Wrote(offset, Sum(from));
        Image.Write(offset, from);
    }

    /// <inheritdoc/>
    public void Flush()
    {
        Counts.Flushes++;
        Image.Flush();
    }

    /// <inheritdoc/>
    public void Discard(long offset, long length)
    {
        Counts.Discards++;
        Counts.DiscardedBytes += length;
        Image.Discard(offset, length);
    }

    /// <inheritdoc/>
    public void WriteZeros(long offset, long length)
    {
        Counts.Wrote(offset, length);
        Image.WriteZeros(offset, length);
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
    public long Reads { get; private set; }

    public long ReadBytes { get; private set; }

    public long Writes { get; private set; }

    public long WrittenBytes { get; private set; }

    public long Flushes { get; set; }

    public long Discards { get; set; }

    public long DiscardedBytes { get; set; }

    /// <summary>Behind the last byte that was written.</summary>
    public long HighestOffset { get; private set; }

    internal void Read(long bytes)
    {
        Reads++;
        ReadBytes += bytes;
    }

    internal void Wrote(long offset, long bytes)
    {
        Writes++;
        WrittenBytes += bytes;
        HighestOffset = Math.Max(HighestOffset, offset + bytes);
    }
}
