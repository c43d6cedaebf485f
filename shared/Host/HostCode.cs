namespace Suite.Host;

/// <summary>A page for the handful of host routines that cannot be written in C#.</summary>
internal static unsafe class HostCode
{
    private const int PageSize = 4096;
    private static readonly byte* Page = Map();
    private static int _used;

    /// <summary>Copies position-independent machine code into executable memory. Called a few times at start-up, from static initialisers.</summary>
    public static void* Publish(ReadOnlySpan<byte> code)
    {
        int at = Interlocked.Add(ref _used, (code.Length + 15) & ~15) - ((code.Length + 15) & ~15);
        if (at + code.Length > PageSize)
            throw new InvalidOperationException("host routine page is full");
        code.CopyTo(new Span<byte>(Page + at, code.Length)); // SAFETY: bounds checked above
        return Page + at;
    }

    private static byte* Map()
    {
        void* page = LibC.mmap(null, PageSize, Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS, -1, 0);
        return (nint)page != -1 ? (byte*)page : throw new InvalidOperationException("the host refuses executable memory (mmap PROT_EXEC)");
    }
}
