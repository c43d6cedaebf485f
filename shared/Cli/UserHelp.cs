using System.Text;

namespace Suite.Cli;

/// <summary>Help and version texts of the user-mode tools, made from the option table.</summary>
public static class UserHelp
{
    /// <summary>One line on how to call the tool.</summary>
    public static string Usage(string tool) => $"usage: {tool} [options] program [arguments...]\n";

    /// <summary>The text of -h.</summary>
    public static string Text(string tool)
    {
        StringBuilder text = new(Usage(tool));
        text.Append("Runs a Linux program made for another machine, or for this one.\n\n");
        text.Append($"{"Option",-24}{"Variable",-22}Meaning\n");
        foreach (UserOption option in UserOptionTable.All)
        {
            for (int i = 0; i < option.Names.Length; i++)
            {
                string left = option.ValueName is null ? option.Names[i] : option.ValueIsOptional ? $"{option.Names[i]}[={option.ValueName}]" : $"{option.Names[i]} {option.ValueName}";
                string variable = i < option.Variables.Length ? option.Variables[i] : "";
                text.Append($"{left,-24}{variable,-22}{(i == 0 ? option.Description : $"the same as {option.Name}")}\n");
            }
        }
        text.Append("\nOptions end at the first word without a dash, or at --. The command line wins over a variable;\n");
        text.Append("-E and -U are made after QEMU_SET_ENV and QEMU_UNSET_ENV, in the order given, and the last change counts.\n");
        return text.ToString();
    }

    /// <summary>The text of -version.</summary>
    public static string Version(string tool) => $"{tool} version {VersionNumber} (suite)\n";

    /// <summary>The suite's version, which stands in Directory.Build.props.</summary>
    public static string? VersionNumber => typeof(UserHelp).Assembly.GetName().Version?.ToString(3);
}
