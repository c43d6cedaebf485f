namespace Suite.Devices.Floppy;

/// <summary>How a floppy disk is laid out, and how fast its bits pass.</summary>
/// <param name="Cylinders">Tracks of a side.</param>
/// <param name="Heads">Sides.</param>
/// <param name="Sectors">Sectors of a track, of 512 bytes.</param>
/// <param name="Rate">Data rate as the controller's registers have it: 0 for 500, 1 for 300, 2 for 250 kbit/s, 3 for 1 Mbit/s.</param>
public readonly record struct FloppyGeometry(int Cylinders, int Heads, int Sectors, int Rate)
{
    /// <summary>Bytes.</summary>
    public long Length => (long)Cylinders * Heads * Sectors * 512;

    /// <summary>The layout of an image of a length: 1.44 MB where no other fits.</summary>
    public static FloppyGeometry Of(long length)
    {
        ReadOnlySpan<FloppyGeometry> known =
        [
            new(80, 2, 18, 0), new(80, 2, 36, 3), new(80, 2, 9, 2), new(80, 2, 15, 0), new(40, 2, 9, 1), new(40, 1, 8, 1), new(40, 1, 9, 1), new(40, 2, 8, 1),
            new(80, 2, 20, 0), new(80, 2, 21, 0), new(82, 2, 21, 0), new(83, 2, 21, 0), new(80, 2, 10, 2), new(80, 2, 24, 3), new(80, 2, 39, 3), new(80, 2, 44, 3), new(80, 1, 8, 2),
        ];
        foreach (FloppyGeometry geometry in known)
            if (geometry.Length == length)
                return geometry;
        return known[0];
    }
}
