using Suite.Devices.Core;

namespace Suite.Devices.Timer;

/// <summary>
/// The MC146818 clock with 128 bytes of CMOS memory (Motorola data sheet MC146818A), as PIIX3 has it: index at port 70h, data at 71h. Time
/// follows the machine's clock from the date the board was given; reading it is always consistent, so UIP is set for 244 us before each second.
/// </summary>
public sealed class Rtc : Device, IBusDevice
{
    private const int Seconds = 0, SecondsAlarm = 1, Minutes = 2, MinutesAlarm = 3, Hours = 4, HoursAlarm = 5, Weekday = 6, Day = 7, Month = 8, Year = 9,
        StatusA = 10, StatusB = 11, StatusC = 12, StatusD = 13, Century = 0x32, Cells = 128;

    private const byte UpdateInProgress = 0x80, SetMode = 0x80, PeriodicEnable = 0x40, AlarmEnable = 0x20, UpdateEnable = 0x10, SquareWave = 8, Binary = 4, Hours24 = 2,
        IrqFlag = 0x80, PeriodicFlag = 0x40, AlarmFlag = 0x20, UpdateFlag = 0x10, ValidMemory = 0x80, Any = 0xC0, Pm = 0x80;

    private const long CrystalFrequency = 32768, UpdateBefore = 244_000;

    private readonly VirtualClock _clock;
    private readonly IrqLine _irq;
    private readonly Register _index, _nmiMask, _base, _flags, _heldSeconds;
    private readonly byte[] _cells;
    private readonly ClockTimer _second, _periodic;

    /// <summary>A clock.</summary>
    /// <param name="clock">The machine's time.</param>
    /// <param name="irq">IRQ 8.</param>
    /// <param name="start">What the clock shows at power-on.</param>
    public Rtc(VirtualClock clock, IrqLine irq, DateTime start)
        : base("rtc")
    {
        (_clock, _irq) = (clock, irq);
        _index = State.Register("index", 7);
        _nmiMask = State.Register("NMI mask", 1);
        _base = State.KeptRegister("seconds at clock zero", 64);
        _flags = State.Register("C", 8);
        _heldSeconds = State.KeptRegister("seconds while SET", 64);
        _cells = State.KeptBytes("cells", Cells);
        _second = State.Timer("update", clock, SecondPassed);
        _periodic = State.Timer("periodic", clock, PeriodPassed);
        (_cells[StatusA], _cells[StatusB], _cells[StatusD]) = (0x26, Hours24, ValidMemory);
        _base.Value = (ulong)(start.Ticks / TimeSpan.TicksPerSecond - _clock.Now / VirtualClock.Second);
    }

    /// <summary>Sets a cell as its battery would have kept it: what firmware expects in CMOS memory.</summary>
    /// <param name="cell">14 to 127.</param>
    /// <param name="value">Its value.</param>
    public void SetCell(int cell, byte value) => _cells[cell] = value;

