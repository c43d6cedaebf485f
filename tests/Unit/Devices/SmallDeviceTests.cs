using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Devices.Misc;
using Suite.Devices.Timer;

namespace Suite.Tests.Devices;

public sealed class SmallDeviceTests
{
    private readonly DeviceBench _bench = new();

    [Fact]
    public void Port_92_has_A20_and_a_reset_on_the_rising_edge()
    {
        List<string> events = [];
        Port92 port = new(open => events.Add($"A20 {open}"), () => events.Add("reset"));
        port.Attach(_bench.Io);
        port.Reset();
        Assert.Equal(2, _bench.In(0x92));
        _bench.Out(0x92, 0);
        _bench.Out(0x92, 2);
        _bench.Out(0x92, 3);
        _bench.Out(0x92, 3);
        Assert.Equal(["A20 False", "A20 True", "A20 True", "reset", "A20 True"], events);
    }

    [Fact]
    public void A_printer_gets_what_is_strobed_and_acknowledges()
    {
        MemoryLine line = new();
        ParallelPort port = new("parallel0", _bench.Wire("IRQ7"), line);
        _bench.Io.Attach(port, port.Name, 0x378, 3);
        port.Reset();
        Assert.Equal(0xD8, _bench.In(0x379));
        foreach (byte b in "Hi"u8)
        {
            _bench.Out(0x378, b);
            Assert.Equal(b, _bench.In(0x378));
            _bench.Out(0x37A, 0x1D);
            _bench.Out(0x37A, 0x1D);
            _bench.Out(0x37A, 0x1C);
        }

        Assert.Equal("Hi"u8.ToArray(), line.Sent);
        Assert.Equal(2, _bench.Events.Count(e => e == "IRQ7 1"));
        Assert.Equal(0xDC, _bench.In(0x37A));
    }

    [Fact]
    public void CMOS_memory_says_what_SeaBIOS_reads_of_a_machine()
    {
        Rtc rtc = new(_bench.Clock, IrqLine.Unconnected(), new DateTime(2009, 1, 1));
        _bench.Io.Attach(rtc, "rtc", 0x70, 2);
        new CmosSetup
        {
            LowMemory = 0xC0000000,
            HighMemory = 0x1_4000_0000,
            Processors = 4,
            Floppies = (4, 0),
            BootOrder = "dca",
            BootsUnsignedFloppies = true,
            Disks = [(1000, 16, 63), null],
        }.Fill(rtc);
        Assert.Equal(640, Pair(0x15));
        Assert.Equal((0xFFFF, 0xFFFF), (Pair(0x17), Pair(0x30)));
        Assert.Equal((0xC0000000 - 0x1000000) >> 16, (uint)Pair(0x34));
        Assert.Equal(0x1_4000_0000L >> 16, Pair(0x5B) | Cell(0x5D) << 16);
        Assert.Equal((3, 0x40, 0x07), (Cell(0x5F), Cell(0x10), Cell(0x14)));
        Assert.Equal((0x23, 0x11), (Cell(0x3D), Cell(0x38)));
        Assert.Equal((0xF0, 47, 1000, 16, 63), (Cell(0x12), Cell(0x19), Pair(0x1B), Cell(0x1D), Cell(0x23)));

        int Pair(int cell) => Cell(cell) | Cell(cell + 1) << 8;

        int Cell(int cell)
        {
            _bench.Out(0x70, cell);
            return _bench.In(0x71);
        }
    }
}
