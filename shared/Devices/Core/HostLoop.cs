using System.Diagnostics;
using System.Runtime.CompilerServices;
using Suite.Host;

namespace Suite.Devices.Core;

/// <summary>What a host descriptor is ready for, or is waited for (epoll's bits).</summary>
[Flags]
public enum HostEvents : uint
{
    None = 0,
    Read = 1,
    Write = 4,
    Error = 8,
    HangUp = 16,
}

/// <summary>
/// One thread that waits for host descriptors and host time on behalf of the back ends (terminals, sockets, displays), and calls them under the
/// machine's lock. All members but <see cref="Post"/> are called with that lock held, or before <see cref="Start"/>.
/// </summary>
public sealed unsafe class HostLoop : IDisposable
{
    private const int EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3, EPOLL_CLOEXEC = 0x80000;
    private const int EventBytes = 12, MostEvents = 64; // struct epoll_event is packed on x86-64
    private const int EPERM = 1;

    private readonly int _epoll;
    private readonly EventDescriptor _wake = new();
    private readonly Dictionary<ulong, HostWatch> _watches = [];
    private readonly List<HostWatch> _always = [];
    private readonly List<HostTimer> _timers = [];
    private readonly Queue<Action> _posted = [];
    private readonly Lock _postGate = new();
    private ulong _nextId = 1;
    private Thread? _thread;
    private volatile bool _isStopping;

    /// <summary>A loop that does not run yet.</summary>
    /// <param name="gate">The machine's lock; it is held while callbacks run.</param>
    public HostLoop(Lock gate)
    {
        Gate = gate;
        _epoll = (int)Sys.Call(Nr.epoll_create1, EPOLL_CLOEXEC);
        Control(EPOLL_CTL_ADD, _wake.Descriptor, HostEvents.Read, 0);
    }

    /// <summary>The machine's lock.</summary>
    public Lock Gate { get; }

