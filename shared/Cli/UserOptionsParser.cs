namespace Suite.Cli;

/// <summary>
/// Reads the command line and the QEMU_* variables of a user-mode tool. Pure: writes nothing, ends nothing. The usual call, a program and its
/// arguments and no variable, touches neither the option table nor System.CommandLine: start-up is counted in tenths of a millisecond.
/// </summary>
public static class UserOptionsParser
{
    /// <summary>Reads the words of a call.</summary>
    /// <param name="args">The words after the tool's name.</param>
    /// <param name="env">Looks a variable of the host's environment up; null when not set.</param>
    /// <param name="toolName">The tool's name in texts, as in "qemu-x86_64".</param>
    /// <param name="cpuHelp">Makes the text of `-cpu help`; called only for that.</param>
    public static UserParseResult Parse(string[] args, Func<string, string?> env, string toolName, Func<string>? cpuHelp = null)
    {
        bool anyVariable = UserVariables.AnySet(env);
        if (!anyVariable && args.Length > 0 && !args[0].StartsWith('-'))
            return UserParseResult.Run(new UserOptions { Program = args[0], GuestArgs = args[1..] });
        return ParseAll(args, env, new UserOptionContext(toolName, cpuHelp));
    }

    private static UserParseResult ParseAll(string[] args, Func<string, string?> env, UserOptionContext context)
    {
        List<string> words = UserCommand.SplitOff(args, out int program);
        List<(UserOption Option, string Value)> given = [];
        if (words.Count > 0)
        {
            (given, string? error, string? fix) = UserCommand.Read(words);
            if (error is not null)
                return UserParseResult.Fail(ToolErrors.Text(context.ToolName, error, fix));
        }

        UserOptions options = new();
        foreach ((UserOption option, string variable, string value) in Variables(env, given))
        {
            if (Add(ref options, option, variable, value, context) is { } end)
                return end;
        }
        foreach ((UserOption option, string value) in given)
        {
            if (Add(ref options, option, option.Name, value, context) is { } end)
                return end;
        }

        if (program < args.Length)
            options = options with { Program = args[program], GuestArgs = args[(program + 1)..] };
        else if (!options.Coverage && options.DumpThreads is null)
            return UserParseResult.Fail(ToolErrors.Text(context.ToolName, "no program given", $"{context.ToolName} PROGRAM ARGUMENTS...") + UserHelp.Usage(context.ToolName));
        return UserParseResult.Run(options, string.Concat(options.Notes.Select(note => ToolErrors.Text(context.ToolName, note))));
    }

    /// <summary>The variables that count: those set and not overridden by an option given.</summary>
    private static IEnumerable<(UserOption Option, string Variable, string Value)> Variables(
        Func<string, string?> env, List<(UserOption Option, string Value)> given) =>
        from option in UserOptionTable.All
        where option.Accumulates || given.TrueForAll(g => g.Option != option)
        from variable in option.Variables
        let value = env(variable)
        where value is not null && (value.Length > 0 || !option.TakesValue)
        select (option, variable, value);

    /// <summary>Applies one option; the result when that ends the parsing, else null.</summary>
    private static UserParseResult? Add(ref UserOptions options, UserOption option, string source, string value, UserOptionContext context)
    {
        UserOptionOutcome outcome = option.Apply(options, value, context);
        if (outcome.Error is not null)
            return UserParseResult.Fail(ToolErrors.Text(context.ToolName, $"{source}: {outcome.Error}", outcome.Fix));
        if (outcome.Text is not null)
            return UserParseResult.Show(outcome.Text);
        options = outcome.Options!;
        return null;
    }
}
