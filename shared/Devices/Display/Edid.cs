using System.Buffers.Binary;

namespace Suite.Devices.Display;

/// <summary>
/// What a monitor tells of itself: the base block of VESA's Enhanced EDID, version 1.4. The preferred mode's timing is VESA CVT's with reduced blanking, at 60 Hz.
/// </summary>
public static class Edid
{
    /// <summary>Bytes of the block.</summary>
    public const int Bytes = 128;

    private const int TimingAt = 54, DescriptorBytes = 18, Refresh = 60;

    // Pixels before, in and around the horizontal pulse; lines before the vertical one. The vertical blanking lasts 460 us at least (CVT 1.2, reduced blanking).
    private const int HorizontalFront = 48, HorizontalPulse = 32, HorizontalBlank = 160, VerticalFront = 3, VerticalPulse = 6, LeastBlankMicroseconds = 460;

    // Modes beside the preferred one that such monitors have: width, height.
    private static readonly (int Width, int Height)[] Standard = [(1024, 768), (1152, 864), (1280, 960), (1280, 1024), (1440, 900), (1600, 1200), (1680, 1050), (1920, 1080)];

    /// <summary>The block of a monitor.</summary>
    /// <param name="width">Pixels of the preferred mode.</param>
    /// <param name="height">Its lines.</param>
    public static byte[] Make(int width, int height)
    {
        const int DotsPerInch = 100;
        int widthMm = width * 254 / (10 * DotsPerInch), heightMm = height * 254 / (10 * DotsPerInch);
        byte[] block = new byte[Bytes];
        Span<byte> b = block;
        ReadOnlySpan<byte> header = [0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00];
        header.CopyTo(b);
        BinaryPrimitives.WriteUInt16BigEndian(b[8..], (ushort)(Letter('S') << 10 | Letter('U') << 5 | Letter('I')));
        BinaryPrimitives.WriteUInt16LittleEndian(b[10..], 0x1111);
        (b[16], b[17]) = (1, 2020 - 1990); // made in the first week of 2020
        (b[18], b[19]) = (1, 4);
        b[20] = 0xA5; // digital, 8 bits a color, DisplayPort
        (b[21], b[22]) = ((byte)Math.Min(widthMm / 10, 255), (byte)Math.Min(heightMm / 10, 255));
        b[23] = 220 - 100; // gamma 2.2
        b[24] = 0x06; // sRGB; the preferred mode is the monitor's own
        ReadOnlySpan<byte> srgb = [0xEE, 0x91, 0xA3, 0x54, 0x4C, 0x99, 0x26, 0x0F, 0x50, 0x54];
        srgb.CopyTo(b[25..]);
        (b[35], b[36]) = (0x21, 0x08); // 640x480, 800x600 and 1024x768 at 60 Hz
        for (int i = 0; i < Standard.Length; i++)
            PutStandard(b.Slice(38 + i * 2, 2), Standard[i].Width, Standard[i].Height, width, height);
        PutTiming(b.Slice(TimingAt, DescriptorBytes), width, height, widthMm, heightMm);
        PutLimits(b.Slice(TimingAt + DescriptorBytes, DescriptorBytes));
        PutText(b.Slice(TimingAt + 2 * DescriptorBytes, DescriptorBytes), 0xFC, "Suite Monitor");
        b[TimingAt + 3 * DescriptorBytes + 3] = 0x10; // nothing
        byte sum = 0;
        foreach (byte value in block)
            sum += value;
        b[^1] = (byte)-sum;
        return block;
    }

    private static int Letter(char c) => c - 'A' + 1;

    private static void PutStandard(Span<byte> to, int width, int height, int mostWidth, int mostHeight)
    {
        int aspect = height * 16 == width * 10 ? 0 : height * 4 == width * 3 ? 1 : height * 5 == width * 4 ? 2 : 3;
        (to[0], to[1]) = width > mostWidth || height > mostHeight ? ((byte)1, (byte)1) : ((byte)(width / 8 - 31), (byte)(aspect << 6 | (Refresh - 60)));
    }

    private static void PutTiming(Span<byte> t, int width, int height, int widthMm, int heightMm)
    {
        const int Second = 1_000_000, ClockUnit = 10_000;
        // Lines whose time, at the rate that leaves the least blanking, is that blanking.
        int blank = Math.Max(LeastBlankMicroseconds * height / (Second / Refresh - LeastBlankMicroseconds) + 1, VerticalFront + VerticalPulse + 6);
        long clock = Math.Min((long)(width + HorizontalBlank) * (height + blank) * Refresh / ClockUnit, ushort.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(t, (ushort)clock);
        (t[2], t[3], t[4]) = ((byte)width, (byte)HorizontalBlank, (byte)(width >> 8 << 4 | HorizontalBlank >> 8));
        (t[5], t[6], t[7]) = ((byte)height, (byte)blank, (byte)(height >> 8 << 4 | blank >> 8));
        (t[8], t[9], t[10], t[11]) = (HorizontalFront, HorizontalPulse, VerticalFront << 4 | VerticalPulse, 0);
        (t[12], t[13], t[14]) = ((byte)widthMm, (byte)heightMm, (byte)(widthMm >> 8 << 4 | heightMm >> 8));
        t[17] = 0x1A; // separate pulses, the horizontal one positive
    }

    private static void PutLimits(Span<byte> t)
    {
        ReadOnlySpan<byte> limits = [0, 0, 0, 0xFD, 0, 50, 125, 30, 160, 255, 1, 0x0A]; // 50 to 125 Hz, 30 to 160 kHz, up to 2550 MHz; no formula
        limits.CopyTo(t);
        t[limits.Length..].Fill((byte)' ');
    }

    private static void PutText(Span<byte> t, byte kind, string text)
    {
        const int Longest = 13;
        t[3] = kind;
        Span<byte> to = t[5..];
        to.Fill((byte)' ');
        for (int i = 0; i < text.Length; i++)
            to[i] = (byte)text[i];
        if (text.Length < Longest)
            to[text.Length] = 0x0A;
    }
}
