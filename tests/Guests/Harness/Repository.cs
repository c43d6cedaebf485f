namespace Suite.Guests;

/// <summary>Where things lie: the repository, the tools under test, the guest sources and the cache of built guests.</summary>
public static class Repository
{
    /// <summary>The directory that holds <c>Suite.sln</c>, found upwards from the test assembly.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder of the tools under test: <c>SUITE_BIN</c>, or <c>out/bin</c> of the repository.</summary>
    public static string Bin { get; } = Environment.GetEnvironmentVariable("SUITE_BIN") is { Length: > 0 } bin ? Path.GetFullPath(bin) : Path.Combine(Root, "out", "bin");

    /// <summary>The tool that most tests are of.</summary>
    public static string Emulator { get; } = ToolPath("qemu-x86_64");

    /// <summary>A tool under test.</summary>
    public static string ToolPath(string name) => Path.Combine(Bin, name);

    /// <summary>Sources of a target's guest programs.</summary>
    public static string GuestFolder(string target) => Path.Combine(Root, "tests", "Guests", target);

    /// <summary>Where built guests are kept, named by the hash of what they were built from.</summary>
    public static string GuestCache { get; } = Path.Combine(Root, "out", "guests");

    private static string FindRoot()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
            if (File.Exists(Path.Combine(d.FullName, "Suite.sln")))
                return d.FullName;
        throw new InvalidOperationException($"no Suite.sln above {AppContext.BaseDirectory}: run the tests from inside the repository");
    }
}
