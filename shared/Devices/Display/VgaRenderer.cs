using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Suite.Devices.Display;

/// <summary>Turns a VGA's registers and memory into pixels, or into character cells.</summary>
/// <param name="registers">The registers.</param>
/// <param name="memory">The memory.</param>
/// <param name="length">Its length, a power of two.</param>
internal sealed unsafe class VgaRenderer(VgaRegisters registers, byte* memory, int length)
{
    private const int BlankWidth = 640, BlankHeight = 480, FontRows = 32;

    private readonly uint[] _colours = new uint[256], _attributes = new uint[16], _coloursOfView = new uint[256];
    private readonly uint _mask = (uint)length - 1;
    private uint[] _row = [];
    private VbeView _view;
    private long _viewSince;

    /// <summary>Tells which pages were written; null: everything is rendered each time.</summary>
    public VideoPages? Pages { get; set; }

    private byte[] Crtc => registers.Crtc;

    private bool IsText => !registers.IsVbe && (registers.Graphics[6] & 1) == 0;

    private int DisplayedLines => (Crtc[0x12] | (Crtc[7] & 2) << 7 | (Crtc[7] & 0x40) << 3) + 1;

    private int CellHeight => (Crtc[9] & 0x1F) + 1;

    private uint Start => (uint)(Crtc[0x0C] << 8 | Crtc[0x0D]);

    private int LineCompare => Crtc[0x18] | (Crtc[7] & 0x10) << 4 | (Crtc[9] & 0x40) << 3;

    /// <summary>Renders everything.</summary>
    public void Render(Surface surface)
    {
        if (registers.IsVbe)
        {
            RenderVbe(surface);
            return;
        }

        (_view, surface.Look) = (default, default);
        if (!registers.IsOn || DisplayedLines < 2)
        {
            RenderBlank(surface);
        }
        else if (IsText)
        {
            RenderText(surface);
        }
        else
        {
            RenderGraphics(surface);
        }
    }

    /// <summary>The cells of a text mode; false in other modes.</summary>
    public bool TryReadText(TextScreen screen)
    {
        if (!IsText || !registers.IsOn)
            return false;
        int columns = Crtc[1] + 1, rows = TextRows;
        if (rows == 0)
            return false;
        screen.Resize(columns, rows);
        int rowCells = Crtc[0x13] * 2;
        for (int y = 0; y < rows; y++)
            for (int x = 0; x < columns; x++)
                screen.Cells[y * columns + x] = *(ushort*)(memory + ((Start + (uint)(y * rowCells + x)) * 4 & _mask));
        int cursor = (Crtc[0x0E] << 8 | Crtc[0x0F]) - (int)Start;
        bool isShown = (Crtc[0x0A] & 0x20) == 0 && cursor >= 0 && rowCells != 0 && cursor / rowCells < rows && cursor % rowCells < columns;
        (screen.CursorColumn, screen.CursorRow) = isShown ? (cursor % rowCells, cursor / rowCells) : (-1, -1);
        return true;
    }

    private int TextRows => DisplayedLines / (CellHeight * ((Crtc[9] & 0x80) != 0 ? 2 : 1));

    private Span<uint> Row(int width)
    {
        if (_row.Length < width)
            _row = new uint[width];
        return _row.AsSpan(0, width);
    }

    private void RenderBlank(Surface surface)
    {
        surface.Look = default;
        if (surface.Width == 0)
            surface.Resize(BlankWidth, BlankHeight);
        Span<uint> black = Row(surface.Width);
        black.Clear();
        for (int y = 0; y < surface.Height; y++)
            surface.SetRow(0, y, black);
    }

    private void MixColours()
    {
        const int sixToEight = 2;
        byte[] palette = registers.Palette;
        for (int i = 0; i < _colours.Length; i++)
        {
            int at = (i & registers.DacMask) * 3;
            uint r = palette[at], g = palette[at + 1], b = palette[at + 2];
            if (!registers.IsDac8)
                (r, g, b) = (r << sixToEight | r >> 4, g << sixToEight | g >> 4, b << sixToEight | b >> 4);
            _colours[i] = r << 16 | g << 8 | b;
        }

        byte[] attribute = registers.Attribute;
        for (int i = 0; i < _attributes.Length; i++)
        {
            int index = (attribute[0x10] & 0x80) != 0 ? (attribute[0x14] & 0x0F) << 4 | (attribute[i] & 0x0F) : (attribute[0x14] & 0x0C) << 4 | (attribute[i] & 0x3F);
            _attributes[i] = _colours[index];
        }
    }

