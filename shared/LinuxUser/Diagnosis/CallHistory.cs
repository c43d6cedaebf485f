using System.Diagnostics;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>
/// The last system calls of one thread, kept for reports. Calls that generated code makes itself are not seen. Written by the thread; others read it
/// only while the thread is stopped.
/// </summary>
/// <param name="isTimed">Whether it is noted when a call began.</param>
public sealed class CallHistory(bool isTimed)
{
    /// <summary>How many calls are kept.</summary>
    public const int Length = 16;

    private readonly Entry[] _entries = new Entry[Length];
    private int _made;

    /// <summary>A call begins.</summary>
    public void Begin(in SysArgs call)
    {
        ref Entry entry = ref _entries[_made++ & (Length - 1)];
        entry.Call = call;
        entry.IsDone = false;
        entry.Path.Clear();
        if (isTimed)
            entry.Began = Stopwatch.GetTimestamp();
    }

    /// <summary>The call that began last was given a path; only the first that is noted is kept.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="head">Its first bytes.</param>
    public void NotePath(ulong address, ReadOnlySpan<byte> head)
    {
        ref Entry entry = ref _entries[(_made - 1) & (Length - 1)];
        if (entry.Path.Address == 0)
            entry.Path.Set(address, head);
    }

    /// <summary>The call that began last has ended.</summary>
    public void End(long result)
    {
        ref Entry entry = ref _entries[(_made - 1) & (Length - 1)];
        (entry.Result, entry.IsDone) = (result, true);
    }

    /// <summary>How many calls the thread has made.</summary>
    public int Made => Volatile.Read(ref _made);

    /// <summary>The call that has not come back, and for how long it has been going on; null for the time when that is not noted.</summary>
    public (SysArgs Call, TimeSpan? Age)? Current
    {
        get
        {
            if (_made == 0 || _entries[(_made - 1) & (Length - 1)] is not { IsDone: false } entry)
                return null;
            return (entry.Call, isTimed ? Stopwatch.GetElapsedTime(entry.Began) : null);
        }
    }

    /// <summary>What is kept, the oldest first; a call without a result has not come back.</summary>
    public List<(SysArgs Call, long? Result, NotedPath Path)> Last()
    {
        List<(SysArgs, long?, NotedPath)> calls = [];
        for (int i = Math.Max(0, _made - Length); i < _made; i++)
        {
            Entry entry = _entries[i & (Length - 1)];
            calls.Add((entry.Call, entry.IsDone ? entry.Result : null, entry.Path));
        }

        return calls;
    }

    private struct Entry
    {
        public SysArgs Call;
        public long Result;
        public long Began;
        public NotedPath Path;
        public bool IsDone;
    }
}
