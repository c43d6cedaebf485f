using System.IO.Compression;
using Suite.Devices.Display;

namespace Suite.Machines.Display.Vnc;

/// <summary>Rectangles of a picture in the encodings of RFC 6143, section 7.7: raw, hextile, ZRLE.</summary>
internal sealed class VncEncoder : IDisposable
{
    public const int Raw = 0, Hextile = 5, Zrle = 16;

    private const int HextileSize = 16, ZrleSize = 64, MostPalette = 16;

    private readonly VncOutput _plain = new();
    private readonly MemoryStream _packed = new();
    private readonly uint[] _palette = new uint[MostPalette], _tile = new uint[ZrleSize * ZrleSize];
    private ZLibStream? _zlib; // one stream for the whole connection

    /// <summary>Appends a rectangle with its header.</summary>
    public void Encode(Surface surface, Area area, int encoding, VncPixelFormat format, VncOutput to)
    {
        to.Word(area.X);
        to.Word(area.Y);
        to.Word(area.Width);
        to.Word(area.Height);
        to.Long(encoding);
        switch (encoding)
        {
            case Hextile:
                EncodeHextile(surface, area, format, to);
                break;
            case Zrle:
                EncodeZrle(surface, area, format, to);
                break;
            default:
                EncodeRaw(surface, area, format, to);
                break;
        }
    }

    public void Dispose()
    {
        _zlib?.Dispose();
        _packed.Dispose();
    }

    private static void EncodeRaw(Surface surface, Area area, VncPixelFormat format, VncOutput to)
    {
        for (int y = area.Y; y < area.Y + area.Height; y++)
            foreach (uint pixel in surface.Pixels.AsSpan(y * surface.Width + area.X, area.Width))
                format.Append(to, pixel);
    }

    private ReadOnlySpan<uint> ReadTile(Surface surface, int x, int y, int width, int height)
    {
        for (int row = 0; row < height; row++)
            surface.Pixels.AsSpan((y + row) * surface.Width + x, width).CopyTo(_tile.AsSpan(row * width));
        return _tile.AsSpan(0, width * height);
    }

    // How many colours a tile has; more than the palette holds count as one more.
    private int Colours(ReadOnlySpan<uint> tile)
    {
        int count = 0;
        uint last = ~tile[0];
        foreach (uint pixel in tile)
        {
            if (pixel == last)
                continue;
            last = pixel;
            if (_palette.AsSpan(0, count).Contains(pixel))
                continue;
            if (count == MostPalette)
                return MostPalette + 1;
            _palette[count++] = pixel;
        }

        return count;
    }

    private void EncodeHextile(Surface surface, Area area, VncPixelFormat format, VncOutput to)
    {
        const byte raw = 1, background = 2, foreground = 4, subrects = 8, coloured = 16;
        for (int y = area.Y; y < area.Y + area.Height; y += HextileSize)
        {
            for (int x = area.X; x < area.X + area.Width; x += HextileSize)
            {
                int width = Math.Min(HextileSize, area.X + area.Width - x), height = Math.Min(HextileSize, area.Y + area.Height - y);
                ReadOnlySpan<uint> tile = ReadTile(surface, x, y, width, height);
                int colours = Colours(tile), start = to.Length, most = width * height * format.BytesPerPixel;
                if (colours == 1)
                {
                    to.Byte(background);
                    format.Append(to, tile[0]);
                    continue;
                }

                if (colours <= MostPalette)
                {
                    bool isTwo = colours == 2;
                    to.Byte((byte)(background | subrects | (isTwo ? foreground : coloured)));
                    format.Append(to, _palette[0]);
                    if (isTwo)
                        format.Append(to, _palette[1]);
                    if (TryAppendSubrects(tile, width, height, isTwo ? null : format, to, start + most))
                        continue;
                    to.CutTo(start);
                }

                to.Byte(raw);
                foreach (uint pixel in tile)
                    format.Append(to, pixel);
            }
        }
    }

    // Runs of a row that are not background, grown downwards while the rows below have the same run.
    private bool TryAppendSubrects(ReadOnlySpan<uint> tile, int width, int height, VncPixelFormat? colours, VncOutput to, int limit)
    {
        Span<bool> isDone = stackalloc bool[HextileSize * HextileSize];
        isDone.Clear();
        int countAt = to.Length, count = 0;
        to.Byte(0);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                uint pixel = tile[y * width + x];
                if (isDone[y * width + x] || pixel == _palette[0])
                    continue;
                int end = x + 1, bottom = y + 1;
                while (end < width && tile[y * width + end] == pixel && !isDone[y * width + end])
                    end++;
                while (bottom < height && !tile.Slice(bottom * width + x, end - x).ContainsAnyExcept(pixel))
                    bottom++;
                for (int row = y; row < bottom; row++)
                    isDone.Slice(row * width + x, end - x).Fill(true);
                colours?.Append(to, pixel);
                to.Byte((byte)(x << 4 | y));
                to.Byte((byte)((end - x - 1) << 4 | (bottom - y - 1)));
                if (++count > byte.MaxValue || to.Length > limit)
                    return false;
            }
        }

        to.PatchByte(countAt, (byte)count);
        return true;
    }

    private void EncodeZrle(Surface surface, Area area, VncPixelFormat format, VncOutput to)
    {
        _plain.Clear();
        for (int y = area.Y; y < area.Y + area.Height; y += ZrleSize)
            for (int x = area.X; x < area.X + area.Width; x += ZrleSize)
                AppendZrleTile(surface, x, y, Math.Min(ZrleSize, area.X + area.Width - x), Math.Min(ZrleSize, area.Y + area.Height - y), format);
        _packed.SetLength(0);
        _zlib ??= new ZLibStream(_packed, CompressionLevel.Fastest, leaveOpen: true);
        _zlib.Write(_plain.Written);
        _zlib.Flush();
        to.Long((int)_packed.Length);
        to.Bytes(_packed.GetBuffer().AsSpan(0, (int)_packed.Length));
    }

    private void AppendZrleTile(Surface surface, int x, int y, int width, int height, VncPixelFormat format)
    {
        ReadOnlySpan<uint> tile = ReadTile(surface, x, y, width, height);
        int colours = Colours(tile);
        _plain.Byte(colours <= MostPalette ? (byte)colours : (byte)0);
        if (colours > MostPalette)
        {
            foreach (uint pixel in tile)
                format.AppendCompact(_plain, pixel);
            return;
        }

        for (int i = 0; i < colours; i++)
            format.AppendCompact(_plain, _palette[i]);
        if (colours == 1)
            return;
        int bits = colours <= 2 ? 1 : colours <= 4 ? 2 : 4;
        ReadOnlySpan<uint> palette = _palette.AsSpan(0, colours);
        for (int row = 0; row < height; row++)
        {
            int packed = 0, used = 0;
            foreach (uint pixel in tile.Slice(row * width, width))
            {
                packed = packed << bits | palette.IndexOf(pixel);
                used += bits;
                if (used < 8)
                    continue;
                _plain.Byte((byte)packed);
                (packed, used) = (0, 0);
            }

            if (used > 0)
                _plain.Byte((byte)(packed << (8 - used)));
        }
    }
}
