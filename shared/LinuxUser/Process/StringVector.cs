namespace Suite.LinuxUser.Process;

/// <summary>
/// A NULL-terminated vector of NUL-terminated strings, as execve(2) takes it: one array, with the strings behind the pointers, to be pinned for
/// the call. It is the collector's memory, since a vfork child whose exec succeeds gives nothing back and leaves all it took with its parent.
/// </summary>
public readonly unsafe struct StringVector
{
    private readonly byte[][] _strings;

    /// <summary>Makes room for strings, which are without NUL.</summary>
    public StringVector(byte[][] strings)
    {
        _strings = strings;
        long bytes = (strings.Length + 1L) * sizeof(nint);
        foreach (byte[] s in strings)
            bytes += s.Length + 1;
        Block = GC.AllocateUninitializedArray<byte>(checked((int)bytes));
    }

    /// <summary>What to pin.</summary>
    public byte[] Block { get; }

    /// <summary>Writes pointers and strings.</summary>
    /// <param name="pinned">The first byte of <see cref="Block"/>, which stays there until the call is done.</param>
    /// <returns>The vector.</returns>
    public byte** At(byte* pinned)
    {
        byte** pointers = (byte**)pinned;
        byte* at = (byte*)(pointers + _strings.Length + 1);
        for (int i = 0; i < _strings.Length; i++)
        {
            pointers[i] = at;
            _strings[i].CopyTo(new Span<byte>(at, _strings[i].Length)); // SAFETY: sized by the constructor
            at[_strings[i].Length] = 0;
            at += _strings[i].Length + 1;
        }

        pointers[_strings.Length] = null;
        return pointers;
    }
}
