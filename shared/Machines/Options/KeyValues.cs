using System.Globalization;
using System.Text.Json;

namespace Suite.Machines.Options;

/// <summary>
/// QEMU's option value "first,key=value,flag,noflag": a comma in a value is written twice. Readers take the keys they know; what is left at the
/// end is a mistake.
/// </summary>
public sealed class KeyValues
{
    private readonly List<(string Key, string Value)> _items = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal), _taken = new(StringComparer.Ordinal);

    private KeyValues(string what, string text) => (What, Text) = (what, text);

    /// <summary>The option, for messages: "-drive".</summary>
    public string What { get; set; }

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>All pairs in the order given.</summary>
    public IReadOnlyList<(string Key, string Value)> Items => _items;

    /// <summary>Reads a value.</summary>
    /// <param name="what">The option.</param>
    /// <param name="text">Its value.</param>
    /// <param name="first">The key that the first item stands for when it has none; null when it must have one.</param>
    public static KeyValues Parse(string what, string text, string? first = null)
    {
        KeyValues result = new(what, text);
        if (text.StartsWith('{'))
        {
            result.AddJson(text);
            return result;
        }

        bool isFirst = true;
        foreach (string item in Split(text))
        {
            int equals = item.IndexOf('=');
            if (equals >= 0 && !(isFirst && first is not null && item.AsSpan(0, equals).ContainsAny('/', ':')))
                result._items.Add((item[..equals], item[(equals + 1)..]));
            else if (isFirst && first is not null && item.Length > 0)
                result._items.Add((first, item));
            else if (item.Length > 0)
                result._items.Add(item.StartsWith("no", StringComparison.Ordinal) && item.Length > 2 ? (item[2..], "off") : (item, "on"));
            isFirst = false;
        }

        return result;
    }

    /// <summary>Pairs that were not written as one text (-drive made by -hda, QMP's arguments).</summary>
    public static KeyValues Of(string what, params ReadOnlySpan<(string Key, string Value)> items)
    {
        KeyValues result = new(what, "");
        result._items.AddRange(items);
        return result;
    }

    /// <summary>Members of a JSON object, as in the arguments of a QMP command.</summary>
    public static KeyValues Of(string what, JsonElement value)
    {
        KeyValues result = new(what, "");
        result.AddJson("", value);
        return result;
    }

    /// <summary>Adds a pair unless the key is there.</summary>
    public void Default(string key, string value)
    {
        if (!_items.Exists(i => i.Key == key))
            _items.Add((key, value));
    }

    /// <summary>Adds a pair, also when the key is there already.</summary>
    public void Append(string key, string value) => _items.Add((key, value));

    /// <summary>A key that may be given, whether it is read or not.</summary>
    public void Allow(string key)
    {
        _known.Add(key);
        _taken.Add(key);
    }

    /// <summary>True when a key is given; does not count as reading it.</summary>
    public bool Has(string key) => _items.Exists(i => i.Key == key);

    /// <summary>A key's value, the last one given; null when it is not.</summary>
    public string? Get(string key)
    {
        Allow(key);
        int at = _items.FindLastIndex(i => i.Key == key);
        return at < 0 ? null : _items[at].Value;
    }

    /// <summary>All values of a key.</summary>
    public IEnumerable<string> All(string key)
    {
        Allow(key);
        return _items.Where(i => i.Key == key).Select(i => i.Value);
    }

    /// <summary>A key's value that must be there.</summary>
    /// <exception cref="OptionException">It is not.</exception>
    public string Need(string key) => Get(key) ?? throw new OptionException($"{What} lacks {key}=");

    /// <summary>on or off.</summary>
    public bool GetBool(string key, bool otherwise) => Get(key) switch
    {
        null => otherwise,
        "on" or "yes" or "true" or "y" => true,
        "off" or "no" or "false" or "n" => false,
        var other => throw new OptionException($"{What}: '{other}' is not a value of {key}", "on or off"),
    };

    /// <summary>A whole number, decimal or 0x hexadecimal.</summary>
    public long GetNumber(string key, long otherwise, long least = 0, long most = long.MaxValue)
    {
        if (Get(key) is not { } text)
            return otherwise;
        if (!TryNumber(text, out long value) || value < least || value > most)
            throw new OptionException($"{What}: '{text}' is not a value of {key}", most == long.MaxValue ? $"a number from {least} on" : $"a number from {least} to {most}");
        return value;
    }

    /// <summary>Bytes, with a suffix k, M, G or T.</summary>
    public ulong? GetSize(string key, ulong withoutSuffix = 1)
    {
        if (Get(key) is not { } text)
            return null;
        return TrySize(text, withoutSuffix, out ulong bytes) ? bytes : throw new OptionException($"{What}: '{text}' is not a size", "a number with k, M, G or T behind it, as in 512M");
    }

    /// <summary>One of several words.</summary>
    public string GetWord(string key, string otherwise, params string[] words)
    {
        string text = Get(key) ?? otherwise;
        return Array.IndexOf(words, text) >= 0 || text == otherwise ? text : throw OptionException.Unknown($"{What}: {key}", text, words);
    }

    /// <summary>Keys that are accepted and have no effect.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
            Get(key);
    }

    /// <summary>Everything given must have been read.</summary>
    /// <exception cref="OptionException">A key was not; the nearest one is named.</exception>
    public void Finish()
    {
        foreach ((string key, _) in _items)
            if (!_taken.Contains(key))
                throw OptionException.Unknown($"{What}: property", key, _known);
    }

    /// <summary>A size with suffix.</summary>
    public static bool TrySize(string text, ulong withoutSuffix, out ulong bytes)
    {
        bytes = 0;
        int shift = text.Length == 0 ? -1 : char.ToLowerInvariant(text[^1]) switch { 'b' => 0, 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => -1 };
        string number = shift < 0 ? text : text[..^1];
        double scale = shift < 0 ? withoutSuffix : 1UL << shift;
        if (number.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && shift < 0)
            return ulong.TryParse(number.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes);
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) || value * scale >= 1L << 62)
            return false;
        bytes = (ulong)(value * scale);
        return true;
    }

    /// <summary>A whole number, decimal or 0x hexadecimal.</summary>
    public static bool TryNumber(string text, out long value) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    // The JSON form of -blockdev and -device: members of members become keys with dots.
    private void AddJson(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            AddJson("", document.RootElement);
        }
        catch (JsonException e)
        {
            throw new OptionException($"{What}: the value begins like JSON and is none: {e.Message}");
        }
    }

    private void AddJson(string prefix, JsonElement value)
    {
        foreach (JsonProperty member in value.EnumerateObject())
            AddMember(prefix + member.Name, member.Value);
    }

    // Items of a list are as if the key had been given so often.
    private void AddMember(string key, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                AddJson(key + ".", value);
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                    AddMember(key, item);
                break;
            default:
                _items.Add((key, value.ValueKind switch { JsonValueKind.True => "on", JsonValueKind.False => "off", JsonValueKind.String => value.GetString()!, _ => value.GetRawText() }));
                break;
        }
    }

    private static IEnumerable<string> Split(string text)
    {
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != ',')
                continue;
            if (i + 1 < text.Length && text[i + 1] == ',')
            {
                i++;
                continue;
            }

            yield return text[start..i].Replace(",,", ",", StringComparison.Ordinal);
            start = i + 1;
        }

        yield return text[start..].Replace(",,", ",", StringComparison.Ordinal);
    }
}
