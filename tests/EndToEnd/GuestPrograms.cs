using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>Every guest program of <c>tests/Guests</c>, natively and under the tool of its target: same output, same end.</summary>
public sealed class GuestPrograms(ITestOutputHelper log)
{
    private static readonly Lazy<IReadOnlyDictionary<string, (GuestTarget Target, GuestSource Source)>> Sources = new(() =>
        (from target in GuestTarget.All from source in target.Sources().Values select (target, source)).ToDictionary(p => $"{p.target.Name}/{p.source.Name}"));

    /// <summary>The names of all guest programs and variants, as in <c>x86_64/futex</c>.</summary>
    public static TheoryData<string> Names => [.. Sources.Value.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Matches_native(string name)
    {
        (GuestTarget target, GuestSource source) = Sources.Value[name];
        if (source.MissingFeatures() is { Length: > 0 } missing)
        {
            log.WriteLine($"skipped: the processor lacks {missing}");
            return;
        }
        string program = GuestCompiler.Build(source, target);
        using TemporaryDirectory work = new();
        ProcessResult native = HostProcess.Run(new ProcessRequest { Program = program, Directory = work.Path });
        Assert.True(native.End == source.Ends && !native.Text.Contains("FAIL"), $"natively {name}: {native.End}, expected {source.Ends}\n{native.Text}\n{native.ErrorText}");
        ProcessResult ours = Tool.Run([program], directory: work.Path, timeoutSeconds: 20, tool: target.Tool);
        Verdict.Check(name, Comparison.Difference(native, ours), log);
    }
}
