using System.Diagnostics;
using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>-watchdog and -dump-threads: what guests that do not get on are doing.</summary>
public sealed class Watchdogs(ITestOutputHelper log)
{
    private const int Sigabrt = 6;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("i386")]
    [InlineData("ppc")]
    public void A_spinning_guest_is_shown_and_ended(string target)
    {
        if (Run(target, ["-watchdog", "0.5,abort"], "spin") is not { } result)
            return;
        Assert.Equal($"signal {Sigabrt}", result.End);
        Assert.Contains("no system call for 0.5 s: 1 thread of process", result.ErrorText);
        Assert.Contains("runs guest code", result.ErrorText);
        Assert.Contains(" main+0x", result.ErrorText);
        Assert.Contains("uncaught target signal 6", result.ErrorText);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("i386")]
    [InlineData("ppc")]
    public void A_deadlock_shows_both_threads_and_their_calls(string target)
    {
        if (Run(target, ["--watchdog=0.5,abort"], "deadlock") is not { } result)
            return;
        Assert.Contains(": 2 threads of process", result.ErrorText);
        Assert.Matches(@"in futex\(0x[0-9a-f]+,FUTEX_WAIT_BITSET.*\) = \.\.\. for \d", result.ErrorText);
        Assert.Matches(@"in futex\(0x[0-9a-f]+,FUTEX_WAIT\|FUTEX_PRIVATE_FLAG,2,NULL\) = \.\.\. for \d", result.ErrorText);
        Assert.Contains(" locker+0x", result.ErrorText);
        Assert.Contains("mutex_lock", result.ErrorText);
    }

    [Fact]
    public void A_forked_child_has_a_watchdog_of_its_own()
    {
        ProcessResult result = Run("x86_64", ["-watchdog", "0.5"], "forkspin", timeout: 4)!;
        Assert.True(result.TimedOut);
        Assert.Contains("in pause()", result.ErrorText);
        Assert.Contains("runs guest code", result.ErrorText);
    }

    [Fact]
    public void A_busy_guest_is_left_alone()
    {
        ProcessResult result = Tool.Run(["-watchdog", "1", GuestCompiler.FindInPath("sh"), "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 0.2; done; echo done"]);
        Assert.Equal(("exit 0", "done\n", ""), (result.End, result.Text, result.ErrorText));
    }

    [Theory]
    [InlineData("x86_64", "wait", "in pause()")]
    [InlineData("i386", "wait", "in pause()")]
    [InlineData("ppc", "wait", "in pause()")]
    [InlineData("x86_64", "spin", "runs guest code")]
    [InlineData("ppc", "spin", "runs guest code")]
    public void Threads_can_be_asked_for(string targetName, string how, string doing)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == targetName);
        if (!target.CanBuild)
        {
            log.WriteLine($"skipped: no compiler for {targetName}");
            return;
        }

        using Process guest = Process.Start(new ProcessStartInfo(Repository.ToolPath(target.Tool), [Build(target), how]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("before", guest.StandardOutput.ReadLine());
            Thread.Sleep(300);
            ProcessResult asked = Tool.Run(["-dump-threads", $"{guest.Id}"], tool: target.Tool);
            Assert.Equal(("exit 0", ""), (asked.End, asked.ErrorText));
            string first = guest.StandardError.ReadLine()!;
            Assert.Contains("asked for the threads: 1 thread of process", first);
            Assert.Contains(doing, guest.StandardError.ReadLine());
            Thread.Sleep(100);
            Assert.False(guest.HasExited);
        }
        finally
        {
            guest.Kill();
        }
    }

    [Fact]
    public void Other_processes_are_not_asked()
    {
        ProcessResult result = Tool.Run(["-dump-threads", $"{Environment.ProcessId}"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("is not run by this tool", result.ErrorText);
    }

    private ProcessResult? Run(string targetName, IReadOnlyList<string> options, string how, double timeout = 60)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == targetName);
        if (!target.CanBuild)
        {
            log.WriteLine($"skipped: no compiler for {targetName}");
            return null;
        }

        return Tool.Run([.. options, Build(target), how], tool: target.Tool, timeoutSeconds: timeout);
    }

    private static string Build(GuestTarget target) =>
        GuestCompiler.Build(Path.Combine(Repository.GuestFolder("diagnosis"), "crash.c"), [.. target.Flags, "-O1", "-pthread"], target.CompilerPrefix);
}
