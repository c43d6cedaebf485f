using Suite.Devices.Core;
using Suite.Devices.Timer;

namespace Suite.Tests.Devices;

public sealed class HpetTests
{
    private readonly DeviceBench _bench = new();
    private readonly Bus _memory = new("memory", 1UL << 32);
    private readonly List<string> _inputs = [];
    private readonly Hpet _hpet;

    public HpetTests()
    {
        _hpet = new Hpet(_bench.Clock, _bench.Wire("IRQ0"), _bench.Wire("IRQ8"), (input, high) => _inputs.Add($"{input} {(high ? 1 : 0)}"));
        _memory.Attach(_hpet, "hpet", Hpet.UsualBase, Hpet.Length, widest: 8);
        _hpet.Reset();
    }

    [Fact]
    public void It_says_what_it_is_and_counts_while_it_runs()
    {
        Assert.Equal(0x8086A201UL, Read(0, 4));
        Assert.Equal(10_000_000UL, Read(4, 4)); // femtoseconds
        _bench.Advance(1000);
        Assert.Equal(0UL, Read(0xF0, 8));
        Write(0xF0, 8, 0x1_0000_0000);
        Write(0x10, 4, 1);
        _bench.Advance(1000);
        Assert.Equal(0x1_0000_0064UL, Read(0xF0, 8));
        Assert.Equal(1UL, Read(0xF4, 4));
        Write(0x10, 4, 0);
        _bench.Advance(1000);
        Assert.Equal(0x64UL, Read(0xF0, 4));
    }

    [Fact]
    public void A_comparator_interrupts_once_and_where_it_is_routed()
    {
        Write(0x10, 4, 1);
        Write(0x100, 4, 0x104 | 2 << 9); // 32 bits, enabled, input 2
        Write(0x108, 4, 500);
        _bench.Advance(4_990);
        Assert.Empty(_inputs);
        _bench.Advance(10);
        Assert.Equal(["2 0", "2 1", "2 0"], _inputs);
        _bench.Advance(100_000);
        Assert.Equal(3, _inputs.Count);
    }

    [Fact]
    public void Periods_in_the_place_of_the_PIT()
    {
        Write(0x10, 4, 3);
        Write(0x100, 4, 0x14C); // periodic, 32 bits, value to be set
        Write(0x108, 4, 100_000);
        Write(0x108, 4, 100_000);
        _bench.Advance(10 * VirtualClock.Second / 1000);
        Assert.Equal(10, _bench.Events.Count(e => e == "IRQ0 1"));
        _hpet.PitInput.Set(true);
        Assert.Equal(10, _bench.Events.Count(e => e == "IRQ0 1")); // the PIT is cut off
        Write(0x10, 4, 1);
        Assert.Equal("IRQ0 1", _bench.Events[^1]);
        _hpet.RtcInput.Set(true);
        Assert.Equal("IRQ8 1", _bench.Events[^1]);
    }

    [Fact]
    public void The_shortest_period_is_served_slower_not_for_ever()
    {
        Write(0x10, 4, 3);
        Write(0x100, 4, 0x14C);
        Write(0x108, 4, 1);
        _bench.Advance(VirtualClock.Second / 1000);
        Assert.InRange(_bench.Events.Count(e => e == "IRQ0 1"), 40, 60);
    }

    [Fact]
    public void Levels_stay_until_they_are_cleared()
    {
        Write(0x10, 4, 1);
        Write(0x120, 4, 0x106 | 2 << 9);
        Write(0x128, 4, 10);
        _bench.Advance(1000);
        Assert.Equal("2 1", _inputs[^1]);
        Assert.Equal(2UL, Read(0x20, 4));
        Write(0x20, 4, 2);
        Assert.Equal("2 0", _inputs[^1]);
    }

    [Fact]
    public void Random_accesses_are_survived()
    {
        Random random = new(3);
        for (int i = 0; i < 50_000; i++)
        {
            int size = 4 << random.Next(2), at = random.Next(0x400 / size) * size;
            if (random.Next(3) == 0)
                Read((uint)at, size);
            else
                Write((uint)at, size, (ulong)random.NextInt64() >> random.Next(64));
            if (i % 50 == 0)
                _bench.Advance(1000);
        }
    }

    private ulong Read(uint offset, int size) => _memory.Read(Hpet.UsualBase + offset, size);

    private void Write(uint offset, int size, ulong value) => _memory.Write(Hpet.UsualBase + offset, size, value);
}
