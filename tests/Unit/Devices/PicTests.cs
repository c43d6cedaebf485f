using Suite.Devices.Core;
using Suite.Devices.Intc;

namespace Suite.Tests.Devices;

public sealed class PicTests
{
    private readonly DeviceBench _bench = new();
    private readonly PicPair _pics;

    public PicTests()
    {
        _pics = new PicPair(_bench.Wire("INT"));
        _pics.Attach(_bench.Io);
        Initialise(0x20, 0x08, 4);
        Initialise(0xA0, 0x70, 2);
    }

    [Fact]
    public void The_lowest_input_comes_first_and_blocks_what_is_below_it_until_EOI()
    {
        _pics.SetInput(4, true);
        _pics.SetInput(1, true);
        Assert.Equal(0x09, _pics.Acknowledge());
        Assert.False(_pics.Master.IsRequesting); // 4 waits for 1
        _pics.SetInput(0, true);
        Assert.Equal(0x08, _pics.Acknowledge()); // 0 is above 1
        _bench.Out(0x20, 0x20);
        Assert.False(_pics.Master.IsRequesting);
        _bench.Out(0x20, 0x20);
        Assert.Equal(0x0C, _pics.Acknowledge());
    }

    [Fact]
    public void The_slave_comes_through_input_2()
    {
        _pics.SetInput(12, true);
        Assert.Equal(["INT 1"], _bench.Events);
        Assert.Equal(0x74, _pics.Acknowledge());
        Assert.Equal(["INT 1", "INT 0"], _bench.Events);
        _bench.Out(0xA0, 0x20);
        _bench.Out(0x20, 0x20);
        Assert.False(_pics.Master.IsRequesting); // an edge counts once
    }

    [Fact]
    public void An_edge_that_goes_away_is_spurious_7()
    {
        _pics.SetInput(3, true);
        _pics.SetInput(3, false);
        Assert.False(_pics.Master.IsRequesting);
        Assert.Equal(0x0F, _pics.Acknowledge());
        _bench.Out(0x20, 0x0B);
        Assert.Equal(0, _bench.In(0x20)); // and nothing is in service
    }

    [Fact]
    public void A_level_asks_again_after_EOI_while_it_stands()
    {
        _bench.Out(0x4D1, 0xFF);
        Assert.Equal(0xDE, _bench.In(0x4D1)); // 8 and 13 stay edges
        _pics.SetInput(11, true);
        Assert.Equal(0x73, _pics.Acknowledge());
        _bench.Out(0xA0, 0x20);
        _bench.Out(0x20, 0x20);
        Assert.Equal(0x73, _pics.Acknowledge());
        _pics.SetInput(11, false);
        _bench.Out(0xA0, 0x20);
        _bench.Out(0x20, 0x20);
        Assert.False(_pics.Master.IsRequesting);
    }

    [Fact]
    public void The_mask_holds_back_and_forgets_nothing()
    {
        _bench.Out(0x21, 0xFF);
        _pics.SetInput(5, true);
        Assert.False(_pics.Master.IsRequesting);
        Assert.Equal(0xFF, _bench.In(0x21));
        _bench.Out(0x20, 0x0A);
        Assert.Equal(0x20, _bench.In(0x20));
        _bench.Out(0x21, 0);
        Assert.Equal(0x0D, _pics.Acknowledge());
    }

    [Fact]
    public void Rotation_makes_the_one_served_the_lowest()
    {
        _pics.SetInput(3, true);
        _pics.Acknowledge();
        _bench.Out(0x20, 0xA0);
        _pics.SetInput(3, false);
        _pics.SetInput(3, true);
        _pics.SetInput(4, true);
        Assert.Equal(0x0C, _pics.Acknowledge()); // 4 is the highest now
    }

    [Fact]
    public void Special_mask_mode_lets_lower_ones_through()
    {
        _pics.SetInput(1, true);
        _pics.Acknowledge();
        _pics.SetInput(6, true);
        Assert.False(_pics.Master.IsRequesting);
        _bench.Out(0x21, 0x02);
        _bench.Out(0x20, 0x68);
        Assert.Equal(0x0E, _pics.Acknowledge());
    }

    [Fact]
    public void Polling_takes_an_interrupt()
    {
        _bench.Out(0x20, 0x0C);
        Assert.Equal(0, _bench.In(0x20));
        _pics.SetInput(6, true);
        _bench.Out(0x20, 0x0C);
        Assert.Equal(0x86, _bench.In(0x20));
        _bench.Out(0x20, 0x0B);
        Assert.Equal(0x40, _bench.In(0x20));
    }

    [Fact]
    public void Automatic_EOI_leaves_nothing_in_service()
    {
        Initialise(0x20, 0x08, 4, icw4: 3);
        _pics.SetInput(1, true);
        Assert.Equal(0x09, _pics.Acknowledge());
        _pics.SetInput(4, true);
        Assert.Equal(0x0C, _pics.Acknowledge());
    }

    private void Initialise(ushort port, int vector, int cascade, int icw4 = 1)
    {
        _bench.Out(port, 0x11);
        _bench.Out((ushort)(port + 1), vector);
        _bench.Out((ushort)(port + 1), cascade);
        _bench.Out((ushort)(port + 1), icw4);
    }
}
