using System.Diagnostics;

namespace Suite.Tests.Devices;

/// <summary>A directory for images, and the installed qemu-img as a second opinion.</summary>
internal sealed class BlockBench : IDisposable
{
    private const string Tool = "/usr/bin/qemu-img";

    public string Folder { get; } = Directory.CreateTempSubdirectory("suite-block-").FullName;

    /// <summary>False where qemu-img is not installed.</summary>
    public static bool HasTool => File.Exists(Tool);

    public string this[string name] => Path.Combine(Folder, name);

    /// <summary>Runs qemu-img.</summary>
    public static (int Status, string Output) Img(params string[] arguments)
    {
        ProcessStartInfo start = new(Tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    /// <summary>Asserts that qemu-img finds nothing wrong; leaks are no harm after a crash.</summary>
    public static void AssertSound(string image, bool mayLeak = false)
    {
        if (!HasTool)
            return;
        (int status, string output) = Img("check", image);
        const int leaked = 3;
        Assert.True(status == 0 || (mayLeak && status == leaked), output);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
