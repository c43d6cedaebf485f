using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>Programs of the machine itself, driven by scripts that run natively and under the tool (the shell and all it starts): same output, same end.</summary>
public sealed class RealPrograms(ITestOutputHelper log)
{
    [Theory]
    [ScriptData]
    [MissingScriptData]
    public void Match_native(string name)
    {
        string script = Path.Combine(Script.Folder, name + ".sh");
        using TemporaryDirectory nativeWork = new();
        using TemporaryDirectory ourWork = new();
        ProcessResult native = HostProcess.Run(new ProcessRequest { Program = "/bin/bash", Arguments = [script], Directory = Prepare(nativeWork) });
        Assert.False(native.TimedOut, $"{name} does not end natively");
        ProcessResult ours = Tool.Run(["/bin/bash", script], Prepare(ourWork), timeoutSeconds: 60);
        Verdict.Check($"programs/{name}", Comparison.Difference(native, ours), log);
    }

    /// <summary>A place inside the temporary directory with the same last name for both runs, since some programs print it.</summary>
    private static string Prepare(TemporaryDirectory directory) => Directory.CreateDirectory(directory.File("work")).FullName;
}
