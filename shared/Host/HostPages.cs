namespace Suite.Host;

/// <summary>Pages of this process's own memory.</summary>
public static unsafe class HostPages
{
    /// <summary>What tables that grow take at a time, in bytes: a fault costs four times what a page does that comes with others.</summary>
    public const int Step = 64 << 10;

    private const ulong PageMask = 4095;

    /// <summary>Has the kernel touch each page that overlaps a range, for writing. Where it cannot (before Linux 5.14), pages come with first use, as ever.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="bytes">Length of the range.</param>
    /// <returns>0, or -errno: some page cannot be written. -EINVAL: the kernel does not know how.</returns>
    public static long Populate(void* start, ulong bytes)
    {
        const int MADV_POPULATE_WRITE = 23;
        ulong from = (ulong)start & ~PageMask, to = (ulong)start + bytes + PageMask & ~PageMask;
        return Sys.Call(Nr.madvise, (long)from, (long)(to - from), MADV_POPULATE_WRITE);
    }
}
