using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Diagnosis;

/// <summary>
/// The last system calls of one thread, kept for reports. Calls that generated code makes itself are not seen. Written by the thread; others read it
/// only while the thread is stopped.
/// </summary>
public sealed class CallHistory
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
    }

    /// <summary>The call that began last has ended.</summary>
    public void End(long result)
    {
        ref Entry entry = ref _entries[(_made - 1) & (Length - 1)];
        (entry.Result, entry.IsDone) = (result, true);
    }

    /// <summary>What is kept, the oldest first; a call without a result has not come back.</summary>
    public List<(SysArgs Call, long? Result)> Last()
    {
        List<(SysArgs, long?)> calls = [];
        for (int i = Math.Max(0, _made - Length); i < _made; i++)
        {
            Entry entry = _entries[i & (Length - 1)];
            calls.Add((entry.Call, entry.IsDone ? entry.Result : null));
        }

        return calls;
    }

    private struct Entry
    {
        public SysArgs Call;
        public long Result;
        public bool IsDone;
    }
}
