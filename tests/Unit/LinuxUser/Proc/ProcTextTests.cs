using System.Globalization;
using Suite.Host;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Proc;

namespace Suite.Tests.LinuxUser.Proc;

/// <summary>The texts of /proc, against the kernel's own for this process where that can be.</summary>
public sealed class ProcTextTests
{
    [Fact]
    public void Maps_are_written_as_the_kernel_writes_them()
    {
        string text = File.ReadAllText("/proc/self/maps");
        Assert.Equal(text, MapsText.Maps(Guest(text), HostMapping.Parse(text)));
    }

    [Fact]
    public void Maps_can_do_without_the_host()
    {
        string text = string.Join('\n', File.ReadLines("/proc/self/maps").Where(l => !l.EndsWith(')'))) + "\n";
        Assert.Equal(text, MapsText.Maps(Guest(text), []));
    }

    [Fact]
    public void Smaps_are_written_as_the_kernel_writes_them()
    {
        // Read in pieces, the file can disagree with itself while other tests map memory.
        const int Tries = 10;
        for (int i = 1; ; i++)
        {
            string text = File.ReadAllText("/proc/self/smaps"), ours = MapsText.Smaps(Guest(text), HostMapping.Parse(text));
            if (text == ours)
                return;
            if (i == Tries)
                Assert.Equal(text, ours);
        }
    }

    [Fact]
    public void Smaps_of_a_part_show_the_guests_protection_and_no_more_memory_than_fits()
    {
        const string Host = """
            10000-18000 rw-p 00000000 00:00 0
            Size:                 32 kB
            KernelPageSize:        4 kB
            Rss:                  32 kB
            THPeligible:           0
            VmFlags: rd wr mr mw me sd

            """;
        Vma guest = new() { Start = 0x10000, End = 0x12000, Protection = Linux.PROT_READ | Linux.PROT_EXEC };
        Assert.Equal("""
            00010000-00012000 r-xp 00000000 00:00 0 
            Size:                  8 kB
            KernelPageSize:        4 kB
            Rss:                   8 kB
            THPeligible:           0
            VmFlags: rd ex mr mw me sd 

            """, MapsText.Smaps([guest], HostMapping.Parse(Host)));
    }

    [Fact]
    public void Stat_keeps_the_name_whatever_is_in_it()
    {
        string host = "7 (a ) b) S " + string.Join(' ', Enumerable.Range(4, 49)) + "\n";
        string[] fields = StatText.Stat(host, Facts)["7 (a ) b)".Length..].Split(' ', StringSplitOptions.TrimEntries);
        string Field(int number) => fields[number - 2];
        Assert.Equal("S", Field(3));
        Assert.Equal("19", Field(19));
        Assert.Equal("3", Field(20));
        Assert.Equal("8192", Field(23));
        Assert.Equal(["4096", "8192", "28672"], [Field(26), Field(27), Field(28)]);
        Assert.Equal(["32", "1", "2"], [Field(32), Field(33), Field(34)]); // bits above 31 do not show
        Assert.Equal(["64", "16", "32", "32", "48"], [Field(47), Field(48), Field(49), Field(50), Field(51)]);
        Assert.Equal("52", Field(52));
    }

    [Fact]
    public void Stat_without_a_name_is_left_alone() => Assert.Equal("nonsense", StatText.Stat("nonsense", Facts));

    [Fact]
    public void Status_tells_the_guests_threads_and_signals()
    {
        const string Host = "Name:\ttool\nVmPeak:\t 9999 kB\nVmSize:\t 9999 kB\nVmRSS:\t  100 kB\nThreads:\t9\nSigBlk:\t00000000000000ff\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n";
        Assert.Equal(
            "Name:\ttool\nVmPeak:\t       8 kB\nVmSize:\t       8 kB\nVmRSS:\t  100 kB\nThreads:\t3\nSigBlk:\t00000000000000ff\nSigIgn:\t0000000000000001\nSigCgt:\t0000000100000002\n",
            StatText.Status(Host, Facts));
        Assert.Contains("SigBlk:\t0000000000000004\n", StatText.Status(Host, Facts with { Blocked = 4 }));
    }

    [Fact]
    public void Statm_counts_the_guests_pages()
    {
        Assert.Equal("2 17 9 0 0 1 0\n", StatText.Statm("90000 17 9 8 0 7000 0\n", Facts));
        Assert.Equal("nonsense", StatText.Statm("nonsense", Facts));
        ResidentMemory resident = new(Anonymous: 5 << 12, Files: 3 << 12, Shared: 1 << 12);
        Assert.Equal("2 9 4 0 0 1 0\n", StatText.Statm("90000 17 9 8 0 7000 0\n", Facts with { Resident = resident }));
    }

