using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>Core files of guests, read with the debugger that people use, on the three targets.</summary>
public sealed class CoreFiles(ITestOutputHelper log)
{
    private const int CoreBit = 0x80, Sigsegv = 11, Sigquit = 3;

    [Theory]
    [InlineData("x86_64", "X86-64")]
    [InlineData("i386", "Intel 80386")]
    [InlineData("ppc", "PowerPC")]
    public void Gdb_reads_registers_threads_and_siginfo(string targetName, string machine)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == targetName);
        if (!CanRun(target) || GuestCompiler.Locate("gdb-multiarch") is not { } gdb)
        {
            log.WriteLine("skipped: no compiler, or gdb-multiarch is not installed");
            return;
        }

        using TemporaryDirectory work = new();
        string program = Build(target);
        ProcessResult result = Run(target, "unlimited", work.Path, program, "threads");
        string core = Path.Combine(work.Path, "core");
        if (!UsesPlainPattern(log))
            return;
        Assert.Equal(Sigsegv, result.Signal);
        Assert.Equal(CoreBit, result.WaitStatus & CoreBit);
        Assert.Contains("core dumped", result.ErrorText);
        Assert.Contains($"{program} core opens it", result.ErrorText);
        List<string> words = ["-batch", "-nx", "-iex", "set debuginfod enabled off"];
        if (target.Libraries.Length > 0)
            words.AddRange(["-iex", $"set sysroot {target.Libraries}"]);
        foreach (string command in (string[])["info threads", "bt", "p $_siginfo.si_signo", "p $_siginfo._sifields._sigfault.si_addr", "info auxv", "info float", "thread apply 2 bt", "info proc mappings"])
            words.AddRange(["-ex", command]);
        ProcessResult debugger = HostProcess.Run(new ProcessRequest { Program = gdb, Arguments = [.. words, program, core], Timeout = TimeSpan.FromMinutes(2) });
        string text = debugger.Text;
        Assert.True(text.Split("(LWP ").Length > 4, text);
        Assert.Matches(@"#0 .* in leaf \(\)\s*\n#1 .* in middle \(\)\s*\n#2 .* in main \(\)", text);
        Assert.Contains("$1 = 11", text);
        Assert.Matches(@"\$2 = \(void \*\) 0x0", text);
        Assert.Contains("AT_ENTRY", text);
        Assert.Contains("nanosleep", text);
        Assert.Contains(program, text);
        ProcessResult readelf = HostProcess.Run(new ProcessRequest { Program = GuestCompiler.FindInPath("readelf"), Arguments = ["-h", core] });
        Assert.Contains(machine, readelf.Text);
        Assert.Contains("CORE (Core file)", readelf.Text);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public void No_file_when_the_limit_forbids_it(string limit)
    {
        using TemporaryDirectory work = new();
        ProcessResult result = Run(GuestTarget.X64, limit, work.Path, Build(GuestTarget.X64), "null");
        Assert.Equal((Sigsegv, 0), (result.Signal, result.WaitStatus & CoreBit));
        Assert.Empty(Directory.GetFiles(work.Path));
    }

    [Fact]
    public void A_file_ends_at_the_limit()
    {
        const int Blocks = 16, BlockBytes = 512; // of dash's ulimit
        if (!UsesPlainPattern(log))
            return;
        using TemporaryDirectory work = new();
        ProcessResult result = Run(GuestTarget.X64, $"{Blocks}", work.Path, Build(GuestTarget.X64), "null");
        Assert.InRange(new FileInfo(Path.Combine(work.Path, "core")).Length, Blocks * BlockBytes, Blocks * 1024);
        // One that was cut off is still one to the kernel, and so to who waits for the process.
        Assert.Equal(CoreBit, result.WaitStatus & CoreBit);
    }

    /// <summary>The whole stack's 8 MiB stood in the file, as a hole, and with a limit of 1 MiB what is on the stack was cut off.</summary>
    [Fact]
    public void A_file_holds_of_the_stack_what_was_used()
    {
        const int Megabyte = 1 << 20;
        if (!UsesPlainPattern(log))
            return;
        using TemporaryDirectory work = new();
        ProcessResult result = Run(GuestTarget.X64, "2048", work.Path, Build(GuestTarget.X64), "null");
        Assert.DoesNotContain("not complete", result.ErrorText);
        Assert.InRange(new FileInfo(Path.Combine(work.Path, "core")).Length, 1, Megabyte);
    }

    [Fact]
    public void Quit_dumps_core_without_a_report()
    {
        if (!UsesPlainPattern(log))
            return;
        using TemporaryDirectory work = new();
        ProcessResult result = Run(GuestTarget.X64, "unlimited", work.Path, GuestCompiler.FindInPath("sh"), "-c", "kill -QUIT $$");
        Assert.Equal((Sigquit, CoreBit), (result.Signal, result.WaitStatus & CoreBit));
        Assert.True(File.Exists(Path.Combine(work.Path, "core")));
        Assert.DoesNotContain("backtrace", result.ErrorText);
    }

    // Through a shell, as the limit is set there.
    private static ProcessResult Run(GuestTarget target, string limit, string directory, params string[] command) => HostProcess.Run(new ProcessRequest
    {
        Program = GuestCompiler.FindInPath("sh"),
        Arguments = ["-c", $"ulimit -c {limit}; exec \"$@\"", "sh", Repository.ToolPath(target.Tool), .. command],
        Directory = directory,
        Timeout = TimeSpan.FromMinutes(2),
    });

    private static bool UsesPlainPattern(ITestOutputHelper log)
    {
        bool plain = File.ReadAllText("/proc/sys/kernel/core_pattern") == "core\n" && File.ReadAllText("/proc/sys/kernel/core_uses_pid") == "0\n";
        if (!plain)
            log.WriteLine("skipped: core files of this system are not called 'core'");
        return plain;
    }

    private static bool CanRun(GuestTarget target) => target.CanBuild;

    private static string Build(GuestTarget target) =>
        GuestCompiler.Build(Path.Combine(Repository.GuestFolder("diagnosis"), "crash.c"), [.. target.Flags, "-O1", "-pthread"], target.CompilerPrefix);
}
