using System.Globalization;
using Suite.Machines.Options;
using Suite.PcBios;
using Suite.PcBios.Tables;

namespace Suite.Machines.X86.Boards;

/// <summary>-smbios.</summary>
internal static class SmbiosOptions
{
    private const int HeaderBytes = 4, OemStrings = 11, MostOemStrings = 255;

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
        foreach (KeyValues given in options)
        {
            if (given.Get("file") is { } file)
                AddFile(fields, file);
            else
                AddFields(fields, given);
            given.Finish();
        }

        return fields.OemStrings.Count <= MostOemStrings ? fields : throw new OptionException($"-smbios type={OemStrings}: {fields.OemStrings.Count} texts do not fit into one structure", $"at most {MostOemStrings}");
    }

    /// <summary>The machine's tables must fit, with what the user wants in them.</summary>
    /// <exception cref="OptionException">They do not.</exception>
    public static PcDescription Checked(PcDescription pc)
    {
        int bytes = Smbios.Make(pc).Tables.Length;
        return bytes <= Smbios.MostBytes ? pc : throw new OptionException($"-smbios: tables of {bytes} bytes do not fit", $"fewer or shorter texts, or less memory (each 16 GiB repeat those of type=17): there is room for {Smbios.MostBytes} bytes");
    }

    private static void AddFile(SmbiosFields fields, string file)
    {
        byte[] structure = UserFile.Read("-smbios", file);
        if (structure.Length < HeaderBytes + 2 || structure[1] < HeaderBytes || structure[1] + 2 > structure.Length || structure[^1] != 0 || structure[^2] != 0)
            throw new OptionException($"-smbios file={file}: that is no structure", "a header with its length, the fields, and texts that end with two zeros");
        fields.Structures.Add(structure);
    }

    private static void AddFields(SmbiosFields fields, KeyValues given)
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
            "value" or "path" when value.Length == 0 => "a text: an empty one would end the list",
            _ when value.Contains('\0') => "a text without a zero",
            _ => null,
        };
        if (form is not null)
            throw new OptionException($"-smbios type={type}: '{value}' is not a value of {name}", form);
    }
}
