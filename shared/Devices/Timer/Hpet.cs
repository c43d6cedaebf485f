using Suite.Devices.Core;

namespace Suite.Devices.Timer;

/// <summary>
/// The high precision event timer (IA-PC HPET Specification 1.0a): a counter of 100 MHz and three comparators, which interrupt through the
/// I/O APIC, or instead of PIT and RTC ("legacy replacement"); for that their interrupt lines run through here.
/// </summary>
public sealed class Hpet : Device, IBusDevice
{
    /// <summary>Where it is on a PC, and how many bytes.</summary>
    public const ulong UsualBase = 0xFED00000, Length = 0x400;

    private const int Comparators = 3, Capabilities = 0x00, Configuration = 0x10, InterruptStatus = 0x20, Counter = 0xF0, FirstComparator = 0x100, ComparatorBytes = 0x20;
    private const long Period = 10; // nanoseconds
    private const ulong CapabilityValue = 0x8086A001 | (Comparators - 1) << 8 | (ulong)Period * 1_000_000 << 32;
    private const ulong Enabled = 1, Legacy = 2;

    private readonly VirtualClock _clock;
    private readonly IrqLine _irq0, _irq8;
    private readonly Action<int, bool> _setInput;
    private readonly Register _configuration, _status, _count, _start;
    private readonly HpetComparator[] _comparators = new HpetComparator[Comparators];

    /// <summary>A timer.</summary>
    /// <param name="clock">The machine's time.</param>
    /// <param name="irq0">Where the PIT's interrupt, or comparator 0's, goes.</param>
    /// <param name="irq8">Where the RTC's interrupt, or comparator 1's, goes.</param>
    /// <param name="setInput">Drives an input of the I/O APIC.</param>
    public Hpet(VirtualClock clock, IrqLine irq0, IrqLine irq8, Action<int, bool> setInput)
        : base("hpet")
    {
        (_clock, _irq0, _irq8, _setInput) = (clock, irq0, irq8, setInput);
        _configuration = State.Register("configuration", 2);
        _status = State.Register("interrupt status", Comparators);
        _count = State.Register("counter when started or halted", 64);
        _start = State.Register("time of the start", 64);
        for (int i = 0; i < Comparators; i++)
            _comparators[i] = new HpetComparator(this, State, clock, i);
        PitInput = new IrqLine(high => PassOn(_irq0, high));
        RtcInput = new IrqLine(high => PassOn(_irq8, high));
    }

    /// <summary>The PIT drives this.</summary>
    public IrqLine PitInput { get; }

    /// <summary>The RTC drives this.</summary>
    public IrqLine RtcInput { get; }

    internal bool IsRunning => _configuration.Has(Enabled);

    internal ulong Now => IsRunning ? _count.Value + (ulong)((_clock.Now - (long)_start.Value) / Period) : _count.Value;

    private bool IsLegacy => _configuration.Has(Legacy);

    public ulong Read(ulong offset, int size)
    {
        int shift = 8 * (int)(offset & 7);
        return ReadRegister((int)offset & ~7) >> shift;
    }

    public void Write(ulong offset, int size, ulong value)
    {
        int at = (int)offset & ~7, shift = 8 * (int)(offset & 7);
        ulong mask = (size == 8 ? ulong.MaxValue : (1UL << (8 * size)) - 1) << shift;
        value <<= shift;
        switch (at)
        {
            case Configuration:
                WriteConfiguration((_configuration.Value & ~mask) | (value & mask));
                break;
            case InterruptStatus:
                _status.Set(value & mask, false);
                foreach (HpetComparator comparator in _comparators)
                    comparator.UpdateLine();
                break;
            case Counter when !IsRunning:
                _count.Value = (_count.Value & ~mask) | (value & mask);
                break;
            case >= FirstComparator and < FirstComparator + Comparators * ComparatorBytes:
                _comparators[(at - FirstComparator) / ComparatorBytes].Write(at & (ComparatorBytes - 1), mask, value);
                break;
        }
    }

    // When so many counts will have passed since the counter was at one; never, where that is beyond all time.
    internal long TimeAfter(ulong count, ulong passed)
    {
        const ulong most = long.MaxValue / (ulong)Period / 4;
        return passed > most ? long.MaxValue - 1 : (long)_start.Value + (long)(count - _count.Value + passed) * Period;
    }

    internal bool IsPending(int number) => _status.Has(1u << number);

    internal void SetPending(int number) => _status.Set(1u << number, true);

    internal void Drive(int number, int input, bool high)
    {
        if (IsLegacy && number < 2)
            (number == 0 ? _irq0 : _irq8).Set(high);
        else
            _setInput(input, high);
    }

    /// <inheritdoc/>
    protected override void Settle()
    {
        foreach (HpetComparator comparator in _comparators)
        {
            comparator.UpdateLine();
            comparator.Arm();
        }
    }

    private ulong ReadRegister(int at) => at switch
    {
        Capabilities => CapabilityValue,
        Configuration => _configuration.Value,
        InterruptStatus => _status.Value,
        Counter => Now,
        >= FirstComparator and < FirstComparator + Comparators * ComparatorBytes => _comparators[(at - FirstComparator) / ComparatorBytes].Read(at & (ComparatorBytes - 1)),
        _ => 0,
    };

    private void WriteConfiguration(ulong value)
    {
        bool wasRunning = IsRunning, wasLegacy = IsLegacy;
        ulong now = Now;
        _configuration.Value = value;
        if (!wasRunning && IsRunning)
            _start.Value = (ulong)_clock.Now;
        else if (wasRunning && !IsRunning)
            _count.Value = now;
        foreach (HpetComparator comparator in _comparators)
            comparator.Arm();
        if (wasLegacy == IsLegacy)
            return;
        _irq0.Set(!IsLegacy && PitInput.IsHigh);
        _irq8.Set(!IsLegacy && RtcInput.IsHigh);
    }

    private void PassOn(IrqLine to, bool high)
    {
        if (!IsLegacy)
            to.Set(high);
    }
}
