using System.Text.Json;
using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>-strace as its users see it: filters, JSON, the summary, signals, ends, threads and children.</summary>
public sealed class StraceCli(ITestOutputHelper log)
{
    private const string Threads = """
        #include <pthread.h>
        #include <signal.h>
        #include <unistd.h>
        static void handler(int s) { (void)s; }
        static void *run(void *p) { usleep(50000); write(1, "thread\n", 7); return p; }
        int main(int argc, char **argv) {
            pthread_t t;
            signal(SIGUSR1, handler);
            raise(SIGUSR1);
            pthread_create(&t, 0, run, 0);
            pthread_join(t, 0);
            if (argc > 1 && argv[1][0] == 's') *(volatile int *)8 = 1;
            if (argc > 1) raise(SIGTERM);
            return 5;
        }
        """;

    public static TheoryData<string> Targets => ["x86_64", "i386", "ppc"];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Threads_signals_and_ends(string name)
    {
        if (Program(name) is not { } program)
            return;
        ProcessResult result = Run(name, ["-strace", program]);
        Assert.Equal("exit 5", result.End);
        string[] lines = result.ErrorText.Split('\n');
        Assert.Contains(lines, l => l.Contains("--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL, si_pid="));
        Assert.Contains(lines, l => l.Contains("futex(") && l.EndsWith("<unfinished ...>"));
        Assert.Contains(lines, l => l.Contains("<... futex") && l.Contains("resumed>") && l.EndsWith(" = 0"));
        Assert.Contains(lines, l => l.EndsWith("exit(0) = ?"));
        Assert.Equal(2, lines.Count(l => l.Contains("+++ exited with")));
        Assert.EndsWith("+++ exited with 5 +++\n", result.ErrorText);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_death_by_signal_is_shown_and_counted(string name)
    {
        if (Program(name) is not { } program)
            return;
        ProcessResult result = Run(name, ["-strace=%process,calls,summary", program, "segv"]);
        Assert.Equal("signal 11", result.End);
        Assert.Contains("--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x8} ---", result.ErrorText);
        Assert.Contains("+++ killed by SIGSEGV +++", result.ErrorText);
        Assert.Matches(@"100\.00 +\d+\.\d{6} +\d+ +\d+ +\d* *total", result.ErrorText);
        result = Run(name, ["-strace=summary", program, "term"]);
        Assert.Equal("signal 15", result.End);
        Assert.Contains("killed by SIGTERM\n% time     seconds  usecs/call     calls    errors syscall\n", result.ErrorText);
        Assert.DoesNotContain("+++", result.ErrorText);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Json_is_an_object_a_line(string name)
    {
        if (Program(name) is not { } program)
            return;
        List<JsonElement> lines = [.. Run(name, ["-strace=json", "-report=off", program, "segv"]).ErrorText.TrimEnd('\n').Split('\n').Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Contains(lines, l => l.TryGetProperty("call", out JsonElement call) && call.GetString() == "write" && l.GetProperty("result").GetInt64() == 7
            && l.GetProperty("args").GetProperty("buf").GetString() == "\"thread\\n\"");
        Assert.Contains(lines, l => l.TryGetProperty("signal", out JsonElement signal) && signal.GetString() == "SIGSEGV"
            && l.GetProperty("info").GetProperty("si_code").GetString() == "SEGV_MAPERR");
        Assert.Equal("SIGSEGV", lines[^1].GetProperty("killed").GetString());
    }

    [Fact]
    public void Filters_by_name_class_path_and_result()
    {
        ProcessResult result = Tool.Run(["-strace=openat,signal=none", "/bin/cat", "/no/such/file"]);
        Assert.All(Lines(result.ErrorText, "/bin/cat: "), l => Assert.Matches(@"^\d+ (openat\(|\+\+\+)", l));
        result = Tool.Run(["-strace=path=/no/such/", "/bin/cat", "/no/such/file"]);
        Assert.Matches(@"^\d+ openat\(AT_FDCWD,""/no/such/file"",O_RDONLY\) = -1 errno=2 \(No such file or directory\)$", Assert.Single(Lines(result.ErrorText, "/bin/cat: "), l => !l.Contains("+++")));
        result = Tool.Run(["-strace=status=failed,%file", "/bin/cat", "/no/such/file"]);
        Assert.All(Lines(result.ErrorText, "/bin/cat: ").Where(l => !l.Contains("+++")), l => Assert.Contains("= -1 errno=", l));
        result = Tool.Run(["-strace=nosuchcall", "/bin/true"]);
        Assert.Equal(("exit 1", "qemu-x86_64: -strace: no system call is called 'nosuchcall' (-strace=help shows the words)\n"), (result.End, result.ErrorText));
        Assert.Contains("trace=SET", Tool.Run(["-strace=help"]).Text);
    }

    /// <summary>Programs that close or redirect their standard error, as cat and every 2>/dev/null do, are traced to their end, children included.</summary>
    [Fact]
    public void Children_and_programs_without_standard_error_are_traced_to_their_end()
    {
        ProcessResult result = Tool.Run(["-strace=summary", "/bin/cat", "/dev/null"]);
        Assert.Contains("exited with 0\n% time", result.ErrorText);
        result = Tool.Run(["-strace=%process", "/bin/sh", "-c", "/bin/cat /dev/null 2>/dev/null; (exit 3); exit 4"]);
        Assert.Equal("exit 4", result.End);
        string[] lines = result.ErrorText.Split('\n');
        Assert.Contains(lines, l => l.Contains("execve(\"/bin/cat\",[\"/bin/cat\", \"/dev/null\"],") && l.EndsWith(" = 0"));
        foreach (int status in (int[])[0, 3, 4])
            Assert.Contains(lines, l => l.EndsWith($"+++ exited with {status} +++"));
        Assert.Contains(lines, l => l.Contains("wait4(") && l.Contains("WEXITSTATUS(s)==3"));
    }

    private static IEnumerable<string> Lines(string text, string but) => text.Split('\n').Where(l => l.Length > 0 && !l.StartsWith(but, StringComparison.Ordinal));

    private static ProcessResult Run(string name, string[] arguments) => Tool.Run(arguments, timeoutSeconds: 60, tool: $"qemu-{name}");

    private string? Program(string name)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == name);
        if (!target.CanBuild)
        {
            log.WriteLine($"skipped: no compiler for {name}");
            return null;
        }
        using TemporaryDirectory directory = new();
        string file = directory.File("strace.c");
        File.WriteAllText(file, Threads);
        return GuestCompiler.Build(file, [.. target.Flags, "-static", "-pthread"], target.CompilerPrefix);
    }
}
