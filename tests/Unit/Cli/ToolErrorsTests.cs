using Suite.Cli;

namespace Suite.Tests.Cli;

public sealed class ToolErrorsTests
{
    [Fact]
    public void A_text_has_cause_and_remedy()
    {
        Assert.Equal("t: it broke\n  fix: mend it\n", ToolErrors.Text("t", "it broke", "mend it"));
        Assert.Equal("t: it broke\n", ToolErrors.Text("t", "it broke"));
    }

    [Fact]
    public void A_missing_interpreter_lists_the_places_searched()
    {
        string text = ToolErrors.InterpreterNotFound("t", "p", "/lib/ld.so", ["/a/lib/ld.so", "/lib/ld.so"]);
        Assert.Contains("\n    /a/lib/ld.so\n    /lib/ld.so\n", text);
        Assert.Contains("-L DIR", text);
    }

    [Fact]
    public void A_foreign_program_names_both_machines_and_the_right_tool()
    {
        string text = ToolErrors.WrongMachine("qemu-x86_64", "./p", "32-bit PowerPC", "64-bit x86", "qemu-ppc");
        Assert.Contains("32-bit PowerPC", text);
        Assert.Contains("64-bit x86", text);
        Assert.Contains("fix: qemu-ppc ./p", text);
    }

    [Fact]
    public void Signals_count_from_128() => Assert.Equal(139, ExitCodes.Signalled(11));
}
