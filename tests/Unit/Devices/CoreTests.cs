using CsCheck;
using Suite.Devices.Core;

namespace Suite.Tests.Devices;

public sealed class CoreTests
{
    [Fact]
    public void A_bus_refuses_overlap_and_names_both()
    {
        Bus io = new("io", 0x10000);
        io.Attach(new Echo(), "serial0", 0x3F8, 8);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => io.Attach(new Echo(), "serial1", 0x3FC, 8));
        Assert.Equal("io: serial1 at 3fc overlaps serial0 at 3f8", error.Message);
    }

    [Fact]
    public void Nobody_answers_with_ones()
    {
        Bus io = new("io", 0x10000);
        Assert.Equal(0xFFUL, io.Read(0x80, 1));
        Assert.Equal(0xFFFF_FFFFUL, io.Read(0x80, 4));
        Assert.Equal(ulong.MaxValue, io.Read(0x80, 8));
        io.Write(0x80, 4, 5);
    }

    [Fact]
    public void A_wide_access_to_a_narrow_device_comes_in_pieces_from_the_lowest()
    {
        Bus io = new("io", 0x10000);
        Echo device = new();
        io.Attach(device, "echo", 0x100, 4, widest: 2);
        io.Write(0x100, 4, 0x44332211);
        Assert.Equal(["0/2 2211", "2/2 4433"], device.Writes);
        Assert.Equal(0x0202_0002UL, io.Read(0x100, 4) & 0xFFFF_FFFF); // each piece reads as offset << 8 | size, here as words
        Assert.Equal(0xFFFF_0202UL, io.Read(0x102, 4)); // the upper half is nobody's
    }

    [Fact]
    public void A_range_that_is_moved_answers_only_there()
    {
        Bus memory = new("memory", 1UL << 36);
        BusRange range = memory.Declare(new Echo(), "bar", 0x1000, 4);
        Assert.Equal(0xFFUL, memory.Read(0xE000_0000, 1));
        range.MapAt(0xE000_0000);
        Assert.Equal(0x1001UL & 0xFF, memory.Read(0xE000_0010, 1));
        range.MapAt(0xF000_0000);
        Assert.Equal(0xFFUL, memory.Read(0xE000_0010, 1));
        range.MapAt((1UL << 36) - 0x800); // leaves the bus: the guest's mistake
        Assert.False(range.IsMapped);
        range.MapAt(0xF000_0000);
        range.Unmap();
        Assert.Equal(0xFFUL, memory.Read(0xF000_0010, 1));
    }

    [Fact]
    public void Timers_run_in_the_order_of_their_deadlines_and_time_can_stand()
    {
        DeviceBench bench = new();
        List<int> order = [];
        ClockTimer late = bench.Clock.NewTimer(() => order.Add(2)), early = bench.Clock.NewTimer(() => order.Add(1));
        late.Set(200);
        early.Set(100);
        bench.Clock.Stop();
        bench.Advance(0);
        Assert.Equal(0, bench.Clock.Now);
        bench.Clock.Start();
        bench.Advance(300);
        Assert.Equal([1, 2], order);
        Assert.Equal(300, bench.Clock.Now);
    }

    [Fact]
    public void A_tick_is_at_the_first_moment_that_has_so_many() => Gen.Select(Gen.Long[1, 1L << 30], Gen.Long[1, VirtualClock.Second]).Sample((ticks, frequency) =>
    {
        long time = VirtualClock.TimeOf(ticks, frequency);
        return VirtualClock.Ticks(time, frequency) == ticks && VirtualClock.Ticks(time - 1, frequency) < ticks;
    });

    public static TheoryData<int> DeviceNumbers => [.. Enumerable.Range(0, DeviceBench.All().Count())];

    [Theory]
    [MemberData(nameof(DeviceNumbers))]
    public void Reset_after_hostile_writes_gives_a_device_as_new(int number)
    {
        (Device used, IBusDevice ports, int length) = DeviceBench.All().ElementAt(number);
        Device fresh = DeviceBench.All().ElementAt(number).Device;
        used.Reset();
        fresh.Reset();
        byte[] before = Snapshot(used);
        Random random = new(number);
        for (int i = 0; i < 2000; i++)
        {
            int offset = random.Next(length);
            if (random.Next(2) == 0)
                ports.Read((ulong)offset, 1);
            else
                ports.Write((ulong)offset, 1, (ulong)random.Next(256));
        }

        byte[] disturbed = Snapshot(used);
        used.Load(new MemoryStream(before));
        Assert.Equal(before, Snapshot(used));
        used.Load(new MemoryStream(disturbed));
        Assert.Equal(disturbed, Snapshot(used));
        used.Reset();
        if (number != RtcNumber)
            Assert.Equal(Snapshot(fresh), Snapshot(used));
    }

    // Its memory outlives a reset.
    private const int RtcNumber = 2;

    [Fact]
    public void A_snapshot_of_another_device_is_refused()
    {
        (Device first, _, _) = DeviceBench.All().ElementAt(0);
        (Device second, _, _) = DeviceBench.All().ElementAt(1);
        Assert.Contains("where", Assert.Throws<InvalidDataException>(() => second.Load(new MemoryStream(Snapshot(first)))).Message);
        Assert.Contains("ends before", Assert.Throws<InvalidDataException>(() => first.Load(new MemoryStream(Snapshot(first)[..^3]))).Message);
    }

    private static byte[] Snapshot(Device device)
    {
        MemoryStream to = new();
        device.State.Save(to);
        return to.ToArray();
    }

    private sealed class Echo : IBusDevice
    {
        public List<string> Writes { get; } = [];

        public ulong Read(ulong offset, int size) => offset << 8 | (uint)size;

        public void Write(ulong offset, int size, ulong value) => Writes.Add($"{offset}/{size} {value:x}");
    }
}
