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
    /// <summary>Tiles are this wide and high.</summary>
    public const int Tile = 16;

    private bool[] _dirty = [];
    private int _tileColumns;

    /// <summary>Pixels in a row.</summary>
    public int Width { get; private set; }

    /// <summary>Rows.</summary>
    public int Height { get; private set; }

    /// <summary>Row by row.</summary>
    public uint[] Pixels { get; private set; } = [];

    /// <summary>Counts changes of the size.</summary>
    public int SizeChanges { get; private set; }

    /// <summary>Makes it this large; a change makes everything black and dirty.</summary>
    public void Resize(int width, int height)
    {
        if (width == Width && height == Height)
            return;
        (Width, Height, Pixels) = (width, height, new uint[width * height]);
        _tileColumns = (width + Tile - 1) / Tile;
        _dirty = new bool[_tileColumns * ((height + Tile - 1) / Tile)];
        SizeChanges++;
        MarkAll();
    }

    /// <summary>Everything counts as changed.</summary>
    public void MarkAll() => Array.Fill(_dirty, true);

    /// <summary>Replaces pixels of one row, noting the tiles in which they differ.</summary>
    public void SetRow(int x, int y, ReadOnlySpan<uint> pixels)
    {
        Span<uint> row = Pixels.AsSpan(y * Width, Width);
        int end = Math.Min(x + pixels.Length, Width), tiles = y / Tile * _tileColumns;
        for (int from = x; from < end;)
        {
            int to = Math.Min((from / Tile + 1) * Tile, end);
            ReadOnlySpan<uint> next = pixels[(from - x)..(to - x)];
            if (!next.SequenceEqual(row[from..to]))
            {
                next.CopyTo(row[from..to]);
                _dirty[tiles + from / Tile] = true;
            }

            from = to;
        }
    }

    /// <summary>The changed parts as rectangles, and forgets them: tiles side by side are one, and rows of tiles that are alike.</summary>
    public void TakeDirty(List<Area> into)
    {
        into.Clear();
        int rows = _tileColumns == 0 ? 0 : _dirty.Length / _tileColumns;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < _tileColumns; column++)
            {
                if (!_dirty[row * _tileColumns + column])
                    continue;
                int end = column;
                while (end < _tileColumns && _dirty[row * _tileColumns + end])
                    end++;
                int bottom = row + 1;
                while (bottom < rows && IsRun(bottom, column, end))
                    bottom++;
                for (int r = row; r < bottom; r++)
                    Array.Clear(_dirty, r * _tileColumns + column, end - column);
                into.Add(new Area(column * Tile, row * Tile, Math.Min(end * Tile, Width) - column * Tile, Math.Min(bottom * Tile, Height) - row * Tile));
                column = end;
            }
        }
    }

    // Exactly these tiles of a row are dirty, without more to the left and right that would be cut apart.
    private bool IsRun(int row, int column, int end)
    {
        int at = row * _tileColumns;
        for (int i = column; i < end; i++)
            if (!_dirty[at + i])
                return false;
        return (column == 0 || !_dirty[at + column - 1]) && (end == _tileColumns || !_dirty[at + end]);
    }
}
