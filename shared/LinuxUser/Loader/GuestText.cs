using System.Text;
using System.Text.Unicode;

namespace Suite.LinuxUser.Loader;

/// <summary>
/// Paths and arguments are bytes on Linux and strings in .NET. Valid UTF-8 becomes ordinary text; any other byte becomes a lone
/// low surrogate U+DC80..U+DCFF, so that <see cref="ToBytes"/> always gives the same bytes back.
/// </summary>
public static class GuestText
{
    private const int EscapeBase = 0xDC00;

    /// <summary>Decodes without loss.</summary>
    public static string FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);
        StringBuilder text = new(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune);
                bytes = bytes[used..];
                continue;
            }
            text.Append((char)(EscapeBase + bytes[0]));
            bytes = bytes[1..];
        }
        return text.ToString();
    }

    /// <summary>The bytes <see cref="FromBytes"/> was given; for any other text its UTF-8 form. No terminator is added.</summary>
    public static byte[] ToBytes(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange((char)(EscapeBase + 0x80), (char)(EscapeBase + 0xFF)))
            return Encoding.UTF8.GetBytes(text);
        byte[] bytes = new byte[text.Length * 3];
        int length = 0;
        for (int i = 0; i < text.Length;)
        {
            if (Rune.TryGetRuneAt(text, i, out Rune rune))
            {
                length += rune.EncodeToUtf8(bytes.AsSpan(length));
                i += rune.Utf16SequenceLength;
                continue;
            }
            length += text[i] is >= (char)(EscapeBase + 0x80) and <= (char)(EscapeBase + 0xFF)
                ? WriteByte(bytes, length, (byte)(text[i] - EscapeBase))
                : Rune.ReplacementChar.EncodeToUtf8(bytes.AsSpan(length));
            i++;
        }
        return bytes[..length];
    }

    /// <summary>The bytes before the first NUL, or all of them.</summary>
    public static ReadOnlySpan<byte> CString(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return end < 0 ? bytes : bytes[..end];
    }

    private static int WriteByte(byte[] into, int at, byte value)
    {
        into[at] = value;
        return 1;
    }
}
