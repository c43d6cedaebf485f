using Suite.PcBios.Rom;
using Suite.PcBios.Services;

namespace Suite.PcBios.Video;

/// <summary>Characters and pixels in the graphics modes.</summary>
internal sealed class GlyphPainter(Bios bios, VgaPorts vga)
{
    private const uint FontVector = 0x43 * 4, UpperFontVector = 0x1F * 4;
    private const int CgaBank = 0x2000;
    private const byte Xor = 0x80;

    /// <summary>Clears a mode's memory.</summary>
    public void Clear(VgaMode mode)
    {
        uint start = (uint)mode.Memory.Segment << 4;
        byte[] bytes = new byte[mode.Layout == VgaLayout.Text ? 0x8000 : mode.Layout == VgaLayout.Cga ? 0x4000 : 0x10000];
        if (mode.Layout == VgaLayout.Text)
            for (int i = 0; i < bytes.Length; i += 2)
                (bytes[i], bytes[i + 1]) = ((byte)' ', 7);
        bios.Memory.Write(start, bytes);
    }

    /// <summary>Draws a character in a color; bit 7 of it: over what is there, by exclusive or.</summary>
    public void Draw(VgaMode mode, int page, int height, int row, int column, byte character, byte color)
    {
        Span<byte> glyph = stackalloc byte[height];
        // In CGA's modes the upper half of the characters has a table of its own.
        if (mode.Layout == VgaLayout.Cga && character >= 0x80)
            bios.Memory.Read(Pointer(UpperFontVector) + (uint)((character - 0x80) * height), glyph);
        else
            bios.Memory.Read(Pointer(FontVector) == MemoryMap.RomStart + BiosRom.Font8 && character >= 0x80
                ? MemoryMap.RomStart + BiosRom.Font8Upper + (uint)((character - 0x80) * height)
                : Pointer(FontVector) + (uint)(character * height), glyph);
        bool xor = (color & Xor) != 0 && mode.Layout != VgaLayout.Linear;
        if (mode.Layout == VgaLayout.Planar)
        {
            DrawPlanar(mode, page, height, row, column, glyph, (byte)(color & 15), xor);
            return;
        }

        for (int y = 0; y < height; y++)
            for (int x = 0; x < 8; x++)
            {
                bool on = (glyph[y] >> (7 - x) & 1) != 0;
                if (on || !xor)
                    SetPixel(mode, page, column * 8 + x, row * height + y, (byte)(on ? color : 0));
            }
    }

    public void SetPixel(VgaMode mode, int page, int x, int y, byte color)
    {
        if (x >= mode.PixelWidth || y >= mode.PixelHeight || mode.Layout == VgaLayout.Text)
            return;
        bool xor = (color & Xor) != 0;
        switch (mode.Layout)
        {
            case VgaLayout.Linear:
                bios.Memory.SetByte(0xA0000 + (uint)(y * 320 + x), color);
                break;
            case VgaLayout.Cga:
                (uint at, int shift, int mask) = CgaPlace(mode, x, y);
                byte old = bios.Memory.Byte(at);
                int bits = (color & mask) << shift;
                bios.Memory.SetByte(at, xor ? old ^ bits : (old & ~(mask << shift)) | bits);
                break;
            case VgaLayout.Planar:
                // Write mode 2: the color goes to the planes where the bit mask lets it.
                uint place = PlanarPlace(mode, page, x, y);
                vga.Set(VgaPorts.Graphics, 5, 2);
                vga.Set(VgaPorts.Graphics, 8, 0x80 >> (x & 7));
                vga.Set(VgaPorts.Graphics, 3, xor ? 0x18 : 0);
                bios.Memory.Byte(place);
                bios.Memory.SetByte(place, color & 15);
                RestorePlanar();
                break;
        }
    }

    public byte GetPixel(VgaMode mode, int page, int x, int y)
    {
        if (x >= mode.PixelWidth || y >= mode.PixelHeight)
            return 0;
        switch (mode.Layout)
        {
            case VgaLayout.Linear:
                return bios.Memory.Byte(0xA0000 + (uint)(y * 320 + x));
            case VgaLayout.Cga:
                (uint at, int shift, int mask) = CgaPlace(mode, x, y);
                return (byte)(bios.Memory.Byte(at) >> shift & mask);
            case VgaLayout.Planar:
                int color = 0;
                for (int plane = 0; plane < 4; plane++)
                {
                    vga.Set(VgaPorts.Graphics, 4, plane);
                    color |= (bios.Memory.Byte(PlanarPlace(mode, page, x, y)) >> (7 - (x & 7)) & 1) << plane;
                }

                vga.Set(VgaPorts.Graphics, 4, 0);
                return (byte)color;
            default:
                return 0;
        }
    }

