using System.Globalization;
using Suite.Machines.Options;
using Suite.PcBios.Tables;

namespace Suite.Machines.X86.Boards;

/// <summary>-smbios.</summary>
internal static class SmbiosOptions
{
    private const int MostBytes = 4096, HeaderBytes = 4, OemStrings = 11;

    // Fields of each structure.
    private static readonly Dictionary<int, string[]> Types = new()
    {
        [0] = ["vendor", "version", "date", "release", "uefi"],
        [1] = ["manufacturer", "product", "version", "serial", "uuid", "sku", "family"],
        [2] = ["manufacturer", "product", "version", "serial", "asset", "location"],
        [3] = ["manufacturer", "version", "serial", "asset", "sku"],
        [4] = ["sock_pfx", "manufacturer", "version", "serial", "asset", "part", "max-speed", "current-speed"],
        [OemStrings] = ["value", "path"],
        [17] = ["loc_pfx", "bank", "manufacturer", "serial", "asset", "part", "speed"],
    };

    /// <summary>Reads them all.</summary>
    /// <exception cref="OptionException">A mistake in one.</exception>
    public static SmbiosFields Read(IEnumerable<KeyValues> options)
    {
        SmbiosFields fields = new();
        int bytes = 0;
        foreach (KeyValues given in options)
        {
            if (given.Get("file") is { } file)
                AddFile(fields, file, ref bytes);
            else
                AddFields(fields, given, ref bytes);
            given.Finish();
        }

        return bytes <= MostBytes ? fields : throw new OptionException($"-smbios: {bytes} bytes of texts and structures do not fit", $"at most {MostBytes}");
    }

    private static void AddFile(SmbiosFields fields, string file, ref int bytes)
    {
        byte[] structure = UserFile.Read("-smbios", file);
        if (structure.Length < HeaderBytes + 2 || structure[1] < HeaderBytes || structure[1] + 2 > structure.Length || structure[^1] != 0 || structure[^2] != 0)
            throw new OptionException($"-smbios file={file}: that is no structure", "a header with its length, the fields, and texts that end with two zeros");
        bytes += structure.Length;
        fields.Structures.Add(structure);
    }

    private static void AddFields(SmbiosFields fields, KeyValues given, ref int bytes)
    {
        given.Need("type");
        int type = (int)given.GetNumber("type", 0, 0, 255);
        if (!Types.TryGetValue(type, out string[]? names))
            throw new OptionException($"-smbios: fields of structure {type} cannot be set", $"type={string.Join(", ", Types.Keys)}, or a whole structure by file=");
        foreach (string name in names)
        {
            foreach (string value in given.All(name))
            {
                string text = name == "path" ? System.Text.Encoding.UTF8.GetString(UserFile.Read("-smbios", value)) : value;
                Check(type, name, text);
                bytes += text.Length + 1;
                if (type == OemStrings)
                    fields.OemStrings.Add(text);
                else
                    fields.Set(type, name, text);
            }
        }
    }

    private static void Check(int type, string name, string value)
    {
        string? form = name switch
        {
            "uuid" when !Guid.TryParse(value, out _) => "a UUID",
            "release" when !Version.TryParse(value, out Version? release) || release.Major > byte.MaxValue || release.Minor > byte.MaxValue => "two numbers below 256, as 1.2",
            "uefi" when value is not ("on" or "off") => "on or off",
            "max-speed" or "current-speed" or "speed" when !ushort.TryParse(value, CultureInfo.InvariantCulture, out _) => "a number of MHz",
            _ when value.Contains('\0') => "a text without a zero",
            _ => null,
        };
        if (form is not null)
            throw new OptionException($"-smbios type={type}: '{value}' is not a value of {name}", form);
    }
}
