using Suite.Devices.Core;

namespace Suite.Devices.Timer;

/// <summary>
/// One counter of an 8254. Counting is not simulated: the count follows from the time since it was loaded, and a timer is set for the moment
/// the output changes next, if anybody listens.
/// </summary>
internal sealed class PitCounter
{
    private const int LatchCommand = 0, LowByte = 1, HighByte = 2, BothBytes = 3;

    private readonly VirtualClock _clock;
    private readonly IrqLine? _irq;
    private readonly ClockTimer? _edge;
    private readonly Register _mode, _access, _bcd, _reload, _writeLow, _secondWrite, _secondRead, _gate, _start, _loaded, _countLatch, _countLatched,
        _statusLatch, _statusLatched, _frozen, _edgeTicks;

    /// <summary>A counter.</summary>
    /// <param name="state">Of the whole chip.</param>
    /// <param name="name">Which one.</param>
    /// <param name="clock">The machine's time.</param>
    /// <param name="irq">What its output drives; null when nobody listens.</param>
    public PitCounter(DeviceState state, string name, VirtualClock clock, IrqLine? irq)
    {
        (_clock, _irq) = (clock, irq);
        _mode = state.Register($"{name} mode", 3, reset: 3);
        _access = state.Register($"{name} access", 2, reset: BothBytes);
        _bcd = state.Register($"{name} BCD", 1);
        _reload = state.Register($"{name} reload", 17, reset: 0x10000);
        _writeLow = state.Register($"{name} low byte written", 8);
        _secondWrite = state.Register($"{name} expects high byte", 1);
        _secondRead = state.Register($"{name} gives high byte", 1);
        _gate = state.Register($"{name} GATE", 1);
        _start = state.Register($"{name} start", 64);
        _loaded = state.Register($"{name} loaded", 1);
        _frozen = state.Register($"{name} count at gate low", 17);
        _countLatch = state.Register($"{name} latched count", 16);
        _countLatched = state.Register($"{name} count is latched", 1);
        _statusLatch = state.Register($"{name} latched status", 8);
        _statusLatched = state.Register($"{name} status is latched", 1);
        _edgeTicks = state.Register($"{name} edge at", 64);
        if (irq is not null)
            _edge = state.Timer($"{name} edge", clock, () => Settle((long)_edgeTicks.Value));
    }

    /// <summary>The OUT pin.</summary>
    public bool Output => OutputAt(Elapsed);

    private bool OutputAt(long ticks)
    {
        long n = _reload.Int;
        return _mode.Int switch
        {
            0 => _loaded.IsSet && ticks >= n,
            1 => !_loaded.IsSet || ticks >= n,
            2 or 6 => !_loaded.IsSet || !_gate.IsSet || ticks % n != n - 1,
            3 or 7 => !_loaded.IsSet || !_gate.IsSet || ticks % n < (n + 1) / 2,
            _ => !_loaded.IsSet || ticks != n,
        };
    }

    private bool Repeats => (_mode.Int & 2) != 0;

    private bool StartsByGate => _mode.Int is 1 or 5;

    // Ticks since the count was loaded; those made while the gate was low do not count.
    private long Elapsed => !_loaded.IsSet ? 0 : !_gate.IsSet && !StartsByGate ? (long)_frozen.Value : VirtualClock.Ticks(_clock.Now - (long)_start.Value, Pit8254.Frequency);

    /// <summary>A byte of the control word: access, mode, BCD, or the counter latch command.</summary>
    public void WriteControl(byte value)
    {
        int access = value >> 4 & 3;
        if (access == LatchCommand)
        {
            Latch();
            return;
        }

        (_access.Value, _mode.Value, _bcd.Value) = ((ulong)access, (ulong)(value >> 1), (ulong)(value & 1));
        if (_mode.Int > 5)
            _mode.Value &= 3; // x10 and x11
        (_secondWrite.IsSet, _secondRead.IsSet, _loaded.IsSet, _countLatched.IsSet, _statusLatched.IsSet) = (false, false, false, false, false);
        Settle();
    }

    /// <summary>A byte of the count.</summary>
    public void Write(byte value)
    {
        switch (_access.Int)
        {
            case LowByte:
                Load(value);
                break;
            case HighByte:
                Load(value << 8);
                break;
            default:
                if (_secondWrite.IsSet)
                    Load(value << 8 | _writeLow.Byte);
                else
                    _writeLow.Value = value;
                _secondWrite.IsSet = !_secondWrite.IsSet;
                break;
        }
    }