    /// <summary>Milliseconds of the host's clock, which never goes back.</summary>
    public static long Milliseconds => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000);

    /// <summary>Starts the thread.</summary>
    public void Start()
    {
        if (_thread is not null)
            return;
        _thread = new Thread(Run, maxStackSize: 256 << 10) { IsBackground = true, Name = "host-loop" };
        _thread.Start();
    }

    /// <summary>Calls something whenever a descriptor is ready. Files, which are always ready, are reported again and again.</summary>
    /// <param name="descriptor">Stays the caller's; dispose the watch before closing it.</param>
    /// <param name="events">What to wait for; errors and hang-ups are reported as long as this is not None.</param>
    /// <param name="ready">Called with what it is ready for.</param>
    public HostWatch Watch(int descriptor, HostEvents events, Action<HostEvents> ready)
    {
        HostWatch watch = new(this, descriptor, _nextId++, ready);
        _watches.Add(watch.Id, watch);
        watch.Events = events;
        return watch;
    }

    /// <summary>A timer of the host's time, not running.</summary>
    public HostTimer NewTimer(Action expired) => new(this, expired);

    /// <summary>Calls something soon on the loop's thread under the machine's lock. From any thread.</summary>
    public void Post(Action action)
    {
        lock (_postGate)
            _posted.Enqueue(action);
        _wake.Signal();
    }

    /// <summary>Waits once and calls what is ready; what the thread does again and again, and tests on their own thread.</summary>
    /// <param name="milliseconds">Longest wait; -1 for no limit.</param>
    public void RunOnce(int milliseconds)
    {
        byte* events = stackalloc byte[EventBytes * MostEvents];
        long n;
        lock (Gate)
            milliseconds = LimitWait(milliseconds);
        n = Sys.Blocking(Nr.epoll_pwait, _epoll, (long)events, MostEvents, milliseconds, 0, 8);
        lock (Gate)
        {
            for (int i = 0; i < n; i++)
            {
                uint bits = Unsafe.ReadUnaligned<uint>(events + i * EventBytes);
                ulong id = Unsafe.ReadUnaligned<ulong>(events + i * EventBytes + 4);
                if (id == 0)
                    _wake.TryTake();
                else if (_watches.TryGetValue(id, out HostWatch? watch) && watch.Events != HostEvents.None)
                    watch.Ready((HostEvents)bits);
            }

            for (int i = _always.Count - 1; i >= 0 && i < _always.Count; i--)
                _always[i].Ready(_always[i].Events);
            RunTimers();
            RunPosted();
        }
    }

    /// <summary>Ends the thread; watches are no longer served. Comes before what they serve is disposed; without the lock held.</summary>
    public void Stop()
    {
        _isStopping = true;
        _wake.Signal();
        if (_thread is not null && _thread != Thread.CurrentThread)
            _thread.Join();
    }

    /// <summary>Stops, and closes its descriptors.</summary>
    public void Dispose()
    {
        Stop();
        Sys.Call(Nr.close, _epoll);
        _wake.Dispose();
    }

    internal void Change(HostWatch watch, HostEvents before, HostEvents now)
    {
        if (before == now)
            return;
        if (_always.Remove(watch))
        {
            if (now != HostEvents.None)
                _always.Add(watch);
            return;
        }

        int how = now == HostEvents.None ? EPOLL_CTL_DEL : before == HostEvents.None ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        if (Control(how, watch.Descriptor, now, watch.Id) == -EPERM)
        {
            _always.Add(watch);
            _wake.Signal();
        }
    }

    internal void Remove(HostWatch watch)
    {
        watch.Events = HostEvents.None;
        _watches.Remove(watch.Id);
    }

    internal void Add(HostTimer timer)
    {
        _timers.Add(timer);
        _wake.Signal();
    }

    internal void Remove(HostTimer timer) => _timers.Remove(timer);

    private void Run()
    {
        while (!_isStopping)
            RunOnce(-1);
    }

    private int LimitWait(int milliseconds)
    {
        if (_always.Count != 0)
            return 0;
        foreach (HostTimer timer in _timers)
        {
            int left = (int)Math.Clamp(timer.Deadline - Milliseconds, 0, int.MaxValue);
            if (milliseconds < 0 || left < milliseconds)
                milliseconds = left;
        }

        return milliseconds;
    }

    private void RunTimers()
    {
        long now = Milliseconds;
        for (int i = 0; i < _timers.Count; i++)
        {
            if (_timers[i].Deadline > now)
                continue;
            _timers[i].Expire();
            i = -1; // the list may have changed; a timer that was set again is due later
        }
    }

    private void RunPosted()
    {
        while (true)
        {
            Action? next;
            lock (_postGate)
                _posted.TryDequeue(out next);
            if (next is null)
                return;
            next();
        }
    }

    private long Control(int how, int descriptor, HostEvents events, ulong id)
    {
        byte* e = stackalloc byte[EventBytes];
        Unsafe.WriteUnaligned(e, (uint)events);
        Unsafe.WriteUnaligned(e + 4, id);
        return Sys.Call(Nr.epoll_ctl, _epoll, how, descriptor, (long)e);
    }
}

/// <summary>A descriptor that a <see cref="HostLoop"/> waits for.</summary>
public sealed class HostWatch : IDisposable
{
    private readonly HostLoop _loop;
    private HostEvents _events;

    internal HostWatch(HostLoop loop, int descriptor, ulong id, Action<HostEvents> ready) => (_loop, Descriptor, Id, Ready) = (loop, descriptor, id, ready);

    /// <summary>The descriptor.</summary>
    public int Descriptor { get; }

    /// <summary>What is waited for; None for a pause.</summary>
    public HostEvents Events
    {
        get => _events;
        set
        {
            HostEvents before = _events;
            _events = value;
            _loop.Change(this, before, value);
        }
    }

    internal ulong Id { get; }

    internal Action<HostEvents> Ready { get; }

    /// <summary>Waits no longer.</summary>
    public void Dispose() => _loop.Remove(this);
}

/// <summary>Calls something once, after a while of the host's time.</summary>
public sealed class HostTimer
{
    private readonly HostLoop _loop;
    private readonly Action _expired;
    private bool _isRunning;

    internal HostTimer(HostLoop loop, Action expired) => (_loop, _expired) = (loop, expired);

    internal long Deadline { get; private set; }

    /// <summary>True until it expires.</summary>
    public bool IsRunning => _isRunning;

    /// <summary>Starts it, or moves its end.</summary>
    public void Set(long milliseconds)
    {
        Cancel();
        Deadline = HostLoop.Milliseconds + Math.Max(milliseconds, 0);
        _isRunning = true;
        _loop.Add(this);
    }

    /// <summary>Stops it.</summary>
    public void Cancel()
    {
        if (_isRunning)
            _loop.Remove(this);
        _isRunning = false;
    }

    internal void Expire()
    {
        Cancel();
        _expired();
    }
}
