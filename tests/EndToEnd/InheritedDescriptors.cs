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

    private static string Shell(string script)
    {
        ProcessResult result = HostProcess.Run(new ProcessRequest { Program = GuestCompiler.FindInPath("bash"), Arguments = ["-c", script], Timeout = TimeSpan.FromMinutes(1) });
        Assert.True(result.ExitCode == 0 && result.ErrorText.Length == 0, $"status {result.ExitCode}, {result.ErrorText}");
        return result.Text;
    }
}
