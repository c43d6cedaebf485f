using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Devices.Input;
using Suite.Devices.Intc;
using Suite.Devices.Misc;
using Suite.Devices.Timer;

namespace Suite.Tests.Devices;

/// <summary>A bus, a clock that stands until a test moves it, and wires that record: what a device needs instead of a machine.</summary>
internal sealed class DeviceBench
{
    private long _host = 1_000;

    public DeviceBench() => Clock = new VirtualClock(() => _host);

    public Bus Io { get; } = new("io", 0x10000);

    public VirtualClock Clock { get; }

    public List<string> Events { get; } = [];

    public IrqLine Wire(string name) => new(high => Events.Add($"{name} {(high ? 1 : 0)}"));

    /// <summary>Lets time pass, running timers at their moments.</summary>
    public void Advance(long nanoseconds)
    {
        long end = _host + nanoseconds;
        while (Clock.NextDeadline is { } next && next - Clock.Now + _host <= end)
        {
            _host += Math.Max(next - Clock.Now, 0);
            Clock.RunExpired();
        }

        _host = end;
    }

    /// <summary>Lets time pass without anybody looking; then runs what was due long ago.</summary>
    public void AdvanceLate(long nanoseconds)
    {
        _host += nanoseconds;
        while (Clock.NextDeadline is { } next && next <= Clock.Now)
            Clock.RunExpired();
    }

    public byte In(ushort port) => (byte)Io.Read(port, 1);

    public void Out(ushort port, int value) => Io.Write(port, 1, (ulong)value);

    /// <summary>Every device that can be made without others, with the port or address range it is attached to.</summary>
    public static IEnumerable<(Device Device, IBusDevice Ports, int Length)> All()
    {
        DeviceBench bench = new();
        IrqLine none = IrqLine.Unconnected();
        Pic8259 pic = new("pic", none);
        yield return (pic, pic, 2);
        Pit8254 pit = new(bench.Clock, none);
        yield return (pit, pit, 4);
        Rtc rtc = new(bench.Clock, none, new DateTime(2009, 5, 20, 12, 30, 59));
        yield return (rtc, rtc, 2);
        Uart16550 uart = new("serial0", none, new MemoryLine());
        yield return (uart, uart, 8);
        I8042 keyboard = new(none, none, _ => { }, () => { });
        yield return (keyboard, keyboard, 1);
        IoApic ioApic = new(new NoApics());
        yield return (ioApic, ioApic, 0x44);
        PvPanic panic = new(_ => { });
        yield return (panic, panic, 1);
    }

    private sealed class NoApics : IApicBus
    {
        public void Deliver(in ApicMessage message)
        {
        }
    }
}

/// <summary>A line whose other end is the test.</summary>
internal sealed class MemoryLine : IChardev
{
    public List<byte> Sent { get; } = [];

    public ICharReceiver? Receiver { get; set; }

    public void Write(ReadOnlySpan<byte> bytes) => Sent.AddRange(bytes);
}
