using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Suite.Host.Diagnostics;

/// <summary>
/// The guest addresses a log is limited to (`-dfilter`). A range is `start..end` (end included), `start+length` or `start-length`
/// (the length bytes that end with start); ranges are separated by commas, numbers are decimal, 0x hexadecimal or 0 octal.
/// </summary>
public sealed class AddressFilter
{
    private readonly (ulong First, ulong Last)[] _ranges;

    private AddressFilter((ulong First, ulong Last)[] ranges) => _ranges = ranges;

    /// <summary>The ranges, both ends included.</summary>
    public IReadOnlyList<(ulong First, ulong Last)> Ranges => _ranges;

    /// <summary>True when the address lies in one of the ranges.</summary>
    public bool Contains(ulong address)
    {
        foreach ((ulong first, ulong last) in _ranges)
        {
            if (address >= first && address <= last)
                return true;
        }
        return false;
    }

    /// <summary>Reads a comma list of ranges; false with the range and the reason in <paramref name="error"/>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AddressFilter? filter, [NotNullWhen(false)] out string? error)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        var ranges = new (ulong, ulong)[parts.Length];
        filter = null;
        for (int i = 0; i < parts.Length; i++)
        {
            if (!TryParseRange(parts[i], out ranges[i], out string? reason))
            {
                error = $"bad address range '{parts[i]}': {reason}";
                return false;
            }
        }
        error = null;
        filter = new AddressFilter(ranges);
        return true;
    }

    /// <summary>Reads a number as C's strtoull with base 0 does, but of the whole text: decimal, 0x hexadecimal, 0 octal.</summary>
    public static bool TryParseNumber(ReadOnlySpan<char> text, out ulong value)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        if (text.Length < 2 || text[0] != '0')
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        value = 0;
        foreach (char digit in text[1..])
        {
            if (digit is < '0' or > '7' || value >> 61 != 0)
                return false;
            value = (value << 3) + (ulong)(digit - '0');
        }
        return true;
    }

    private static bool TryParseRange(string text, out (ulong First, ulong Last) range, [NotNullWhen(false)] out string? reason)
    {
        range = default;
        int at = text.IndexOfAny(['+', '-', '.']);
        if (at < 0)
        {
            reason = "expected start..end, start+length or start-length";
            return false;
        }
        bool dots = text.AsSpan(at).StartsWith("..", StringComparison.Ordinal);
        if (text[at] == '.' && !dots)
        {
            reason = "expected '..' between start and end";
            return false;
        }
        if (!TryParseNumber(text.AsSpan(0, at), out ulong start) || !TryParseNumber(text.AsSpan(at + (dots ? 2 : 1)), out ulong second))
        {
            reason = "not a number";
            return false;
        }
        (ulong first, ulong last) = text[at] switch
        {
            '+' => (start, start + (second - 1)),
            '-' => (start - (second - 1), start),
            _ => (start, second),
        };
        reason = text[at] != '.' && second == 0 ? "the length is 0" : last < first ? "it ends before it starts" : null;
        range = (first, last);
        return reason is null;
    }
}
