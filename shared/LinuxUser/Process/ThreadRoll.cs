using Suite.Jit.Runtime;

namespace Suite.LinuxUser.Process;

/// <summary>The guest threads of a process.</summary>
public sealed class ThreadRoll(CodeRegion region)
{
    private readonly GuestLock _lock = new(region);
    private readonly List<GuestThread> _threads = [];

    /// <summary>A thread begins; called on its own host thread.</summary>
    public void Add(GuestThread thread)
    {
        using (_lock.Hold())
            _threads.Add(thread);
    }

    /// <summary>A thread ends.</summary>
    public void Remove(GuestThread thread)
    {
        using (_lock.Hold())
            _threads.Remove(thread);
    }

    /// <summary>In a forked child: only the calling thread is left.</summary>
    public void KeepOnly(GuestThread thread)
    {
        _threads.Clear();
        _threads.Add(thread);
    }

    /// <summary>All of them, in the order they began.</summary>
    public GuestThread[] Snapshot()
    {
        using (_lock.Hold())
            return [.. _threads];
    }
}
