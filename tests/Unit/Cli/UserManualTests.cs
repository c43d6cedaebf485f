using Suite.Cli;

namespace Suite.Tests.Cli;

/// <summary>Manual page and completions: every option of the table and every verb of --binfmt is in them.</summary>
public sealed class UserManualTests
{
    [Fact]
    public void The_manual_page_has_every_option_and_variable()
    {
        string page = UserManual.Text("qemu-ppc");
        Assert.StartsWith(".TH QEMU-PPC 1 ", page);
        foreach (UserOption option in UserOptionTable.All)
        {
            Assert.All(option.Names, name => Assert.Contains($"\\fB{name.Replace("-", "\\-")}\\fR", page));
            Assert.All(option.Variables, variable => Assert.Contains(variable, page));
        }
        Assert.All(BinfmtVerbs.All, verb => Assert.Contains($"\\-\\-binfmt {verb.Verb}", page));
        Assert.DoesNotContain(page.Split('\n'), line => line.StartsWith('\''));
    }

    [Theory]
    [InlineData("bash", "{0} ")]
    [InlineData("zsh", "*{0}")]
    [InlineData("fish", " -o {1} ")]
    public void Completions_have_every_option_and_verb(string shell, string form)
    {
        string script = UserCompletions.Text("qemu-x86_64", shell)!;
        foreach (string name in UserOptionTable.All.SelectMany(o => o.Names))
            Assert.Contains(string.Format(form, name, name[1..]), script);
        Assert.All(BinfmtVerbs.All, verb => Assert.Contains(verb.Verb, script));
        Assert.Contains("qemu-x86_64", script);
        Assert.Null(UserCompletions.Text("qemu-x86_64", "csh"));
    }
}
