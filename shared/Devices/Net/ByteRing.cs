namespace Suite.Devices.Net;

/// <summary>Bytes between a writer and a reader, at most so many; the memory is taken when the first byte comes.</summary>
/// <param name="capacity">A power of two.</param>
internal sealed class ByteRing(int capacity)
{
    private byte[] _bytes = [];
    private int _start;

    public int Count { get; private set; }

    public int Free => capacity - Count;

    /// <summary>Appends what fits; how many bytes that were.</summary>
    public int Write(ReadOnlySpan<byte> from)
    {
        int done = 0;
        while (done < from.Length && Free > 0)
        {
            Span<byte> to = Writable();
            int part = Math.Min(to.Length, from.Length - done);
            from.Slice(done, part).CopyTo(to);
            Wrote(part);
            done += part;
        }

        return done;
    }

    /// <summary>Room in one piece; <see cref="Wrote"/> tells how much of it was used.</summary>
    public Span<byte> Writable()
    {
        if (_bytes.Length == 0)
            _bytes = new byte[capacity];
        int end = (_start + Count) & (capacity - 1);
        return _bytes.AsSpan(end, Math.Min(Free, capacity - end));
    }

    /// <summary>Bytes were put where <see cref="Writable"/> said.</summary>
    public void Wrote(int bytes) => Count += bytes;

    /// <summary>The oldest bytes that lie in one piece.</summary>
    public ReadOnlySpan<byte> Readable() => _bytes.AsSpan(_start, Math.Min(Count, _bytes.Length - _start));

    /// <summary>Copies bytes without taking them.</summary>
    public void Peek(int offset, Span<byte> into)
    {
        int at = (_start + offset) & (capacity - 1), part = Math.Min(into.Length, capacity - at);
        _bytes.AsSpan(at, part).CopyTo(into);
        _bytes.AsSpan(0, into.Length - part).CopyTo(into[part..]);
    }

    /// <summary>Takes the oldest bytes away.</summary>
    public void Drop(int bytes)
    {
        _start = (_start + bytes) & (capacity - 1);
        Count -= bytes;
    }
}