    public ulong Read(ulong offset, int size) => offset == 0 ? 0xFFu : ReadCell(_index.Int);

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset == 0)
            (_index.Value, _nmiMask.Value) = (value & 0x7F, value >> 7);
        else
            WriteCell(_index.Int, (byte)value);
    }

    /// <summary>Ports 70h and 71h. A cell's number means nothing before the next access.</summary>
    public void Attach(Bus io) => io.Attach(this, Name, 0x70, 2).Defer(0, 1);

    // RESET: interrupts off; time and memory go on (data sheet, "RESET").
    protected override void OnReset() => _cells[StatusB] &= unchecked((byte)~(PeriodicEnable | AlarmEnable | UpdateEnable | SquareWave));

    protected override void Settle()
    {
        UpdateIrq();
        Arm();
    }

    private bool IsHeld => (_cells[StatusB] & SetMode) != 0;

    private long Now => IsHeld ? (long)_heldSeconds.Value : (long)_base.Value + _clock.Now / VirtualClock.Second;

    private DateTime Time => new(Math.Clamp(Now, 0, DateTime.MaxValue.Ticks / TimeSpan.TicksPerSecond) * TimeSpan.TicksPerSecond);

    private byte ReadCell(int cell)
    {
        DateTime now = Time;
        switch (cell)
        {
            case Seconds:
                return Encode(now.Second);
            case Minutes:
                return Encode(now.Minute);
            case Hours:
                return EncodeHour(now.Hour);
            case Weekday:
                return Encode((int)now.DayOfWeek + 1);
            case Day:
                return Encode(now.Day);
            case Month:
                return Encode(now.Month);
            case Year:
                return Encode(now.Year % 100);
            case Century:
                return Encode(now.Year / 100);
            case StatusA:
                bool updates = !IsHeld && VirtualClock.Second - _clock.Now % VirtualClock.Second <= UpdateBefore;
                return (byte)((_cells[StatusA] & ~UpdateInProgress) | (updates ? UpdateInProgress : 0));
            case StatusC:
                byte flags = _flags.Byte;
                _flags.Value = 0;
                UpdateIrq();
                return flags;
            default:
                return _cells[cell];
        }
    }

    private void WriteCell(int cell, byte value)
    {
        switch (cell)
        {
            case Seconds or Minutes or Hours or Weekday or Day or Month or Year or Century:
                SetTime(cell, value);
                break;
            case StatusA:
                _cells[cell] = (byte)(value & ~UpdateInProgress);
                break;
            case StatusB:
                long seconds = Now;
                _cells[cell] = value;
                if (IsHeld)
                    _heldSeconds.Value = (ulong)seconds;
                else
                    _base.Value = (ulong)(seconds - _clock.Now / VirtualClock.Second);
                break;
            case StatusC or StatusD:
                return;
            default:
                _cells[cell] = value;
                break;
        }

        UpdateIrq();
        Arm();
    }

    // A field that would make no date is brought to the nearest that does; programs set SET while they write several.
    private void SetTime(int cell, byte value)
    {
        DateTime t = Time;
        int n = cell == Hours ? DecodeHour(value) : Decode(value);
        (int year, int month, int day, int hour, int minute, int second) = (t.Year, t.Month, t.Day, t.Hour, t.Minute, t.Second);
        switch (cell)
        {
            case Seconds:
                second = Math.Clamp(n, 0, 59);
                break;
            case Minutes:
                minute = Math.Clamp(n, 0, 59);
                break;
            case Hours:
                hour = Math.Clamp(n, 0, 23);
                break;
            case Day:
                day = n;
                break;
            case Month:
                month = Math.Clamp(n, 1, 12);
                break;
            case Year:
                year = year / 100 * 100 + Math.Clamp(n, 0, 99);
                break;
            case Century:
                year = Math.Clamp(n, 1, 99) * 100 + year % 100;
                break;
            default:
                return; // the weekday follows from the date
        }

        day = Math.Clamp(day, 1, DateTime.DaysInMonth(year, month));
        long seconds = new DateTime(year, month, day, hour, minute, second).Ticks / TimeSpan.TicksPerSecond;
        if (IsHeld)
            _heldSeconds.Value = (ulong)seconds;
        else
            _base.Value = (ulong)(seconds - _clock.Now / VirtualClock.Second);
    }

    private byte Encode(int value) => (byte)((_cells[StatusB] & Binary) != 0 ? value : value / 10 << 4 | value % 10);

    private int Decode(byte value) => (_cells[StatusB] & Binary) != 0 ? value : (value >> 4) * 10 + (value & 15);

    private byte EncodeHour(int hour)
    {
        if ((_cells[StatusB] & Hours24) != 0)
            return Encode(hour);
        return (byte)(Encode(hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? Pm : 0));
    }

    private int DecodeHour(byte value)
    {
        if ((_cells[StatusB] & Hours24) != 0)
            return Decode(value);
        return Decode((byte)(value & ~Pm)) % 12 + ((value & Pm) != 0 ? 12 : 0);
    }

    private void SecondPassed()
    {
        Raise(UpdateFlag);
        if (Matches(SecondsAlarm, Encode(Time.Second)) && Matches(MinutesAlarm, Encode(Time.Minute)) && Matches(HoursAlarm, EncodeHour(Time.Hour)))
            Raise(AlarmFlag);
        Arm();
    }

    private bool Matches(int cell, byte now) => (_cells[cell] & Any) == Any || _cells[cell] == now;

    private void PeriodPassed()
    {
        Raise(PeriodicFlag);
        Arm();
    }

    private void Raise(byte flag)
    {
        _flags.Set(flag, true);
        UpdateIrq();
    }

    private void UpdateIrq()
    {
        bool wanted = (_flags.Byte & _cells[StatusB] & (PeriodicEnable | AlarmEnable | UpdateEnable)) != 0;
        _flags.Set(IrqFlag, wanted);
        _irq.Set(wanted);
    }

    // Timers run only for flags that somebody waits for, or that nobody has seen yet.
    private void Arm()
    {
        bool ticks = !IsHeld && (_cells[StatusB] & (UpdateEnable | AlarmEnable)) != 0;
        if (ticks)
            _second.Set((_clock.Now / VirtualClock.Second + 1) * VirtualClock.Second);
        else
            _second.Cancel();
        int rate = _cells[StatusA] & 15;
        if (rate == 0 || (_cells[StatusB] & PeriodicEnable) == 0)
        {
            _periodic.Cancel();
            return;
        }

        long ticksPerPeriod = 1L << ((rate <= 2 ? rate + 7 : rate) - 1);
        long period = VirtualClock.Ticks(_clock.Now, CrystalFrequency) / ticksPerPeriod + 1;
        _periodic.Set(VirtualClock.TimeOf(period * ticksPerPeriod, CrystalFrequency));
    }
}
