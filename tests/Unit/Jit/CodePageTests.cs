using Suite.Jit.Runtime;

namespace Suite.Tests.Jit;

public sealed class CodePageTests
{
    [Fact]
    public void Starts_are_a_bit_for_each_byte_of_the_page()
    {
        CodePage page = new();
        ulong[] starts = [0x40_0000, 0x40_0001, 0x40_003F, 0x40_0040, 0x40_0FFF];
        foreach (ulong start in starts)
            page.MarkStart(start);
        for (ulong pc = 0x40_0000; pc < 0x40_1000; pc++)
            Assert.Equal(starts.Contains(pc), page.IsStart(pc));
        Assert.True(page.IsStart(0x7000_0FFF)); // the page's number is not kept
    }

    [Fact]
    public void A_new_page_has_no_block()
    {
        CodePage page = new();
        Assert.Equal(-1, page.FirstBlock);
        Assert.Equal(0, page.Rewrites);
        Assert.False(page.Checked);
    }
}
