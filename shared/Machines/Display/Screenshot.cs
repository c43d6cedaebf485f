using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Suite.Devices.Display;

namespace Suite.Machines.Display;

/// <summary>Pictures of a display in files: PNG (ISO/IEC 15948) and PPM.</summary>
public static class Screenshot
{
    private const int BytesPerPixel = 3;

    /// <summary>Writes what a display shows now. Under the machine's lock.</summary>
    /// <param name="source">The display.</param>
    /// <param name="path">The file.</param>
    /// <param name="format">"png" or "ppm"; empty goes by the file's ending, PPM if it says nothing.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(IDisplaySource source, string path, string format)
    {
        Surface surface = new();
        source.Render(surface);
        using FileStream file = File.Create(path);
        if (format == "png" || (format.Length == 0 && path.EndsWith(".png", StringComparison.OrdinalIgnoreCase)))
            WritePng(surface, file);
        else
            WritePpm(surface, file);
    }

    /// <summary>Writes a PNG: 8 bits a component, no filter.</summary>
    public static void WritePng(Surface surface, Stream to)
    {
        const byte eightBits = 8, trueColour = 2;
        to.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        Span<byte> header = stackalloc byte[13];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, surface.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], surface.Height);
        (header[8], header[9]) = (eightBits, trueColour);
        WriteChunk(to, "IHDR"u8, header);
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            byte[] row = new byte[1 + surface.Width * BytesPerPixel]; // the first byte says that there is no filter
            for (int y = 0; y < surface.Height; y++)
            {
                FillRow(surface, y, row.AsSpan(1));
                zlib.Write(row);
            }
        }

        WriteChunk(to, "IDAT"u8, packed.GetBuffer().AsSpan(0, (int)packed.Length));
        WriteChunk(to, "IEND"u8, []);
    }

    /// <summary>Writes a binary PPM.</summary>
    public static void WritePpm(Surface surface, Stream to)
    {
        to.Write(Encoding.ASCII.GetBytes($"P6\n{surface.Width} {surface.Height}\n255\n"));
        byte[] row = new byte[surface.Width * BytesPerPixel];
        for (int y = 0; y < surface.Height; y++)
        {
            FillRow(surface, y, row);
            to.Write(row);
        }
    }

    private static void FillRow(Surface surface, int y, Span<byte> row)
    {
        ReadOnlySpan<uint> pixels = surface.Pixels.AsSpan(y * surface.Width, surface.Width);
        for (int x = 0; x < pixels.Length; x++)
        {
            row[x * BytesPerPixel] = (byte)(pixels[x] >> 16);
            row[x * BytesPerPixel + 1] = (byte)(pixels[x] >> 8);
            row[x * BytesPerPixel + 2] = (byte)pixels[x];
        }
    }

    private static void WriteChunk(Stream to, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        to.Write(number);
        to.Write(type);
        to.Write(data);
        uint crc = Crc(Crc(uint.MaxValue, type), data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        to.Write(number);
    }

    // Annex D of the standard, four bits at a time: no table is worth its start-up for a picture now and then.
    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        const uint polynomial = 0xEDB88320;
        Span<uint> table = stackalloc uint[16];
        for (uint i = 0; i < 16; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 4; bit++)
                value = (value & 1) != 0 ? value >> 1 ^ polynomial : value >> 1;
            table[(int)i] = value;
        }

        foreach (byte b in bytes)
        {
            crc ^= b;
            crc = crc >> 4 ^ table[(int)(crc & 15)];
            crc = crc >> 4 ^ table[(int)(crc & 15)];
        }

        return crc;
    }
}
