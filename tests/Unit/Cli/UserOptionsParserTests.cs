using Suite.Cli;
using Suite.Host.Diagnostics;

namespace Suite.Tests.Cli;

public sealed class UserOptionsParserTests
{
    private const string Tool = "qemu-x86_64";

    [Fact]
    public void A_program_and_its_words_need_no_option_parsing()
    {
        UserOptions options = Run("/bin/ls", "-l", "--", "-L", "x");
        Assert.Equal("/bin/ls", options.Program);
        Assert.Equal(["-l", "--", "-L", "x"], options.GuestArgs);
        Assert.Equal(UserOptions.DefaultStackSize, options.StackSize);
        Assert.Equal(LogItems.None, options.LogItems);
    }

    [Fact]
    public void The_usual_call_does_not_load_System_CommandLine()
    {
        // In a load context of its own: other tests of this process have loaded the library long ago.
        var context = new System.Runtime.Loader.AssemblyLoadContext("fast path", isCollectible: false);
        List<string> asked = [];
        context.Resolving += (_, name) => { asked.Add(name.Name!); return null; };
        var parser = context.LoadFromAssemblyPath(typeof(UserOptionsParser).Assembly.Location).GetType(typeof(UserOptionsParser).FullName!)!;
        Func<string, string?> env = _ => null;
        object result = parser.GetMethod(nameof(UserOptionsParser.Parse))!.Invoke(null, [new[] { "prog", "-x" }, env, Tool, null])!;
        Assert.NotNull(result);
        Assert.DoesNotContain(context.Assemblies, a => a.GetName().Name == "System.CommandLine");
        Assert.DoesNotContain("System.CommandLine", asked);
    }

    [Theory]
    [InlineData("-strace")]
    [InlineData("--strace")]
    public void Options_take_one_dash_or_two(string word) => Assert.True(Run(word, "p").Strace);

    [Fact]
    public void All_values_arrive()
    {
        UserOptions o = Run("-L", "/a", "-L", "/b", "-cpu", "max,-avx", "-0", "-bash", "-s", "64k", "-B", "0x10000", "-R", "4G", "-r", "6.1.0", "-d", "in_asm,trace:x*",
            "-D", "log.%d", "-dfilter", "0x10+4", "-one-insn-per-tb", "-seed", "7", "-tb-size", "64", "prog", "a", "-b");
        Assert.Equal(["/a", "/b"], o.Prefixes);
        Assert.Equal("max,-avx", o.Cpu);
        Assert.Equal("-bash", o.Argv0);
        Assert.Equal(65536UL, o.StackSize);
        Assert.Equal(0x10000UL, o.GuestBase);
        Assert.Equal(4UL << 30, o.ReservedSize);
        Assert.Equal("6.1.0", o.KernelRelease);
        Assert.Equal(LogItems.InAsm, o.LogItems);
        Assert.Equal(["x*"], o.TracePatterns);
        Assert.Equal("log.%d", o.LogFile);
        Assert.True(o.LogFilter!.Contains(0x13));
        Assert.True(o.OneInstructionPerBlock);
        Assert.Equal(7UL, o.Seed);
        Assert.Equal(64UL << 20, o.CodeCacheSize);
        Assert.Equal("prog", o.Program);
        Assert.Equal(["a", "-b"], o.GuestArgs);
    }

    [Fact]
    public void Singlestep_is_the_old_name() => Assert.True(Run("-singlestep", "p").OneInstructionPerBlock);

    [Theory]
    [InlineData("")]
    [InlineData("-L")]
    [InlineData("--")]
    [InlineData("a=b:c")]
    [InlineData(":x")]
    [InlineData("@file")]
    [InlineData("\"two words\"")]
    public void A_value_may_be_any_word(string value)
    {
        UserOptions o = Run("-0", value, "-strace", "p");
        Assert.Equal((value, true, "p"), (o.Argv0, o.Strace, o.Program));
    }

    [Fact]
    public void Environment_changes_keep_the_order_of_both_options()
    {
        UserOptions o = Run("-E", "a=1,b=x=y", "-U", "a,c", "-E", "a=", "p");
        Assert.Equal([new("a", "1"), new("b", "x=y"), new("a", null), new("c", null), new("a", "")], o.Environment);
    }

