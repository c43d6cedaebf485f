namespace Suite.Devices.Display;

/// <summary>Which tiles of a picture changed.</summary>
public sealed class TileMap
{
    /// <summary>Tiles are this wide and high.</summary>
    public const int Tile = 16;

    private bool[] _marked = [];
    private int _columns, _width, _height;

    /// <summary>True when nothing is marked.</summary>
    public bool IsEmpty => Array.IndexOf(_marked, true) < 0;

    /// <summary>For a picture of this size; nothing is marked then.</summary>
    public void Resize(int width, int height)
    {
        (_width, _height, _columns) = (width, height, (width + Tile - 1) / Tile);
        _marked = new bool[_columns * ((height + Tile - 1) / Tile)];
    }

    /// <summary>Marks everything.</summary>
    public void MarkAll() => Array.Fill(_marked, true);

    /// <summary>Marks the tile of a pixel, which must lie inside.</summary>
    public void Mark(int x, int y) => _marked[y / Tile * _columns + x / Tile] = true;

    /// <summary>Marks the tiles an area touches; what lies outside does not count.</summary>
    public void Mark(Area area)
    {
        int right = Math.Min(area.X + area.Width, _width), bottom = Math.Min(area.Y + area.Height, _height);
        for (int y = Math.Max(area.Y, 0) / Tile * Tile; y < bottom; y += Tile)
            for (int x = Math.Max(area.X, 0) / Tile * Tile; x < right; x += Tile)
                Mark(x, y);
    }

    /// <summary>The marked parts as rectangles, which are then forgotten: tiles side by side are one, and rows of tiles that are alike.</summary>
    public void Take(List<Area> into)
    {
        into.Clear();
        int rows = _columns == 0 ? 0 : _marked.Length / _columns;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < _columns; column++)
            {
                if (!_marked[row * _columns + column])
                    continue;
                int end = column;
                while (end < _columns && _marked[row * _columns + end])
                    end++;
                int bottom = row + 1;
                while (bottom < rows && IsRun(bottom, column, end))
                    bottom++;
                for (int r = row; r < bottom; r++)
                    Array.Clear(_marked, r * _columns + column, end - column);
                into.Add(new Area(column * Tile, row * Tile, Math.Min(end * Tile, _width) - column * Tile, Math.Min(bottom * Tile, _height) - row * Tile));
                column = end;
            }
        }
    }

    // Exactly these tiles of a row are marked, without more to the left and right that would be cut apart.
    private bool IsRun(int row, int column, int end)
    {
        int at = row * _columns;
        for (int i = column; i < end; i++)
            if (!_marked[at + i])
                return false;
        return (column == 0 || !_marked[at + column - 1]) && (end == _columns || !_marked[at + end]);
    }
}
