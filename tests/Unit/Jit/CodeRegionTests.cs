using Suite.Jit.Runtime;

namespace Suite.Tests.Jit;

/// <summary>Generated code refers to the region's parts by 32-bit addresses: where they lie is a contract.</summary>
public sealed unsafe class CodeRegionTests
{
    // Both tables have entries of one size, whichever it is.
    private const long TableBytes = CodeRegion.JumpOffset - CodeRegion.ReturnOffset;

    [Fact]
    public void Parts_follow_each_other_and_none_overlaps()
    {
        using RegionFixture fixture = new();
        CodeRegion region = fixture.Region;
        (long Start, long Bytes)[] parts =
        [
            (0, CodeRegion.StubSize),
            ((byte*)region.StopWord - region.Base, 8),
            ((byte*)region.DefaultMxcsr - region.Base, 8),
            ((byte*)region.BlockMap - region.Base, 8),
            ((byte*)region.OldHandlers - region.Base, 65 * 8),
            (region.ByteTable - region.Base, 256),
            (region.InlineCalls - region.Base, 0x10000),
            ((byte*)region.ReturnTable - region.Base, TableBytes),
            ((byte*)region.JumpTable - region.Base, TableBytes),
            ((byte*)region.EntryCounters - region.Base, CodeRegion.TableEntries * (long)sizeof(uint)),
            (CodeRegion.CodeOffset, region.Size - CodeRegion.CodeOffset),
        ];
        for (int i = 1; i < parts.Length; i++)
            Assert.True(parts[i - 1].Start + parts[i - 1].Bytes <= parts[i].Start, $"part {i} begins at {parts[i].Start:x}");
        Assert.True(TableBytes >= CodeRegion.TableEntries * (long)sizeof(uint));
        Assert.True((byte*)region.TargetTable + CodeRegion.TableEntries * sizeof(ulong) <= (byte*)region.EntryCounters);
        Assert.Equal(region.Size, parts[^1].Start + parts[^1].Bytes);
        Assert.Equal(0, CodeRegion.CodeOffset % 4096);
    }

    [Fact]
    public void The_region_lies_below_2_GiB()
    {
        using RegionFixture fixture = new();
        Assert.True((ulong)fixture.Region.Base + (ulong)fixture.Region.Size <= int.MaxValue);
        Assert.Equal(CodeRegion.CodeOffset, fixture.Region.Code - fixture.Region.Base);
    }

    [Fact]
    public void Two_regions_do_not_meet()
    {
        using RegionFixture a = new(), b = new();
        long distance = Math.Abs(a.Region.Base - b.Region.Base);
        Assert.True(distance >= a.Region.Size);
        *a.Region.StopWord = 7;
        Assert.Equal(0u, *b.Region.StopWord);
    }
}
