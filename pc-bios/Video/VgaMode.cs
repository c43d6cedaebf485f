namespace Suite.PcBios.Video;

/// <summary>How a standard mode's memory is laid out.</summary>
internal enum VgaLayout
{
    Text,
    Cga,
    Planar,
    Linear,
}

/// <summary>A standard VGA mode and the register values that make it (IBM VGA technical reference, mode tables).</summary>
internal sealed class VgaMode
{
    private static readonly byte[] TextGraphics = [0, 0, 0, 0, 0, 0x10, 0x0E, 0, 0xFF];
    private static readonly byte[] PlanarGraphics = [0, 0, 0, 0, 0, 0, 0x05, 0x0F, 0xFF];

    public required byte Number { get; init; }

    public required VgaLayout Layout { get; init; }

    /// <summary>Characters a row, rows, lines of a character.</summary>
    public required (int Columns, int Rows, int Height) Text { get; init; }

    /// <summary>Colors, for the choice of the palette: 2, 4, 16, 256; 0 monochrome.</summary>
    public required int Colors { get; init; }

    /// <summary>Segment of the memory, and bytes of a page in the BIOS data area.</summary>
    public required (ushort Segment, int PageBytes) Memory { get; init; }

    public required byte Misc { get; init; }

    /// <summary>Sequencer registers 1 to 4.</summary>
    public required byte[] Sequencer { get; init; }

    public required byte[] Crtc { get; init; }

    public required byte[] Graphics { get; init; }

    public required byte[] Attribute { get; init; }

    public int PixelWidth => Text.Columns * 8;

    public int PixelHeight => Text.Rows * Text.Height;

