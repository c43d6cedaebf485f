namespace Suite.Cli;

/// <summary>Texts of errors shown to the user: the tool, the cause, and below it what to do about it.</summary>
public static class ToolErrors
{
    /// <summary>`tool: cause`, and a line with the remedy when there is one. Ends with a line end.</summary>
    public static string Text(string tool, string cause, string? fix = null) =>
        fix is null ? $"{tool}: {cause}\n" : $"{tool}: {cause}\n  fix: {fix}\n";
}
