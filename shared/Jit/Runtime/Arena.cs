using Suite.Host;

namespace Suite.Jit.Runtime;

/// <summary>
/// A growing array of structs in memory the collector does not see: address space is reserved at once, pages come several at a time,
/// and element addresses never change.
/// </summary>
internal sealed unsafe class Arena<T> where T : unmanaged
{
    private readonly T* _items;
    private readonly int _capacity;

    // Elements that there are pages for.
    private int _ready;

    public Arena(int capacity)
    {
        long at = Sys.Call(Nr.mmap, 0, (long)capacity * sizeof(T), Linux.PROT_READ | Linux.PROT_WRITE,
            Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE, -1, 0);
        if (Sys.IsError(at))
            throw new EngineException($"no address space for the translator's tables (errno {-at}): raise `ulimit -v` or use -tb-size with a smaller value");
        _items = (T*)at;
        _capacity = capacity;
    }

    public int Count { get; private set; }

    /// <summary>Elements that still fit.</summary>
    public int Room => _capacity - Count;

    public ref T this[int index] => ref _items[index]; // SAFETY: indices come from Add

    /// <summary>Appends an element; the caller has checked <see cref="Room"/>.</summary>
    public int Add(in T item)
    {
        if (Count >= _ready)
            Extend();
        _items[Count] = item;
        return Count++;
    }

    /// <summary>Empties the arena and gives its pages back.</summary>
    public void Clear()
    {
        const int MADV_DONTNEED = 4;
        Sys.Call(Nr.madvise, (long)_items, ((long)Count * sizeof(T) + 4095) & ~4095L, MADV_DONTNEED);
        (Count, _ready) = (0, 0);
    }

    private void Extend()
    {
        int more = Math.Min(HostPages.Step / sizeof(T), _capacity - _ready);
        HostPages.Populate(_items + _ready, (ulong)more * (ulong)sizeof(T));
        _ready += more;
    }
}
