namespace Suite.PcBios.Disks;

/// <summary>Cylinders, heads and sectors per track by which INT 13h addresses a disk.</summary>
internal readonly record struct DiskGeometry(int Cylinders, int Heads, int Sectors)
{
    private const int MostCylinders = 1024, MostHeads = 255, MostSectors = 63, AtaHeads = 16;

    /// <summary>Floppy formats by their sectors: cylinders, heads, sectors per track, CMOS type.</summary>
    private static readonly (long Total, DiskGeometry Geometry, byte Type)[] Floppies =
    [
        (320, new(40, 1, 8), 1), (360, new(40, 1, 9), 1), (640, new(40, 2, 8), 1), (720, new(40, 2, 9), 1), (1440, new(80, 2, 9), 3), (2400, new(80, 2, 15), 2),
        (2880, new(80, 2, 18), 4), (3360, new(80, 2, 21), 4), (3444, new(82, 2, 21), 4), (5760, new(80, 2, 36), 5),
    ];

    /// <summary>A floppy's geometry and CMOS type; anything of another size is read as 1.44 MB with as many cylinders as it takes.</summary>
    public static (DiskGeometry Geometry, byte Type) OfFloppy(long sectors)
    {
        foreach ((long total, DiskGeometry geometry, byte type) in Floppies)
            if (total == sectors)
                return (geometry, type);
        return (new DiskGeometry((int)Math.Clamp((sectors + 35) / 36, 80, 255), 2, 18), 4);
    }

    /// <summary>
    /// A hard disk's: the drive's own if INT 13h can address all of it by that, else 63 sectors and as many heads as are needed (LBA assist, as
    /// Phoenix's and all later BIOSes do it).
    /// </summary>
    public static DiskGeometry OfHardDisk(long sectors, (int Cylinders, int Heads, int Sectors) own)
    {
        if (own.Cylinders is > 0 and <= MostCylinders && own.Heads is > 0 and <= AtaHeads && own.Sectors is > 0 and <= MostSectors
            && sectors <= (long)MostCylinders * AtaHeads * MostSectors)
            return new(own.Cylinders, own.Heads, own.Sectors);
        int heads = AtaHeads;
        while (heads < 128 && sectors / MostSectors / heads >= MostCylinders)
            heads *= 2;
        if (heads == 128 && sectors / MostSectors / heads >= MostCylinders)
            heads = MostHeads;
        return new((int)Math.Clamp(sectors / MostSectors / heads, 1, MostCylinders), heads, MostSectors);
    }

    /// <summary>The sector's number; null outside the disk.</summary>
    public long? ToSector(int cylinder, int head, int sector) =>
        head < Heads && sector >= 1 && sector <= Sectors && cylinder < Cylinders ? ((long)cylinder * Heads + head) * Sectors + sector - 1 : null;
}
