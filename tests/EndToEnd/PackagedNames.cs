namespace Suite.EndToEnd;

/// <summary>The names the packages give the tools besides their own.</summary>
public sealed class PackagedNames
{
    [Theory]
    [InlineData("qemu-system-ppc")]
    public void A_machine_emulators_name_says_what_is_missing(string name)
    {
        using TemporaryDirectory directory = new();
        string link = directory.File(name);
        File.CreateSymbolicLink(link, Repository.ToolPath("qemu-ppc"));
        ProcessResult result = HostProcess.Run(new ProcessRequest { Program = link, Arguments = ["-m", "512", "-kernel", "/boot/vmlinuz"], Directory = "/" });
        Assert.Equal(("exit 1", ""), (result.End, result.Text));
        Assert.StartsWith($"{name}: this version of the suite", result.ErrorText);
        Assert.Contains("has no machines", result.ErrorText);
        Assert.Contains("  fix: ", result.ErrorText);
    }

    [Theory]
    [InlineData("qemu-x86_64", "qemu-system-x86_64")]
    [InlineData("qemu-i386", "qemu-system-i386")]
    [InlineData("qemu-x86_64", "qemu-kvm")]
    public void A_machine_emulators_name_lists_boards(string tool, string name)
    {
        using TemporaryDirectory directory = new();
        string link = directory.File(name);
        File.CreateSymbolicLink(link, Repository.ToolPath(tool));
        ProcessResult result = HostProcess.Run(new ProcessRequest { Program = link, Arguments = ["-M", "help"], Directory = "/" });
        Assert.Equal(("exit 0", ""), (result.End, result.ErrorText));
        Assert.Contains("microvm", result.Text);
        result = HostProcess.Run(new ProcessRequest { Program = link, Arguments = ["-machin", "pc"], Directory = "/" });
        Assert.Equal("exit 1", result.End);
        Assert.Contains("did you mean '-machine'", result.ErrorText);
    }

    [Fact]
    public void Shells_accept_the_completions()
    {
        using TemporaryDirectory directory = new();
        string file = directory.File("completion");
        File.WriteAllText(file, Tool.Run(["-completion", "bash"]).Text);
        ProcessResult result = HostProcess.Run(new ProcessRequest
        {
            Program = "/bin/bash",
            Arguments = ["-c", $"source {file}; COMP_WORDS=(qemu-x86_64 --binfmt ver); COMP_CWORD=2; _qemu_x86_64; echo \"${{COMPREPLY[@]}}\"; COMP_WORDS=(qemu-x86_64 -strace = js); COMP_CWORD=3; _qemu_x86_64; echo \"${{COMPREPLY[@]}}\""],
            Directory = "/",
        });
        Assert.Equal(("exit 0", "verify\njson\n", ""), (result.End, result.Text, result.ErrorText));
    }
}
