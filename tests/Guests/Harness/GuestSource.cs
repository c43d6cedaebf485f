using System.Text.RegularExpressions;

namespace Suite.Guests;

/// <summary>
/// A guest program's source and what its leading <c>// key: value</c> lines say. <c>cc: FLAGS</c> builds it once; <c>cc[name]: FLAGS</c>, repeated, builds one variant each.
/// <c>also: target ...</c> names other targets that the same source is built for. <c>needs: flag ...</c> names /proc/cpuinfo flags without which it is skipped; <c>ends: exit N</c> or <c>ends: signal N</c> says how it ends (default <c>exit 0</c>).
/// </summary>
public sealed partial class GuestSource
{
    private GuestSource(string path, string variant, string flags, string ends, IReadOnlyList<string> needs, IReadOnlyList<string> also)
    {
        SourcePath = path;
        Name = Path.GetFileNameWithoutExtension(path) + (variant.Length == 0 ? "" : $"[{variant}]");
        Flags = flags.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Ends = ends;
        Needs = needs;
        Also = also;
    }

    /// <summary>File name without extension, then the variant in brackets if it has several.</summary>
    public string Name { get; }

    /// <summary>The source file.</summary>
    public string SourcePath { get; }

    /// <summary>Compiler flags.</summary>
    public IReadOnlyList<string> Flags { get; }

    /// <summary>The end that is right: <see cref="ProcessResult.End"/> of the native run.</summary>
    public string Ends { get; }

    /// <summary>Processor features it needs.</summary>
    public IReadOnlyList<string> Needs { get; }

    /// <summary>Targets besides its folder's that it is built for.</summary>
    public IReadOnlyList<string> Also { get; }

    /// <summary>The needed processor features this machine lacks, or an empty text.</summary>
    public string MissingFeatures()
    {
        string line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        HashSet<string> flags = [.. line.Split([' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries)];
        return string.Join(' ', Needs.Where(n => !flags.Contains(n)));
    }

    /// <summary>Whether the source lies in the target's own folder.</summary>
    public bool IsIn(GuestTarget target) => Path.GetFileName(Path.GetDirectoryName(SourcePath)) == target.Name;

    /// <summary>
    /// The right output of a program that cannot run natively: the file <c>NAME.expected</c> beside the source, or what a program that
    /// checks itself prints last.
    /// </summary>
    public string ExpectedOutput()
    {
        string file = Path.ChangeExtension(SourcePath, ".expected");
        return File.Exists(file) ? File.ReadAllText(file, System.Text.Encoding.Latin1) : "done, 0 failures\n";
    }

    /// <summary>All guest programs in a folder, by name.</summary>
    public static IReadOnlyList<GuestSource> All(string folder) =>
        [.. Directory.EnumerateFiles(folder).Where(f => Path.GetExtension(f) is ".c" or ".S" or ".cc").SelectMany(Read).OrderBy(s => s.Name, StringComparer.Ordinal)];

    private static IEnumerable<GuestSource> Read(string path)
    {
        string ends = "exit 0";
        string[] needs = [];
        string[] also = [];
        List<(string Variant, string Flags)> builds = [];
        foreach (string line in File.ReadLines(path).TakeWhile(l => l.StartsWith("//", StringComparison.Ordinal)))
        {
            Match m = HeaderLine().Match(line);
            if (!m.Success)
                continue;
            string value = m.Groups["value"].Value.Trim();
            switch (m.Groups["key"].Value)
            {
                case "cc":
                    builds.Add((m.Groups["variant"].Value, value));
                    break;
                case "ends":
                    ends = value;
                    break;
                case "also":
                    also = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    break;
                case "needs":
                    needs = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    break;
            }
        }
        if (builds.Count == 0)
            throw new InvalidDataException($"{path}: no '// cc:' line at its head");
        return builds.Select(b => new GuestSource(path, b.Variant, b.Flags, ends, needs, also));
    }

    [GeneratedRegex(@"^// (?<key>cc|ends|needs|also)(\[(?<variant>[^\]]*)\])?:(?<value>.*)$")]
    private static partial Regex HeaderLine();
}
