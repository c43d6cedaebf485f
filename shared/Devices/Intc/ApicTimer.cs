using Suite.Devices.Core;

namespace Suite.Devices.Intc;

// The timer of a local APIC (Intel SDM volume 3, section 11.5.4), which counts a bus clock of 1 GHz, or waits for a value of the time-stamp counter.
internal sealed class ApicTimer
{
    private const int ModeShift = 17, OneShot = 0, Periodic = 1, Deadline = 2;

    // A period that is shorter than what a host can serve is served at this rate; nanoseconds.
    private const long ShortestPeriod = 20_000;

    private readonly VirtualClock _clock;
    private readonly IApicCpu _cpu;
    private readonly Register _lvt, _initial, _divide, _zeroAt, _deadline;
    private readonly ClockTimer _timer;
    private readonly Action _interrupt;

    public ApicTimer(DeviceState state, VirtualClock clock, IApicCpu cpu, Register lvt, Action interrupt)
    {
        (_clock, _cpu, _lvt, _interrupt) = (clock, cpu, lvt, interrupt);
        _initial = state.Register("initial count", 32);
        _divide = state.Register("divide configuration", 4);
        _zeroAt = state.Register("time of count 0", 64);
        _deadline = state.Register("TSC deadline", 64);
        _timer = state.Timer("timer", clock, Expired);
    }

    public ulong Initial => _initial.Value;

    public ulong Divide => _divide.Value;

    public ulong TscDeadline => Mode == Deadline ? _deadline.Value : 0;

    public ulong Current
    {
        get
        {
            if (_initial.Value == 0 || Mode == Deadline)
                return 0;
            long left = (long)_zeroAt.Value - _clock.Now;
            if (left <= 0)
            {
                if (Mode == OneShot)
                    return 0;
                left = Period - -left % Period;
            }

            return (ulong)((left + Divisor - 1) / Divisor);
        }
    }

    private int Mode => (int)(_lvt.Value >> ModeShift) & 3;

    private long Divisor => 1L << ((((_divide.Int & 3) | (_divide.Int >> 1 & 4)) + 1) & 7);

    private long Period => (long)_initial.Value * Divisor;

    public void SetInitial(ulong value)
    {
        if (Mode == Deadline)
            return;
        _initial.Value = value;
        _zeroAt.Value = (ulong)(_clock.Now + Period);
        Arm();
    }

    public void SetDivide(ulong value)
    {
        long left = (long)Current;
        _divide.Value = value & 0xB;
        _zeroAt.Value = (ulong)(_clock.Now + left * Divisor);
        Arm();
    }

    public void SetTscDeadline(ulong value)
    {
        if (Mode != Deadline)
            return;
        _deadline.Value = value;
        Arm();
    }

    // The LVT entry was written: changing between deadline and counting disarms (SDM, section 11.5.4.1).
    public void ModeChanged(int before)
    {
        if (before >> ModeShift != Mode && (before >> ModeShift == Deadline || Mode == Deadline))
            (_initial.Value, _deadline.Value) = (0, 0);
        Arm();
    }

    public void Arm()
    {
        const ulong masked = 0x10000;
        long now = _clock.Now;
        if (Mode == Deadline)
        {
            if (_deadline.Value == 0)
                _timer.Cancel();
            else
                _timer.Set(_cpu.TimeOfTsc(_deadline.Value));
            return;
        }

        long zero = (long)_zeroAt.Value;
        if (_initial.Value == 0 || _lvt.Has(masked) || (Mode == OneShot && zero <= now))
        {
            _timer.Cancel();
            return;
        }

        _timer.Set(zero > now ? zero : NextZero());
    }

    // Periodic mode: the first end of a period that is still to come, or one further on where they come too fast.
    private long NextZero()
    {
        long zero = (long)_zeroAt.Value, after = _clock.Now + Math.Max(0, ShortestPeriod - Period);
        return zero + (Math.Max(after - zero, 0) / Period + 1) * Period;
    }

    private void Expired()
    {
        if (Mode == Deadline)
            _deadline.Value = 0;
        _interrupt();
        if (Mode == Periodic && _initial.Value != 0)
            _timer.Set(NextZero());
    }
}
