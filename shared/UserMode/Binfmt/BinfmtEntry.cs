using System.Globalization;

namespace Suite.UserMode.Binfmt;

/// <summary>One registration, as the kernel shows it in a file below /proc/sys/fs/binfmt_misc.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Enabled">Whether it is asked at all.</param>
/// <param name="Interpreter">The path that was registered.</param>
/// <param name="Flags">Letters of P, O, C and F.</param>
/// <param name="Offset">Where the magic stands.</param>
/// <param name="Magic">The magic; empty for an entry by file extension.</param>
/// <param name="Mask">The mask; empty when every bit counts.</param>
public sealed record BinfmtEntry(string Name, bool Enabled, string Interpreter, string Flags, int Offset, byte[] Magic, byte[] Mask)
{
    /// <summary>Reads the kernel's text (fs/binfmt_misc.c, entry_status).</summary>
    public static BinfmtEntry Parse(string name, string text)
    {
        string interpreter = "", flags = "";
        int offset = 0;
        byte[] magic = [], mask = [];
        string[] lines = text.Split('\n');
        foreach (string line in lines)
        {
            int space = line.IndexOf(' ');
            string key = space < 0 ? line : line[..space], value = space < 0 ? "" : line[(space + 1)..];
            switch (key)
            {
                case "interpreter":
                    interpreter = value;
                    break;
                case "flags:":
                    flags = value.Trim();
                    break;
                case "offset":
                    _ = int.TryParse(value, CultureInfo.InvariantCulture, out offset);
                    break;
                case "magic":
                    magic = Bytes(value);
                    break;
                case "mask":
                    mask = Bytes(value);
                    break;
            }
        }
        return new BinfmtEntry(name, lines[0] == "enabled", interpreter, flags, offset, magic, mask);
    }

    /// <summary>Whether this entry takes a file that begins so.</summary>
    public bool Matches(ReadOnlySpan<byte> head)
    {
        if (!Enabled || Magic.Length == 0 || Offset + Magic.Length > head.Length)
            return false;
        for (int i = 0; i < Magic.Length; i++)
        {
            int bits = i < Mask.Length ? Mask[i] : 0xff;
            if (((head[Offset + i] ^ Magic[i]) & bits) != 0)
                return false;
        }
        return true;
    }

    private static byte[] Bytes(string hex)
    {
        try
        {
            return Convert.FromHexString(hex.Trim());
        }
        catch (FormatException)
        {
            return [];
        }
    }
}
