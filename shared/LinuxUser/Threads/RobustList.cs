using Suite.Host;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Threads;

/// <summary>
/// The robust futexes of an ending thread (Documentation/locking/robust-futexes.rst). The kernel would walk the list when the host thread
/// ends, which is later than the moment another guest thread may free the memory the list is in; so it is walked here.
/// </summary>
internal static unsafe class RobustList
{
    private const uint OwnerDied = 0x40000000, Waiters = 0x80000000, TidMask = 0x3FFFFFFF;
    private const int Limit = 2048;

    /// <summary>{next, offset, pending} of a 32-bit guest.</summary>
    public const uint HeadBytes = 12;

    public static void Release(GuestThread t)
    {
        ulong head = t.RobustHead, length;
        bool isNarrow = t.Process.Compat is not null;
        uint word = isNarrow ? 4u : 8u;
        if ((!isNarrow && Sys.Call(Nr.get_robust_list, 0, (long)&head, (long)&length) != 0) || head == 0 || t.Memory.Find(head) is null)
            return;
        if (!t.Memory.TryReadWord(head, out ulong entry) || !t.Memory.TryReadWord(head + word, out ulong offset) || !t.Memory.TryReadWord(head + 2 * word, out ulong pending))
            return;
        for (int i = 0; i < Limit && (entry & ~1UL) != head; i++)
        {
            ulong at = entry & ~1UL;
            if (!t.Memory.TryReadWord(at, out ulong next))
                return;
            if (entry != pending)
                Mark(t, Futex(at, offset, isNarrow), (entry & 1) != 0);
            entry = next;
        }

        if ((pending & ~1UL) != 0)
            Mark(t, Futex(pending & ~1UL, offset, isNarrow), (pending & 1) != 0);
    }

    private static ulong Futex(ulong entry, ulong offset, bool isNarrow) => isNarrow ? (uint)(entry + offset) : entry + offset;

    private static void Mark(GuestThread t, ulong futex, bool priorityInheriting)
    {
        if ((futex & 3) != 0 || !t.Memory.TryRead(futex, out uint raw) || (t.Memory.InGuestOrder(raw) & TidMask) != (uint)t.Tid)
            return;
        uint value = t.Memory.InGuestOrder(raw);
        // SAFETY: just read; a page that vanishes meanwhile is the guest's doing and ends it with SIGSEGV semantics at worst.
        uint seen;
        while ((seen = Interlocked.CompareExchange(ref *(uint*)futex, t.Memory.InGuestOrder((value & Waiters) | OwnerDied), raw)) != raw)
        {
            (raw, value) = (seen, t.Memory.InGuestOrder(seen));
            if ((value & TidMask) != (uint)t.Tid)
                return;
        }

        if (!priorityInheriting && (value & Waiters) != 0)
            Sys.Call(Nr.futex, (long)futex, Linux.FUTEX_WAKE, 1);
    }
}
