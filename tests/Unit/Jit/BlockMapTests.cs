using Suite.Jit.Runtime;

namespace Suite.Tests.Jit;

/// <summary>The hash table from guest to host addresses, against a dictionary.</summary>
public sealed unsafe class BlockMapTests
{
    [Fact]
    public void Finds_what_was_set_last()
    {
        using RegionFixture fixture = new();
        BlockMap map = new(fixture.Region);
        Dictionary<ulong, nint> model = [];
        Random random = new(1);
        ulong[] pages = [0, 0x40_0000, 0x5555_5555_4000, 0x7FFF_F7FF_0000, 0xFFFF_FFFF_FF60_0000];
        for (int i = 0; i < 200_000; i++)
        {
            ulong pc = pages[random.Next(pages.Length)] + (ulong)random.Next(1, 40_000);
            switch (random.Next(4))
            {
                case 0:
                    map.Remove(pc);
                    model.Remove(pc);
                    break;
                case 1:
                    Assert.Equal(model.GetValueOrDefault(pc), (nint)map.Find(pc));
                    break;
                default:
                    map.Set(pc, (byte*)(i + 1));
                    model[pc] = i + 1;
                    break;
            }
        }

        foreach ((ulong pc, nint host) in model)
            Assert.Equal(host, (nint)map.Find(pc));
    }

    [Fact]
    public void Keys_that_share_their_low_bits_do_not_hide_each_other()
    {
        using RegionFixture fixture = new();
        BlockMap map = new(fixture.Region);
        for (ulong i = 1; i <= 500; i++)
            map.Set(0x1000 + (i << 40), (byte*)i);
        for (ulong i = 1; i <= 500; i++)
            Assert.Equal(i, (ulong)map.Find(0x1000 + (i << 40)));
        map.Remove(0x1000 + (7UL << 40));
        Assert.Equal(0, (nint)map.Find(0x1000 + (7UL << 40)));
        Assert.Equal(8, (nint)map.Find(0x1000 + (8UL << 40)));
    }

    [Fact]
    public void A_cleared_map_is_empty_and_works()
    {
        using RegionFixture fixture = new();
        BlockMap map = new(fixture.Region);
        for (ulong i = 1; i < 20_000; i++)
            map.Set(i * 3, (byte*)i);
        map.Clear();
        Assert.Equal(0, (nint)map.Find(3));
        map.Set(3, (byte*)9);
        Assert.Equal(9, (nint)map.Find(3));
    }

    /// <summary>What the look-up stub does: mask before the table, entries of 16 bytes, zero ends the search.</summary>
    [Fact]
    public void Generated_code_finds_entries_the_published_way()
    {
        using RegionFixture fixture = new();
        BlockMap map = new(fixture.Region);
        for (ulong i = 1; i < 5000; i++)
            map.Set(i * 0x1_0007, (byte*)i);
        ulong* table = (ulong*)*fixture.Region.BlockMap;
        ulong mask = table[-1];
        for (ulong i = 1; i < 5000; i++)
        {
            ulong* entry = table + (i * 0x1_0007 & mask) * 2;
            while (entry[0] != i * 0x1_0007)
            {
                Assert.NotEqual(0UL, entry[0]);
                entry += 2;
            }

            Assert.Equal(i, entry[1]);
        }
    }

    [Fact]
    public void Setting_and_removing_the_same_addresses_for_ever_ends_no_search()
    {
        using RegionFixture fixture = new();
        BlockMap map = new(fixture.Region);
        for (int i = 0; i < 30_000; i++)
        {
            ulong pc = 0x40_0000 + (ulong)(i % 1_000);
            map.Set(pc, (byte*)1);
            map.Remove(pc);
        }

        Assert.Equal(0, (nint)map.Find(0x40_0000));
    }
}
