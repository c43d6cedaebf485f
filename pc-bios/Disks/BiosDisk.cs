namespace Suite.PcBios.Disks;

/// <summary>A disk under its number of INT 13h.</summary>
/// <param name="Number">00h floppies, 80h hard disks, E0h CDs.</param>
/// <param name="Medium">What it reads and writes.</param>
internal sealed record BiosDisk(byte Number, IFirmwareDisk Medium)
{
    /// <summary>First numbers.</summary>
    public const byte FirstHardDisk = 0x80, FirstCd = 0xE0;

    /// <summary>Set for a part of a CD that stands in for a floppy or hard disk (El Torito): its first sector of 512 bytes on the medium.</summary>
    public long EmulatedFrom { get; init; }

    public bool IsEmulated { get; init; }

    /// <summary>An emulated disk's geometry; others' follows from their size.</summary>
    public DiskGeometry? EmulatedGeometry { get; init; }

    public bool IsFloppy => Number < FirstHardDisk;

    public bool IsCd => Medium.Kind == FirmwareDiskKind.Cd && !IsEmulated;

    public int SectorSize => IsEmulated ? 512 : Medium.SectorSize;

    public long Sectors => EmulatedGeometry is { } g ? (long)g.Cylinders * g.Heads * g.Sectors : Medium.Sectors;

    public DiskGeometry Geometry => EmulatedGeometry
        ?? (Medium.Kind == FirmwareDiskKind.Floppy ? DiskGeometry.OfFloppy(Medium.Sectors).Geometry : DiskGeometry.OfHardDisk(Medium.Sectors, Medium.Geometry));

    /// <summary>Reads whole sectors of <see cref="SectorSize"/>.</summary>
    public bool TryRead(long sector, Span<byte> into)
    {
        if (!IsEmulated)
            return Medium.TryRead(sector, into);
        // 512-byte sectors of a medium with 2048-byte ones: the edges are cut off.
        long first = EmulatedFrom + sector;
        int ratio = Medium.SectorSize / 512, head = (int)(first % ratio) * 512;
        byte[] bytes = new byte[(head + into.Length + Medium.SectorSize - 1) / Medium.SectorSize * Medium.SectorSize];
        if (!Medium.TryRead(first / ratio, bytes))
            return false;
        bytes.AsSpan(head, into.Length).CopyTo(into);
        return true;
    }

    public bool TryWrite(long sector, ReadOnlySpan<byte> from) => !IsEmulated && Medium.TryWrite(sector, from);
}
