using System.Buffers.Binary;
using System.Text;

namespace Suite.Machines.Snapshots;

/// <summary>A saved machine as a stream: a head, then sections, each with its name, its length and its bytes (numbers little endian).</summary>
public static class SnapshotStream
{
    /// <summary>Version of the form.</summary>
    public const int Version = 1;

    private const int LongestName = 256, LongestSection = 1 << 30;

    private static ReadOnlySpan<byte> Magic => "SUITE-VM"u8;

    /// <summary>Writes the head.</summary>
    public static void WriteHead(Stream to, string description)
    {
        to.Write(Magic);
        WriteNumber(to, Version);
        WriteText(to, description);
    }

    /// <summary>Reads the head; the result is its description.</summary>
    /// <exception cref="InvalidDataException">It is no saved machine of ours.</exception>
    public static string ReadHead(Stream from)
    {
        byte[] magic = Read(from, Magic.Length);
        if (!magic.AsSpan().SequenceEqual(Magic))
            throw new InvalidDataException("it was not made by this emulator");
        long version = ReadNumber(from);
        return version == Version ? ReadText(from) : throw new InvalidDataException($"it has form {version}, and this emulator reads form {Version}");
    }

    /// <summary>Writes a section.</summary>
    public static void WriteSection(Stream to, string name, ReadOnlySpan<byte> bytes)
    {
        WriteText(to, name);
        WriteNumber(to, bytes.Length);
        to.Write(bytes);
    }

    /// <summary>Reads a section; null behind the last one.</summary>
    /// <exception cref="InvalidDataException">The stream is damaged.</exception>
    public static (string Name, byte[] Bytes)? ReadSection(Stream from)
    {
        string name = ReadText(from);
        if (name.Length == 0)
            return null;
        long length = ReadNumber(from);
        return length is >= 0 and <= LongestSection ? (name, Read(from, (int)length)) : throw new InvalidDataException($"section {name} says that it has {length} bytes");
    }

    /// <summary>The end of the sections.</summary>
    public static void WriteEnd(Stream to) => WriteText(to, "");

    /// <summary>Writes eight bytes.</summary>
    public static void WriteNumber(Stream to, long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        to.Write(bytes);
    }

    /// <summary>Reads eight bytes.</summary>
    public static long ReadNumber(Stream from) => BinaryPrimitives.ReadInt64LittleEndian(Read(from, sizeof(long)));

    private static void WriteText(Stream to, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        WriteNumber(to, bytes.Length);
        to.Write(bytes);
    }

    private static string ReadText(Stream from)
    {
        long length = ReadNumber(from);
        return length is >= 0 and <= LongestName ? Encoding.UTF8.GetString(Read(from, (int)length)) : throw new InvalidDataException("it is damaged");
    }

    private static byte[] Read(Stream from, int length)
    {
        byte[] bytes = new byte[length];
        try
        {
            from.ReadExactly(bytes);
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException("it ends too early");
        }

        return bytes;
    }
}
