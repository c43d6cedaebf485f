using System.Diagnostics.CodeAnalysis;

namespace Suite.Cli;

/// <summary>
/// What a command line came to: options to run with, or an exit code. The caller writes the texts (either may be empty) in both cases.
/// </summary>
/// <param name="Options">What to do; null when the tool shall exit now with <paramref name="ExitCode"/>.</param>
public sealed record UserParseResult(UserOptions? Options, int ExitCode, string Stdout, string Stderr)
{
    /// <summary>True when there is something to run.</summary>
    [MemberNotNullWhen(true, nameof(Options))]
    public bool ShallRun => Options is not null;

    internal static UserParseResult Run(UserOptions options, string stderr = "") => new(options, ExitCodes.Success, "", stderr);

    internal static UserParseResult Show(string text) => new(null, ExitCodes.Success, text, "");

    internal static UserParseResult Fail(string text) => new(null, ExitCodes.Usage, "", text);
}
