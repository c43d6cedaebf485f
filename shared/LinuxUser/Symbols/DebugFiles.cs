using System.Text;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Symbols;

/// <summary>
/// Finds the separate debug file of an image: /usr/lib/debug/.build-id/xx/rest.debug, or the name in .gnu_debuglink beside the file, in .debug
/// beside it, or below /usr/lib/debug (gdb manual, "Separate Debug Files"). -L prefixes come first. A file that does not belong is not taken.
/// </summary>
internal sealed class DebugFiles(IReadOnlyList<string> prefixes, ElfTarget target)
{
    private const string Root = "/usr/lib/debug";
    private const int NoteHeader = 12, NT_GNU_BUILD_ID = 3, LargestNotes = 1 << 16;
    private const uint PtNote = 4;

    private readonly HostFiles _files = new(prefixes);

    /// <summary>The debug file; null when there is none.</summary>
    public ElfView? Find(ElfView image, string path)
    {
        byte[] id = BuildId(image);
        if (id.Length > 2)
        {
            string hex = Convert.ToHexStringLower(id);
            if (Open($"{Root}/.build-id/{hex[..2]}/{hex[2..]}.debug") is { } found && BuildId(found).AsSpan().SequenceEqual(id))
                return found;
        }

        if (image.Find(".gnu_debuglink") is not { } section || image.Read(section) is not { } link)
            return null;
        int end = Array.IndexOf(link, (byte)0), crcAt = (end + 4) & ~3;
        if (end <= 0 || crcAt + 4 > link.Length)
            return null;
        string name = Encoding.UTF8.GetString(link.AsSpan(0, end)), folder = Path.GetDirectoryName(path) ?? "/";
        uint crc = (uint)image.Number(link, crcAt, 4);
        foreach (string candidate in (ReadOnlySpan<string>)[$"{folder}/{name}", $"{folder}/.debug/{name}", $"{Root}{folder}/{name}"])
            if (candidate != path && Open(candidate) is { } found && Belongs(found, id, crc))
                return found;

        return null;
    }

    /// <summary>The image's build id; empty when it has none.</summary>
    public static byte[] BuildId(ElfView view)
    {
        foreach (ElfSegment segment in view.Segments)
        {
            if (segment.Type != PtNote || segment.FileSize > LargestNotes || view.Read(segment.Offset, segment.FileSize) is not { } notes)
                continue;
            for (int at = 0; at + NoteHeader <= notes.Length;)
            {
                int nameBytes = (int)view.Number(notes, at, 4), bytes = (int)view.Number(notes, at + 4, 4), type = (int)view.Number(notes, at + 8, 4);
                int nameAt = at + NoteHeader;
                if ((uint)nameBytes > LargestNotes || (uint)bytes > LargestNotes)
                    break;
                int content = nameAt + ((nameBytes + 3) & ~3);
                if (content + bytes > notes.Length)
                    break;
                if (type == NT_GNU_BUILD_ID && notes.AsSpan(nameAt, nameBytes).SequenceEqual("GNU\0"u8))
                    return notes.AsSpan(content, bytes).ToArray();
                at = content + ((bytes + 3) & ~3);
            }
        }

        return [];
    }

    private ElfView? Open(string path) =>
        FileBytes.Find(_files.Resolve(path)) is { } bytes && ElfView.TryOpen(bytes, target, out ElfView? view) ? view : null;

    private static bool Belongs(ElfView found, byte[] id, uint crc)
    {
        byte[] other = BuildId(found);
        return id.Length > 0 && other.Length > 0 ? other.AsSpan().SequenceEqual(id) : Crc32(found.Bytes) == crc;
    }

    // The CRC of .gnu_debuglink: that of zlib (polynomial EDB88320h, reflected).
    private static uint Crc32(IImageBytes bytes)
    {
        Span<uint> table = stackalloc uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
                value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320u : 0);
            table[(int)i] = value;
        }

        const int Chunk = 1 << 20;
        byte[] buffer = new byte[Chunk];
        uint crc = uint.MaxValue;
        for (ulong at = 0; at < bytes.Length; at += Chunk)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(Chunk, bytes.Length - at));
            if (!bytes.TryRead(at, part))
                return 0;
            foreach (byte b in part)
                crc = table[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return ~crc;
    }
}