    /// <summary>Scrolls a window of character cells.</summary>
    public void Scroll(VgaMode mode, int height, int lines, bool down, (int Top, int Left, int Bottom, int Right) window, byte color)
    {
        int top = window.Top * height, bottom = (window.Bottom + 1) * height, by = lines * height, kept = bottom - top - by;
        int bits = mode.Layout switch { VgaLayout.Planar => 1, VgaLayout.Linear => 8, _ => mode.Colors == 4 ? 2 : 1 };
        int first = window.Left * bits, length = (window.Right - window.Left + 1) * bits;
        byte[] row = new byte[length];
        if (mode.Layout == VgaLayout.Planar)
            vga.Set(VgaPorts.Graphics, 5, 1); // write mode 1: the latches of the last read are written
        for (int i = 0; i < kept; i++)
        {
            int target = down ? bottom - 1 - i : top + i, source = down ? target - by : target + by;
            uint from = Row(mode, source) + (uint)first, to = Row(mode, target) + (uint)first;
            if (mode.Layout != VgaLayout.Planar)
            {
                bios.Memory.Read(from, row);
                bios.Memory.Write(to, row);
                continue;
            }

            for (uint x = 0; x < (uint)length; x++)
            {
                bios.Memory.Byte(from + x);
                bios.Memory.SetByte(to + x, 0);
            }
        }

        if (mode.Layout == VgaLayout.Planar)
        {
            vga.Set(VgaPorts.Graphics, 5, 0);
            vga.Set(VgaPorts.Graphics, 0, color & 15);
            vga.Set(VgaPorts.Graphics, 1, 15); // all planes from set/reset
        }

        Array.Fill(row, mode.Layout == VgaLayout.Linear ? color : (byte)0);
        for (int i = 0; i < by; i++)
            bios.Memory.Write(Row(mode, down ? top + i : bottom - 1 - i) + (uint)first, row);
        if (mode.Layout == VgaLayout.Planar)
            RestorePlanar();
    }

    private void DrawPlanar(VgaMode mode, int page, int height, int row, int column, ReadOnlySpan<byte> glyph, byte color, bool xor)
    {
        if (column >= mode.Text.Columns || (row + 1) * height > mode.PixelHeight)
            return;
        vga.Set(VgaPorts.Graphics, 5, 2);
        vga.Set(VgaPorts.Graphics, 3, xor ? 0x18 : 0);
        for (int y = 0; y < height; y++)
        {
            uint at = PlanarPlace(mode, page, column * 8, row * height + y);
            bios.Memory.Byte(at);
            vga.Set(VgaPorts.Graphics, 8, glyph[y]);
            bios.Memory.SetByte(at, color);
            if (xor)
                continue;
            vga.Set(VgaPorts.Graphics, 8, (byte)~glyph[y]);
            bios.Memory.SetByte(at, 0);
        }

        RestorePlanar();
    }

    private void RestorePlanar()
    {
        vga.Set(VgaPorts.Graphics, 0, 0);
        vga.Set(VgaPorts.Graphics, 1, 0);
        vga.Set(VgaPorts.Graphics, 3, 0);
        vga.Set(VgaPorts.Graphics, 5, 0);
        vga.Set(VgaPorts.Graphics, 8, 0xFF);
    }

    private uint Pointer(uint vector)
    {
        uint value = bios.Memory.Dword(vector);
        return BiosMemory.Linear((ushort)(value >> 16), (ushort)value);
    }

    private static uint Row(VgaMode mode, int y) => mode.Layout switch
    {
        VgaLayout.Linear => 0xA0000 + (uint)y * 320,
        VgaLayout.Planar => 0xA0000 + (uint)(y * mode.Text.Columns),
        _ => 0xB8000 + (uint)(y / 2 * 80 + (y & 1) * CgaBank),
    };

    private uint PlanarPlace(VgaMode mode, int page, int x, int y) =>
        0xA0000 + ((uint)((page & 7) * bios.Memory.Word(BiosData.VideoPageBytes) + y * mode.Text.Columns + x / 8) & 0xFFFF);

    private static (uint At, int Shift, int Mask) CgaPlace(VgaMode mode, int x, int y)
    {
        int bits = mode.Colors == 4 ? 2 : 1, perByte = 8 / bits;
        return (Row(mode, y) + (uint)(x / perByte), (perByte - 1 - x % perByte) * bits, (1 << bits) - 1);
    }
}
