using CsCheck;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Memory;
using Suite.LinuxUser.Strace;

namespace Suite.Tests.LinuxUser.Compat;

/// <summary>Converting structs, and finding room, whatever the values.</summary>
public sealed class StructConverterTests
{
    private static readonly string[] Layouts =
    [
        "timespec", "timeval", "itimerval", "itimerspec", "utimbuf", "tms", "timex", "timex64", "rusage", "rlimit64", "flock",
        "flock64", "statfs64", "open_how", "clone_args", "sched_attr", "cap_data", "ranges", "sysinfo",
    ];

    public static TheoryData<string, bool> Cases()
    {
        TheoryData<string, bool> cases = [];
        foreach (string layout in Layouts)
        {
            cases.Add(layout, false);
            cases.Add(layout, true);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_a_guest_says_comes_back_as_it_was(string layout, bool ppc)
    {
        CompatPersonality personality = ppc ? CompatPersonality.Ppc() : CompatPersonality.I386();
        StructConverter converter = personality.Converter(layout);
        StructLayout fields = new DecoderTables(personality.Abi).Layout(layout)!;
        Gen.Byte.Array[converter.GuestSize].Sample(guest =>
        {
            byte[] host = new byte[converter.HostSize], back = new byte[converter.GuestSize];
            converter.ToHost(guest, host);
            Assert.True(converter.ToGuest(host, back));
            foreach (StructField field in fields.Fields.Where(f => f.Name != "pad"))
                Assert.Equal(guest.AsSpan(field.Offset, field.Bytes * field.Count), back.AsSpan(field.Offset, field.Bytes * field.Count));
        }, iter: 200);
    }

    [Fact]
    public void Values_go_to_their_places_with_sign_and_order()
    {
        byte[] host = new byte[16];
        CompatPersonality.Ppc().Converter("timespec").ToHost([0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 1, 2], host);
        Assert.Equal((-2, 0x102), (BitConverter.ToInt64(host), BitConverter.ToInt64(host, 8)));
        CompatPersonality.I386().Converter("rlimit").ToHost([0xFF, 0xFF, 0xFF, 0xFF, 5, 0, 0, 0], host);
        Assert.Equal((ulong.MaxValue, 5UL), (BitConverter.ToUInt64(host), BitConverter.ToUInt64(host, 8)));
        byte[] guest = new byte[8];
        BitConverter.TryWriteBytes(host, 5UL << 32);
        CompatPersonality.Ppc().Converter("rlimit").ToGuest(host, guest);
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 5], guest);
    }

    [Fact]
    public void Same_layouts_are_not_converted()
    {
        Assert.False(CompatPersonality.I386().Converter("timespec64").IsSame); // padding beside the nanoseconds
        Assert.True(CompatPersonality.I386().Converter("clone_args").IsSame);
        Assert.False(CompatPersonality.I386().Converter("timespec").IsSame);
        Assert.False(CompatPersonality.Ppc().Converter("timespec64").IsSame);
        Assert.Null(CompatPersonality.I386().Flags("open"));
    }

    [Theory]
    [InlineData(false, "0300000000000000 04000000 DEADBEEF")]
    [InlineData(true, "0000000000000003 DEADBEEF 00000004")]
    public void Padding_beside_nanoseconds_is_no_number(bool ppc, string guest)
    {
        byte[] host = new byte[16];
        (ppc ? CompatPersonality.Ppc() : CompatPersonality.I386()).Converter("timespec64").ToHost(Convert.FromHexString(guest.Replace(" ", "")), host);
        Assert.Equal((3, 4), (BitConverter.ToInt64(host), BitConverter.ToInt64(host, 8)));
    }

    [Fact]
    public void Flags_of_PowerPC_move_and_come_back()
    {
        FlagMap open = CompatPersonality.Ppc().Flags("open")!;
        Assert.Equal(0x10000UL | 0x80000, open.ToHost(0x4000 | 0x80000));
        Assert.Equal(0x410000UL, open.ToHost(0x404000)); // O_TMPFILE
        Gen.UInt.Sample(flags =>
        {
            const uint Moved = 0x4000 | 0x8000 | 0x10000 | 0x20000;
            Assert.Equal(flags & Moved, open.ToGuest(open.ToHost(flags)) & Moved);
        });
    }

    [Fact]
    public void The_highest_gap_is_found()
    {
        const ulong Low = 16, High = 200;
        Gen.Select(Gen.Int[0, 220].Array[0, 12], Gen.Int[1, 60], Gen.Int[0, 3]).Sample((starts, length, shift) =>
        {
            int alignment = 1 << shift;
            VmaMap map = new();
            foreach (int start in starts)
                map.Insert(new Vma { Start = (ulong)start, End = (ulong)start + 5, Protection = start & 7 });
            ulong expected = 0;
            for (ulong at = High - (ulong)length & ~((ulong)alignment - 1); at >= Low && expected == 0; at -= (ulong)alignment)
                if (!map.Overlaps(at, at + (ulong)length))
                    expected = at;
            Assert.Equal(expected, map.FindGapDown(Low, High, (ulong)length, (ulong)alignment));
        });
    }
}
