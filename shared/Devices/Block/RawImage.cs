namespace Suite.Devices.Block;

/// <summary>An image that is its contents, byte for byte.</summary>
/// <param name="file">The file; disposed with the image.</param>
/// <param name="discards">Give the host room back.</param>
/// <param name="guardsHeader">
/// The format was guessed: writes that would make the file look like an image of another format are refused, or the guest could choose
/// which file of the host it gets next time.
/// </param>
internal sealed class RawImage(HostFile file, bool discards, bool guardsHeader) : IBlockDevice
{
    public long Length { get; private set; } = (file.Length + IBlockDevice.SectorSize - 1) & -IBlockDevice.SectorSize;

    public bool IsReadOnly => file.IsReadOnly;

    public (string File, string Format) Description => (file.Path, "raw");

    public ImageDetails Details => new(file.AllocatedBytes);

    /// <summary>The format was guessed.</summary>
    public bool GuardsHeader => guardsHeader;

    public void SetLocks(bool held) => file.SetLocks(held);

    public void Resize(long length)
    {
        if (file.IsReadOnly || file.IsDevice)
            throw new IOException($"{file.Path}: {(file.IsDevice ? "a device" : "an image that is read-only")} cannot be given another size");
        file.SetLength(length);
        Length = length;
    }

    public void Read(long offset, Span<byte> into) => file.Read(offset, into);

    public void Read(long offset, ReadOnlySpan<IoVector> into) => file.Read(offset, into);

    public void Write(long offset, ReadOnlySpan<byte> from)
    {
        if (guardsHeader && offset < IBlockDevice.SectorSize)
            Guard(offset, from);
        file.Write(offset, from);
    }

    public void Write(long offset, ReadOnlySpan<IoVector> from)
    {
        if (guardsHeader && offset < IBlockDevice.SectorSize)
        {
            foreach (IoVector piece in from)
            {
                Write(offset, piece.Bytes);
                offset += piece.Length;
            }

            return;
        }

        file.Write(offset, from);
    }

    public void Flush() => file.Flush();

    public void Discard(long offset, long length)
    {
        if (discards)
            file.TryPunch(offset, length);
    }

    public void WriteZeros(long offset, long length)
    {
        if (guardsHeader && offset < IBlockDevice.SectorSize)
        {
            ReadOnlySpan<byte> sector = stackalloc byte[IBlockDevice.SectorSize];
            Guard(offset, sector[..(int)Math.Min(length, sector.Length - offset)]);
        }

        if (offset < file.Length && file.TryPunch(offset, Math.Min(length, file.Length - offset)))
            return;
        ReadOnlySpan<byte> zeros = new byte[(int)Math.Min(length, 1 << 16)];
        while (length > 0)
        {
            int part = (int)Math.Min(length, zeros.Length);
            file.Write(offset, zeros[..part]);
            (offset, length) = (offset + part, length - part);
        }
    }

    public void Dispose() => file.Dispose();

    private void Guard(long offset, ReadOnlySpan<byte> from)
    {
        Span<byte> sector = stackalloc byte[IBlockDevice.SectorSize];
        file.Read(0, sector);
        if (ImageFormat.Probe(sector) != ImageFormat.Raw)
            return; // it looked so before
        from[..(int)Math.Min(from.Length, sector.Length - offset)].CopyTo(sector[(int)offset..]);
        if (ImageFormat.Probe(sector) is { Length: > 0 } format && format != ImageFormat.Raw)
            throw new IOException($"{file.Path}: the guest wrote a header of format {format} over sector 0 of an image whose format was guessed; give format=raw to allow that");
    }
}
