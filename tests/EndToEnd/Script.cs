namespace Suite.EndToEnd;

/// <summary>A bash script of <c>tests/Guests/programs</c> that exercises programs of the machine; its first line is <c># needs: program ...</c>.</summary>
/// <param name="Name">File name without extension.</param>
/// <param name="Path">The file.</param>
/// <param name="Missing">Needed programs that are not installed.</param>
internal sealed record Script(string Name, string Path, IReadOnlyList<string> Missing)
{
    private const string NeedsPrefix = "# needs:";

    /// <summary>The folder of scripts.</summary>
    public static string Folder { get; } = System.IO.Path.Combine(Repository.Root, "tests", "Guests", "programs");

    /// <summary>All scripts, by name.</summary>
    public static IEnumerable<Script> All() => Directory.EnumerateFiles(Folder, "*.sh").Order(StringComparer.Ordinal).Select(Read);

    private static Script Read(string path)
    {
        string first = File.ReadLines(path).First();
        if (!first.StartsWith(NeedsPrefix, StringComparison.Ordinal))
            throw new InvalidDataException($"{path}: the first line has to be '{NeedsPrefix} program ...'");
        string[] needs = first[NeedsPrefix.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Script(System.IO.Path.GetFileNameWithoutExtension(path), path, [.. needs.Where(n => GuestCompiler.Locate(n) is null)]);
    }
}
