using System.Text.Json;
using Suite.Machines.Options;

namespace Suite.Machines.Control;

/// <summary>The arguments of a QMP command.</summary>
/// <param name="arguments">The object; null for none.</param>
public sealed class QmpArguments(JsonElement? arguments)
{
    /// <summary>A member; null when it is not there.</summary>
    public JsonElement? Get(string name) => arguments is { } a && a.TryGetProperty(name, out JsonElement value) ? value : null;

    /// <summary>A string; null when it is not there.</summary>
    public string? Text(string name) => Get(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw new QmpException("GenericError", $"Invalid parameter type for '{name}', expected: string"),
    };

    /// <summary>A string that must be there.</summary>
    public string NeedText(string name) => Text(name) ?? throw new QmpException("GenericError", $"Parameter '{name}' is missing");

    /// <summary>A whole number.</summary>
    public long Number(string name, long otherwise) => Get(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out long n) => n,
        _ => throw new QmpException("GenericError", $"Invalid parameter type for '{name}', expected: integer"),
    };

    /// <summary>A number that must be there.</summary>
    public long NeedNumber(string name) => Get(name) is null ? throw new QmpException("GenericError", $"Parameter '{name}' is missing") : Number(name, 0);

    /// <summary>true or false.</summary>
    public bool Flag(string name, bool otherwise) => Get(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw new QmpException("GenericError", $"Invalid parameter type for '{name}', expected: boolean"),
    };

    /// <summary>All members as pairs of strings, those of members with a dot between: device_add and its kin.</summary>
    public KeyValues AsKeyValues(string what) => arguments is { } a ? KeyValues.Of(what, a) : KeyValues.Of(what);

    /// <summary>Refuses what a command does not take, before it does anything.</summary>
    /// <param name="names">What it takes; null for anything.</param>
    public void AllowOnly(string[]? names)
    {
        if (names is null || arguments is not { } a)
            return;
        foreach (JsonProperty member in a.EnumerateObject())
            if (Array.IndexOf(names, member.Name) < 0)
                throw new QmpException("GenericError", $"Parameter '{member.Name}' is unexpected");
    }
}
