namespace Suite.EndToEnd;

/// <summary>What a user of qemu-i386 sees besides the programs it runs.</summary>
public sealed class I386Cli
{
    private const string ToolName = "qemu-i386";

    [Fact]
    public void Says_which_tool_it_is() =>
        Assert.StartsWith("qemu-i386 version ", Tool.Run(["-version"], tool: ToolName).Text);

    [Fact]
    public void Lists_models_of_its_time()
    {
        string text = Tool.Run(["-cpu", "help"], tool: ToolName).Text;
        Assert.All(["486", "pentium", "pentium2", "pentium3", "athlon", "qemu32", "n270", "coreduo", "max"], model => Assert.Contains($"x86 {model} ", text));
    }

    [Fact]
    public void A_program_for_another_machine_names_its_tool()
    {
        ProcessResult result = Tool.Run([GuestCompiler.FindInPath("true")], tool: ToolName);
        Assert.Equal(126, result.ExitCode);
        Assert.Contains("qemu-x86_64", result.ErrorText);
    }

    [Theory]
    [InlineData("max", "exit 0", "sse2 1\n40\ndone, 0 failures\n")]
    [InlineData("pentium3", "signal 4", "sse2 0\n")]
    [InlineData("max,-sse2", "signal 4", "sse2 0\n")]
    public void A_model_hides_what_it_lacks(string model, string end, string output)
    {
        if (!GuestTarget.I386.CanBuild)
            return;
        GuestSource source = GuestTarget.I386.Sources()["sse2"];
        ProcessResult result = Tool.Run(["-cpu", model, GuestCompiler.Build(source, GuestTarget.I386)], tool: ToolName);
        Assert.Equal((end, output), (result.End, result.Text));
    }

    [Fact]
    public void A_model_with_3DNow_has_it_on_every_host()
    {
        if (!GuestTarget.I386.CanBuild)
            return;
        GuestSource source = GuestTarget.I386.Sources()["three-d-now"];
        ProcessResult result = Tool.Run(["-cpu", "athlon", GuestCompiler.Build(source, GuestTarget.I386)], tool: ToolName);
        Assert.Equal(("exit 0", "3dnow 1, 3dnowext 1\nsignal 11, destination 42\nno such operation: signal 4\ndone, 0 failures\n"), (result.End, result.Text));
    }

    [Fact]
    public void Traces_calls_by_their_32_bit_names()
    {
        if (!GuestTarget.I386.CanBuild)
            return;
        GuestSource source = GuestTarget.I386.Sources()["kernel-entry[pic]"];
        ProcessResult result = Tool.Run(["-strace", GuestCompiler.Build(source, GuestTarget.I386)], tool: ToolName);
        Assert.Contains("set_thread_area({entry_number=", result.ErrorText);
        Assert.Contains("mmap2(", result.ErrorText);
    }
}