    [Fact]
    public void Limits_are_written_as_the_kernel_writes_them()
    {
        string host = File.ReadAllText("/proc/self/limits");
        Assert.Equal(host, StatText.Limits(host, new GuestSettings()));
        string[] lines = StatText.Limits(host, new GuestSettings(new GuestSettings.Limit(4096, ulong.MaxValue), data: null)).Split('\n'), before = host.Split('\n');
        int at = Array.FindIndex(lines, l => l.StartsWith("Max address space", StringComparison.Ordinal));
        Assert.Equal($"{"Max address space",-26}{4096,-20} {"unlimited",-20} bytes     ", lines[at]);
        Assert.Equal(before[at].Length, lines[at].Length);
        Assert.Equal(before.Where((_, i) => i != at), lines.Where((_, i) => i != at));
    }

    [Fact]
    public void A_rollup_has_the_fields_of_the_kernels()
    {
        string smaps = File.ReadAllText("/proc/self/smaps"), host = File.ReadAllText("/proc/self/smaps_rollup");
        string ours = MapsText.Rollup(Guest(smaps), HostMapping.Parse(smaps));
        static IEnumerable<string> Names(string text) => text.Split('\n').Skip(1).Select(l => l.Split(':')[0]);
        Assert.Equal(Names(host), Names(ours));
        Assert.EndsWith("[rollup]", ours.Split('\n')[0]);
        Assert.Equal(host.Split('\n')[0].Split(' ')[1..5], ours.Split('\n')[0].Split(' ')[1..5]);
    }

    [Fact]
    public void Memory_is_counted_by_kind()
    {
        Vma[] map =
        [
            new Vma { Start = 0x1000, End = 0x4000, Protection = Linux.PROT_READ | Linux.PROT_EXEC },
            new Vma { Start = 0x4000, End = 0x5000, Protection = Linux.PROT_READ | Linux.PROT_WRITE },
            new Vma { Start = 0x5000, End = 0x7000, Protection = Linux.PROT_READ | Linux.PROT_WRITE, Shared = true },
            new Vma { Start = 0x8000, End = 0xA000, Protection = Linux.PROT_READ | Linux.PROT_WRITE, Name = "[stack]" },
        ];
        Assert.Equal(new MemoryTotals(Size: 0x8000, Data: 0x1000, Stack: 0x2000, Text: 0x2000, Libraries: 0x1000),
            MemoryTotals.Of(map, new ProgramIdentity { Path = "/x", CodeStart = 0x1010, CodeEnd = 0x2FF0 }));
    }

    private static ProcessFacts Facts => new()
    {
        Threads = 3,
        Blocked = null,
        Ignored = 1,
        Caught = 0x1_0000_0002,
        Memory = new MemoryTotals(Size: 8192, Data: 4096, Stack: 2048, Text: 1024, Libraries: 0),
        Resident = null,
        BreakStart = 64,
        Identity = new ProgramIdentity { Path = "/x", CodeStart = 4096, CodeEnd = 8192, StackPointer = 28672, ArgStart = 16, ArgEnd = 32, EnvEnd = 48 },
    };

    // The mappings a text of maps or smaps tells of, as a guest's.
    private static Vma[] Guest(string text) =>
    [
        .. from line in text.Split('\n')
           where line.Length > 0 && !char.IsAsciiLetterUpper(line[0])
           let host = Assert.Single(HostMapping.Parse(line))
           let permissions = line.Split(' ')[1]
           select new Vma
           {
               Start = host.Start,
               End = host.End,
               Protection = (permissions[0] == 'r' ? Linux.PROT_READ : 0) | (permissions[1] == 'w' ? Linux.PROT_WRITE : 0) | (permissions[2] == 'x' ? Linux.PROT_EXEC : 0),
               Shared = permissions[3] == 's',
               Offset = host.Offset,
               Device = Device(host.Device),
               Inode = host.Inode,
               Name = host.Name,
           },
    ];

    private static ulong Device(string text)
    {
        ulong[] parts = [.. text.Split(':').Select(p => ulong.Parse(p, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        return (parts[0] & 0xFFF) << 8 | (parts[1] & 0xFF) | (parts[1] & ~0xFFUL) << 12;
    }
}
