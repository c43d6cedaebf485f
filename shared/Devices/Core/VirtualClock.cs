namespace Suite.Devices.Core;

/// <summary>
/// The machine's time in nanoseconds since power-on, and what is to happen at which time. It stands still while the machine is stopped. A
/// board drives it: it asks for the next deadline, waits, and runs what has expired under the machine's lock.
/// </summary>
/// <param name="hostNanoseconds">A clock that never goes back.</param>
public sealed class VirtualClock(Func<long> hostNanoseconds)
{
    public const long Second = 1_000_000_000;

    private readonly List<ClockTimer> _running = [], _due = [];
    private const long Runs = long.MinValue;

    // Two words that are each read whole: vCPUs look at the time without a lock.
    private long _offset = -hostNanoseconds();
    private long _stoppedAt = Runs;

    /// <summary>Called when the next deadline has come nearer than whoever waits for it may know.</summary>
    public Action? Hurry { get; set; }

    /// <summary>Nanoseconds the machine has been running.</summary>
    public long Now => Volatile.Read(ref _stoppedAt) is var at and not Runs ? at : hostNanoseconds() + Volatile.Read(ref _offset);

    /// <summary>When the next timer expires; null when none runs.</summary>
    public long? NextDeadline => First()?.Deadline;

    /// <summary>Stops time.</summary>
    public void Stop() => Volatile.Write(ref _stoppedAt, Now);

    /// <summary>Lets time go on from where it was stopped.</summary>
    public void Start()
    {
        long at = _stoppedAt;
        if (at == Runs)
            return;
        _offset = at - hostNanoseconds();
        Volatile.Write(ref _stoppedAt, Runs);
    }

    /// <summary>Sets the time, for a snapshot that is loaded.</summary>
    public void SetNow(long now)
    {
        if (_stoppedAt is Runs)
            _offset = now - hostNanoseconds();
        else
            _stoppedAt = now;
    }

    /// <summary>A timer that is not running.</summary>
    public ClockTimer NewTimer(Action expired) => new(this, expired);

    /// <summary>Runs what has expired by now, in the order of the deadlines, each timer once: a guest that sets one to the past does not keep this going.</summary>
    public void RunExpired()
    {
        long now = Now;
        _due.Clear();
        foreach (ClockTimer timer in _running)
            if (timer.Deadline <= now)
                _due.Add(timer);
        if (_due.Count > 1)
            _due.Sort(static (a, b) => a.Deadline.CompareTo(b.Deadline));
        for (int i = 0; i < _due.Count; i++)
            if (_due[i].Deadline <= now)
                _due[i].Expire();
    }

    /// <summary>How often a clock of a frequency (in hertz, up to 9 GHz) has ticked at a time; exact for centuries.</summary>
    public static long Ticks(long nanoseconds, long frequency) => nanoseconds / Second * frequency + nanoseconds % Second * frequency / Second;

    /// <summary>The first nanosecond at which a clock of a frequency has ticked so often.</summary>
    public static long TimeOf(long ticks, long frequency) => ticks / frequency * Second + (ticks % frequency * Second + frequency - 1) / frequency;

    internal void Add(ClockTimer timer)
    {
        bool nearer = First() is not { } first || timer.Deadline < first.Deadline;
        _running.Add(timer);
        if (nearer)
            Hurry?.Invoke();
    }

    internal void Remove(ClockTimer timer) => _running.Remove(timer);

    private ClockTimer? First()
    {
        ClockTimer? first = null;
        foreach (ClockTimer timer in _running)
            if (first is null || timer.Deadline < first.Deadline)
                first = timer;
        return first;
    }
}

/// <summary>Calls something once, at a time.</summary>
public sealed class ClockTimer
{
    private const long NotRunning = long.MaxValue;

    // Later than this, in some 70 years, is never: the sums of whoever waits do not overflow.
    private const long Latest = long.MaxValue / 4;

    private readonly VirtualClock _clock;
    private readonly Action _expired;

    internal ClockTimer(VirtualClock clock, Action expired) => (_clock, _expired) = (clock, expired);

    /// <summary>When it expires, in the clock's nanoseconds; long.MaxValue when it is not running.</summary>
    public long Deadline { get; private set; } = NotRunning;

    /// <summary>True when it will expire.</summary>
    public bool IsRunning => Deadline != NotRunning;

    /// <summary>Starts it, or moves its deadline. A deadline in the past expires at once; one after decades is never reached, and the timer does not run.</summary>
    public void Set(long deadline)
    {
        Cancel();
        if (deadline > Latest)
            return;
        Deadline = deadline;
        _clock.Add(this);
    }

    /// <summary>Stops it.</summary>
    public void Cancel()
    {
        if (!IsRunning)
            return;
        _clock.Remove(this);
        Deadline = NotRunning;
    }

    internal void Restore(long deadline)
    {
        Cancel();
        if (deadline != NotRunning)
            Set(deadline);
    }

    internal void Expire()
    {
        Cancel();
        _expired();
    }
}
