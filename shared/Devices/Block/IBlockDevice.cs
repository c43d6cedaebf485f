namespace Suite.Devices.Block;

/// <summary>A piece of memory that a transfer scatters to or gathers from; as the kernel's struct iovec.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="Length">Bytes.</param>
public readonly unsafe record struct IoVector(nint Start, nint Length)
{
    /// <summary>The bytes.</summary>
    public Span<byte> Bytes => new((void*)Start, checked((int)Length));
}

/// <summary>
/// What a disk controller reads and writes: a medium of bytes. Calls are made one at a time (under the machine's lock), and are done when they
/// return. Every member throws IOException, naming the image and the cause, when the host fails it; the guest then sees a medium error.
/// </summary>
public interface IBlockDevice : IDisposable
{
    /// <summary>Sectors are counted in these.</summary>
    const int SectorSize = 512;

    /// <summary>Bytes; a multiple of <see cref="SectorSize"/>.</summary>
    long Length { get; }

    /// <summary>Writing is refused.</summary>
    bool IsReadOnly { get; }

    /// <summary>File and format, for `info block`: "disk.img" and "raw".</summary>
    (string File, string Format) Description { get; }

    /// <summary>More of the image, for monitors.</summary>
    ImageDetails Details => ImageDetails.Plain;

    /// <summary>The image's file is locked against other processes, which is so from when it is opened on.</summary>
    /// <param name="held">Lock it (again), without a look at who else has; false to unlock it.</param>
    void SetLocks(bool held)
    {
    }

    /// <summary>Makes the medium larger or smaller; what is new reads as zeros.</summary>
    /// <param name="length">Bytes, a multiple of <see cref="SectorSize"/>.</param>
    void Resize(long length) => throw new IOException($"{Description.File}: cannot be given another size");

    /// <summary>Reads; the caller has checked that it lies inside.</summary>
    void Read(long offset, Span<byte> into);

    /// <summary>Writes; the caller has checked that it lies inside, and that it may.</summary>
    void Write(long offset, ReadOnlySpan<byte> from);

    /// <summary>Makes everything written so far survive a crash of the host.</summary>
    void Flush();

    /// <summary>The guest has no use for these bytes any more: they may read as anything, and need no room.</summary>
    void Discard(long offset, long length);

    /// <summary>Makes bytes zero, without needing room where that is possible.</summary>
    void WriteZeros(long offset, long length);

    /// <summary>Reads into several pieces of memory.</summary>
    void Read(long offset, ReadOnlySpan<IoVector> into)
    {
        foreach (IoVector piece in into)
        {
            Read(offset, piece.Bytes);
            offset += piece.Length;
        }
    }

    /// <summary>Writes from several pieces of memory.</summary>
    void Write(long offset, ReadOnlySpan<IoVector> from)
    {
        foreach (IoVector piece in from)
        {
            Write(offset, piece.Bytes);
            offset += piece.Length;
        }
    }
}
