using System.Runtime.CompilerServices;

namespace Suite.Host;

/// <summary>The runtime's source of random numbers: it opens /dev/urandom for the first hash code of an object, and keeps it.</summary>
public static unsafe class HostRandom
{
    // Above what programs come to soon, below 64, where the kernel would have to enlarge the table of descriptors.
    private const int Place = 62, F_DUPFD_CLOEXEC = 1030;

    /// <summary>
    /// Makes the runtime open it now and at a high number; later it would take the lowest free one, which the guest expects to get itself.
    /// The numbers below are taken for that moment.
    /// </summary>
    public static void Settle()
    {
        Span<bool> taken = stackalloc bool[Place];
        fixed (byte* path = "/dev/null\0"u8)
        {
            long at = Sys.Call(Nr.open, (long)path, Linux.O_RDONLY | Linux.O_CLOEXEC);
            while (at is >= 0 and < Place)
            {
                taken[(int)at] = true;
                at = Sys.Call(Nr.fcntl, at, F_DUPFD_CLOEXEC, 0);
            }

            if (at >= 0)
                Sys.Call(Nr.close, at);
        }

        RuntimeHelpers.GetHashCode(new object());
        for (int i = 0; i < Place; i++)
            if (taken[i])
                Sys.Call(Nr.close, i);
    }
}