    /// <summary>The mode of a number; null when there is none.</summary>
    public static VgaMode? Find(int number) => number switch
    {
        0 or 1 => TextMode((byte)number, 40, "2D27 2890 2BA0 BF1F 004F 0D0E 0000 0000 9C8E 8F14 1F96 B9A3 FF", 8),
        2 or 3 => TextMode((byte)number, 80, "5F4F 5082 5581 BF1F 004F 0D0E 0000 0000 9C8E 8F28 1F96 B9A3 FF", 0),
        4 or 5 => new()
        {
            Number = (byte)number,
            Layout = VgaLayout.Cga,
            Text = (40, 25, 8),
            Colors = 4,
            Memory = (0xB800, 0x4000),
            Misc = 0x63,
            Sequencer = [9, 3, 0, 2],
            Crtc = Bytes("2D27 2890 2B80 BF1F 00C1 0000 0000 0000 9C8E 8F14 0096 B9A2 FF"),
            Graphics = [0, 0, 0, 0, 0, 0x30, 0x0F, 0, 0xFF],
            Attribute = Bytes("0013 1517 0204 0607 1011 1213 1415 1617 0100 0300 00"),
        },
        6 => new()
        {
            Number = 6,
            Layout = VgaLayout.Cga,
            Text = (80, 25, 8),
            Colors = 2,
            Memory = (0xB800, 0x4000),
            Misc = 0x63,
            Sequencer = [1, 1, 0, 6],
            Crtc = Bytes("5F4F 5082 5480 BF1F 00C1 0000 0000 0000 9C8E 8F28 0096 B9C2 FF"),
            Graphics = [0, 0, 0, 0, 0, 0, 0x0D, 0, 0xFF],
            Attribute = Bytes("0017 1717 1717 1717 1717 1717 1717 1717 0100 0100 00"),
        },
        7 => new()
        {
            Number = 7,
            Layout = VgaLayout.Text,
            Text = (80, 25, 16),
            Colors = 0,
            Memory = (0xB000, 0x1000),
            Misc = 0x66,
            Sequencer = [0, 3, 0, 2],
            Crtc = Bytes("5F4F 5082 5581 BF1F 004F 0D0E 0000 0000 9C8E 8F28 0F96 B9A3 FF"),
            Graphics = [0, 0, 0, 0, 0, 0x10, 0x0A, 0, 0xFF],
            Attribute = Bytes("0008 0808 0808 0808 1018 1818 1818 1818 0E00 0F08 00"),
        },
        0x0D => Planar(0x0D, (40, 25, 8), 0x2000, 0x63, 9, "2D27 2890 2B80 BF1F 00C0 0000 0000 0000 9C8E 8F14 0096 B9E3 FF", Low),
        0x0E => Planar(0x0E, (80, 25, 8), 0x4000, 0x63, 1, "5F4F 5082 5480 BF1F 00C0 0000 0000 0000 9C8E 8F28 0096 B9E3 FF", Low),
        0x0F => Planar(0x0F, (80, 25, 14), 0x8000, 0xA2, 1, "5F4F 5082 5480 BF1F 0040 0000 0000 0000 8385 5D28 0F63 BAE3 FF", "0008 0000 1818 0000 0008 0000 0018 0000 0B00 0500 00"),
        0x10 => Planar(0x10, (80, 25, 14), 0x8000, 0xA3, 1, "5F4F 5082 5480 BF1F 0040 0000 0000 0000 8385 5D28 0F63 BAE3 FF", High),
        0x11 => Planar(0x11, (80, 30, 16), 0xA000, 0xE3, 1, "5F4F 5082 5480 0B3E 0040 0000 0000 0000 EA8C DF28 00E7 04E3 FF", "003F 003F 003F 003F 003F 003F 003F 003F 0100 0F00 00"),
        0x12 => Planar(0x12, (80, 30, 16), 0xA000, 0xE3, 1, "5F4F 5082 5480 0B3E 0040 0000 0000 0000 EA8C DF28 00E7 04E3 FF", High),
        0x13 => new()
        {
            Number = 0x13,
            Layout = VgaLayout.Linear,
            Text = (40, 25, 8),
            Colors = 256,
            Memory = (0xA000, 0xFA00),
            Misc = 0x63,
            Sequencer = [1, 0x0F, 0, 0x0E],
            Crtc = Bytes("5F4F 5082 5480 BF1F 0041 0000 0000 0000 9C8E 8F28 4096 B9A3 FF"),
            Graphics = [0, 0, 0, 0, 0, 0x40, 0x05, 0x0F, 0xFF],
            Attribute = Bytes("0001 0203 0405 0607 0809 0A0B 0C0D 0E0F 4100 0F00 00"),
        },
        _ => null,
    };

    // Attribute registers of the 200-line modes (colors as CGA has them) and of the others.
    private const string Low = "0001 0203 0405 0607 1011 1213 1415 1617 0100 0F00 00", High = "0001 0203 0405 1407 3839 3A3B 3C3D 3E3F 0100 0F00 00";

    private static VgaMode TextMode(byte number, int columns, string crtc, byte clocking) => new()
    {
        Number = number,
        Layout = VgaLayout.Text,
        Text = (columns, 25, 16),
        Colors = 16,
        Memory = (0xB800, columns == 40 ? 0x800 : 0x1000),
        Misc = 0x67,
        Sequencer = [clocking, 3, 0, 2],
        Crtc = Bytes(crtc),
        Graphics = TextGraphics,
        Attribute = Bytes("0001 0203 0405 1407 3839 3A3B 3C3D 3E3F 0C00 0F08 00"),
    };

    private static VgaMode Planar(byte number, (int Columns, int Rows, int Height) text, int pageBytes, byte misc, byte clocking, string crtc, string attribute) => new()
    {
        Number = number,
        Layout = VgaLayout.Planar,
        Text = text,
        Colors = 16,
        Memory = (0xA000, pageBytes),
        Misc = misc,
        Sequencer = [clocking, 0x0F, 0, 6],
        Crtc = Bytes(crtc),
        Graphics = PlanarGraphics,
        Attribute = Bytes(attribute),
    };

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
