using System.Text.RegularExpressions;

namespace Suite.EndToEnd;

/// <summary>Options and environment variables of the command line, as QEMU's user mode has them, seen from the guest where they act on it.</summary>
public sealed partial class Cli
{
    [Theory]
    [InlineData("-h", "-strace")]
    [InlineData("-help", "-strace")]
    [InlineData("--help", "-strace")]
    [InlineData("-version", "qemu-x86_64")]
    [InlineData("--version", "qemu-x86_64")]
    [InlineData("-cpu help", "qemu64")]
    [InlineData("-cpu ?", "max")]
    [InlineData("-d help", "in_asm")]
    public void Help_is_printed_and_exits_0(string arguments, string contains)
    {
        ProcessResult result = Tool.Run(arguments.Split(' '));
        Assert.Equal("exit 0", result.End);
        Assert.Contains(contains, result.Text + result.ErrorText);
    }

    [Theory]
    [InlineData("-no-such-option /bin/true")]
    [InlineData("--no-such-option /bin/true")]
    [InlineData("-cpu")]
    [InlineData("-cpu no-such-model /bin/true")]
    [InlineData("-d no_such_item /bin/true")]
    [InlineData("-s abc /bin/true")]
    [InlineData("-D /no/such/directory/file -d in_asm /bin/true")]
    public void A_wrong_option_is_one_clear_error(string arguments)
    {
        ProcessResult result = Tool.Run(arguments.Split(' '), timeoutSeconds: 20);
        Assert.True(result.ExitCode is > 0 and < 126, $"{result.End}: {result.ErrorText}");
        Assert.InRange(result.ErrorText.Length, 1, 3000);
        Assert.Empty(result.Output);
        Assert.DoesNotContain("   at ", result.ErrorText);
    }

    [Fact]
    public void No_program_is_an_error()
    {
        ProcessResult result = Tool.Run([]);
        Assert.NotEqual("exit 0", result.End);
        Assert.Equal(0, result.Signal);
        Assert.NotEmpty(result.ErrorText + result.Text);
    }

    /// <summary>Guest words stay the guest's, also when they look like options of the tool.</summary>
    [Fact]
    public void Words_after_the_program_are_the_guests()
    {
        ProcessResult result = Tool.Run(["/bin/echo", "-strace", "-cpu", "help", "--", "-E", "x=y"]);
        Assert.Equal("-strace -cpu help -- -E x=y\n", result.Text);
    }

    [Fact]
    public void The_program_is_found_in_the_path()
    {
        ProcessResult result = Tool.Run(["echo", "found"]);
        Assert.Equal("found\n", result.Text);
    }

    [Fact]
    public void E_sets_and_U_unsets()
    {
        ProcessResult result = Tool.Run(["-E", "A=1,B=two words", "-E", "C=3", "-U", "GONE", "/usr/bin/env"], environment: Variables(("GONE", "x"), ("STAYS", "y"), ("A", "0")));
        string[] lines = result.Text.Split('\n');
        Assert.Contains("A=1", lines);
        Assert.Contains("B=two words", lines);
        Assert.Contains("C=3", lines);
        Assert.Contains("STAYS=y", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("GONE", StringComparison.Ordinal));
    }

