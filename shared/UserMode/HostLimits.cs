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
        const int Smallest = 4 << 20, Usual = 192 << 20, Largest = 256 << 20, Share = 32;
        if (asked is { } bytes)
            return (int)Math.Clamp(bytes, Smallest, Largest);
        return (int)Math.Clamp(AddressSpace() / Share & ~0xFFFFFUL, Smallest, Usual);
    }

    /// <summary>Bytes of address space to set aside for a 64-bit guest's heap. Where it is limited, a program is left the rest for its mappings.</summary>
    public static ulong HeapRoom()
    {
        const ulong Smallest = 1 << 20, Usual = 64UL << 30, Share = 16;
        return Math.Clamp(AddressSpace() / Share & ~0xFFFFFUL, Smallest, Usual);
    }

    private static ulong AddressSpace() => TryGet(RLIMIT_AS, out ulong limit) ? limit : ulong.MaxValue;

    private static bool TryGet(int resource, out ulong soft)
    {
        ulong* limit = stackalloc ulong[2];
        bool known = Sys.Call(Nr.getrlimit, resource, (long)limit) == 0;
        soft = limit[0];
        return known;
    }
}
