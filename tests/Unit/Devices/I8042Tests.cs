using Suite.Devices.Input;

namespace Suite.Tests.Devices;

public sealed class I8042Tests
{
    private readonly DeviceBench _bench = new();
    private readonly I8042 _controller;
    private bool _a20 = true;
    private int _resets;

    public I8042Tests()
    {
        _controller = new I8042(_bench.Wire("IRQ1"), _bench.Wire("IRQ12"), open => _a20 = open, () => _resets++);
        _controller.Attach(_bench.Io);
        _controller.Reset();
    }

    [Fact]
    public void The_self_test_and_the_command_byte()
    {
        _bench.Out(0x64, 0xAA);
        Assert.Equal(0x55, Data());
        _bench.Out(0x64, 0x60);
        _bench.Out(0x60, 0x41);
        _bench.Out(0x64, 0x20);
        Assert.Equal(0x41, Data());
    }

    [Fact]
    public void A_key_is_translated_to_set_1_and_interrupts_once_a_byte()
    {
        _controller.Key(0x1C, isExtended: false, isPressed: true); // A
        _controller.Key(0x1C, isExtended: false, isPressed: false);
        Assert.Equal(["IRQ1 1"], _bench.Events);
        Assert.Equal(0x1E, Data());
        Assert.Equal(0x9E, Data());
        Assert.Equal(0, _bench.In(0x64) & 1);
        Assert.Equal(["IRQ1 1", "IRQ1 0", "IRQ1 1", "IRQ1 0"], _bench.Events);
    }

    [Fact]
    public void Extended_keys_keep_their_prefix()
    {
        _controller.Key(0x75, isExtended: true, isPressed: true); // up
        _controller.Key(0x75, isExtended: true, isPressed: false);
        Assert.Equal([0xE0, 0x48, 0xE0, 0xC8], [Data(), Data(), Data(), Data()]);
    }

    [Fact]
    public void The_keyboard_answers_reset_identify_and_LEDs()
    {
        _bench.Out(0x64, 0x60);
        _bench.Out(0x60, 0x01); // no translation
        _bench.Out(0x60, 0xFF);
        Assert.Equal([0xFA, 0xAA], [Data(), Data()]);
        _bench.Out(0x60, 0xF2);
        Assert.Equal([0xFA, 0xAB, 0x83], [Data(), Data(), Data()]);
        _bench.Out(0x60, 0xED);
        _bench.Out(0x60, 0x07);
        Assert.Equal([0xFA, 0xFA], [Data(), Data()]);
        _bench.Out(0x60, 0x02);
        Assert.Equal(0xFE, Data());
    }

    [Fact]
    public void The_mouse_becomes_a_wheel_mouse_when_knocked()
    {
        Mouse(0xFF);
        Assert.Equal([0xFA, 0xAA, 0x00], [Data(), Data(), Data()]);
        foreach (int rate in new[] { 200, 100, 80 })
        {
            Mouse(0xF3);
            Mouse(rate);
            Assert.Equal([0xFA, 0xFA], [Data(), Data()]);
        }

        Mouse(0xF2);
        Assert.Equal([0xFA, 0x03], [Data(), Data()]);
        Mouse(0xF4);
        Assert.Equal(0xFA, Data());
        _controller.Mouse(5, -3, 1, 1);
        Assert.Equal(0x21, _bench.In(0x64) & 0x21); // full, from the mouse
        Assert.Equal([0x29, 0x05, 0xFD, 0x01], [Data(), Data(), Data(), Data()]);
        Assert.Contains("IRQ12 1", _bench.Events);
    }

    [Fact]
    public void A20_and_reset_are_pins_of_the_output_port()
    {
        _bench.Out(0x64, 0xD1);
        _bench.Out(0x60, 0xDD);
        Assert.False(_a20);
        _bench.Out(0x64, 0xDF);
        Assert.True(_a20);
        _bench.Out(0x64, 0xFE);
        Assert.Equal(1, _resets);
    }

    [Fact]
    public void A_full_queue_loses_keys_but_nothing_else()
    {
        for (int i = 0; i < 1000; i++)
            _controller.Key(0x1C, isExtended: false, isPressed: true);
        int bytes = 0;
        while ((_bench.In(0x64) & 1) != 0 && bytes < 2000)
        {
            Assert.Equal(0x1E, Data());
            bytes++;
        }

        Assert.InRange(bytes, 32, 65);
    }

    private void Mouse(int value)
    {
        _bench.Out(0x64, 0xD4);
        _bench.Out(0x60, value);
    }

    private int Data() => _bench.In(0x60);
}
