using System.Runtime.CompilerServices;
using Suite.Host;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Proc;

/// <summary>
/// Descriptors the emulator holds for itself. To the guest they are not open. Filled before the guest runs and not changed afterwards.
/// </summary>
public sealed unsafe class InternalDescriptors
{
    private const int F_GETFD = 1, FD_CLOEXEC = 1, POLLNVAL = 0x20;
    private const int UsualLimit = 1024, High = 1000, Few = 8;

    private readonly int[] _sorted;

    /// <summary>None but those given.</summary>
    public InternalDescriptors(params ReadOnlySpan<int> descriptors)
    {
        _sorted = descriptors.ToArray();
        Array.Sort(_sorted);
    }

    /// <summary>In ascending order.</summary>
    public ReadOnlySpan<int> All => _sorted;

    /// <summary>True when the guest is not to see a descriptor.</summary>
    public static bool Hide(GuestProcess process, int descriptor) => descriptor >= 0
        && (descriptor == process.Respawn.SelfDescriptor || Array.BinarySearch(process.Identity.Descriptors._sorted, descriptor) >= 0);

    /// <summary>Every descriptor the guest is not to see, ascending.</summary>
    public static int[] HiddenFrom(GuestProcess process)
    {
        int[] hidden = [.. process.Identity.Descriptors._sorted];
        int self = process.Respawn.SelfDescriptor;
        if (self < 0 || Array.BinarySearch(hidden, self) >= 0)
            return hidden;
        hidden = [.. hidden, self];
        Array.Sort(hidden);
        return hidden;
    }

    /// <summary>
    /// What is the emulator's own before any guest code ran: the descriptors that close on exec. One that was inherited cannot have that
    /// flag, or it would have been closed.
    /// </summary>
    /// <param name="log">The log's descriptor where this process inherited it, which may be any; null for none.</param>
    public static InternalDescriptors Discover(int? log)
    {
        List<int> own = [];
        List<int> open = FewOpen() ?? HostFile.Numbers("/proc/self/fd");
        if (log is { } inherited && !open.Contains(inherited))
            open.Add(inherited);
        foreach (int fd in open)
            if (IsClosedOnExec(fd))
                own.Add(fd);
        return new InternalDescriptors([.. own]);
    }

    // Listing /proc/self/fd takes 40 us, asking for the state of these numbers 10. Ours were the lowest free ones, or the lowest from 1000 on (DescriptorSink), so none is
    // above when there is still room below. To poll(2) one with O_PATH is not open, which is why that is asked for by itself. Null when there is no room, or so many may not be open.
    [SkipLocalsInit]
    private static List<int>? FewOpen()
    {
        if (FirstFree(0) >= High - Few || FirstFree(High) >= UsualLimit - Few)
            return null;
        long* entries = stackalloc long[UsualLimit]; // struct pollfd: descriptor, events, what came
        for (int fd = 0; fd < UsualLimit; fd++)
            entries[fd] = fd;
        if (Sys.IsError(Sys.Call(Nr.poll, (long)entries, UsualLimit, 0)))
            return null;
        List<int> open = [];
        for (int fd = 0; fd < UsualLimit; fd++)
            if ((entries[fd] >> 48 & POLLNVAL) == 0)
                open.Add(fd);
        return open;
    }

    // The lowest number from one on that is not in use; each is asked for, because F_DUPFD, which knows, would make the table of descriptors larger, and that takes
    // the kernel 10 ms where threads share it (expand_fdtable waits for RCU).
    private static int FirstFree(int from)
    {
        while (from < UsualLimit && !Sys.IsError(Sys.Call(Nr.fcntl, from, F_GETFD)))
            from++;
        return from;
    }

    /// <summary>
    /// The parts of first..last (inclusive) without the kept descriptors.
    /// </summary>
    /// <param name="first">First descriptor of the range.</param>
    /// <param name="last">Last descriptor of the range.</param>
    /// <param name="kept">Descriptors to leave out, ascending.</param>
    /// <param name="into">Room for one part more than there are kept descriptors.</param>
    /// <returns>The number of parts.</returns>
    public static int Split(uint first, uint last, ReadOnlySpan<int> kept, Span<(uint First, uint Last)> into)
    {
        int count = 0;
        foreach (int fd in kept)
        {
            if ((uint)fd < first || (uint)fd > last)
                continue;
            if ((uint)fd > first)
                into[count++] = (first, (uint)fd - 1);
            if ((uint)fd == last)
                return count;
            first = (uint)fd + 1;
        }

        into[count++] = (first, last);
        return count;
    }

    private static bool IsClosedOnExec(int fd) => Sys.Call(Nr.fcntl, fd, F_GETFD) is var flags and >= 0 && (flags & FD_CLOEXEC) != 0;
}
