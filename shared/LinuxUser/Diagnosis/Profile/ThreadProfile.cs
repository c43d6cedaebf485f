using Suite.Host;
using Suite.Jit.Runtime;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Symbols;

namespace Suite.LinuxUser.Diagnosis.Profile;

/// <summary>
/// The samples of one guest thread. Its timer counts the thread's processor time and sends it the engine's own signal; the sample is taken when the
/// thread has come to the next instruction boundary, with exact registers. All but the lock is used by that thread only.
/// </summary>
internal sealed unsafe class ThreadProfile
{
    private const int CLOCK_THREAD_CPUTIME_ID = 3, SIGEV_THREAD_ID = 4, DeepestStack = 192, SamplesBetweenRefreshes = 64;
    private const long Second = 1_000_000_000;

    private readonly GuestThread _thread;
    private readonly ModuleMap _map;
    private readonly Unwinder _unwinder;
    private readonly byte[] _registers;
    private readonly int _timer = -1;
    private readonly long _interval;
    private int _untilRefresh;

    /// <summary>Starts sampling the calling thread.</summary>
    public ThreadProfile(GuestThread thread, int rate)
    {
        _thread = thread;
        Name = $"thread {thread.Tid}";
        _map = new ModuleMap(thread.Process);
        _unwinder = new Unwinder(_map, thread.Memory, thread.Process.Target);
        _registers = new byte[thread.Abi.Regsets[0].Size];
        ulong* sigevent = stackalloc ulong[8];
        new Span<ulong>(sigevent, 8).Clear();
        sigevent[0] = Profiler.Cookie;
        ((int*)sigevent)[2] = SignalMasks.Kick;
        ((int*)sigevent)[3] = SIGEV_THREAD_ID;
        ((int*)sigevent)[4] = thread.Tid;
        int timer;
        if (Sys.Call(Nr.timer_create, CLOCK_THREAD_CPUTIME_ID, (long)sigevent, (long)&timer) != 0)
            return;
        (_timer, _interval) = (timer, Second / rate);
        Resume();
    }

    /// <summary>What the thread is called in the file.</summary>
    public string Name { get; }

    /// <summary>Call paths by address; synthetic addresses as <see cref="ProfileLabel"/> makes them.</summary>
    public ProfileNode<ulong> Root { get; } = new();

    /// <summary>The image each address was in when it was first seen.</summary>
    public Dictionary<ulong, GuestModule> Modules { get; } = [];

    /// <summary>Held while a sample is taken, and by who reads.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Takes a sample.</summary>
    /// <param name="weight">How many ticks of the timer it stands for.</param>
    public void Sample(long weight)
    {
        lock (Gate)
        {
            _thread.Abi.Regsets[0].Read(_thread, _registers);
            List<GuestFrame> frames = _unwinder.Walk(_registers, DeepestStack);
            if (LeavesMap(frames) && --_untilRefresh <= 0)
            {
                _untilRefresh = SamplesBetweenRefreshes;
                _map.Refresh(_thread.Memory.Snapshot());
                _unwinder.Forget();
                frames = _unwinder.Walk(_registers, DeepestStack);
            }

            ProfileNode<ulong> node = Root;
            for (int i = frames.Count - 1; i >= 0; i--)
            {
                ulong pc = frames[i].LookupPc;
                if (!Modules.ContainsKey(pc) && _map.Find(pc) is { } module)
                    Modules[pc] = module;
                node = node.Call(pc);
            }

            if (ProfileLabel.Of(_thread) is { } label)
                node = node.Call(label);
            node.Self += weight;
        }
    }

    // Something was mapped since the mappings were looked at.
    private bool LeavesMap(List<GuestFrame> frames)
    {
        foreach (GuestFrame frame in frames)
            if (_map.MappingAt(frame.LookupPc) is null)
                return true;
        return false;
    }

    /// <summary>No more samples until <see cref="Resume"/>.</summary>
    public void Pause() => SetTimer(0);

    /// <summary>Samples again.</summary>
    public void Resume() => SetTimer(_interval);

    private void SetTimer(long interval)
    {
        long* times = stackalloc long[4];
        (times[0], times[1]) = (times[2], times[3]) = (interval / Second, interval % Second);
        if (_timer >= 0)
            Sys.Call(Nr.timer_settime, _timer, 0, (long)times, 0);
    }

    /// <summary>Ends sampling; called by the thread.</summary>
    public void Stop()
    {
        if (_timer >= 0)
            Sys.Call(Nr.timer_delete, _timer);
    }
}
