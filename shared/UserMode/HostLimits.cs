using Suite.Host;

namespace Suite.UserMode;

/// <summary>What the limits the tool was started with (getrlimit(2)) mean for the guest's stack and the engine's memory.</summary>
internal static unsafe class HostLimits
{
    private const int RLIMIT_STACK = 3, RLIMIT_AS = 9;

    /// <summary>Bytes of the main stack: what is wanted, or a larger soft limit below 4 GiB.</summary>
    public static ulong StackSize(ulong wanted) =>
        TryGet(RLIMIT_STACK, out ulong limit) && limit > wanted && limit < 1UL << 32 ? limit : wanted;

    /// <summary>Bytes of the code cache: -tb-size, or what the address space limit leaves room for. The tables beside the cache are about as large again.</summary>
    public static int CodeCacheSize(ulong? asked)
    {
        const int Smallest = 4 << 20, Usual = 192 << 20, Largest = 256 << 20, Share = 16;
        if (asked is { } bytes)
            return (int)Math.Clamp(bytes, Smallest, Largest);
        bool limited = TryGet(RLIMIT_AS, out ulong limit) && limit != ulong.MaxValue;
        return limited ? (int)Math.Clamp(limit / Share & ~0xFFFFFUL, Smallest, Usual) : Usual;
    }

    private static bool TryGet(int resource, out ulong soft)
    {
        ulong* limit = stackalloc ulong[2];
        bool known = Sys.Call(Nr.getrlimit, resource, (long)limit) == 0;
        soft = limit[0];
        return known;
    }
}
