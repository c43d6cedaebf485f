using System.Globalization;

namespace Suite.EndToEnd;

/// <summary>A guest sees the descriptors it inherited and none of the emulator's own, wherever those came to lie.</summary>
public sealed class InheritedDescriptors
{
    // The emulator looks at the lowest 1024, and lists all when more than a few of them are open.
    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(120)]
    [InlineData(300)]
    public void A_listing_shows_the_inherited_ones_only(int last)
    {
        using TemporaryDirectory work = new();
        string open = $"for i in $(seq 3 {last}); do eval \"exec $i</dev/null\"; done; ";
        string native = Shell(open + "exec ls /proc/self/fd");
        string log = Path.Combine(work.Path, "log");
        Assert.Equal(native, Shell($"{open}exec {Repository.ToolPath("qemu-x86_64")} -strace -D {log} /bin/ls /proc/self/fd"));
        Assert.Contains("getdents64", File.ReadAllText(log), StringComparison.Ordinal);
    }

    // poll(2), which the emulator asks first, takes those for closed.
    [Fact]
    public void Many_that_only_name_a_file_hide_none_of_the_emulators()
    {
        using TemporaryDirectory work = new();
        const string Open = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (2048, 2048)); "
            + "[os.set_inheritable(os.open('/dev/null', os.O_PATH), True) for i in range(1100)]; os.execv(sys.argv[1], sys.argv[1:])";
        string native = Python(Open, "/bin/ls", "/proc/self/fd");
        string log = Path.Combine(work.Path, "log");
        Assert.Equal(native, Python(Open, Repository.ToolPath("qemu-x86_64"), "-strace", "-D", log, "/bin/ls", "/proc/self/fd"));
        Assert.Contains("getdents64", File.ReadAllText(log), StringComparison.Ordinal);
    }

    // The log is handed on to a program that the guest executes, by its number.
    [Fact]
    public void A_log_with_a_high_number_stays_hidden_from_executed_programs()
    {
        const string Open = "ulimit -n 4096; for i in $(seq 3 1030); do eval \"exec $i</dev/null\"; done; ", Close = "for i in $(seq 3 1030); do eval \"exec $i<&-\"; done; exec /bin/ls /proc/self/fd";
        string native = Shell($"{Open}exec /bin/bash -c '{Close}'");
        Assert.Equal(native, Shell($"{Open}exec {Repository.ToolPath("qemu-x86_64")} -strace=execve /bin/bash -c '{Close}' 2>/dev/null"));
    }

    // The kernel makes the table larger for a descriptor with a high number, and where threads share it waits for all processors: 10 to 20 ms, which each start once took.
    [Fact]
    public void A_start_needs_no_larger_table_of_descriptors()
    {
        const string Script = """
            coproc { exec "$0" "$@"; }
            echo ready >&${COPROC[1]}
            read line <&${COPROC[0]}
            sed -n 's/^FDSize:[^0-9]*//p' /proc/$COPROC_PID/status
            exec {COPROC[1]}>&-
            """;
        int native = Size("/bin/cat"), emulated = Size(Repository.ToolPath("qemu-x86_64"), "/bin/cat");
        Assert.InRange(emulated, 1, Math.Max(native, 256));

        static int Size(params string[] command) => int.Parse(Run("bash", ["-c", Script, .. command]), CultureInfo.InvariantCulture);
    }

    private static string Python(string script, params string[] arguments) => Run("python3", ["-c", script, .. arguments]);

    private static string Shell(string script) => Run("bash", ["-c", script]);

    private static string Run(string program, string[] arguments)
    {
        ProcessResult result = HostProcess.Run(new ProcessRequest { Program = GuestCompiler.FindInPath(program), Arguments = arguments, Timeout = TimeSpan.FromMinutes(1) });
        Assert.True(result.ExitCode == 0 && result.ErrorText.Length == 0, $"status {result.ExitCode}, {result.ErrorText}");
        return result.Text;
    }
}
