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
    public void Signals_count_from_128() => Assert.Equal(139, ExitCodes.Signalled(11));
}
