using Suite.Devices.Core;
using Suite.Devices.Timer;

namespace Suite.Tests.Devices;

public sealed class RtcTests
{
    private readonly DeviceBench _bench = new();
    private readonly Rtc _rtc;

    public RtcTests()
    {
        _rtc = new Rtc(_bench.Clock, _bench.Wire("IRQ8"), new DateTime(2008, 2, 28, 23, 59, 58));
        _bench.Io.Attach(_rtc, "rtc", 0x70, 2);
        _rtc.Reset();
    }

    [Fact]
    public void Time_goes_on_in_BCD_through_a_leap_day()
    {
        _bench.Advance(3 * VirtualClock.Second);
        Assert.Equal([0x01, 0x00, 0x00, 0x29, 0x02, 0x08, 0x20], new[] { 0, 2, 4, 7, 8, 9, 0x32 }.Select(Cell));
        Assert.Equal(6, Cell(6)); // Friday
    }

    [Fact]
    public void Binary_and_12_hours()
    {
        Set(11, 4);
        Assert.Equal(0x80 | 11, Cell(4));
        Assert.Equal(59, Cell(2));
        Set(4, 12); // midnight
        Assert.Equal(12, Cell(4));
        Set(11, 4 | 2);
        Assert.Equal(0, Cell(4));
    }

    [Fact]
    public void SET_holds_the_time_while_it_is_written()
    {
        Set(11, 0x82);
        Set(0, 0x30);
        Set(7, 0x15);
        Set(9, 0x31);
        _bench.Advance(10 * VirtualClock.Second);
        Assert.Equal(0x30, Cell(0));
        Set(11, 0x02);
        _bench.Advance(2 * VirtualClock.Second);
        Assert.Equal([0x32, 0x15, 0x31], new[] { 0, 7, 9 }.Select(Cell));
    }

    [Fact]
    public void The_periodic_interrupt_has_the_chosen_rate()
    {
        Set(10, 0x26); // 1024 Hz
        Set(11, 0x42);
        int count = 0;
        for (int i = 0; i < 1024; i++)
        {
            _bench.Advance(VirtualClock.Second / 1024 + 1);
            if ((Cell(12) & 0xC0) == 0xC0)
                count++;
        }

        Assert.InRange(count, 1023, 1024);
        Assert.Contains("IRQ8 1", _bench.Events);
    }

    [Fact]
    public void An_alarm_comes_at_its_second_and_reading_C_ends_it()
    {
        Set(1, 0x00);
        Set(3, 0xFF);
        Set(5, 0xFF);
        Set(11, 0x22);
        _bench.Advance(VirtualClock.Second);
        Assert.Empty(_bench.Events);
        _bench.Advance(VirtualClock.Second);
        Assert.Equal(["IRQ8 1"], _bench.Events);
        Assert.Equal(0xA0, Cell(12) & 0xA0);
        Assert.Equal(["IRQ8 1", "IRQ8 0"], _bench.Events);
        Assert.Equal(0, Cell(12));
    }

    [Fact]
    public void Memory_survives_a_reset_and_D_says_it_is_valid()
    {
        _rtc.SetCell(0x34, 0x12);
        Set(0x40, 0x55);
        Set(11, 0x72);
        _rtc.Reset();
        Assert.Equal([0x12, 0x55, 0x80, 0x02], new[] { 0x34, 0x40, 13, 11 }.Select(Cell));
    }

    [Fact]
    public void Nonsense_makes_a_date_all_the_same()
    {
        foreach (int cell in new[] { 0, 2, 4, 6, 7, 8, 9, 0x32 })
            Set(cell, 0xFF);
        Assert.InRange(Cell(8), 1, 0x12);
    }

    private int Cell(int index)
    {
        _bench.Out(0x70, index);
        return _bench.In(0x71);
    }

    private void Set(int index, int value)
    {
        _bench.Out(0x70, index);
        _bench.Out(0x71, value);
    }
}
