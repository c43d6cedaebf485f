using System.Globalization;
using System.Text;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>Writes JSON (RFC 8259) in the order of the calls. Addresses are text in hexadecimal: JSON numbers lose bits above 2^53.</summary>
internal sealed class JsonBuilder
{
    private readonly StringBuilder _text = new();
    private bool _first = true;

    /// <summary>Opens an object, as a member when a name is given.</summary>
    public JsonBuilder Object(string? name = null) => Open(name, '{');

    /// <summary>Opens an array, as a member when a name is given.</summary>
    public JsonBuilder Array(string? name = null) => Open(name, '[');

    public JsonBuilder EndObject() => Close('}');

    public JsonBuilder EndArray() => Close(']');

    /// <summary>A text; null writes null.</summary>
    public JsonBuilder Text(string? name, string? value)
    {
        Separate(name);
        if (value is null)
            _text.Append("null");
        else
            Quote(value);
        return this;
    }

    public JsonBuilder Number(string? name, long value)
    {
        Separate(name);
        _text.Append(value.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    /// <summary>An address or register: "0x1f".</summary>
    public JsonBuilder Hex(string? name, ulong value) => Text(name, $"0x{value:x}");

    public JsonBuilder Flag(string? name, bool value)
    {
        Separate(name);
        _text.Append(value ? "true" : "false");
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private JsonBuilder Open(string? name, char bracket)
    {
        Separate(name);
        _text.Append(bracket);
        _first = true;
        return this;
    }

    private JsonBuilder Close(char bracket)
    {
        _text.Append(bracket);
        _first = false;
        return this;
    }

    private void Separate(string? name)
    {
        if (!_first)
            _text.Append(',');
        _first = false;
        if (name is null)
            return;
        Quote(name);
        _text.Append(':');
    }

    private void Quote(string value)
    {
        _text.Append('"');
        foreach (char c in value)
        {
            if (c is '"' or '\\')
                _text.Append('\\').Append(c);
            else if (c == '\n')
                _text.Append("\\n");
            else if (c < ' ' || char.IsSurrogate(c))
                _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                _text.Append(c);
        }

        _text.Append('"');
    }
}
