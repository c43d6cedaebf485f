using System.Diagnostics;
using Suite.Host;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>
/// Calls every guest thread of a dying process out of what it does: each does a piece of work on its own host thread, where its registers can be read,
/// and never runs guest code again.
/// </summary>
internal sealed class Muster
{
    private const int NanosecondsBetweenLooks = 500_000, LooksBetweenKicks = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(700);

    private Action<GuestThread>? _work;
    private int _arrived;

    /// <summary>Calls all threads but one; returns when they have come, or when those that do not come have had time enough.</summary>
    /// <param name="caller">The thread that calls.</param>
    /// <param name="work">Done by each on its own host thread, several at a time.</param>
    public void Call(GuestThread caller, Action<GuestThread> work)
    {
        GuestThread[] others = [.. caller.Process.Threads.Snapshot().Where(t => t != caller)];
        if (others.Length == 0)
            return;
        Volatile.Write(ref _work, work);
        long start = Stopwatch.GetTimestamp();
        for (int looks = 0; Volatile.Read(ref _arrived) < others.Length && Stopwatch.GetElapsedTime(start) < Patience; looks++)
        {
            if (looks % LooksBetweenKicks == 0)
                foreach (GuestThread other in others)
                    caller.Engine.World.Kick(other.Tid);
            Sleep();
        }
    }

    /// <summary>A thread was kicked, or comes to die as well. Does not return when it was called here.</summary>
    public void Answer(GuestThread t)
    {
        if (Volatile.Read(ref _work) is { } work)
            Leave(t, work);
    }

    /// <summary>A second thread dies while the first is being reported: it waits for the end.</summary>
    public void Stay(GuestThread t)
    {
        while (Volatile.Read(ref _work) is null)
            Sleep();
        Answer(t);
    }

    private void Leave(GuestThread t, Action<GuestThread> work)
    {
        work(t);
        Interlocked.Increment(ref _arrived);
        while (true)
            Sys.Blocking(Nr.pause);
    }

    private static unsafe void Sleep()
    {
        long* time = stackalloc long[2];
        (time[0], time[1]) = (0, NanosecondsBetweenLooks);
        Sys.Blocking(Nr.nanosleep, (long)time);
    }
}
