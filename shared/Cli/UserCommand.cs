using System.CommandLine;
using System.CommandLine.Parsing;

namespace Suite.Cli;

/// <summary>
/// The option table as a System.CommandLine command. It has no positional argument and no bundling, for with either a mistyped option is silently taken
/// for something else ("-strac" for "-s trac"); and it sees only the tool's own words, never the guest's.
/// </summary>
internal static class UserCommand
{
    /// <summary>The options given, in order, with their values; or the first error.</summary>
    /// <param name="words">The words before the program, as <see cref="SplitOff"/> left them.</param>
    public static (List<(UserOption Option, string Value)> Given, string? Error, string? Fix) Read(List<string> words)
    {
        List<(UserOption, string)> given = [];
        ParseResult result = Build().Parse(words, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (result.UnmatchedTokens.Count > 0)
            return (given, $"unknown option '{result.UnmatchedTokens[0]}'", Suggest(result.UnmatchedTokens[0]));
        if (result.Errors.Count > 0)
            return (given, result.Errors[0].Message.TrimEnd('.'), null);
        foreach (Token token in result.Tokens)
        {
            if (token.Type == TokenType.Option)
                given.Add((UserOptionTable.Find(token.Value)!, ""));
            else
                given[^1] = (given[^1].Item1, token.Value);
        }
        return (given, null, null);
    }

    /// <summary>
    /// Cuts the guest's words off. An option and its value become one word "-0=-bash", so that a value may begin with a dash.
    /// </summary>
    /// <param name="program">Index of the program in <paramref name="args"/>; its length when there is none.</param>
    public static List<string> SplitOff(string[] args, out int program)
    {
        List<string> words = [];
        int i = 0;
        for (; i < args.Length && args[i].Length > 1 && args[i][0] == '-'; i++)
        {
            if (args[i] == "--")
            {
                i++;
                break;
            }
            words.Add(args[i]);
            if (UserOptionTable.Find(args[i]) is not { TakesValue: true } || i + 1 == args.Length)
                continue;
            i++;
            if (args[i].Length == 0)
                words.Add(""); // "-0=" would count as a missing value.
            else
                words[^1] += "=" + args[i];
        }
        program = i;
        return words;
    }

    private static Command Build()
    {
        Command command = new("user");
        foreach (UserOption option in UserOptionTable.All)
        {
            IEnumerable<string> aliases = option.Names.Skip(1).Concat(option.Names.Select(n => "-" + n));
            command.Options.Add(option.ValueName is not null
                ? new Option<string[]>(option.Name, [.. aliases]) { Arity = option.TakesValue ? ArgumentArity.OneOrMore : ArgumentArity.ZeroOrMore }
                : new Option<bool>(option.Name, [.. aliases]) { Arity = ArgumentArity.Zero });
        }
        return command;
    }

    private static string Suggest(string word)
    {
        string name = word.StartsWith("--", StringComparison.Ordinal) ? word[1..] : word;
        return Spelling.Nearest(name, UserOptionTable.All.SelectMany(o => o.Names)) is { } near
            ? $"did you mean '{near}'? (-h lists the options)"
            : "-h lists the options";
    }
}
