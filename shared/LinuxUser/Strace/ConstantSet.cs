using System.Globalization;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Strace;

/// <summary>
/// Named values of one argument. Written as <c>NAME=value[/mask][:types]</c> separated by white space; values in C notation. A mask says which
/// bits the value occupies when it is not just the bits set in it. The types, separated by bars, are those of the arguments that follow when
/// this value selects an operation; <c>none</c> means there are none.
/// </summary>
internal sealed class ConstantSet
{
    /// <summary>A named value; <see cref="Types"/> is null when nothing is known of the arguments that go with it.</summary>
    public sealed record Entry(string Name, ulong Value, ulong Mask, bool HasMask, SignatureType[]? Types);

    private readonly Entry[] _entries;

    private ConstantSet(Entry[] entries) => _entries = entries;

    public IReadOnlyList<Entry> Entries => _entries;

    /// <exception cref="FormatException">The text breaks the form given above.</exception>
    public static ConstantSet Parse(string text)
    {
        string[] parts = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return new ConstantSet(Array.ConvertAll(parts, ParseEntry));
    }

    /// <summary>The first entry that is this value, or whose masked bits are.</summary>
    public Entry? Match(ulong value)
    {
        foreach (Entry entry in _entries)
            if (entry.HasMask ? (value & entry.Mask) == entry.Value : (uint)value == (uint)entry.Value)
                return entry;
        return null;
    }

    /// <summary><c>A|B|0x400</c>: every entry whose bits are all set, then what remains; zero by its name if it has one.</summary>
    public void AppendFlags(ref TextBuffer text, ulong value)
    {
        ulong rest = value;
        bool any = false;
        foreach (Entry entry in _entries)
        {
            if (!IsSetIn(entry, value, rest))
                continue;
            if (any)
                text.Append('|');
            text.Append(entry.Name);
            any = true;
            rest &= ~entry.Mask;
        }
        if (rest == 0 && any)
            return;
        if (any)
            text.Append('|');
        if (rest == 0)
            text.Append('0');
        else
            text.AppendHex(rest);
    }

    /// <summary>The value's name, or the number.</summary>
    public void AppendEnum(ref TextBuffer text, ulong value)
    {
        foreach (Entry entry in _entries)
            if ((uint)entry.Value == (uint)value)
            {
                text.Append(entry.Name);
                return;
            }
        if ((int)value is > -65536 and < 65536)
            text.AppendDecimal((int)value);
        else
            text.AppendHex((uint)value);
    }

    /// <summary>A value whose bits an earlier, wider one has taken (O_DSYNC inside O_SYNC) is not named again.</summary>
    private static bool IsSetIn(Entry entry, ulong value, ulong rest)
    {
        if (entry.Value == 0)
            return entry.HasMask ? (value & entry.Mask) == 0 : value == 0;
        return (value & entry.Mask) == entry.Value && (rest & entry.Mask) != 0;
    }

    private static Entry ParseEntry(string text)
    {
        int equals = text.IndexOf('=');
        if (equals <= 0)
            throw new FormatException($"'{text}': NAME=value expected");
        int colon = text.IndexOf(':');
        string number = colon < 0 ? text[(equals + 1)..] : text[(equals + 1)..colon];
        int slash = number.IndexOf('/');
        ulong value = ParseNumber(slash < 0 ? number : number[..slash]);
        ulong mask = slash < 0 ? value : ParseNumber(number[(slash + 1)..]);
        return new Entry(text[..equals], value, mask, slash >= 0, colon < 0 ? null : ParseTypes(text[(colon + 1)..]));
    }

    private static SignatureType[] ParseTypes(string text) =>
        text == "none" ? [] : Array.ConvertAll(text.Split('|'), SignatureType.Parse);

    private static ulong ParseNumber(string text)
    {
        if (text.StartsWith('-'))
            return (ulong)-(long)ParseNumber(text[1..]);
        if (text.StartsWith("0x", StringComparison.Ordinal))
            return ulong.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (!text.StartsWith('0'))
            return ulong.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
        ulong value = 0;
        foreach (char digit in text)
            value = digit is >= '0' and <= '7' ? value * 8 + (ulong)(digit - '0') : throw new FormatException($"'{text}' is not octal");
        return value;
    }
}
