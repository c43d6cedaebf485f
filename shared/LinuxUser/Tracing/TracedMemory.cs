using Suite.Host;

namespace Suite.LinuxUser.Tracing;

/// <summary>Memory of a thread that the calling thread traces and that is stopped. Addresses are the same on both sides.</summary>
internal static unsafe class TracedMemory
{
    private const int Word = sizeof(ulong);

    /// <summary>Reads bytes; false when any of them is not there.</summary>
    public static bool TryRead(int tid, ulong address, Span<byte> into)
    {
        fixed (byte* to = into)
        {
            ulong* local = stackalloc ulong[2], remote = stackalloc ulong[2];
            (local[0], local[1], remote[0], remote[1]) = ((ulong)to, (ulong)into.Length, address, (ulong)into.Length);
            if (Sys.Call(Nr.process_vm_readv, tid, (long)local, 1, (long)remote, 1) == into.Length)
                return true;
        }

        // What the mapping itself does not allow, and processes that are not to be looked at but by their tracer.
        for (int done = 0; done < into.Length;)
        {
            ulong at = (address + (ulong)done) & ~(Word - 1UL), word;
            int skip = (int)(address + (ulong)done - at), count = Math.Min(Word - skip, into.Length - done);
            if (Sys.Call(Nr.ptrace, Ptrace.PEEKDATA, tid, (long)at, (long)&word) != 0)
                return false;
            new ReadOnlySpan<byte>((byte*)&word + skip, count).CopyTo(into[done..]);
            done += count;
        }

        return true;
    }

    /// <summary>Writes bytes, also where the mapping is not writable; false when any of them is not there.</summary>
    public static bool TryWrite(int tid, ulong address, ReadOnlySpan<byte> from)
    {
        for (int done = 0; done < from.Length;)
        {
            ulong at = (address + (ulong)done) & ~(Word - 1UL), word = 0;
            int skip = (int)(address + (ulong)done - at), count = Math.Min(Word - skip, from.Length - done);
            if (count < Word && Sys.Call(Nr.ptrace, Ptrace.PEEKDATA, tid, (long)at, (long)&word) != 0)
                return false;
            from.Slice(done, count).CopyTo(new Span<byte>((byte*)&word + skip, count));
            if (Sys.Call(Nr.ptrace, Ptrace.POKEDATA, tid, (long)at, (long)word) != 0)
                return false;
            done += count;
        }

        return true;
    }
}
