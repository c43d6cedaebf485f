using System.Globalization;

namespace Suite.LinuxUser.Proc;

/// <summary>One entry of the host's /proc/self/maps or smaps.</summary>
internal sealed class HostMapping
{
    public required ulong Start { get; init; }

    public required ulong End { get; init; }

    public required ulong Offset { get; init; }

    /// <summary>As printed: major:minor in hexadecimal.</summary>
    public required string Device { get; init; }

    public required ulong Inode { get; init; }

    /// <summary>As printed, with newlines escaped and " (deleted)" where that is so.</summary>
    public required string Name { get; init; }

    /// <summary>The lines of smaps below the entry.</summary>
    public List<SmapsField> Fields { get; } = [];

    /// <summary>Reads maps or smaps; lines that are neither an entry nor a field are left out.</summary>
    public static List<HostMapping> Parse(string text)
    {
        List<HostMapping> all = [];
        foreach (Range range in text.AsSpan().Split('\n'))
        {
            ReadOnlySpan<char> line = text.AsSpan()[range];
            if (line.IsEmpty)
                continue;
            if (!char.IsAsciiLetterUpper(line[0]))
            {
                if (ParseEntry(line) is { } entry)
                    all.Add(entry);
            }
            else if (all.Count > 0 && line.IndexOf(':') is > 0 and var colon)
            {
                all[^1].Fields.Add(SmapsField.Parse(line[..colon], line[(colon + 1)..]));
            }
        }

        return all;
    }

    /// <summary>What is mapped in this process now, in address order.</summary>
    public static List<HostMapping> Own() => Parse(HostFile.ReadText("/proc/self/maps") ?? "");

    /// <summary>What is mapped at an address, in words: a path, with " (deleted)" where that is so, or a pseudo-name; empty for nothing.</summary>
    public static string NameAt(List<HostMapping> all, ulong address) => Find(all, address)?.Name.Replace("\\012", "\n") ?? "";

    /// <summary>Index of the first entry that ends behind an address.</summary>
    public static int FirstEndingAfter(List<HostMapping> all, ulong address)
    {
        (int low, int high) = (0, all.Count);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (all[middle].End <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>The entry that holds an address, or null.</summary>
    public static HostMapping? Find(List<HostMapping> all, ulong address)
    {
        int i = FirstEndingAfter(all, address);
        return i < all.Count && all[i].Start <= address ? all[i] : null;
    }

    // start-end perms offset device inode name
    private static HostMapping? ParseEntry(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> range = Word(ref line);
        int dash = range.IndexOf('-');
        _ = Word(ref line);
        ReadOnlySpan<char> offset = Word(ref line), device = Word(ref line), inode = Word(ref line);
        if (dash < 0 || !TryHex(range[..dash], out ulong start) || !TryHex(range[(dash + 1)..], out ulong end) || !TryHex(offset, out ulong at)
            || !ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            return null;
        return new HostMapping { Start = start, End = end, Offset = at, Device = device.ToString(), Inode = number, Name = line.TrimStart(' ').ToString() };
    }

    private static bool TryHex(ReadOnlySpan<char> text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    private static ReadOnlySpan<char> Word(ref ReadOnlySpan<char> line)
    {
        line = line.TrimStart(' ');
        int end = line.IndexOf(' ');
        ReadOnlySpan<char> word = end < 0 ? line : line[..end];
        line = line[word.Length..];
        return word;
    }
}

/// <summary>A line of smaps: a number of kilobytes, or another text.</summary>
/// <param name="Name">Before the colon.</param>
/// <param name="Kilobytes">The number when the line ends in kB, else null.</param>
/// <param name="Text">Behind the colon, as it stands.</param>
internal readonly record struct SmapsField(string Name, ulong? Kilobytes, string Text)
{
    public static SmapsField Parse(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        ulong? kilobytes = value.EndsWith(" kB") && ulong.TryParse(value[..^3].Trim(' '), NumberStyles.None, CultureInfo.InvariantCulture, out ulong parsed)
            ? parsed
            : null;
        return new SmapsField(name.ToString(), kilobytes, value.ToString());
    }
}
