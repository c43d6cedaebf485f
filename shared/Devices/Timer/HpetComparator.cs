using Suite.Devices.Core;

namespace Suite.Devices.Timer;

/// <summary>One comparator of an HPET.</summary>
internal sealed class HpetComparator
{
    private const int Configuration = 0x00, Comparator = 0x08;
    private const ulong Level = 0x02, InterruptEnable = 0x04, Periodic = 0x08, PeriodicCapable = 0x10, Is64Bit = 0x20, SetValue = 0x40, Force32 = 0x100,
        Routes = 0x4UL << 32, Writable = 0x3F4E;

    private const int RouteShift = 9, RouteMask = 31;

    // A period that is shorter than what a host can serve is served at this rate, in counts.
    private const ulong ShortestPeriod = 2000;

    private readonly Hpet _hpet;
    private readonly int _number;
    private readonly Register _configuration, _comparator, _period, _waits;
    private readonly ClockTimer _timer;

    public HpetComparator(Hpet hpet, DeviceState state, VirtualClock clock, int number)
    {
        (_hpet, _number) = (hpet, number);
        _configuration = state.Register($"timer {number} configuration", 64, reset: PeriodicCapable | Is64Bit | Routes);
        _comparator = state.Register($"timer {number} comparator", 64, reset: ulong.MaxValue);
        _period = state.Register($"timer {number} period", 64);
        _waits = state.Register($"timer {number} armed", 1);
        _timer = state.Timer($"timer {number}", clock, Expired);
    }

    private bool IsPeriodic => _configuration.Has(Periodic);

    private bool Is32Bit => _configuration.Has(Force32);

    private int Route => (int)(_configuration.Value >> RouteShift) & RouteMask;

    public ulong Read(int at) => at switch
    {
        Configuration => _configuration.Value,
        Comparator => _comparator.Value,
        _ => 0,
    };

    public void Write(int at, ulong mask, ulong value)
    {
        switch (at)
        {
            case Configuration:
                mask &= Writable;
                _configuration.Value = (_configuration.Value & ~mask) | (value & mask);
                if (Is32Bit)
                    (_comparator.Value, _period.Value) = ((uint)_comparator.Value, (uint)_period.Value);
                UpdateLine();
                break;
            case Comparator:
                ulong merged = (_comparator.Value & ~mask) | (value & mask);
                if (Is32Bit)
                    merged = (uint)merged;
                if (!IsPeriodic || _configuration.Has(SetValue))
                    _comparator.Value = merged;
                if (IsPeriodic)
                    _period.Value = Is32Bit ? (uint)((_period.Value & ~mask) | (value & mask)) : (_period.Value & ~mask) | (value & mask);
                _configuration.Set(SetValue, false);
                _waits.IsSet = true;
                break;
        }

        Arm();
    }

    // Waits for the counter to reach the comparator. What a single shot has passed is reached at once; a period waits for its next end, however far.
    public void Arm()
    {
        if (!_hpet.IsRunning || !_waits.IsSet)
        {
            _timer.Cancel();
            return;
        }

        ulong now = _hpet.Now, left = _comparator.Value - now;
        if (Is32Bit)
            left = (uint)left;
        if (!IsPeriodic && (Is32Bit ? (int)left < 0 : (long)left < 0))
            left = 0;
        _timer.Set(_hpet.TimeAfter(now, left));
    }

    public void UpdateLine()
    {
        if (_configuration.Has(Level))
            _hpet.Drive(_number, Route, _hpet.IsPending(_number) && _configuration.Has(InterruptEnable));
    }

    private void Expired()
    {
        if (IsPeriodic && _period.Value != 0)
        {
            ulong now = _hpet.Now, step = _period.Value;
            ulong passed = Is32Bit ? (uint)((uint)now - (uint)_comparator.Value) : now - _comparator.Value;
            if (step < ShortestPeriod)
                passed += ShortestPeriod;
            ulong next = _comparator.Value + (passed / step + 1) * step;
            _comparator.Value = Is32Bit ? (uint)next : next;
        }
        else
        {
            _waits.IsSet = false;
        }

        Interrupt();
        Arm();
    }

    private void Interrupt()
    {
        if (_configuration.Has(Level))
        {
            _hpet.SetPending(_number);
            UpdateLine();
        }
        else if (_configuration.Has(InterruptEnable))
        {
            _hpet.Drive(_number, Route, false);
            _hpet.Drive(_number, Route, true);
            _hpet.Drive(_number, Route, false);
        }
    }
}
