using System.Text;

namespace Suite.Machines.Options;

/// <summary>Files of -readconfig: groups <c>[drive "id"]</c> with lines <c>key = "value"</c>, which stand for the options of these names.</summary>
internal static class ConfigFile
{
    private static readonly Dictionary<string, string> Groups = new(StringComparer.Ordinal)
    {
        ["accel"] = "-accel",
        ["boot-opts"] = "-boot",
        ["chardev"] = "-chardev",
        ["device"] = "-device",
        ["drive"] = "-drive",
        ["fw_cfg"] = "-fw_cfg",
        ["global"] = "-global",
        ["icount"] = "-icount",
        ["machine"] = "-M",
        ["memory"] = "-m",
        ["mon"] = "-mon",
        ["name"] = "-name",
        ["netdev"] = "-netdev",
        ["object"] = "-object",
        ["rtc"] = "-rtc",
        ["smbios"] = "-smbios",
        ["smp-opts"] = "-smp",
    };

    /// <summary>Applies what a file says, in its order.</summary>
    /// <exception cref="OptionException">It cannot be read, or a line is wrong; with its number.</exception>
    public static void Apply(MachineOptions options, string file, IMachineLists lists)
    {
        string? option = null;
        StringBuilder value = new();
        string[] lines = Encoding.UTF8.GetString(UserFile.Read("-readconfig", file)).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line[0] == '[')
            {
                Finish(options, option, value, lists);
                option = Begin(line, value) ?? throw Wrong(file, i, line, $"a group is [NAME] or [NAME \"id\"]: {string.Join(", ", Groups.Keys)}");
                continue;
            }

            int equals = line.IndexOf('=');
            string text = equals < 0 ? "" : line[(equals + 1)..].Trim();
            if (option is null || equals <= 0 || text.Length < 2 || text[0] != '"' || text[^1] != '"')
                throw Wrong(file, i, line, "a line is key = \"value\" below a group");
            Add(value, line[..equals].Trim(), text[1..^1]);
        }

        Finish(options, option, value, lists);
    }

    // The option of a group; its id is the first value.
    private static string? Begin(string line, StringBuilder value)
    {
        value.Clear();
        if (line[^1] != ']')
            return null;
        string[] words = line[1..^1].Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 0 || !Groups.TryGetValue(words[0], out string? option))
            return null;
        if (words.Length == 1)
            return option;
        if (words[1].Length < 3 || words[1][0] != '"' || words[1][^1] != '"')
            return null;
        Add(value, "id", words[1][1..^1]);
        return option;
    }

    private static void Add(StringBuilder value, string key, string text) =>
        value.Append(value.Length > 0 ? "," : "").Append(key).Append('=').Append(text.Replace(",", ",,", StringComparison.Ordinal));

    private static void Finish(MachineOptions options, string? option, StringBuilder value, IMachineLists lists)
    {
        if (option is not null && value.Length > 0)
            MachineOptionTable.Find(option)!.Apply(options, value.ToString(), lists);
    }

    private static OptionException Wrong(string file, int line, string text, string fix) => new($"-readconfig {file}, line {line + 1}: '{text}' is not understood", fix);
}