    [Fact]
    public void Environment_variables_set_and_unset()
    {
        ProcessResult result = Tool.Run(["/usr/bin/env"], environment: Variables(("QEMU_SET_ENV", "A=1,B=2"), ("QEMU_UNSET_ENV", "GONE"), ("GONE", "x")));
        string[] lines = result.Text.Split('\n');
        Assert.Contains("A=1", lines);
        Assert.Contains("B=2", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("GONE", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Argv0_is_chosen(bool byOption)
    {
        string[] tail = ["/bin/sh", "-c", "echo $0 | cat; tr '\\0' ' ' < /proc/$$/cmdline"];
        ProcessResult result = byOption ? Tool.Run(["-0", "another name", .. tail]) : Tool.Run(tail, environment: Variables(("QEMU_ARGV0", "another name")));
        Assert.StartsWith("another name\n", result.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_kernel_release_is_chosen(bool byOption)
    {
        string[] tail = ["/bin/uname", "-r"];
        ProcessResult result = byOption ? Tool.Run(["-r", "5.99.1-test", .. tail]) : Tool.Run(tail, environment: Variables(("QEMU_UNAME", "5.99.1-test")));
        Assert.Equal("5.99.1-test\n", result.Text);
    }

    /// <summary>A recursion that needs more than the given stack dies of SIGSEGV; with a large one it passes. 8 MiB is the default.</summary>
    [Theory]
    [InlineData("-s 67108864", "", "exit 0")]
    [InlineData("-s 1048576", "", "signal 11")]
    [InlineData("", "67108864", "exit 0")]
    [InlineData("", "1048576", "signal 11")]
    [InlineData("", "", "signal 11")]
    public void The_stack_size_is_chosen(string option, string variable, string end)
    {
        string program = Build("int f(volatile int n) { volatile char room[1000]; room[0] = n; return n == 0 ? 0 : f(n - 1) + room[0] * 0; } int main(void) { return f(30000); }", "-O0");
        ProcessResult result = Tool.Run([.. Words(option), program], environment: variable.Length > 0 ? Variables(("QEMU_STACK_SIZE", variable)) : null);
        Assert.True(end == result.End, $"expected {end}, got {result.End}: {result.ErrorText}");
    }

    /// <summary>-L is where the ELF interpreter and absolute paths are tried first: a root with a loader of its own under another name is used.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_interpreter_prefix_is_used(bool byOption)
    {
        using TemporaryDirectory root = new();
        Directory.CreateDirectory(root.File("lib64"));
        File.Copy("/lib64/ld-linux-x86-64.so.2", root.File("lib64/only-there.so"));
        string program = Build("#include <stdio.h>\nint main(void) { puts(\"through the prefix\"); return 0; }", "-Wl,--dynamic-linker=/lib64/only-there.so");
        ProcessResult without = Tool.Run([program]);
        Assert.NotEqual("exit 0", without.End);
        Assert.Contains("/lib64/only-there.so", without.ErrorText);
        ProcessResult with = byOption ? Tool.Run(["-L", root.Path, program]) : Tool.Run([program], environment: Variables(("QEMU_LD_PREFIX", root.Path)));
        Assert.Equal("through the prefix\n", with.Text);
    }

    /// <summary>One line a call: pid, name, arguments in parentheses, result.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Strace_shows_calls(bool byOption)
    {
        ProcessResult result = byOption ? Tool.Run(["-strace", "/bin/cat", "/no/such/file"]) : Tool.Run(["/bin/cat", "/no/such/file"], environment: Variables(("QEMU_STRACE", "1")));
        Assert.Equal("exit 1", result.End);
        string[] lines = result.ErrorText.Split('\n');
        Assert.Contains(lines, l => StraceLine().IsMatch(l));
        Assert.Contains(lines, l => l.Contains("openat(") && l.Contains("\"/no/such/file\"") && l.Contains("= -1 errno=2"));
        // Of a program that does not close its standard error before it ends, as cat does.
        Assert.Contains("exit_group(3)", Tool.Run(["-strace", StaticProgram()]).ErrorText);
    }

    [Fact]
    public void Log_items_go_to_the_file()
    {
        using TemporaryDirectory directory = new();
        string file = directory.File("log");
        ProcessResult result = Tool.Run(["-d", "in_asm", "-D", file, "/bin/echo", "hi"]);
        Assert.Equal("hi\n", result.Text);
        Assert.Empty(result.ErrorText);
        string text = File.ReadAllText(file);
        Assert.Contains("IN:", text);
        Assert.Matches(@"0x[0-9a-f]+:\s.*(mov|push|call)", text);
    }

    [Theory]
    [InlineData("in_asm")]
    [InlineData("out_asm")]
    [InlineData("exec")]
    [InlineData("int")]
    [InlineData("strace")]
    [InlineData("unimp")]
    [InlineData("page")]
    [InlineData("in_asm,exec,strace")]
    public void Every_log_item_leaves_the_program_working(string items)
    {
        ProcessResult result = Tool.Run(["-d", items, StaticProgram()], timeoutSeconds: 60);
        Assert.Equal("exit 3", result.End);
        Assert.Equal("static\n", result.Text);
        ProcessResult same = Tool.Run([StaticProgram()], environment: Variables(("QEMU_LOG", items)), timeoutSeconds: 60);
        Assert.Equal("exit 3", same.End);
    }

    [Theory]
    [InlineData("-one-insn-per-tb")]
    [InlineData("-singlestep")]
    [InlineData("-seed 42")]
    [InlineData("-B 0")]
    [InlineData("-R 0")]
    [InlineData("-cpu max")]
    [InlineData("-cpu host")]
    [InlineData("-cpu qemu64")]
    [InlineData("-dfilter 0x400000..0x500000 -d in_asm -D /dev/null")]
    public void Options_without_visible_effect_run_the_program(string option)
    {
        ProcessResult result = Tool.Run([.. Words(option), StaticProgram()]);
        Assert.Equal("exit 3", result.End);
        Assert.Equal("static\n", result.Text);
        Assert.Empty(result.ErrorText);
    }

    [Theory]
    [InlineData("-cpu qemu64", "", "signal 4")]
    [InlineData("", "qemu64", "signal 4")]
    [InlineData("-cpu max", "", "exit 0")]
    public void A_model_without_avx_refuses_it(string option, string variable, string end)
    {
        string program = Build("int main(void) { __asm__ volatile(\"vpaddd %ymm0, %ymm0, %ymm0; vzeroupper\"); return 0; }", "-O1");
        if (!File.ReadAllText("/proc/cpuinfo").Contains(" avx2"))
            end = "signal 4";
        ProcessResult result = Tool.Run([.. Words(option), program], environment: variable.Length > 0 ? Variables(("QEMU_CPU", variable)) : null);
        Assert.True(end == result.End, $"expected {end}, got {result.End}: {result.ErrorText}");
    }

    /// <summary>The guest program cpuid.c compares cpuid, xgetbv, /proc/cpuinfo and AT_HWCAP.</summary>
    [Theory]
    [InlineData("qemu64")]
    [InlineData("Nehalem")]
    [InlineData("Haswell")]
    [InlineData("Broadwell")]
    [InlineData("Skylake-Client")]
    [InlineData("EPYC")]
    [InlineData("x86-64-v2")]
    [InlineData("max")]
    public void A_model_tells_one_story(string model)
    {
        string program = GuestCompiler.Build(Path.Combine(Repository.GuestFolder("x86_64"), "cpuid.c"), ["-O1"]);
        ProcessResult result = Tool.Run(["-cpu", model, program]);
        Assert.True(result.ExitCode == 0 && !result.Text.Contains("FAIL"), $"{model}: {result.End}\n{result.Text}\n{result.ErrorText}");
    }

    /// <summary>The exit status and death by a signal are the guest's.</summary>
    [Theory]
    [InlineData("exit 0", "exit 0")]
    [InlineData("exit 255", "exit 255")]
    [InlineData("kill -TERM $$", "signal 15")]
    [InlineData("kill -SEGV $$", "signal 11")]
    public void The_guests_end_is_the_tools_end(string command, string end) => Assert.Equal(end, Tool.Run(["/bin/sh", "-c", command]).End);

    [Fact]
    public void Standard_input_is_the_guests()
    {
        using TemporaryDirectory directory = new();
        string file = directory.File("in");
        File.WriteAllText(file, "some input\n");
        Assert.Equal("some input\n", Tool.Run(["/bin/cat"], input: file).Text);
    }

    /// <summary>Time from nothing to the end of a static program, far above what is expected, so that only a broken start is caught.</summary>
    [Fact]
    public void Starting_takes_well_under_100_milliseconds()
    {
        double best = double.MaxValue;
        for (int i = 0; i < 10; i++)
            best = Math.Min(best, Tool.Run([StaticProgram()]).WallSeconds);
        Assert.InRange(best, 0, 0.1);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static Dictionary<string, string> Variables(params (string Name, string Value)[] variables) => variables.ToDictionary(v => v.Name, v => v.Value);

    private static string StaticProgram() => Build("#include <stdio.h>\nint main(void) { puts(\"static\"); return 3; }", "-static");

    private static string Build(string source, params string[] flags)
    {
        using TemporaryDirectory directory = new();
        string file = directory.File("cli.c");
        File.WriteAllText(file, source);
        return GuestCompiler.Build(file, flags);
    }

    [GeneratedRegex(@"^\d+ \w+\(.*\) = .+$")]
    private static partial Regex StraceLine();
}
