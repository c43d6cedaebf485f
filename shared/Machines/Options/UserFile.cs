namespace Suite.Machines.Options;

/// <summary>Small files that options name, read or written as a whole; what goes wrong names the option.</summary>
public static class UserFile
{
    /// <summary>A file's bytes.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">As the user wrote it.</param>
    /// <exception cref="OptionException">It cannot be read; with the cause.</exception>
    public static byte[] Read(string option, string path) => Try(option, path, "read", () => File.ReadAllBytes(path));

    /// <summary>Makes a file, or replaces its contents.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">As the user wrote it.</param>
    /// <param name="text">What it shall hold.</param>
    /// <exception cref="OptionException">It cannot be written; with the cause.</exception>
    public static void Write(string option, string path, string text) => Try(option, path, "write", () =>
    {
        File.WriteAllText(path, text);
        return 0;
    });

    private static T Try<T>(string option, string path, string verb, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string cause = e switch
            {
                FileNotFoundException or DirectoryNotFoundException => "there is no such file or folder",
                _ when Directory.Exists(path) => "it is a folder",
                UnauthorizedAccessException => "permission denied",
                _ => e.Message,
            };
            throw new OptionException($"{option}: cannot {verb} {path}: {cause}");
        }
    }
}
