namespace Suite.Cli;

/// <summary>Exit codes of the tools themselves; otherwise a tool exits as its guest did.</summary>
public static class ExitCodes
{
    /// <summary>All well, also after help, version and lists.</summary>
    public const int Success = 0;

    /// <summary>The command line, a variable or the surroundings are wrong.</summary>
    public const int Usage = 1;

    /// <summary>The program exists and cannot be run: no permission, no executable, another machine's. As in a shell.</summary>
    public const int CannotExecute = 126;

    /// <summary>The program, or the interpreter it asks for, does not exist. As in a shell.</summary>
    public const int NotFound = 127;

    /// <summary>What a shell reports for a process ended by a signal.</summary>
    public static int Signalled(int signal) => 128 + signal;
}
