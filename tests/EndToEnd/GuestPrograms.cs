using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>Every guest program of <c>tests/Guests/x86_64</c>, natively and under the tool: same output, same end.</summary>
public sealed class GuestPrograms(ITestOutputHelper log)
{
    private static readonly Lazy<IReadOnlyDictionary<string, GuestSource>> Sources =
        new(() => GuestSource.All(Repository.GuestSources).ToDictionary(s => s.Name));

    /// <summary>The names of all guest programs and variants.</summary>
    public static TheoryData<string> Names => [.. Sources.Value.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Matches_native(string name)
    {
        GuestSource source = Sources.Value[name];
        if (source.MissingFeatures() is { Length: > 0 } missing)
        {
            log.WriteLine($"skipped: the processor lacks {missing}");
            return;
        }
        string program = GuestCompiler.Build(source);
        using TemporaryDirectory work = new();
        ProcessResult native = HostProcess.Run(new ProcessRequest { Program = program, Directory = work.Path });
        Assert.True(native.End == source.Ends && !native.Text.Contains("FAIL"), $"natively {name}: {native.End}, expected {source.Ends}\n{native.Text}\n{native.ErrorText}");
        ProcessResult ours = Tool.Run([program], directory: work.Path, timeoutSeconds: 20);
        Verdict.Check($"x86_64/{name}", Comparison.Difference(native, ours), log);
    }
}
