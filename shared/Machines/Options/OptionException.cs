namespace Suite.Machines.Options;

/// <summary>A mistake in what the user wrote; told with the remedy.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="fix">What to write instead; null when the message says it.</param>
public sealed class OptionException(string message, string? fix = null) : Exception(message)
{
    public string? Fix { get; } = fix;

    /// <summary>A name that is not known, with the nearest one that is.</summary>
    public static OptionException Unknown(string what, string name, IEnumerable<string> known, string? list = null)
    {
        string[] all = [.. known];
        string? near = Cli.Spelling.Nearest(name, all);
        string fix = near is not null ? $"did you mean '{near}'?" : all.Length is > 0 and <= 16 ? $"there {(all.Length == 1 ? "is" : "are")} {string.Join(", ", all)}" : "";
        if (list is not null)
            fix = fix.Length == 0 ? $"{list} lists them" : near is not null ? $"{fix} ({list} lists them)" : fix;
        return new OptionException($"{what} '{name}' is not known", fix.Length == 0 ? null : fix);
    }
}
