using System.Runtime.CompilerServices;
using Suite.Host;

namespace Suite.Machines;

/// <summary>
/// An auto-reset event on a futex: setting it before the wait makes the wait return at once. Waits end with nanosecond deadlines. Its word is the collector's:
/// the loops of devices may set it when the machine is gone already.
/// </summary>
public sealed unsafe class WakeEvent
{
    private const int Unset = 0, IsSet = 1, Waiting = -1;

    private readonly int[] _word = GC.AllocateArray<int>(1, pinned: true);

    private long Address => (long)Unsafe.AsPointer(ref _word[0]);

    /// <summary>Ends a wait, or the next one. From any thread.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref _word[0], IsSet) == Waiting)
            Sys.Call(Nr.futex, Address, Linux.FUTEX_WAKE | Linux.FUTEX_PRIVATE_FLAG, 1);
    }

    /// <summary>Waits for <see cref="Set"/>; for one thread at a time.</summary>
    /// <param name="nanoseconds">Longest wait; negative for no limit.</param>
    public void Wait(long nanoseconds = -1)
    {
        if (Interlocked.CompareExchange(ref _word[0], Waiting, Unset) == Unset && nanoseconds != 0)
        {
            const long Second = 1_000_000_000;
            long* time = stackalloc long[2] { nanoseconds / Second, nanoseconds % Second };
            Sys.Blocking(Nr.futex, Address, Linux.FUTEX_WAIT | Linux.FUTEX_PRIVATE_FLAG, Waiting, nanoseconds < 0 ? 0 : (long)time);
        }

        Interlocked.Exchange(ref _word[0], Unset);
    }
}
