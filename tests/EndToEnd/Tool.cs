namespace Suite.EndToEnd;

/// <summary>Runs the tool under test.</summary>
internal static class Tool
{
    /// <summary>Runs <c>qemu-x86_64 ARGUMENTS</c>, or another tool.</summary>
    public static ProcessResult Run(
        IReadOnlyList<string> arguments,
        string directory = "/",
        string input = "/dev/null",
        IReadOnlyDictionary<string, string>? environment = null,
        double timeoutSeconds = 60,
        string tool = "qemu-x86_64")
    {
        string path = Repository.ToolPath(tool);
        if (!File.Exists(path))
            throw new InvalidOperationException($"{path} does not exist: build the tools first (./build.sh) or set SUITE_BIN");
        return HostProcess.Run(new ProcessRequest
        {
            Program = path,
            Arguments = arguments,
            Directory = directory,
            Input = input,
            Environment = environment ?? new Dictionary<string, string>(),
            Timeout = TimeSpan.FromSeconds(timeoutSeconds),
        });
    }
}
