using Suite.Devices.Core;

namespace Suite.Devices.Timer;

/// <summary>
/// The 8254 interval timer of a PC (Intel 8254 data sheet, order number 231164): three counters at 1.193182 MHz, ports 40h to 43h, and the
/// speaker's port 61h. Counter 0 drives IRQ 0, counter 2 the speaker.
/// </summary>
public sealed class Pit8254 : Device, IBusDevice
{
    /// <summary>Input frequency in hertz.</summary>
    public const long Frequency = 1_193_182;

    private const int Control = 3, Counters = 3;

    private readonly PitCounter[] _counters = new PitCounter[Counters];
    private readonly Register _speaker;
    private readonly VirtualClock _clock;

    /// <summary>A timer whose counter 0 drives a line.</summary>
    /// <param name="clock">The machine's time.</param>
    /// <param name="irq">IRQ 0.</param>
    public Pit8254(VirtualClock clock, IrqLine irq)
        : base("pit")
    {
        _clock = clock;
        for (int i = 0; i < Counters; i++)
            _counters[i] = new PitCounter(State, $"counter {i}", clock, i == 0 ? irq : null);
        _speaker = State.Register("speaker control", 2);
    }

    /// <summary>Ports 40h to 43h, and 61h.</summary>
    public void Attach(Bus io)
    {
        io.Attach(this, Name, 0x40, 4);
        io.Attach(new SpeakerPort(this), "speaker", 0x61, 1);
    }

    public ulong Read(ulong offset, int size) => offset == Control ? 0xFFu : _counters[(int)offset].Read();

    public void Write(ulong offset, int size, ulong value)
    {
        const int ReadBack = 3;
        if (offset != Control)
        {
            _counters[(int)offset].Write((byte)value);
            return;
        }

        int select = (int)value >> 6;
        if (select != ReadBack)
        {
            _counters[select].WriteControl((byte)value);
            return;
        }

        for (int i = 0; i < Counters; i++)
            if ((value >> (i + 1) & 1) != 0)
                _counters[i].ReadBack(count: (value & 0x20) == 0, status: (value & 0x10) == 0);
    }

    protected override void Settle()
    {
        _counters[0].SetGate(true);
        _counters[1].SetGate(true);
        _counters[2].SetGate(_speaker.Has(1));
        foreach (PitCounter counter in _counters)
            counter.Settle();
    }

    // Port 61h: gate and speaker in bits 0 and 1; refresh toggles in bit 4, counter 2's output in bit 5.
    private sealed class SpeakerPort(Pit8254 pit) : IBusDevice
    {
        private const long RefreshPeriod = 15_085; // nanoseconds between refresh cycles, which toggle the bit

        public ulong Read(ulong offset, int size) =>
            pit._speaker.Value | (pit._clock.Now / RefreshPeriod % 2 != 0 ? 0x10u : 0) | (pit._counters[2].Output ? 0x20u : 0);

        public void Write(ulong offset, int size, ulong value)
        {
            pit._speaker.Value = value & 3;
            pit._counters[2].SetGate((value & 1) != 0);
        }
    }
}
