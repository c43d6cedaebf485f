using Suite.Devices.Char;

namespace Suite.Tests.Devices;

public sealed class UartTests
{
    private const ushort Base = 0x3F8;

    private readonly DeviceBench _bench = new();
    private readonly MemoryLine _line = new();
    private readonly Uart16550 _uart;

    public UartTests()
    {
        _uart = new Uart16550("serial0", _bench.Wire("IRQ4"), _line);
        _bench.Io.Attach(_uart, "serial0", Base, 8);
        _uart.Reset();
    }

    [Fact]
    public void What_is_written_goes_out()
    {
        foreach (char c in "hello")
            _bench.Out(Base, c);
        Assert.Equal("hello"u8.ToArray(), _line.Sent);
        Assert.Equal(0x60, _bench.In(Base + 5));
    }

    [Fact]
    public void DLAB_turns_the_first_two_registers_into_the_divisor()
    {
        _bench.Out(Base + 3, 0x83);
        _bench.Out(Base, 0x34);
        _bench.Out(Base + 1, 0x12);
        Assert.Equal((0x34, 0x12), (_bench.In(Base), _bench.In(Base + 1)));
        _bench.Out(Base + 3, 0x03);
        Assert.Empty(_line.Sent);
        Assert.Equal(0, _bench.In(Base + 1));
    }

    [Fact]
    public void Sixteen_characters_wait_and_the_seventeenth_overruns()
    {
        _bench.Out(Base + 2, 0x01);
        Assert.Equal(16, _uart.Room);
        _uart.Receive(Enumerable.Range(1, 16).Select(i => (byte)i).ToArray());
        Assert.Equal(0, _uart.Room);
        _uart.Receive([99]);
        Assert.Equal(0x63, _bench.In(Base + 5)); // overrun, ready
        Assert.Equal(0x61, _bench.In(Base + 5)); // reading took the error away
        Assert.Equal(Enumerable.Range(1, 16).ToArray(), Enumerable.Range(0, 16).Select(_ => (int)_bench.In(Base)).ToArray());
        Assert.Equal(0x60, _bench.In(Base + 5));
    }

    [Fact]
    public void The_received_interrupt_follows_the_trigger_and_the_timeout()
    {
        _bench.Out(Base + 4, 0x08);
        _bench.Out(Base + 2, 0x81); // trigger at 8
        _bench.Out(Base + 1, 0x01);
        _uart.Receive("abc"u8);
        Assert.Equal(0xCC, _bench.In(Base + 2));
        _uart.Receive("defgh"u8);
        Assert.Equal(0xC4, _bench.In(Base + 2));
        for (int i = 0; i < 8; i++)
            _bench.In(Base);
        Assert.Equal(0xC1, _bench.In(Base + 2));
        Assert.Equal(["IRQ4 1", "IRQ4 0"], _bench.Events);
    }

    [Fact]
    public void The_transmitter_interrupts_when_enabled_and_IIR_read_ends_it()
    {
        _bench.Out(Base + 4, 0x08);
        _bench.Out(Base + 1, 0x02);
        Assert.Equal(["IRQ4 1"], _bench.Events);
        Assert.Equal(0x02, _bench.In(Base + 2));
        Assert.Equal(0x01, _bench.In(Base + 2));
        _bench.Out(Base, 'x');
        Assert.Equal(["IRQ4 1", "IRQ4 0", "IRQ4 1"], _bench.Events);
    }

    // xv6 clears the modem control register and heard no key of the serial line: OUT2 gated the interrupt, as on boards of old and not in QEMU.
    [Fact]
    public void OUT2_does_not_gate_the_interrupt()
    {
        _bench.Out(Base + 4, 0);
        _bench.Out(Base + 1, 0x02);
        Assert.Equal(["IRQ4 1"], _bench.Events);
    }

    [Fact]
    public void The_loop_sends_back_and_joins_the_modem_lines()
    {
        _bench.Out(Base + 4, 0x1A); // loop, OUT2, RTS
        _bench.Out(Base, 0x5A);
        Assert.Empty(_line.Sent);
        Assert.Equal(0x5A, _bench.In(Base));
        Assert.Equal(0x90, _bench.In(Base + 6) & 0xF0); // CTS follows RTS, DCD follows OUT2: how drivers find the chip
    }

    [Fact]
    public void The_scratch_register_and_the_FIFO_bits_tell_a_16550A()
    {
        _bench.Out(Base + 7, 0xA5);
        Assert.Equal(0xA5, _bench.In(Base + 7));
        _bench.Out(Base + 2, 0xE7);
        Assert.Equal(0xC0, _bench.In(Base + 2) & 0xC0);
    }

    [Fact]
    public void A_break_is_a_zero_with_its_bit()
    {
        _uart.Break();
        Assert.Equal(0x71, _bench.In(Base + 5));
        Assert.Equal(0, _bench.In(Base));
    }
}
