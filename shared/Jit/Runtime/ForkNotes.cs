using Suite.Host;

namespace Suite.Jit.Runtime;

/// <summary>
/// Guest addresses that forked children had to translate, in memory that a process shares with its children and theirs. A shell's children all
/// run the same code that the shell itself never does: whoever forks next translates it beforehand (docs/adr/015). A note is a hint and no
/// more: what a child wrote while it was read, or wrote to do harm, costs a translation nobody enters.
/// </summary>
internal sealed unsafe class ForkNotes
{
    /// <summary>Notes that the memory holds.</summary>
    public const int Capacity = Bytes / sizeof(ulong) - 1;

    private const int Bytes = 32 * 1024;

    /// <summary>What a child does later than this is not what its siblings begin with.</summary>
    private const int NotesPerChild = 2048;

    private readonly ulong* _count;
    private ulong _read;
    private int _left;

    private ForkNotes(ulong* memory) => _count = memory;

    /// <summary>Null when there is no memory: then children are on their own.</summary>
    public static ForkNotes? TryCreate()
    {
        long at = Sys.Call(Nr.mmap, 0, Bytes, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_SHARED | Linux.MAP_ANONYMOUS, -1, 0);
        return Sys.IsError(at) ? null : new ForkNotes((ulong*)at);
    }

    /// <summary>In a forked child: it has yet to read what comes from now on, and may write.</summary>
    public void BecomeChild() => _left = NotesPerChild;

    /// <summary>Notes an address a child looked up in vain, and how it got there.</summary>
    public void Write(ulong pc, ThunkKind kind)
    {
        if (_left == 0)
            return;
        _left--;
        ulong number = Interlocked.Increment(ref *_count) - 1;
        Volatile.Write(ref _count[1 + number % Capacity], pc << 2 | (uint)kind);
    }

    /// <summary>The oldest note not read yet; of more than the memory holds only the newest are left.</summary>
    public bool TryRead(out ulong pc, out ThunkKind kind)
    {
        ulong count = Volatile.Read(ref *_count);
        _read = Math.Max(_read, count - Math.Min(count, Capacity));
        ulong note = _read < count ? Volatile.Read(ref _count[1 + _read++ % Capacity]) : 0;
        (pc, kind) = ((ulong)((long)note >> 2), (ThunkKind)(note & 3));
        return note != 0;
    }
}
