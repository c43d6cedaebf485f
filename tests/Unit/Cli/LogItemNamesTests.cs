using Suite.Host.Diagnostics;

namespace Suite.Tests.Cli;

public sealed class LogItemNamesTests
{
    [Fact]
    public void Every_item_has_one_name()
    {
        Assert.Equal(Enum.GetValues<LogItems>().Where(i => i != LogItems.None).Order(), LogItemNames.All.Select(n => n.Item).Order());
        Assert.Equal(LogItemNames.All.Count, LogItemNames.All.Select(n => n.Name).Distinct().Count());
    }

    [Theory]
    [InlineData("in_asm", LogItems.InAsm)]
    [InlineData("in_asm,exec, strace", LogItems.InAsm | LogItems.Exec | LogItems.Strace)]
    [InlineData("in_asm,none,int", LogItems.Int)]
    [InlineData("", LogItems.None)]
    public void Names_become_items(string text, LogItems expected)
    {
        Assert.True(LogItemNames.TryParse(text, out LogItems items, out string[] traces, out _));
        Assert.Equal(expected, items);
        Assert.Empty(traces);
    }

    [Fact]
    public void All_means_all_but_a_file_for_each_thread()
    {
        Assert.True(LogItemNames.TryParse("all", out LogItems items, out _, out _));
        Assert.Equal(LogItemNames.All.Aggregate(LogItems.None, (sum, n) => sum | n.Item) & ~LogItems.Tid, items);
    }

    [Fact]
    public void Trace_patterns_are_collected()
    {
        Assert.True(LogItemNames.TryParse("trace:a*,unimp,trace:b", out LogItems items, out string[] traces, out _));
        Assert.Equal(LogItems.Unimp, items);
        Assert.Equal(["a*", "b"], traces);
    }

    [Fact]
    public void Every_unknown_name_is_listed()
    {
        Assert.False(LogItemNames.TryParse("exec,foo,In_Asm,trace:", out _, out _, out string? error));
        Assert.Equal("unknown log item 'foo', 'In_Asm', 'trace:'", error);
    }

    [Fact]
    public void Help_has_a_line_for_each()
    {
        string help = LogItemNames.HelpText();
        Assert.All(LogItemNames.All, n => Assert.Contains($"\n{n.Name} ", help));
    }
}
