namespace Suite.Devices.Block;

// Takes pieces of memory off the front of a list of them, splitting one where that is needed.
internal ref struct VectorCursor(ReadOnlySpan<IoVector> pieces, List<IoVector> scratch)
{
    private readonly ReadOnlySpan<IoVector> _pieces = pieces;
    private int _next;
    private long _done;

    // The sum of all pieces.
    public static long Sum(ReadOnlySpan<IoVector> pieces)
    {
        long sum = 0;
        foreach (IoVector piece in pieces)
            sum += piece.Length;
        return sum;
    }

    // The next bytes; the result is good until the next call.
    public ReadOnlySpan<IoVector> Take(long length)
    {
        scratch.Clear();
        while (length > 0 && _next < _pieces.Length)
        {
            IoVector piece = _pieces[_next];
            long part = Math.Min(length, piece.Length - _done);
            if (part > 0)
                scratch.Add(new IoVector((nint)(piece.Start + _done), (nint)part));
            length -= part;
            _done += part;
            if (_done == piece.Length)
                (_next, _done) = (_next + 1, 0);
        }

        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(scratch);
    }
}
