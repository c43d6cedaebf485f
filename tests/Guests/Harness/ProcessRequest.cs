namespace Suite.Guests;

/// <summary>A program to run: everything the child gets is said here, nothing is inherited but the user.</summary>
public sealed class ProcessRequest
{
    /// <summary>Path of the program.</summary>
    public required string Program { get; init; }

    /// <summary>Arguments after argv[0], which is the path.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment variables on top of <see cref="BaseEnvironment"/>.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Working directory.</summary>
    public string Directory { get; init; } = "/";

    /// <summary>File that is standard input.</summary>
    public string Input { get; init; } = "/dev/null";

    /// <summary>After this long the process and its session are killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The environment every child starts from, the same on every machine but for PATH.</summary>
    public static IReadOnlyDictionary<string, string> BaseEnvironment { get; } = new Dictionary<string, string>
    {
        ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin",
        ["HOME"] = System.Environment.GetEnvironmentVariable("HOME") ?? "/",
        ["LC_ALL"] = "C",
        ["TZ"] = "UTC",
    };
}
