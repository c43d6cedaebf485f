namespace Suite.Devices.Display;

/// <summary>A rectangle of pixels.</summary>
/// <param name="X">Left.</param>
/// <param name="Y">Top.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Rows.</param>
public readonly record struct Area(int X, int Y, int Width, int Height);

/// <summary>
/// A picture of 32-bit pixels (0x00RRGGBB) that knows which of its tiles changed since it was last asked: by comparing what is written with what is
/// there, so that whoever renders needs no record of writes.
/// </summary>
public sealed class Surface
{
    /// <summary>Pixels in a row.</summary>
    public int Width { get; private set; }

    /// <summary>Rows.</summary>
    public int Height { get; private set; }

    /// <summary>Row by row.</summary>
    public uint[] Pixels { get; private set; } = [];

    /// <summary>What changed.</summary>
    public TileMap Dirty { get; } = new();

    /// <summary>Who rendered it last, and at which of its looks at the guest's memory; for whoever renders only what was written since.</summary>
    public (object? Renderer, long Number) Look { get; set; }

    /// <summary>Makes it this large; a change makes everything black and dirty.</summary>
    public void Resize(int width, int height)
    {
        if (width == Width && height == Height)
            return;
        (Width, Height, Pixels) = (width, height, new uint[width * height]);
        Look = default;
        Dirty.Resize(width, height);
        Dirty.MarkAll();
    }

    /// <summary>Replaces pixels of one row, noting the tiles in which they differ.</summary>
    public void SetRow(int x, int y, ReadOnlySpan<uint> pixels)
    {
        Span<uint> row = Pixels.AsSpan(y * Width, Width);
        int end = Math.Min(x + pixels.Length, Width);
        for (int from = x; from < end;)
        {
            int to = Math.Min((from / TileMap.Tile + 1) * TileMap.Tile, end);
            ReadOnlySpan<uint> next = pixels[(from - x)..(to - x)];
            if (!next.SequenceEqual(row[from..to]))
            {
                next.CopyTo(row[from..to]);
                Dirty.Mark(from, y);
            }

            from = to;
        }
    }
}
