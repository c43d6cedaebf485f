namespace Suite.EndToEnd;

/// <summary>Runs the tool under test.</summary>
internal static class Tool
{
    /// <summary>Runs <c>qemu-x86_64 ARGUMENTS</c>.</summary>
    public static ProcessResult Run(
        IReadOnlyList<string> arguments,
        string directory = "/",
        string input = "/dev/null",
        IReadOnlyDictionary<string, string>? environment = null,
        double timeoutSeconds = 60)
    {
        if (!File.Exists(Repository.Emulator))
            throw new InvalidOperationException($"{Repository.Emulator} does not exist: build the tools first (./build.sh) or set SUITE_BIN");
        return HostProcess.Run(new ProcessRequest
        {
            Program = Repository.Emulator,
            Arguments = arguments,
            Directory = directory,
            Input = input,
            Environment = environment ?? new Dictionary<string, string>(),
            Timeout = TimeSpan.FromSeconds(timeoutSeconds),
        });
    }
}