    private void RenderText(Surface surface)
    {
        MixColours();
        int cellWidth = (registers.Sequencer[1] & 1) != 0 ? 8 : 9, cellHeight = CellHeight, columns = Crtc[1] + 1, rows = TextRows;
        if (rows == 0)
        {
            RenderBlank(surface);
            return;
        }

        surface.Resize(columns * cellWidth, rows * cellHeight);
        byte select = registers.Sequencer[3];
        uint fontB = FontStart(select & 3, select >> 4 & 1), fontA = FontStart(select >> 2 & 3, select >> 5 & 1);
        bool blinks = (registers.Attribute[0x10] & 8) != 0, hasWideLines = (registers.Attribute[0x10] & 4) != 0;
        int rowCells = Crtc[0x13] * 2, cursorAt = Crtc[0x0E] << 8 | Crtc[0x0F], cursorFirst = Crtc[0x0A] & 0x1F, cursorLast = Crtc[0x0B] & 0x1F;
        bool hasCursor = (Crtc[0x0A] & 0x20) == 0;
        Span<uint> row = Row(surface.Width);
        for (int y = 0; y < surface.Height; y++)
        {
            int line = y % cellHeight;
            uint cellAt = Start + (uint)(y / cellHeight * rowCells);
            for (int x = 0; x < columns; x++, cellAt++)
            {
                ushort cell = *(ushort*)(memory + (cellAt * 4 & _mask));
                byte character = (byte)cell, attribute = (byte)(cell >> 8);
                uint font = (attribute & 8) != 0 ? fontA : fontB;
                uint fore = _attributes[attribute & 15], back = _attributes[attribute >> 4 & (blinks ? 7 : 15)];
                int glyph = memory[((font + (uint)(character * FontRows + line)) * 4 + 2) & _mask];
                if (hasCursor && cellAt == (uint)cursorAt && line >= cursorFirst && line <= cursorLast)
                    (glyph, back) = (0, fore);
                Span<uint> pixels = row.Slice(x * cellWidth, cellWidth);
                for (int i = 0; i < 8; i++)
                    pixels[i] = (glyph << i & 0x80) != 0 ? fore : back;
                if (cellWidth == 9)
                    pixels[8] = hasWideLines && character is >= 0xC0 and <= 0xDF && (glyph & 1) != 0 ? fore : back;
            }

            surface.SetRow(0, y, row);
        }
    }

    // Eight fonts of 8 KiB; the third bit of a choice came later than the others.
    private static uint FontStart(int low, int high) => (uint)(low * 2 + high) * 8192;

    private void RenderGraphics(Surface surface)
    {
        MixColours();
        int shift = registers.Graphics[5] >> 5 & 3, width = (Crtc[1] + 1) * 8, height = DisplayedLines;
        bool isHalved = (registers.Sequencer[1] & 8) != 0;
        int repeat = (Crtc[9] & 0x80) != 0 ? 2 : 1, rowScans = CellHeight;
        int doubled = shift >= 2 || isHalved ? 2 : 1; // pixels are this wide
        int dots = shift >= 2 ? width / 2 : width;
        if (shift < 2 && isHalved)
            width *= 2;
        surface.Resize(width, height);
        Span<uint> row = Row(width + 16 * doubled);
        uint address = Start * 4, rowBytes = (uint)Crtc[0x13] * 8;
        int split = LineCompare, scan = 0, times = 0, pan = registers.Attribute[0x13] & 7;
        if (shift >= 2)
            pan /= 2;
        bool isRendered = false;
        for (int y = 0; y < height; y++)
        {
            if (!isRendered)
                RenderLine(row, LineAddress(address, scan), dots, doubled, shift, pan);
            isRendered = true;
            surface.SetRow(0, y, row[..width]);
            if (y == split)
            {
                (address, scan, times, isRendered) = (0, 0, 0, false);
                if ((registers.Attribute[0x10] & 0x20) != 0)
                    pan = 0;
                continue;
            }

            if (++times < repeat)
                continue;
            times = 0;
            int before = scan;
            if (++scan == rowScans)
            {
                scan = 0;
                address += rowBytes;
                isRendered = false;
            }
            else
            {
                isRendered = LineAddress(address, scan) == LineAddress(address, before);
            }
        }
    }

    // CGA and Hercules modes take address bits from the scan line within a row.
    private uint LineAddress(uint address, int scan)
    {
        byte mode = Crtc[0x17];
        if ((mode & 1) == 0)
        {
            int bit = 14 + (mode >> 6 & 1);
            address = (address & ~(1u << bit)) | (uint)(scan & 1) << bit;
        }

        return (mode & 2) == 0 ? (address & ~0x10000u) | (uint)(scan & 2) << 15 : address;
    }

