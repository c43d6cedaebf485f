namespace Suite.LinuxUser.Abi;

/// <summary>Names of the signal numbers; the same on x86 and PowerPC Linux (asm/signal.h).</summary>
public static class SignalNames
{
    /// <summary>First real-time signal as the kernel counts them; the C library keeps this one and the next for itself.</summary>
    public const int FirstRealTime = 32;

    /// <summary>Highest signal number.</summary>
    public const int Last = 64;

    /// <summary>
    /// The symbol: <c>SIGINT</c>, <c>SIGRTMIN</c> for 32 and <c>SIGRT_n</c> for the n-th after it, as strace writes them;
    /// the number in digits when it is no signal.
    /// </summary>
    public static string Name(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        16 => "SIGSTKFLT",
        17 => "SIGCHLD",
        18 => "SIGCONT",
        19 => "SIGSTOP",
        20 => "SIGTSTP",
        21 => "SIGTTIN",
        22 => "SIGTTOU",
        23 => "SIGURG",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        26 => "SIGVTALRM",
        27 => "SIGPROF",
        28 => "SIGWINCH",
        29 => "SIGIO",
        30 => "SIGPWR",
        31 => "SIGSYS",
        FirstRealTime => "SIGRTMIN",
        > FirstRealTime and <= Last => $"SIGRT_{signal - FirstRealTime}",
        _ => signal.ToString(),
    };

    /// <summary>The number of a signal by its name, with or without SIG, or by its digits; null when there is none.</summary>
    public static int? Parse(string name)
    {
        string full = name.StartsWith("SIG", StringComparison.Ordinal) ? name : "SIG" + name;
        for (int signal = 1; signal <= Last; signal++)
            if (Name(signal) == full || signal.ToString() == name)
                return signal;
        return null;
    }
}
