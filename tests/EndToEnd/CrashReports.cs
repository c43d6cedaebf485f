using System.Text.Json;
using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>What is printed when a guest dies of its own error, on the three targets.</summary>
public sealed class CrashReports(ITestOutputHelper log)
{
    private const int Sigill = 4, Sigabrt = 6, Sigbus = 7, Sigkill = 9, Sigsegv = 11, Sigterm = 15, Sigsys = 31;

    /// <summary>Name, how it is linked, and the guest's death: signal, code and what the report must say of the address.</summary>
    public static TheoryData<string, string, string, int, string, string> Deaths
    {
        get
        {
            TheoryData<string, string, string, int, string, string> cases = [];
            foreach (GuestTarget target in GuestTarget.All)
                foreach (string link in (string[])["", "-static"])
                {
                    cases.Add(target.Name, link, "null", Sigsegv, "SEGV_MAPERR", "0x0 (write): null pointer\n");
                    cases.Add(target.Name, link, "nulloff", Sigsegv, "SEGV_MAPERR", "0x123 (read): null pointer + 0x123\n");
                    cases.Add(target.Name, link, "ro", Sigsegv, "SEGV_ACCERR", "write to read-only mapping of ");
                    cases.Add(target.Name, link, "abort", Sigabrt, "SI_TKILL", "");
                }

            foreach (GuestTarget target in GuestTarget.All)
            {
                cases.Add(target.Name, "", "wild", Sigsegv, "SEGV_MAPERR", "not mapped (0x");
                cases.Add(target.Name, "", "heap", Sigsegv, "SEGV_MAPERR", "past the end of the heap");
                cases.Add(target.Name, "", "jump", Sigsegv, "SEGV_MAPERR", "0x20 (execution): null pointer + 0x20");
                cases.Add(target.Name, "", "data", Sigsegv, "SEGV_ACCERR", "execution of data in [heap]");
                cases.Add(target.Name, "", "sys", Sigsys, "SI_TKILL", "");
                cases.Add(target.Name, "", "bus", Sigbus, "BUS_ADRERR", "/empty+0x0");
                cases.Add(target.Name, "", "thread", Sigsegv, "SEGV_MAPERR", "null pointer");
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Deaths))]
    public void Names_signal_address_and_callers(string targetName, string link, string death, int signal, string code, string place)
    {
        if (Crash(targetName, link, [], death) is not { } result)
            return;
        Assert.Equal($"signal {signal}", result.End);
        string report = result.ErrorText;
        Assert.Equal("before\n", result.Text);
        Assert.Contains($"uncaught target signal {signal} (", report);
        Assert.Contains(code, report);
        Assert.Contains(place, report);
        int leaf = report.IndexOf(" leaf+0x", StringComparison.Ordinal), middle = report.IndexOf(" middle+0x", StringComparison.Ordinal);
        Assert.True(leaf > 0 && middle > leaf, report);
        if (death != "thread")
            Assert.True(report.IndexOf(" main+0x", StringComparison.Ordinal) > middle, report);
        if (death is not ("jump" or "data"))
            Assert.Contains("=> 0x", report);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("i386")]
    [InlineData("ppc")]
    public void A_backtrace_crosses_a_signal_frame(string target)
    {
        if (Crash(target, "", [], "handler") is not { } result)
            return;
        string[] order = [" leaf+0x", " middle+0x", " handler+0x", "<signal handler called>", " raise+0x", " main+0x"];
        int[] places = [.. order.Select(o => result.ErrorText.IndexOf(o, StringComparison.Ordinal))];
        Assert.True(places.All(p => p > 0), result.ErrorText);
        Assert.Equal(places.Order(), places);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("i386")]
    [InlineData("ppc")]
    public void A_stack_overflow_is_called_so(string target)
    {
        if (Crash(target, "", ["-s", "256k"], "stack") is not { } result)
            return;
        Assert.Contains("stack overflow", result.ErrorText);
        Assert.Contains("more of the same", result.ErrorText);
        Assert.Contains(" main+0x", result.ErrorText);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("i386")]
    [InlineData("ppc")]
    public void The_report_can_be_json(string target)
    {
        if (Crash(target, "", ["--report=json"], "null") is not { } result)
            return;
        Assert.Equal("signal 11", result.End);
        JsonElement report = JsonDocument.Parse(result.ErrorText).RootElement;
        Assert.Equal("crash", report.GetProperty("report").GetString());
        Assert.Equal("SIGSEGV", report.GetProperty("signal").GetProperty("name").GetString());
        Assert.Equal("SEGV_MAPERR", report.GetProperty("signal").GetProperty("code_name").GetString());
        Assert.Equal("leaf", report.GetProperty("pc").GetProperty("symbol").GetString());
        Assert.Equal("write", report.GetProperty("fault").GetProperty("access").GetString());
        Assert.Equal(["leaf", "middle", "main"], report.GetProperty("backtrace").EnumerateArray().Take(3).Select(f => f.GetProperty("symbol").GetString()));
        Assert.Contains(report.GetProperty("code").EnumerateArray(), line => line.GetProperty("current").GetBoolean());
        Assert.True(report.GetProperty("registers").EnumerateObject().Count() > 16);
        Assert.NotEmpty(report.GetProperty("calls").EnumerateArray());
    }

