using System.Security.Cryptography;
using System.Text;

namespace Suite.Guests;

/// <summary>Builds guest programs with the machine's gcc and keeps them under a name made of the hash of source, headers beside it and flags.</summary>
public static class GuestCompiler
{
    /// <summary>The path of the built program, from the cache when nothing it depends on has changed.</summary>
    /// <exception cref="InvalidOperationException">gcc refused; the message holds what it said.</exception>
    public static string Build(GuestSource source, GuestTarget target) => Build(source.SourcePath, [.. target.Flags, .. source.Flags], target.CompilerPrefix);

    /// <summary>Builds one source file with the given flags.</summary>
    /// <exception cref="InvalidOperationException">gcc refused; the message holds what it said.</exception>
    /// <param name="sourcePath">The file.</param>
    /// <param name="flags">For the compiler; libraries go behind the source.</param>
    /// <param name="prefix">What stands before gcc and g++ in the compiler's name.</param>
    public static string Build(string sourcePath, IReadOnlyList<string> flags, string prefix = "")
    {
        string folder = Path.GetDirectoryName(sourcePath)!;
        string target = Path.Combine(Repository.GuestCache, $"{Path.GetFileNameWithoutExtension(sourcePath)}-{Key(sourcePath, folder, [prefix, .. flags])}");
        if (File.Exists(target))
            return target;
        Directory.CreateDirectory(Repository.GuestCache);
        // Built beside and renamed, so that two runs at once never see half a program.
        string fresh = $"{target}.{Guid.NewGuid():N}";
        string[] libraries = [.. flags.Where(f => f.StartsWith("-l", StringComparison.Ordinal))];
        ProcessResult gcc = HostProcess.Run(new ProcessRequest
        {
            Program = FindInPath(prefix + (Path.GetExtension(sourcePath) == ".cc" ? "g++" : "gcc")),
            Arguments = ["-Wall", .. flags.Where(f => !libraries.Contains(f)), "-o", fresh, sourcePath, .. libraries],
            Directory = folder,
            Timeout = TimeSpan.FromMinutes(5),
        });
        if (gcc.ExitCode != 0)
            throw new InvalidOperationException($"{prefix}gcc {string.Join(' ', flags)} {sourcePath}: {gcc.End}\n{gcc.ErrorText}");
        File.Move(fresh, target, overwrite: true);
        return target;
    }

    /// <summary>The full path of a program of the machine.</summary>
    /// <exception cref="InvalidOperationException">It is not installed.</exception>
    public static string FindInPath(string program) =>
        Locate(program) ?? throw new InvalidOperationException($"{program} is not installed");

    /// <summary>The full path of a program of the machine, or null.</summary>
    public static string? Locate(string program) =>
        ProcessRequest.BaseEnvironment["PATH"].Split(':').Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists);

    private static string Key(string sourcePath, string folder, IReadOnlyList<string> flags)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.ReadAllBytes(sourcePath));
        foreach (string header in Directory.EnumerateFiles(folder, "*.h").Order(StringComparer.Ordinal))
            hash.AppendData(File.ReadAllBytes(header));
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\0', flags)));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
