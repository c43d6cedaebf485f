using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Suite.Cli;
using Xunit.Abstractions;

namespace Suite.Tests;

/// <summary>The rules of the house that a compiler does not check: layers, sizes, documents.</summary>
public sealed partial class RepoTests(ITestOutputHelper output)
{
    private const int ProgramLimit = 30, LongFile = 1000, TooLongFile = 1500;

    private static readonly string Root = FindRoot();

    // Project -> what it may reference. Guests are looked up as Guest.*, tools and tests have rules of their own.
    private static readonly Dictionary<string, string[]> AllowedReferences = new()
    {
        ["Host"] = [],
        ["Jit"] = ["Host"],
        ["Guest.*"] = ["Jit", "Host"],
        ["LinuxUser"] = ["Jit", "Host"],
        ["Cli"] = ["Host"],
        ["Gdb"] = [],
        ["UserMode.X86"] = ["UserMode", "Guest.X86", "Gdb", "LinuxUser", "Jit", "Host"],
        ["UserMode"] = ["LinuxUser", "Gdb", "Cli", "Jit", "Host"],
        ["Devices"] = ["Host"],
        ["PcBios"] = ["Devices", "Host"],
        ["Machines"] = ["Devices", "Gdb", "Cli", "Jit", "Host"],
        ["Machines.X86"] = ["Machines", "PcBios", "Guest.X86", "Devices", "Gdb", "Cli", "Jit", "Host"],
    };

    [Fact]
    public void Layers_point_one_way()
    {
        List<string> wrong = [];
        foreach (string project in Projects("shared").Concat(Projects("pc-bios")))
        {
            string name = Short(project);
            string[] allowed = AllowedReferences.GetValueOrDefault(name.StartsWith("Guest.") ? "Guest.*" : name) ?? throw new InvalidOperationException($"{name}: no rule; add one here");
            wrong.AddRange(References(project).Except(allowed).Select(r => $"{name} -> {r}"));
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_tool_references_only_its_own_guest()
    {
        foreach (string project in Projects("tools"))
        {
            string[] references = [.. References(project)];
            Assert.True(references.Count(r => r.StartsWith("Guest.")) <= 1, $"{Short(project)} references {string.Join(", ", references)}");
            Assert.All(references, r => Assert.False(r.StartsWith("qemu-"), $"{Short(project)} references the tool {r}"));
        }
    }

    [Fact]
    public void Only_Host_imports_native_functions()
    {
        IEnumerable<string> offenders =
            from file in Sources("shared", "tools")
            where !file.StartsWith("shared/Host/") && NativeImport().IsMatch(File.ReadAllText(Path.Combine(Root, file)))
            select file;
        Assert.Empty(offenders);
    }

    [Fact]
    public void A_tool_starts_in_a_short_file()
    {
        foreach (string file in Sources("tools").Where(f => Path.GetFileName(f) == "Program.cs"))
            Assert.True(Lines(file) < ProgramLimit, $"{file} has {Lines(file)} lines; under {ProgramLimit} are allowed");
    }

    [Fact]
    public void Files_can_be_read_by_one_person()
    {
        string[] handWritten = [.. Sources("shared", "tools", "tests").Where(f => !f.EndsWith(".g.cs"))];
        foreach (string file in handWritten.Where(f => Lines(f) > LongFile))
            output.WriteLine($"warning: {file} has {Lines(file)} lines");
        Assert.DoesNotContain(handWritten, f => Lines(f) > TooLongFile);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("ARCHITECTURE.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("docs/qemu-x86_64.md")]
    [InlineData("docs/qemu-i386.md")]
    [InlineData("docs/adr/README.md")]
    public void Every_path_in_the_documents_exists(string document)
    {
        string text = File.ReadAllText(Path.Combine(Root, document));
        string folder = Path.GetDirectoryName(Path.Combine(Root, document))!;
        IEnumerable<string> links = MarkdownLink().Matches(text).Select(m => m.Groups[1].Value).Where(l => !l.Contains("://")).Select(l => Path.Combine(folder, l));
        IEnumerable<string> paths = CodeSpan().Matches(text).Select(m => m.Groups[1].Value).Where(IsRepositoryPath).Select(p => Path.Combine(Root, p));
        string[] dead = [.. links.Concat(paths).Where(p => !Path.Exists(p))];
        Assert.Empty(dead);
    }

    [Fact]
    public void Every_option_and_variable_is_in_the_manual()
    {
        string manual = File.ReadAllText(Path.Combine(Root, "docs/qemu-x86_64.md"));
        IEnumerable<string> missing =
            from option in UserOptionTable.All
            from name in option.Names.Select(n => "`" + n).Concat(option.Variables.Select(v => $"| {v} |"))
            where !Regex.IsMatch(manual, Regex.Escape(name) + (name[0] == '`' ? "[ `]" : ""))
            select name;
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_decision_is_in_the_index()
    {
        string index = File.ReadAllText(Path.Combine(Root, "docs/adr/README.md"));
        IEnumerable<string> decisions = Directory.GetFiles(Path.Combine(Root, "docs/adr"), "*.md").Select(p => Path.GetFileName(p)).Where(n => n != "README.md");
        Assert.All(decisions, name => Assert.Contains($"({name})", index));
    }

    [Fact]
    public void The_changelog_starts_with_what_is_unreleased()
    {
        string first = File.ReadLines(Path.Combine(Root, "CHANGELOG.md")).First(l => l.StartsWith("## "));
        Assert.Equal("## [Unreleased]", first);
    }

    [SupportedOSPlatform("linux")]
    [Theory]
    [InlineData("build.sh")]
    [InlineData("run.sh")]
    [InlineData("test.sh")]
    [InlineData("tests/i386-userland.sh")]
    [InlineData(".ci/run")]
    public void Scripts_are_executable(string script) => Assert.True(File.GetUnixFileMode(Path.Combine(Root, script)).HasFlag(UnixFileMode.UserExecute));

    private static IEnumerable<string> Projects(string folder)
    {
        string path = Path.Combine(Root, folder);
        return Directory.Exists(path) ? Directory.GetFiles(path, "*.csproj", SearchOption.AllDirectories) : [];
    }

    private static string Short(string project) => Path.GetFileNameWithoutExtension(project).Replace("Suite.", "");

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(project).Descendants("ProjectReference").Select(r => Short(r.Attribute("Include")!.Value));

    /// <summary>C# files below these folders, relative to the root with forward slashes, without build output.</summary>
    private static IEnumerable<string> Sources(params string[] folders) =>
        from folder in folders
        from path in Directory.GetFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        let file = Path.GetRelativePath(Root, path)
        where !BuildOutput().IsMatch(file)
        select file;

    private static int Lines(string file) => File.ReadLines(Path.Combine(Root, file)).Count();

    /// <summary>A code span that names something of the repository: below one of its folders, or a script or document at its root.</summary>
    private static bool IsRepositoryPath(string text) => RepositoryPath().IsMatch(text) && !text.StartsWith("out/");

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Suite.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("Suite.sln not found above the test's folder");
    }

    [GeneratedRegex(@"\[(LibraryImport|DllImport)\b")]
    private static partial Regex NativeImport();

    [GeneratedRegex(@"(^|/)(bin|obj)/")]
    private static partial Regex BuildOutput();

    [GeneratedRegex(@"\]\(([^)#]+)[^)]*\)")]
    private static partial Regex MarkdownLink();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"^((shared|tools|tests|docs|pc-bios|\.ci)(/[\w.\-]+)*/?|(\./)?[\w.]+\.(sh|md|sln|props|json))$")]
    private static partial Regex RepositoryPath();
}