    /// <summary>What a call was given may be something else when the report is written: that used to be shown as if the call had got it.</summary>
    [Theory]
    [InlineData("x86_64")]
    [InlineData("i386")]
    [InlineData("ppc")]
    public void Last_calls_show_what_they_were_given_and_not_what_is_there_now(string target)
    {
        if (Crash(target, "", [], "calls") is not { } result)
            return;
        Assert.Contains("\"/not/there/then\"", result.ErrorText);
        Assert.Contains("\"/not/there/ever\"", result.ErrorText);
        Assert.DoesNotContain("/changed/since", result.ErrorText);
        Assert.DoesNotContain("77777", result.ErrorText);
        Assert.Matches(@"nanosleep\w*\([^{]*0x[0-9a-f]+", result.ErrorText);
    }

    [Fact]
    public void The_report_can_be_switched_off()
    {
        Assert.Equal("", Crash("x86_64", "", ["-report", "off"], "null")!.ErrorText);
        Assert.Equal("", Tool.Run([Build(GuestTarget.X64, ""), "null"], environment: new Dictionary<string, string> { ["QEMU_REPORT"] = "off" }).ErrorText);
    }

    [Fact]
    public void The_report_can_go_to_a_file()
    {
        using TemporaryDirectory work = new();
        ProcessResult result = Tool.Run(["-report", "json,file=report-%p.json", Build(GuestTarget.X64, ""), "abort"], directory: work.Path);
        Assert.Equal("", result.ErrorText);
        string file = Assert.Single(Directory.GetFiles(work.Path, "report-*.json"));
        Assert.Equal("SIGABRT", JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("signal").GetProperty("name").GetString());
    }

    [Fact]
    public void A_wrong_word_is_refused() => Assert.Contains("-report: 'loud' is not a way to report", Tool.Run(["-report", "loud", "/bin/true"]).ErrorText);

    [Theory]
    [InlineData(Sigterm)]
    [InlineData(Sigkill)]
    public void A_signal_from_outside_that_is_no_error_makes_no_report(int signal)
    {
        string script = $"kill -{signal} $$";
        ProcessResult result = Tool.Run([GuestCompiler.FindInPath("sh"), "-c", script]);
        Assert.Equal(($"signal {signal}", ""), (result.End, result.ErrorText));
    }

    [Fact]
    public void An_ignored_sigabrt_stays_ignored()
    {
        ProcessResult result = Tool.Run([GuestCompiler.FindInPath("sh"), "-c", "trap '' ABRT QUIT; kill -ABRT $$; kill -QUIT $$; echo alive"]);
        Assert.Equal(("exit 0", "alive\n"), (result.End, result.Text));
    }

    [Theory]
    [InlineData("x86_64", "Nehalem", "vaddps", "avx", "-cpu ")]
    [InlineData("ppc", "750", "vxor", "Altivec", "-cpu ")]
    public void An_illegal_instruction_names_the_feature_and_a_model_that_has_it(string targetName, string model, string mnemonic, string feature, string help)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == targetName);
        if (!CanRun(target))
            return;
        string program = GuestCompiler.Build(Path.Combine(Repository.GuestFolder("diagnosis"), "illegal.c"), [.. target.Flags, "-O1"], target.CompilerPrefix);
        ProcessResult result = Tool.Run(["-cpu", model, program], tool: target.Tool);
        Assert.Equal($"signal {Sigill}", result.End);
        Assert.Contains($"{mnemonic} needs {feature}, which -cpu {(targetName == "ppc" ? "750" : model)}", result.ErrorText);
        Assert.Contains(help, result.ErrorText);
    }

    private ProcessResult? Crash(string targetName, string link, IReadOnlyList<string> options, string death)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == targetName);
        if (!CanRun(target))
            return null;
        using TemporaryDirectory work = new();
        return Tool.Run([.. options, Build(target, link), death], directory: work.Path, tool: target.Tool);
    }

    private bool CanRun(GuestTarget target)
    {
        if (!target.CanBuild)
            log.WriteLine($"skipped: no compiler for {target.Name}");
        return target.CanBuild;
    }

    private static string Build(GuestTarget target, string link) =>
        GuestCompiler.Build(Path.Combine(Repository.GuestFolder("diagnosis"), "crash.c"), [.. target.Flags, "-O1", "-pthread", .. link.Length > 0 ? [link] : Array.Empty<string>()], target.CompilerPrefix);
}
