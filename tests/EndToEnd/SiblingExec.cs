using Xunit.Abstractions;

namespace Suite.EndToEnd;

/// <summary>A guest that executes a program for another target: the tool beside ours runs it, the host what is the host's.</summary>
public sealed class SiblingExec(ITestOutputHelper log)
{
    private const string Hello = """
        #include <stdio.h>
        #include <stdlib.h>
        int main(int argc, char **argv) { printf("%d %s %s %s\n", (int)sizeof(long), argv[0], argc > 1 ? argv[1] : "-", getenv("MARK")); return 7; }
        """;

    [Theory]
    [InlineData("x86_64", "i386")]
    [InlineData("x86_64", "ppc")]
    public void A_shell_starts_programs_of_other_targets(string shell, string target)
    {
        if (Program(target) is not { } program)
            return;
        using TemporaryDirectory work = new();
        string script = work.File("script");
        File.WriteAllText(script, $"#!{program}\n");
        File.SetUnixFileMode(script, (UnixFileMode)0x1ed);
        ProcessResult result = Tool.Run(["/bin/sh", "-c", $"MARK=m {program} one; echo $?; MARK=n exec {script}"], tool: $"qemu-{shell}");
        Assert.Equal(("exit 7", $"4 {program} one m\n7\n4 {program} {script} n\n"), (result.End, result.Text));
    }

    /// <summary>A program that is not the shell's: the first tool hands over to the second, which hands over to the host.</summary>
    [Fact]
    public void A_32_bit_guest_starts_programs_of_every_kind()
    {
        const string Chain = """
            #include <unistd.h>
            int main(int argc, char **argv) { (void)argc; execv(argv[1], argv + 1); return 99; }
            """;
        if (Program("i386", Chain) is not { } i386 || Program("ppc", Chain) is not { } ppc)
            return;
        ProcessResult result = Tool.Run([i386, ppc, i386, "/bin/echo", "through"], tool: "qemu-i386");
        Assert.Equal(("exit 0", "through\n"), (result.End, result.Text));
        result = Tool.Run(["-strace=execve", i386, ppc, "/bin/echo", "through"], tool: "qemu-i386");
        Assert.Contains($"execve(\"{ppc}\",[\"{ppc}\", \"/bin/echo\", \"through\"],", result.ErrorText);
        Assert.Contains("execve(\"/bin/echo\",[\"/bin/echo\", \"through\"],", result.ErrorText);
    }

    [Theory]
    [InlineData("i386")]
    [InlineData("ppc")]
    public void A_missing_tool_is_named(string target)
    {
        if (Program(target) is not { } program)
            return;
        using TemporaryDirectory alone = new();
        string tool = alone.File("qemu-x86_64");
        File.Copy(Repository.ToolPath("qemu-x86_64"), tool);
        ProcessResult result = HostProcess.Run(new ProcessRequest
        {
            Program = tool,
            Arguments = ["/bin/sh", "-c", $"PATH=/nowhere; {program}"],
            Directory = alone.Path,
        });
        if (target == "ppc" && result.Text.StartsWith('4'))
        {
            log.WriteLine("skipped: the kernel has somebody registered for PowerPC programs (binfmt_misc)");
            return;
        }
        Assert.Equal("exit 126", result.End);
        Assert.Contains($"its tool qemu-{target} is neither beside this one nor in PATH", result.ErrorText);
    }

    private string? Program(string name, string source = Hello)
    {
        GuestTarget target = GuestTarget.All.Single(t => t.Name == name);
        if (!target.CanBuild)
        {
            log.WriteLine($"skipped: no compiler for {name}");
            return null;
        }
        using TemporaryDirectory directory = new();
        string file = directory.File("sibling.c");
        File.WriteAllText(file, source);
        return GuestCompiler.Build(file, [.. target.Flags, "-static"], target.CompilerPrefix);
    }
}
