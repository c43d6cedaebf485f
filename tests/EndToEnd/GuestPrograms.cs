using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>Every guest program of <c>tests/Guests</c>, under the tool of its target: the output and the end that the native run shows, or what stands beside the source.</summary>
public sealed class GuestPrograms(ITestOutputHelper log)
{
    private static readonly Lazy<IReadOnlyDictionary<string, (GuestTarget Target, GuestSource Source)>> Sources = new(() =>
        (from target in GuestTarget.All from source in target.Sources().Values select (target, source)).ToDictionary(p => $"{p.target.Name}/{p.source.Name}"));

    /// <summary>The names of all guest programs and variants, as in <c>x86_64/futex</c>.</summary>
    public static TheoryData<string> Names => [.. Sources.Value.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Matches_reference(string name)
    {
        (GuestTarget target, GuestSource source) = Sources.Value[name];
        if (source.MissingFeatures() is { Length: > 0 } missing)
        {
            log.WriteLine($"skipped: the processor lacks {missing}");
            return;
        }
        if (!target.CanBuild)
        {
            log.WriteLine($"skipped: {target.CompilerPrefix}gcc or {target.CompilerPrefix}g++ is not installed{(target.Needs is { } file ? $", or {file} is not there" : "")}");
            return;
        }
        string program = GuestCompiler.Build(source, target);
        using TemporaryDirectory work = new();
        ProcessResult ours;
        string? difference;
        if (!target.IsNative && source.IsIn(target))
        {
            ours = Tool.Run([program], directory: work.Path, timeoutSeconds: 60, tool: target.Tool);
            difference = Comparison.Difference(source.Ends, source.ExpectedOutput(), ours);
        }
        else
        {
            string reference = target.IsNative ? program : GuestCompiler.Build(source, GuestTarget.X64);
            ProcessResult native = HostProcess.Run(new ProcessRequest { Program = reference, Directory = work.Path });
            Assert.True(native.End == source.Ends && !native.Text.Contains("FAIL"), $"natively {name}: {native.End}, expected {source.Ends}\n{native.Text}\n{native.ErrorText}");
            ours = Tool.Run([program], directory: work.Path, timeoutSeconds: target.IsNative ? 20 : 60, tool: target.Tool);
            difference = Comparison.Difference(native, ours);
        }

        Verdict.Check(name, difference, log);
    }
}
