namespace Suite.Cli;

/// <summary>
/// One option of the user-mode tools: everything there is to know about it, in one row of <see cref="UserOptionTable"/>.
/// </summary>
/// <param name="Names">Its spellings with one dash; the first is the one shown. Each is also taken with two dashes.</param>
/// <param name="ValueName">What its value is called in the help; null for a switch.</param>
/// <param name="Variables">Environment variables that stand for it.</param>
/// <param name="Description">One line of help.</param>
/// <param name="Apply">Adds it to the options. The value of a switch is empty.</param>
internal sealed record UserOption(string[] Names, string? ValueName, string[] Variables, string Description,
    Func<UserOptions, string, UserOptionContext, UserOptionOutcome> Apply)
{
    /// <summary>True when the command line adds to the variable's value; otherwise it replaces it.</summary>
    public bool Accumulates { get; init; }

    /// <summary>True when a value may follow, joined with an equals sign, and may be left out.</summary>
    public bool ValueIsOptional { get; init; }

    /// <summary>True when the option needs a word after it.</summary>
    public bool TakesValue => ValueName is not null && !ValueIsOptional;

    /// <summary>The spelling shown in help and errors.</summary>
    public string Name => Names[0];
}

/// <summary>What an option may want to know besides its value.</summary>
/// <param name="ToolName">Name of the tool, as in "qemu-x86_64".</param>
/// <param name="CpuHelp">Makes the text of `-cpu help`.</param>
internal sealed record UserOptionContext(string ToolName, Func<string>? CpuHelp);

/// <summary>What applying an option came to: new options, or a text to show instead of running, or an error.</summary>
internal readonly record struct UserOptionOutcome(UserOptions? Options, string? Text, string? Error, string? Fix)
{
    public static implicit operator UserOptionOutcome(UserOptions options) => new(options, null, null, null);

    public static UserOptionOutcome Show(string text) => new(null, text, null, null);

    public static UserOptionOutcome Bad(string error, string? fix = null) => new(null, null, error, fix);
}
