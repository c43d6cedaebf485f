using Suite.LinuxUser.Strace;
using Suite.LinuxUser.Syscalls.Tables;

namespace Suite.Tests.LinuxUser;

/// <summary>What -strace=... asks for: the qualifiers of strace(1), and the summary table.</summary>
public sealed class StraceSettingsTests
{
    [Theory]
    [InlineData("", "read write futex getpid", "")]
    [InlineData("1", "read futex", "")]
    [InlineData("open,read", "open read", "openat write")]
    [InlineData("trace=open,read,%network,!connect", "open read socket bind", "connect write")]
    [InlineData("trace=!futex,read", "open write", "futex read")]
    [InlineData("!%memory", "open futex", "mmap brk munmap")]
    [InlineData("%file", "openat stat execve unlink", "read close mmap")]
    [InlineData("%desc", "read close openat mmap dup2", "getpid stat")]
    [InlineData("%process,json", "execve wait4 exit_group", "read")]
    [InlineData("*at", "openat unlinkat newfstatat", "open read")]
    [InlineData("trace=none", "", "read open")]
    [InlineData("trace=all,signal=none", "read open", "")]
    [InlineData("trace=?nosuchcall,read", "read", "open")]
    [InlineData("status=failed,%file,fd=3,%desc", "read openat", "getpid")]
    [InlineData("%signal", "rt_sigaction kill", "read")]
    [InlineData("%creds", "getuid setresgid32 getgroups capget", "getpgid read")]
    public void Calls_shown(string text, string shown, string hidden)
    {
        StraceSettings settings = Parse(text);
        Assert.All(shown.Split(' ', StringSplitOptions.RemoveEmptyEntries), name => Assert.True(settings.Filter.Shows(name), name));
        Assert.All(hidden.Split(' ', StringSplitOptions.RemoveEmptyEntries), name => Assert.False(settings.Filter.Shows(name), name));
    }

    [Theory]
    [InlineData("nosuchcall", "nosuchcall")]
    [InlineData("%nosuchclass", "%nosuchclass")]
    [InlineData("colour=red", "colour")]
    [InlineData("sort=size", "sort=size")]
    [InlineData("signal=NOSUCH", "NOSUCH")]
    [InlineData("fd=x", "fd=x")]
    [InlineData("status=odd", "status=odd")]
    public void What_cannot_be_understood_is_named(string text, string inError)
    {
        Assert.False(StraceSettings.TryParse([text], X64SyscallNumbers.Build(), false, out _, out string? error));
        Assert.Contains(inError, error);
    }

    [Fact]
    public void Signals_results_files_and_modes()
    {
        StraceSettings settings = Parse("signal=!CHLD,USR1,status=failed,path=/etc/,fd=3,4,summary,sort=calls");
        Assert.Equal((false, false, true), (settings.Filter.Shows(17), settings.Filter.Shows(10), settings.Filter.Shows(11)));
        Assert.Equal((true, false, false), (settings.Filter.ShowsResult(-2), settings.Filter.ShowsResult(0), settings.Filter.ShowsResult(null)));
        Assert.Equal((true, false), (settings.Filter.ShowsPath("/etc/passwd"), settings.Filter.ShowsPath("/etcetera")));
        Assert.Equal((true, true, false), (settings.Filter.ShowsDescriptor(3), settings.Filter.ShowsDescriptor(4), settings.Filter.ShowsDescriptor(5)));
        Assert.Equal((true, false, StraceOrder.Calls), (settings.Summary, settings.Calls, settings.Order));
        settings = Parse("json,summary,calls", "durations", "stamps");
        Assert.Equal((true, true, true, true, true), (settings.Json, settings.Summary, settings.Calls, settings.Durations, settings.Stamps));
    }

    [Fact]
    public void Summary_is_sorted_and_totalled()
    {
        StraceSummary summary = new();
        long second = System.Diagnostics.Stopwatch.Frequency;
        summary.Add("read", second / 4, failed: false);
        summary.Add("read", second / 4, failed: true);
        summary.Add("nanosleep", second + (second / 2), failed: false);
        Assert.Equal("""
            % time     seconds  usecs/call     calls    errors syscall
            ------ ----------- ----------- --------- --------- ----------------
             75.00    1.500000     1500000         1           nanosleep
             25.00    0.500000      250000         2         1 read
            ------ ----------- ----------- --------- --------- ----------------
            100.00    2.000000      666666         3         1 total

            """, summary.Table(StraceOrder.Time));
        Assert.StartsWith("\"calls\":[{\"call\":\"read\",\"count\":2,\"errors\":1,\"us\":500000}", summary.Json(StraceOrder.Calls));
    }

    private static StraceSettings Parse(params string[] texts)
    {
        Assert.True(StraceSettings.TryParse(texts, X64SyscallNumbers.Build().Concat(I386SyscallNumbers.Build()), false, out StraceSettings? settings, out string? error), error);
        return settings;
    }
}