    private void RenderLine(Span<uint> row, uint address, int dots, int doubled, int shift, int pan)
    {
        int at = -pan * doubled, planes = registers.Attribute[0x12] & 15, end = dots * doubled;
        while (at < end)
        {
            uint cell = *(uint*)(memory + (address & _mask & ~3u));
            address += 4;
            if (shift >= 2)
            {
                for (int i = 0; i < 4; i++)
                    Put(row, ref at, doubled, _colours[cell >> (8 * i) & 0xFF]);
                continue;
            }

            if (shift == 1)
            {
                // Two bits a pixel; even bytes are in planes 0 and 2, odd ones in 1 and 3.
                for (int half = 0; half < 2; half++)
                    for (int bit = 6; bit >= 0; bit -= 2)
                        Put(row, ref at, doubled, _attributes[(int)((cell >> (8 * half + bit) & 3) | (cell >> (8 * half + 16 + bit) & 3) << 2) & planes]);
                continue;
            }

            for (int bit = 7; bit >= 0; bit--)
                Put(row, ref at, doubled, _attributes[(int)((cell >> bit & 1) | (cell >> (7 + bit) & 2) | (cell >> (14 + bit) & 4) | (cell >> (21 + bit) & 8)) & planes]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Span<uint> row, ref int at, int times, uint colour)
    {
        for (int i = 0; i < times; i++, at++)
            if ((uint)at < (uint)row.Length)
                row[at] = colour;
    }

    private void RenderVbe(Surface surface)
    {
        int width = registers.Vbe(VgaRegisters.VbeWidth), height = registers.Vbe(VgaRegisters.VbeHeight), depth = registers.Vbe(VgaRegisters.VbeDepth);
        if (width == 0 || height == 0 || depth == 0)
        {
            RenderBlank(surface);
            return;
        }

        MixColours();
        surface.Resize(width, height);
        int rowBytes = registers.VbeRowBytes;
        long start = (long)registers.Vbe(VgaRegisters.VbeY) * rowBytes + (depth == 4 ? registers.Vbe(VgaRegisters.VbeX) / 2 : registers.Vbe(VgaRegisters.VbeX) * ((depth + 7) / 8));
        int needed = depth == 4 ? width / 2 : width * ((depth + 7) / 8);
        long rendered = LookAt(surface, new VbeView(width, height, depth, rowBytes, start));
        Span<uint> row = Row(width);
        for (int y = 0; y < height; y++)
        {
            long at = start + (long)y * rowBytes;
            if (at + needed > length)
                break;
            if (rendered >= 0 && !Pages!.IsWrittenSince(rendered, at, needed))
                continue;
            if (depth == 4)
                RenderLine(row, (uint)at, width, 1, 0, 0);
            else
                Convert(new ReadOnlySpan<byte>(memory + at, needed), row, depth);
            surface.SetRow(0, y, row);
        }
    }

    // The look at which the surface was made what it is; before all looks when it shows something else.
    private long LookAt(Surface surface, in VbeView view)
    {
        const long Never = -1;
        if (Pages is not { } pages || view.Depth == 4)
        {
            surface.Look = default;
            return Never;
        }

        long now = pages.Look();
        if (view != _view || !_colours.AsSpan().SequenceEqual(_coloursOfView))
        {
            (_view, _viewSince) = (view, now);
            _colours.CopyTo(_coloursOfView, 0);
        }

        (object? renderer, long number) = surface.Look;
        surface.Look = (this, now);
        return renderer == this && number >= _viewSince ? number : Never;
    }

    private void Convert(ReadOnlySpan<byte> from, Span<uint> row, int depth)
    {
        switch (depth)
        {
            case 8:
                for (int i = 0; i < row.Length; i++)
                    row[i] = _colours[from[i]];
                break;
            case 15:
                ReadOnlySpan<ushort> fifteen = MemoryMarshal.Cast<byte, ushort>(from);
                for (int i = 0; i < row.Length; i++)
                    row[i] = Widen5((uint)fifteen[i] >> 10) << 16 | Widen5((uint)fifteen[i] >> 5) << 8 | Widen5(fifteen[i]);
                break;
            case 16:
                ReadOnlySpan<ushort> sixteen = MemoryMarshal.Cast<byte, ushort>(from);
                for (int i = 0; i < row.Length; i++)
                    row[i] = Widen5((uint)sixteen[i] >> 11) << 16 | Widen6((uint)sixteen[i] >> 5) << 8 | Widen5(sixteen[i]);
                break;
            case 24:
                for (int i = 0; i < row.Length; i++)
                    row[i] = from[3 * i] | (uint)from[3 * i + 1] << 8 | (uint)from[3 * i + 2] << 16;
                break;
            default:
                const uint rgb = 0xFFFFFF;
                ReadOnlySpan<uint> whole = MemoryMarshal.Cast<byte, uint>(from);
                for (int i = 0; i < row.Length; i++)
                    row[i] = whole[i] & rgb;
                break;
        }
    }

    private static uint Widen5(uint value) => (value & 31) << 3 | (value & 31) >> 2;

    private static uint Widen6(uint value) => (value & 63) << 2 | (value & 63) >> 4;

    // What a mode makes of memory, but for the palette.
    private readonly record struct VbeView(int Width, int Height, int Depth, int RowBytes, long Start);
}
