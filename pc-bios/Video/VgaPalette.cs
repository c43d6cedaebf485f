namespace Suite.PcBios.Video;

/// <summary>What the BIOS puts into the DAC (6 bits a color) when a mode is set.</summary>
internal static class VgaPalette
{
    private const int Full = 63, Hues = 24;

    private static ReadOnlySpan<byte> Grays => [0, 5, 8, 11, 14, 17, 20, 24, 28, 32, 36, 40, 45, 50, 56, 63];

    // Of mode 13h's colors: levels of an intensity at a saturation, weakest first.
    private static ReadOnlySpan<byte> Levels =>
    [
        0, 16, 31, 47, 63, 31, 39, 47, 55, 63, 45, 49, 54, 58, 63,
        0, 7, 14, 21, 28, 14, 17, 21, 24, 28, 20, 22, 24, 26, 28,
        0, 4, 8, 12, 16, 8, 10, 12, 14, 16, 11, 12, 13, 15, 16,
    ];

    /// <summary>256 times red, green, blue.</summary>
    /// <param name="colors">Of the mode; see <see cref="VgaMode.Colors"/>.</param>
    /// <param name="lines200">The mode has CGA's colors.</param>
    public static byte[] For(int colors, bool lines200)
    {
        byte[] dac = new byte[768];
        if (colors == 256)
        {
            For256(dac);
            return dac;
        }

        for (int i = 0; i < 64; i++)
        {
            Span<byte> entry = dac.AsSpan(i * 3);
            if (colors == 0)
                entry[..3].Fill((i & 0x18) switch { 0x08 => 42, 0x10 => 21, 0x18 => Full, _ => 0 });
            else if (lines200)
                Cga(i & 7 | (i & 16) >> 1, entry);
            else
                (entry[0], entry[1], entry[2]) = (Ega(i >> 2), Ega(i >> 1), Ega(i));
        }

        return dac;
    }

    // Bit 0 is the strong part of a color, bit 3 the weak one.
    private static byte Ega(int bits) => (byte)((bits & 1) * 42 + (bits >> 3 & 1) * 21);

    private static void Cga(int color, Span<byte> entry)
    {
        int extra = (color & 8) != 0 ? 21 : 0;
        (entry[0], entry[1], entry[2]) = ((byte)((color >> 2 & 1) * 42 + extra), (byte)((color >> 1 & 1) * 42 + extra), (byte)((color & 1) * 42 + extra));
        if (color == 6)
            entry[1] = 21; // brown
    }

    private static void For256(byte[] dac)
    {
        for (int i = 0; i < 16; i++)
        {
            Cga(i, dac.AsSpan(i * 3));
            dac.AsSpan((16 + i) * 3, 3).Fill(Grays[i]);
        }

        for (int group = 0; group < 9; group++)
            for (int hue = 0; hue < Hues; hue++)
            {
                ReadOnlySpan<byte> levels = Levels.Slice(group * 5, 5);
                Span<byte> entry = dac.AsSpan((32 + group * Hues + hue) * 3);
                (entry[0], entry[1], entry[2]) = (levels[Wave(hue)], levels[Wave(hue + 16)], levels[Wave(hue + 8)]);
            }
    }

    // Red over the circle of hues from blue on: rises to full at 4, stays to 12, falls to none at 16. Green and blue are the same, turned.
    private static int Wave(int hue) => (hue % Hues) switch { <= 4 and var h => h, <= 12 => 4, <= 16 and var h => 16 - h, _ => 0 };
}
