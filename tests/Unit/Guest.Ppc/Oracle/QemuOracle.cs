using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Suite.Tests.Guest.Ppc;

/// <summary>A small freestanding guest program that executes instructions from records, run by the installed qemu-ppc.</summary>
internal static class QemuOracle
{
    /// <summary>Builds the program and feeds it the records; the result has as many bytes.</summary>
    /// <param name="source">Name of the source file beside the caller's.</param>
    /// <param name="compilerOptions">For the cross compiler.</param>
    /// <param name="model">For qemu-ppc's -cpu.</param>
    /// <param name="records">Input of the program.</param>
    /// <param name="caller">Filled in by the compiler.</param>
    public static byte[] Run(string source, string[] compilerOptions, string model, byte[] records, [CallerFilePath] string caller = "")
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ppc-oracle");
        try
        {
            string program = Path.Combine(folder.FullName, "oracle");
            string path = Path.Combine(Path.GetDirectoryName(caller)!, source);
            Execute("powerpc-linux-gnu-gcc", ["-O1", "-static", "-nostdlib", "-ffreestanding", .. compilerOptions, "-o", program, path], []);
            byte[] results = Execute("qemu-ppc", ["-cpu", model, program], records);
            Assert.Equal(records.Length, results.Length);
            return results;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static byte[] Execute(string file, string[] arguments, byte[] input)
    {
        using Process process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task feed = Task.Run(() =>
        {
            using Stream to = process.StandardInput.BaseStream;
            to.Write(input);
        });
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{file} {string.Join(' ', arguments)}: {process.ExitCode}\n{errors.Result}");
        feed.Wait();
        return output.ToArray();
    }
}
