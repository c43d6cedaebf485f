namespace Suite.Guests;

/// <summary>
/// The list <c>tests/Guests/known-failures.txt</c>, one <c>name  # reason</c> a line. A test that is not listed must pass, and a test that is listed must fail:
/// a line that has become untrue is an error too.
/// </summary>
public static class KnownFailures
{
    private static readonly Lazy<IReadOnlyDictionary<string, string>> Listed = new(() => Read(Path.Combine(Repository.Root, "tests", "Guests", "known-failures.txt")));

    /// <summary>Judges one test by what it found wrong and by the list.</summary>
    /// <param name="name">The test's name, such as <c>x86_64/futex</c>.</param>
    /// <param name="failure">What went wrong, or null.</param>
    /// <returns>The text to fail with, or null when the outcome is the expected one.</returns>
    public static string? Judge(string name, string? failure)
    {
        if (!Listed.Value.TryGetValue(name, out string? reason))
            return failure;
        return failure is null ? $"{name} passes now: take its line ({reason}) out of known-failures.txt" : null;
    }

    /// <summary>All names on the list.</summary>
    public static IEnumerable<string> Names => Listed.Value.Keys;

    /// <summary>Parses a list; lines without a reason are refused.</summary>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        Dictionary<string, string> all = new(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(path))
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            string[] parts = line.Split('#', 2, StringSplitOptions.TrimEntries);
            if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0)
                throw new InvalidDataException($"{path}: '{line}' is not 'name  # reason'");
            all.Add(parts[0], parts[1]);
        }
        return all;
    }
}
