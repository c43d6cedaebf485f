namespace Suite.Jit.Runtime;

/// <summary>
/// Memory below 2 GiB that code in compatibility mode addresses, part of the code region: tables of the block map from the start,
/// the state of one thread after the other from the end. Reserved only; pages come with first use.
/// </summary>
public sealed unsafe class LowMemory
{
    /// <summary>Bytes to reserve: tables of a million blocks, and 16384 threads.</summary>
    public const int Bytes = TableBytes + Threads * ThreadBytes;

    /// <summary>Bytes of one thread's block; <see cref="VcpuState"/> begins at <see cref="VcpuState.TcbOffset"/>, a descriptor for the kernel before it.</summary>
    public const int ThreadBytes = 1024;

    private const int TableBytes = 48 << 20, Threads = 16384;

    private readonly Stack<nint> _freeThreads = [];
    private readonly Lock _lock = new();
    private readonly byte* _start;
    private byte* _table, _thread;

    /// <param name="start">Of a reservation of <see cref="Bytes"/>.</param>
    internal LowMemory(byte* start)
    {
        _start = _table = start;
        _thread = start + Bytes;
    }

    /// <summary>Room for a table; never given back one by one, only all together by <see cref="ClearTables"/>.</summary>
    /// <exception cref="EngineException">The reservation is used up.</exception>
    internal byte* TakeTable(long size)
    {
        if (_table + size > _start + TableBytes)
            throw new EngineException("the table of translated blocks outgrew its memory: use -tb-size with a smaller value");
        byte* at = _table;
        _table += size + 63 & ~63L;
        return at;
    }

    internal void ClearTables() => _table = _start;

    /// <summary>A zeroed block for a thread.</summary>
    /// <exception cref="EngineException">Too many threads.</exception>
    internal byte* TakeThread()
    {
        lock (_lock)
        {
            if (_freeThreads.TryPop(out nint free))
                return (byte*)free;
            if (_thread - ThreadBytes < _start + TableBytes)
                throw new EngineException($"no room for the state of more than {Threads} threads");
            return _thread -= ThreadBytes;
        }
    }

    internal void ReturnThread(byte* block)
    {
        new Span<byte>(block, ThreadBytes).Clear();
        lock (_lock)
            _freeThreads.Push((nint)block);
    }
}
