using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;
using Suite.Tests.Jit;

namespace Suite.Tests.LinuxUser.Proc;

/// <summary>What a process lets others read about itself, read back through the kernel as another process would.</summary>
public sealed unsafe class PublishedProcessTests
{
    private static readonly int Pid = Environment.ProcessId;

    [Fact]
    public void Mappings_follow_every_change()
    {
        using RegionFixture fixture = new();
        CodeRegion region = fixture.Region;
        VmaMap map = new();
        map.Insert(Mapping(0x1000, 2, ""));
        map.Publish(new PublishedMappings(region));
        Random random = new(7);
        for (int i = 0; i < 4000; i++)
        {
            ulong start = (ulong)random.Next(1, 3000) << 12, end = start + ((ulong)random.Next(1, 6) << 12);
            switch (random.Next(4))
            {
                case 0:
                    map.Remove(start, end);
                    break;
                case 1 when map.Covers(start, end):
                    map.Protect(start, end, random.Next(8));
                    break;
                default:
                    map.Insert(Mapping(start, random.Next(1, 6), random.Next(4) == 0 ? "[heap]" : ""));
                    break;
            }
        }

        // More than the region itself has room for.
        Assert.True(map.All.Count > CodeRegion.NoticeTableBytes / sizeof(PublishedMapping), $"{map.All.Count} mappings");
        PublishedProcess* notice = PublishedProcess.In(region);
        Assert.Equal(0u, notice->Sequence & 1);
        Assert.Equal(map.All.Select(Show), new ReadOnlySpan<PublishedMapping>((void*)notice->MappingTable, notice->MappingCount).ToArray().Select(m => Show(m.ToVma())));
    }

    [Fact]
    public void Nonsense_of_another_process_is_bounded()
    {
        using RegionFixture fixture = new();
        CodeRegion region = fixture.Region;
        PublishedProcess* notice = PublishedProcess.In(region);
        PublishedProcess.Publish(region, new ProgramIdentity { Path = "/bin/some thing", ArgStart = 5, ArgEnd = 3, AuxLength = int.MaxValue }, breakStart: 0);
        try
        {
            PeerProcess peer = Assert.IsType<PeerProcess>(PeerProcess.Read(Pid));
            Assert.Equal("/bin/some thing", peer.Identity.Path);
            Assert.True(peer.Identity.AuxLength <= 4096);
            (notice->MappingCount, notice->MappingTable, notice->DescriptorCount) = (int.MaxValue, 1, int.MaxValue);
            Assert.Empty(PeerProcess.Read(Pid)!.Mappings);
            Assert.False(peer.HidesDescriptor(99));
            (notice->MappingCount, notice->Sequence) = (3, 1); // a bad address, and a change that never ends
            Assert.Empty(PeerProcess.Read(Pid)!.Mappings);
            PublishedMapping* table = stackalloc PublishedMapping[2];
            (table[0], table[1]) = (PublishedMapping.Of(Mapping(0x5000, 1, "[heap]")), PublishedMapping.Of(Mapping(0x4000, 9, "")));
            (notice->MappingCount, notice->MappingTable) = (2, (ulong)table);
            Assert.Equal("5000-6000 3 [heap]", Show(Assert.Single(PeerProcess.Read(Pid)!.Mappings))); // the second lies in front of the first
            notice->PathBytes = -1;
            Assert.Null(PeerProcess.Read(Pid));
            (notice->PathBytes, notice->PathAddress) = (4096, 0);
            Assert.Null(PeerProcess.Read(Pid));
        }
        finally
        {
            notice->Signature = 0;
        }

        Assert.Null(PeerProcess.Read(Pid));
        Assert.Null(PeerProcess.Read(1 << 30));
    }

    private static Vma Mapping(ulong start, int pages, string name) =>
        new() { Start = start, End = start + ((ulong)pages << 12), Protection = Linux.PROT_READ | Linux.PROT_WRITE, Name = name };

    private static string Show(Vma vma) => $"{vma.Start:x}-{vma.End:x} {vma.Protection} {vma.Name}";
}
