using Suite.Host.Diagnostics;

namespace Suite.Tests.Cli;

public sealed class AddressFilterTests
{
    [Theory]
    [InlineData("0x1000..0x1100", 0x1000UL, 0x1100UL)]
    [InlineData("0x1000+0x100", 0x1000UL, 0x10FFUL)]
    [InlineData("0x1100-0x100", 0x1001UL, 0x1100UL)]
    [InlineData("16..010", null, null)]
    [InlineData("8..010", 8UL, 8UL)]
    [InlineData("0xfffffffffffffff0+16", 0xFFFFFFFFFFFFFFF0UL, ulong.MaxValue)]
    public void A_range_has_both_ends_included(string text, ulong? first, ulong? last)
    {
        Assert.Equal(first is not null, AddressFilter.TryParse(text, out AddressFilter? filter, out _));
        if (filter is null)
            return;
        Assert.Equal([(first!.Value, last!.Value)], filter.Ranges);
        Assert.True(filter.Contains(first.Value) && filter.Contains(last.Value));
        Assert.False(first > 0 && filter.Contains(first.Value - 1));
        Assert.False(last < ulong.MaxValue && filter.Contains(last.Value + 1));
    }

    [Fact]
    public void Ranges_add_up()
    {
        Assert.True(AddressFilter.TryParse("0x1000+0x100, 0x2100-0x100,0x3000..0x3100", out AddressFilter? filter, out _));
        Assert.True(filter.Contains(0x1050) && filter.Contains(0x2050) && filter.Contains(0x3050));
        Assert.False(filter.Contains(0x1100) || filter.Contains(0));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x1000")]
    [InlineData("0x1000+onehundred")]
    [InlineData("0x1000+0")]
    [InlineData("0x1000-0")]
    [InlineData("0x10-0x20")]
    [InlineData("0xffffffffffffffff+2")]
    [InlineData("1.2")]
    [InlineData("1..2,")]
    [InlineData("+1")]
    [InlineData("0x..2")]
    [InlineData("0x10000000000000000..1")]
    [InlineData("07777777777777777777777..1")]
    public void Nonsense_is_refused_with_its_text(string text)
    {
        Assert.False(AddressFilter.TryParse(text, out _, out string? error));
        Assert.StartsWith("bad address range '", error);
    }
}
