namespace Suite.PcBios;

/// <summary>Kinds of disks that firmware tells apart.</summary>
public enum FirmwareDiskKind
{
    Floppy,
    HardDisk,
    Cd,
}

/// <summary>
/// A disk as firmware sees it, behind whichever controller. Reads and writes are made at once, without the controller: they are for the time
/// before a guest drives the controller itself. Calls come under the machine's lock.
/// </summary>
public interface IFirmwareDisk
{
    FirmwareDiskKind Kind { get; }

    /// <summary>As `info block` has it.</summary>
    string Name { get; }

    /// <summary>512, or 2048 for a CD.</summary>
    int SectorSize { get; }

    /// <summary>Sectors of the medium; 0 when there is none.</summary>
    long Sectors { get; }

    bool IsReadOnly { get; }

    /// <summary>The geometry a controller reports (IDENTIFY, or the floppy's): cylinders, heads, sectors per track; zeros when it has none.</summary>
    (int Cylinders, int Heads, int Sectors) Geometry { get; }

    /// <summary>The user's place in the boot order (bootindex=); null: none given.</summary>
    int? BootIndex { get; }

    /// <summary>Reads whole sectors. False on an error of the medium.</summary>
    bool TryRead(long sector, Span<byte> into);

    /// <summary>Writes whole sectors. False on an error, or when the medium is read-only.</summary>
    bool TryWrite(long sector, ReadOnlySpan<byte> from);
}