    /// <summary>A byte of the latched status, the latched count, or the count now.</summary>
    public byte Read()
    {
        if (_statusLatched.IsSet)
        {
            _statusLatched.IsSet = false;
            return _statusLatch.Byte;
        }

        int count = _countLatched.IsSet ? _countLatch.Int : Count();
        bool high = _access.Int == HighByte || (_access.Int == BothBytes && _secondRead.IsSet);
        if (_access.Int == BothBytes)
            _secondRead.IsSet = !_secondRead.IsSet;
        if (_access.Int != BothBytes || high)
            _countLatched.IsSet = false;
        return (byte)(high ? count >> 8 : count);
    }

    /// <summary>The read-back command.</summary>
    public void ReadBack(bool count, bool status)
    {
        const int OutputBit = 0x80, NullCount = 0x40;
        if (count)
            Latch();
        if (!status || _statusLatched.IsSet)
            return;
        _statusLatch.Value = (ulong)((Output ? OutputBit : 0) | (_loaded.IsSet ? 0 : NullCount) | _access.Int << 4 | _mode.Int << 1 | _bcd.Int);
        _statusLatched.IsSet = true;
    }

    /// <summary>The GATE pin.</summary>
    public void SetGate(bool high)
    {
        if (high == _gate.IsSet)
            return;
        if (!high)
            _frozen.Value = (ulong)Math.Min(Elapsed, 0x1FFFF);
        _gate.IsSet = high;
        if (high && (StartsByGate || Repeats))
            _start.Value = (ulong)_clock.Now;
        else if (high)
            _start.Value = (ulong)(_clock.Now - VirtualClock.TimeOf((long)_frozen.Value, Pit8254.Frequency));
        Settle();
    }

    /// <summary>Makes the interrupt line follow the output, and waits for its next change.</summary>
    public void Settle() => Settle(Elapsed);

    // As it is after so many ticks. Whoever is late must not miss a pulse that lasts for one tick, so what has expired is settled for the moment it was due.
    private void Settle(long ticks)
    {
        if (_irq is null)
            return;
        _irq.Set(OutputAt(ticks));
        if (NextChange(ticks) is { } next)
        {
            _edgeTicks.Value = (ulong)next;
            _edge!.Set((long)_start.Value + VirtualClock.TimeOf(next, Pit8254.Frequency));
        }
        else
        {
            _edge!.Cancel();
        }
    }

    private void Load(int value)
    {
        const int Largest = 0x10000, LargestBcd = 10000;
        int n = _bcd.IsSet ? FromBcd(value) : value;
        _reload.Value = (ulong)(n == 0 ? _bcd.IsSet ? LargestBcd : Largest : n);
        if (_reload.Int == 1 && _mode.Int is 2 or 3)
            _reload.Value = 2; // illegal in these modes; what it does is undefined
        // A count written while one runs takes effect at the end of the period in modes 2 and 3; nobody can tell it from now on.
        (_start.Value, _frozen.Value, _loaded.IsSet) = ((ulong)_clock.Now, 0, true);
        Settle();
    }

    private void Latch()
    {
        if (_countLatched.IsSet)
            return;
        (_countLatch.Value, _countLatched.IsSet) = ((ulong)Count(), true);
    }

    private int Count()
    {
        long n = _reload.Int, ticks = Elapsed;
        long count = _mode.Int switch
        {
            2 => n - ticks % n,
            3 => n - ticks * 2 % n,
            _ => n - ticks,
        };
        return _bcd.IsSet ? ToBcd((int)(((count % 10000) + 10000) % 10000)) : (int)(count & 0xFFFF);
    }

    // Ticks after the load at which the output changes next, seen from a moment; null for never.
    private long? NextChange(long ticks)
    {
        if (!_loaded.IsSet || (!_gate.IsSet && !StartsByGate))
            return null;
        long n = _reload.Int, period = ticks - ticks % n;
        return _mode.Int switch
        {
            2 => ticks % n == n - 1 ? period + n : period + n - 1,
            3 => ticks % n < (n + 1) / 2 ? period + (n + 1) / 2 : period + n,
            0 or 1 => ticks < n ? n : null,
            _ => ticks < n ? n : ticks == n ? n + 1 : null,
        };
    }

    private static int FromBcd(int value) => (value >> 12 & 15) * 1000 + (value >> 8 & 15) * 100 + (value >> 4 & 15) * 10 + (value & 15);

    private static int ToBcd(int value) => value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
}
