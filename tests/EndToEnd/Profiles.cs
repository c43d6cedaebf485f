using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>-profile and -perf-map: where a guest's time goes, by function.</summary>
public sealed class Profiles(ITestOutputHelper log)
{
    [Theory]
    [InlineData("x86_64")]
    [InlineData("i386")]
    [InlineData("ppc")]
    public void The_hot_function_is_found_with_its_callers(string target)
    {
        if (Run(target, "out.folded", "plain") is not { } files)
            return;
        (string[] Path, long Samples)[] stacks = Folded(files["out.folded"]);
        long all = stacks.Where(s => s.Path[^1] is not ['[', 'e', ..] and not ['[', 's', ..]).Sum(s => s.Samples), hot = stacks.Where(s => s.Path is [.., "main", "parent_of_hot", "hot"]).Sum(s => s.Samples);
        Assert.True(all > 20, $"{all} samples");
        Assert.True(hot * 2 > all, string.Join('\n', stacks.Select(s => $"{string.Join(';', s.Path)} {s.Samples}")));
    }

    [Fact]
    public void A_flame_graph_is_well_formed_and_names_functions()
    {
        XDocument svg = XDocument.Parse(System.Text.Encoding.UTF8.GetString(Run("x86_64", "out.svg", "thread")!["out.svg"]));
        XNamespace ns = "http://www.w3.org/2000/svg";
        string[] titles = [.. svg.Descendants(ns + "title").Select(t => t.Value)];
        Assert.Contains(titles, t => t.StartsWith("hot: ", StringComparison.Ordinal));
        Assert.Contains(titles, t => t.StartsWith("work: ", StringComparison.Ordinal));
        Assert.Empty(svg.Descendants(ns + "script"));
    }

    [Fact]
    public void Speedscope_has_a_profile_for_each_thread()
    {
        JsonElement root = JsonDocument.Parse(Run("x86_64", "out.json", "thread")!["out.json"]).RootElement;
        JsonElement[] profiles = [.. root.GetProperty("profiles").EnumerateArray()];
        Assert.Equal(2, profiles.Length);
        Assert.All(profiles, p => Assert.Equal(p.GetProperty("samples").GetArrayLength(), p.GetProperty("weights").GetArrayLength()));
        Assert.Contains(root.GetProperty("shared").GetProperty("frames").EnumerateArray(), f => f.GetProperty("name").GetString() == "hot");
    }

    [Fact]
    public void Pprof_unpacks()
    {
        using GZipStream gzip = new(new MemoryStream(Run("x86_64", "out.pb.gz", "plain")!["out.pb.gz"]), CompressionMode.Decompress);
        using MemoryStream content = new();
        gzip.CopyTo(content);
        Assert.True(content.ToArray().AsSpan().IndexOf("parent_of_hot"u8) > 0);
    }

    [Fact]
    public void System_calls_are_shown_as_such()
    {
        (string[] Path, long Samples)[] stacks = Folded(Run("x86_64", "out.folded", "calls")!["out.folded"]);
        Assert.Contains(stacks, s => s.Path[^1] == "[system call access]");
    }

    [Theory]
    [InlineData("fork")]
    [InlineData("exec")]
    public void A_child_has_a_file_of_its_own(string how)
    {
        Dictionary<string, byte[]> files = Run("x86_64", "out.folded", how)!;
        Assert.Equal(2, files.Count);
        string child = files.Keys.Single(f => f != "out.folded");
        Assert.Matches(@"^out\.\d+-profile-[0-9a-f]+\.folded$", child);
        Assert.Contains(Folded(files[child]), s => s.Path[^1] == "hot");
    }

    [Fact]
    public void A_file_without_a_known_extension_is_refused() =>
        Assert.Contains("does not say which format", Tool.Run(["-profile", "out.doc", "/bin/true"]).ErrorText);

    [Fact]
    public void Perf_finds_names_for_generated_code()
    {
        ProcessResult result = Tool.Run(["-perf-map", GuestCompiler.FindInPath("sh"), "-c", "echo $$"]);
        string file = $"/tmp/perf-{result.Text.Trim()}.map";
        string[] lines = File.ReadAllLines(file);
        File.Delete(file);
        Assert.All(lines, line => Assert.Matches("^[0-9a-f]+ [0-9a-f]+ .", line));
        Assert.Contains(lines, line => line.Contains("[libc.so.6]", StringComparison.Ordinal));
    }

    private Dictionary<string, byte[]>? Run(string targetName, string file, string how)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == targetName);
        if (!target.CanBuild)
        {
            log.WriteLine($"skipped: no compiler for {targetName}");
            return null;
        }

        string program = GuestCompiler.Build(Path.Combine(Repository.GuestFolder("diagnosis"), "profile.c"), [.. target.Flags, "-O1", "-pthread"], target.CompilerPrefix);
        using TemporaryDirectory work = new();
        ProcessResult result = Tool.Run(["-profile", file, program, how], directory: work.Path, tool: target.Tool, timeoutSeconds: 120);
        Assert.Equal(("exit 0", ""), (result.End, result.ErrorText));
        return Directory.GetFiles(work.Path).ToDictionary(f => Path.GetFileName(f), File.ReadAllBytes);
    }

    private static (string[] Path, long Samples)[] Folded(byte[] content) =>
    [
        .. System.Text.Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => (line[..line.LastIndexOf(' ')].Split(';'), long.Parse(line[(line.LastIndexOf(' ') + 1)..]))),
    ];
}
