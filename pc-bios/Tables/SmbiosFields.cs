namespace Suite.PcBios.Tables;

/// <summary>What a user wants in the SMBIOS tables (-smbios): texts by structure and field, whole structures.</summary>
public sealed class SmbiosFields
{
    private readonly Dictionary<(int Type, string Field), string> _fields = [];

    /// <summary>Nothing.</summary>
    public static SmbiosFields None { get; } = new();

    /// <summary>The strings of structure 11.</summary>
    public List<string> OemStrings { get; } = [];

    /// <summary>Structures as they are, with their strings.</summary>
    public List<byte[]> Structures { get; } = [];

    /// <summary>True when anything of a structure is given.</summary>
    public bool Has(int type) => _fields.Keys.Any(k => k.Type == type);

    /// <summary>A field; null when it is not given.</summary>
    public string? Get(int type, string field) => _fields.GetValueOrDefault((type, field));

    /// <summary>Gives one.</summary>
    public void Set(int type, string field, string value) => _fields[(type, field)] = value;
}
