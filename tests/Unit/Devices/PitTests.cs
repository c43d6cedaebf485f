using Suite.Devices.Core;
using Suite.Devices.Timer;

namespace Suite.Tests.Devices;

public sealed class PitTests
{
    private readonly DeviceBench _bench = new();

    public PitTests()
    {
        Pit8254 pit = new(_bench.Clock, _bench.Wire("IRQ0"));
        pit.Attach(_bench.Io);
        pit.Reset();
    }

    [Fact]
    public void Mode_2_interrupts_once_a_period()
    {
        Program(0, mode: 2, count: 11932);
        _bench.Events.Clear();
        _bench.Advance(100 * 10_000_000L + 50_000);
        Assert.Equal(100, _bench.Events.Count(e => e == "IRQ0 1"));
    }

    [Fact]
    public void Mode_0_interrupts_once()
    {
        Program(0, mode: 0, count: 1193);
        _bench.Events.Clear();
        _bench.Advance(990_000);
        Assert.Empty(_bench.Events);
        _bench.Advance(20_000);
        Assert.Equal(["IRQ0 1"], _bench.Events);
        _bench.Advance(VirtualClock.Second);
        Assert.Single(_bench.Events);
    }

    // A strobe, and the pulse of a rate generator, last for one tick, 838 ns; whoever runs the clock is always later than that.
    [Theory]
    [InlineData(4, 1)]
    [InlineData(2, 5)]
    public void A_pulse_is_not_missed_when_the_clock_is_looked_at_late(int mode, int interrupts)
    {
        Program(0, mode, count: 1193);
        _bench.Events.Clear();
        _bench.AdvanceLate(5_100_000);
        Assert.Equal(interrupts, _bench.Events.Count(e => e == "IRQ0 1"));
    }

    [Fact]
    public void Mode_3_is_high_for_half_a_period()
    {
        Program(0, mode: 3, count: 1000);
        Assert.True(Output(0));
        _bench.Advance(VirtualClock.TimeOf(500, Pit8254.Frequency));
        Assert.False(Output(0));
        _bench.Advance(VirtualClock.TimeOf(500, Pit8254.Frequency));
        Assert.True(Output(0));
    }

    [Fact]
    public void A_latched_count_stays_until_it_is_read()
    {
        Program(0, mode: 2, count: 0x8000);
        _bench.Advance(VirtualClock.TimeOf(0x1234, Pit8254.Frequency));
        _bench.Out(0x43, 0x00);
        _bench.Advance(1_000_000);
        int low = _bench.In(0x40), high = _bench.In(0x40);
        Assert.Equal(0x8000 - 0x1234, high << 8 | low);
        Assert.NotEqual(0x8000 - 0x1234, _bench.In(0x40) | _bench.In(0x40) << 8);
    }

    [Fact]
    public void Read_back_gives_status_and_count()
    {
        Program(1, mode: 4, count: 100);
        _bench.Out(0x43, 0xC4); // count and status of counter 1
        Assert.Equal(0x80 | 0x30 | 4 << 1, _bench.In(0x41));
        Assert.Equal(100, _bench.In(0x41));
        Assert.Equal(0, _bench.In(0x41));
    }

    [Fact]
    public void BCD_counts_in_decimal()
    {
        _bench.Out(0x43, 0x30 | 1); // counter 0, both bytes, mode 0, BCD
        _bench.Out(0x40, 0x34);
        _bench.Out(0x40, 0x12);
        _bench.Advance(VirtualClock.TimeOf(35, Pit8254.Frequency));
        Assert.Equal(0x1199, _bench.In(0x40) | _bench.In(0x40) << 8);
    }

    [Fact]
    public void A_count_of_0_is_65536()
    {
        Program(0, mode: 0, count: 0);
        _bench.Events.Clear();
        _bench.Advance(VirtualClock.TimeOf(0xFFFF, Pit8254.Frequency));
        Assert.Empty(_bench.Events);
        _bench.Advance(1000);
        Assert.Equal(["IRQ0 1"], _bench.Events);
    }

    [Fact]
    public void The_gate_of_counter_2_stops_it_and_its_output_can_be_seen()
    {
        _bench.Out(0x61, 1);
        Program(2, mode: 0, count: 10);
        Assert.Equal(0, _bench.In(0x61) & 0x20);
        _bench.Advance(VirtualClock.TimeOf(5, Pit8254.Frequency));
        _bench.Out(0x61, 0);
        _bench.Advance(1_000_000);
        Assert.Equal(0, _bench.In(0x61) & 0x20);
        _bench.Out(0x61, 1);
        _bench.Advance(VirtualClock.TimeOf(6, Pit8254.Frequency));
        Assert.Equal(0x20, _bench.In(0x61) & 0x20);
    }

    private void Program(int counter, int mode, int count)
    {
        _bench.Out(0x43, counter << 6 | 0x30 | mode << 1);
        _bench.Out((ushort)(0x40 + counter), count & 0xFF);
        _bench.Out((ushort)(0x40 + counter), count >> 8);
    }

    private bool Output(int counter)
    {
        _bench.Out(0x43, 0xE0 | 2 << counter);
        return (_bench.In((ushort)(0x40 + counter)) & 0x80) != 0;
    }
}
