namespace Suite.Cli;

/// <summary>Texts of errors shown to the user: the tool, the cause, and below it what to do about it.</summary>
public static class ToolErrors
{
    /// <summary>`tool: cause`, and a line with the remedy when there is one. Ends with a line end.</summary>
    public static string Text(string tool, string cause, string? fix = null) =>
        fix is null ? $"{tool}: {cause}\n" : $"{tool}: {cause}\n  fix: {fix}\n";

    /// <summary>The program does not exist (<see cref="ExitCodes.NotFound"/>).</summary>
    public static string ProgramNotFound(string tool, string program) => program.Contains('/')
        ? Text(tool, $"{program}: no such file", "check the path; it is taken relative to the current folder")
        : Text(tool, $"{program}: not found in the current folder or in $PATH", "give its path, as in ./" + program);

    /// <summary>The program may not be executed (<see cref="ExitCodes.CannotExecute"/>).</summary>
    public static string NotExecutable(string tool, string program, string cause) =>
        Text(tool, $"{program}: cannot be executed: {cause}", $"chmod +x {program}, if it is a program");

    /// <summary>The file is no program this tool knows (<see cref="ExitCodes.CannotExecute"/>).</summary>
    /// <param name="cause">What is wrong with the file, as in "the program headers lie outside the file".</param>
    public static string BadProgram(string tool, string program, string cause) =>
        Text(tool, $"{program}: not a program that can be run: {cause}");

    /// <summary>The program was made for another machine (<see cref="ExitCodes.CannotExecute"/>).</summary>
    /// <param name="found">The machine the file names, as in "32-bit PowerPC".</param>
    /// <param name="expected">The machine of this tool.</param>
    /// <param name="rightTool">The tool that runs such files; null when there is none in the suite.</param>
    public static string WrongMachine(string tool, string program, string found, string expected, string? rightTool) =>
        Text(tool, $"{program}: made for {found}, and this tool runs programs for {expected}",
            rightTool is null ? $"a tool for {found} (the suite has none)" : $"{rightTool} {program}");

    /// <summary>The interpreter (dynamic linker) a program names was not found (<see cref="ExitCodes.NotFound"/>).</summary>
    /// <param name="searched">The paths tried, in order.</param>
    public static string InterpreterNotFound(string tool, string program, string interpreter, IReadOnlyList<string> searched) =>
        Text(tool, $"{program}: its interpreter {interpreter} was not found; searched:\n    {string.Join("\n    ", searched)}",
            "-L DIR, where DIR holds the libraries of the program's system (DIR" + interpreter + ")");
}