    [Theory]
    [InlineData("-E", "novalue")]
    [InlineData("-E", "a=1,")]
    [InlineData("-E", "=1")]
    [InlineData("-E", "")]
    [InlineData("-U", "a=1")]
    [InlineData("-U", "")]
    [InlineData("-s", "8q")]
    [InlineData("-s", "0")]
    [InlineData("-s", "-1")]
    [InlineData("-s", "99999999999999999999")]
    [InlineData("-s", "18446744073709551615G")]
    [InlineData("-s", "2048G")]
    [InlineData("-B", "here")]
    [InlineData("-R", "M")]
    [InlineData("-seed", "x")]
    [InlineData("-tb-size", "0")]
    [InlineData("-tb-size", "4096")]
    [InlineData("-d", "in_asm,bogus")]
    [InlineData("-dfilter", "0x1000")]
    [InlineData("-g", "65536")]
    [InlineData("-g", ",wait=off")]
    [InlineData("-g", "1234,wait")]
    public void A_bad_value_is_named_with_its_option(string option, string value)
    {
        UserParseResult result = Parse(option, value, "prog");
        Assert.Null(result.Options);
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Stdout);
        Assert.StartsWith($"{Tool}: {option}: ", result.Stderr);
    }

    [Theory]
    [InlineData("-strac", "-strace")]
    [InlineData("--strac", "-strace")]
    [InlineData("-dfliter", "-dfilter")]
    [InlineData("-versoin", "-version")]
    [InlineData("-one-insn", null)]
    [InlineData("-foobar", null)]
    [InlineData("-s8M", null)]
    public void An_unknown_option_is_refused_and_a_near_one_named(string word, string? near)
    {
        UserParseResult result = Parse(word, "prog");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"unknown option '{word}'", result.Stderr);
        if (near is not null)
            Assert.Contains($"did you mean '{near}'?", result.Stderr);
    }

    [Theory]
    [InlineData("-L")]
    [InlineData("-cpu")]
    [InlineData("-0")]
    public void A_missing_value_is_an_error(string option)
    {
        UserParseResult result = Parse(option);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(option, result.Stderr);
    }

    [Theory]
    [InlineData]
    [InlineData("-strace")]
    [InlineData("--")]
    [InlineData("-L", "/x")]
    public void Without_a_program_the_usage_is_shown(params string[] args)
    {
        UserParseResult result = Parse(args);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no program given", result.Stderr);
        Assert.Contains("usage: qemu-x86_64 ", result.Stderr);
    }

    [Fact]
    public void Two_dashes_end_the_options()
    {
        UserOptions o = Run("-strace", "--", "-odd-name", "x");
        Assert.Equal("-odd-name", o.Program);
        Assert.Equal(["x"], o.GuestArgs);
    }

    [Theory]
    [InlineData("-h")]
    [InlineData("-help")]
    [InlineData("--help")]
    public void Help_lists_every_option_and_variable(string word)
    {
        UserParseResult result = Parse(word);
        Assert.Equal(0, result.ExitCode);
        Assert.Null(result.Options);
        Assert.Empty(result.Stderr);
        foreach (UserOption option in UserOptionTable.All)
            Assert.All([.. option.Names, .. option.Variables], name => Assert.Contains(name, result.Stdout));
    }

    [Fact]
    public void Version_names_the_tool()
    {
        UserParseResult result = Parse("-version");
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"^qemu-x86_64 version \d+\.\d+\.\d+ \(suite\)\n$", result.Stdout);
    }

    [Fact]
    public void Lists_are_shown_for_help()
    {
        UserParseResult log = Parse("-d", "help");
        Assert.Equal(0, log.ExitCode);
        Assert.Contains("in_asm", log.Stdout);
        UserParseResult cpu = UserOptionsParser.Parse(["-cpu", "help"], _ => null, Tool, () => "models\n");
        Assert.Equal((0, "models\n"), (cpu.ExitCode, cpu.Stdout));
    }

    [Fact]
    public void Coverage_needs_no_program() => Assert.True(Run("--coverage").Coverage);

    [Fact]
    public void The_page_size_is_ignored_with_a_note()
    {
        UserParseResult result = Parse("-p", "4096", "prog");
        Assert.Equal("prog", result.Options!.Program);
        Assert.Contains("-p 4096 is ignored", result.Stderr);
    }

    [Fact]
    public void Every_variable_has_its_effect()
    {
        UserOptions o = RunWith(new()
        {
            ["QEMU_LD_PREFIX"] = "/x",
            ["QEMU_CPU"] = "qemu64",
            ["QEMU_SET_ENV"] = "a=1,b=2",
            ["QEMU_UNSET_ENV"] = "b",
            ["QEMU_ARGV0"] = "zero",
            ["QEMU_STACK_SIZE"] = "1M",
            ["QEMU_GUEST_BASE"] = "0",
            ["QEMU_RESERVED_VA"] = "0x1000",
            ["QEMU_UNAME"] = "5.0",
            ["QEMU_STRACE"] = "",
            ["QEMU_LOG"] = "exec",
            ["QEMU_LOG_FILENAME"] = "f",
            ["QEMU_DFILTER"] = "1..2",
            ["QEMU_SINGLESTEP"] = "1",
            ["QEMU_RAND_SEED"] = "010",
            ["QEMU_TB_SIZE"] = "8",
            ["QEMU_REPORT"] = "json,calls,file=/r",
            ["QEMU_WATCHDOG"] = "2.5,abort",
            ["QEMU_PROFILE"] = "a.svg,hz=50",
            ["QEMU_PERF_MAP"] = "",
        }, "prog", "-h");
        Assert.Equal(["/x"], o.Prefixes);
        Assert.Equal("qemu64", o.Cpu);
        Assert.Equal([new("a", "1"), new("b", "2"), new("b", null)], o.Environment);
        Assert.Equal("zero", o.Argv0);
        Assert.Equal(1UL << 20, o.StackSize);
        Assert.Equal(0UL, o.GuestBase);
        Assert.Equal(0x1000UL, o.ReservedSize);
        Assert.Equal("5.0", o.KernelRelease);
        Assert.Equal(LogItems.Strace | LogItems.Exec, o.LogItems);
        Assert.Equal("f", o.LogFile);
        Assert.NotNull(o.LogFilter);
        Assert.True(o.OneInstructionPerBlock);
        Assert.Equal(8UL, o.Seed);
        Assert.Equal(8UL << 20, o.CodeCacheSize);
        Assert.Equal(new ReportOptions(Off: false, Json: true, AllCalls: true, "/r"), o.Report);
        Assert.Equal(new WatchdogOptions(TimeSpan.FromSeconds(2.5), Aborts: true), o.Watchdog);
        Assert.Equal(new ProfileOptions("a.svg", 50), o.Profile);
        Assert.True(o.PerfMap);
        Assert.Equal(("prog", "-h"), (o.Program, o.GuestArgs[0]));
    }

    [Theory]
    [InlineData("-report", "loud", "not a way to report")]
    [InlineData("-report", "file=", "not a way to report")]
    [InlineData("-watchdog", "0", "not a time")]
    [InlineData("-watchdog", "5,kill", "not a time")]
    [InlineData("-profile", "out.png", "which format")]
    [InlineData("-profile", "out.svg,hz=0", "not a rate")]
    [InlineData("-dump-threads", "-1", "not a process id")]
    public void Options_of_diagnosis_refuse_nonsense(string option, string value, string says) =>
        Assert.Contains(says, UserOptionsParser.Parse([option, value, "p"], _ => null, Tool).Stderr);

    [Fact]
    public void Asking_for_threads_needs_no_program() => Assert.Equal(17, Run("--dump-threads", "17").DumpThreads);

    [Fact]
    public void The_command_line_wins_over_variables()
    {
        UserOptions o = RunWith(new() { ["QEMU_CPU"] = "a", ["QEMU_LD_PREFIX"] = "/x", ["QEMU_SET_ENV"] = "v=1", ["QEMU_STACK_SIZE"] = "bad" },
            "-cpu", "b", "-L", "/y", "-s", "1M", "-E", "v=2", "p");
        Assert.Equal("b", o.Cpu);
        Assert.Equal(["/y"], o.Prefixes);
        Assert.Equal([new("v", "1"), new("v", "2")], o.Environment);
    }

    [Fact]
    public void A_bad_variable_is_named()
    {
        UserParseResult result = UserOptionsParser.Parse(["p"], Env(new() { ["QEMU_STACK_SIZE"] = "big" }), Tool);
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith($"{Tool}: QEMU_STACK_SIZE: ", result.Stderr);
    }

    [Fact]
    public void Qemu_version_in_the_environment_stops_nothing() => Assert.Equal("p", RunWith(new() { ["QEMU_VERSION"] = "1" }, "p").Program);

    [Fact]
    public void The_fast_path_knows_every_variable_of_the_table() =>
        Assert.Equal(UserOptionTable.All.SelectMany(o => o.Variables).Order(), UserVariables.All.ToArray().Order());

    private static UserParseResult Parse(params string[] args) => UserOptionsParser.Parse(args, _ => null, Tool);

    private static UserOptions Run(params string[] args) => RunWith([], args);

    private static UserOptions RunWith(Dictionary<string, string> environment, params string[] args)
    {
        UserParseResult result = UserOptionsParser.Parse(args, Env(environment), Tool);
        Assert.Equal("", result.Stderr);
        Assert.True(result.ShallRun);
        return result.Options;
    }

    private static Func<string, string?> Env(Dictionary<string, string> environment) => name => environment.GetValueOrDefault(name);
}
