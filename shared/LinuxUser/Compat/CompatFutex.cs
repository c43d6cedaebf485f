using System.Buffers.Binary;
using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// futex(2) of a big-endian guest: the kernel compares words of its own byte order, so the value to compare with is swapped. Arithmetic on
/// the word is done here, and operations by which the kernel writes thread ids into it do not exist.
/// </summary>
internal static unsafe class CompatFutex
{
    private const int FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_CMP_REQUEUE = 4, FUTEX_WAKE_OP = 5, FUTEX_LOCK_PI = 6, FUTEX_TRYLOCK_PI = 8,
        FUTEX_WAIT_BITSET = 9, FUTEX_WAIT_REQUEUE_PI = 11, FUTEX_LOCK_PI2 = 13, CommandMask = 0x7F, FUTEX_PRIVATE_FLAG = 0x80;

    public static long Futex(GuestThread t, in SysArgs a)
    {
        if (!GuestWords.AbiOf(t).BigEndian)
            return CompatCalls.ByRow(t, a);
        return (a.Int2 & CommandMask) switch
        {
            FUTEX_WAIT or FUTEX_WAIT_BITSET => CompatCalls.ByRow(t, a with { A3 = Swap(a.A3) }),
            FUTEX_CMP_REQUEUE => CompatCalls.ByRow(t, a with { A6 = Swap(a.A6) }),
            FUTEX_WAKE_OP => WakeOp(t, a),
            (>= FUTEX_LOCK_PI and <= FUTEX_TRYLOCK_PI) or (>= FUTEX_WAIT_REQUEUE_PI and <= FUTEX_LOCK_PI2) => -Errno.ENOSYS,
            _ => CompatCalls.ByRow(t, a),
        };
    }

    /// <summary>futex_waitv(2): struct futex_waitv {u64 value, u64 address, u32 flags, u32 reserved}.</summary>
    public static long FutexWaitv(GuestThread t, in SysArgs a)
    {
        const int WaiterSize = 24, Most = 128;
        GuestAbi abi = GuestWords.AbiOf(t);
        if (!abi.BigEndian)
            return CompatCalls.ByRow(t, a);
        if (a.A1 == 0 || a.A2 is 0 or > Most)
            return -Errno.EINVAL;
        long* time = stackalloc long[2];
        Span<byte> waiters = stackalloc byte[(int)a.A2 * WaiterSize];
        if (!t.Memory.TryRead(a.A1, waiters) || (a.A4 != 0 && !t.Memory.TryReadStruct(abi, "qu"u8, a.A4, new Span<byte>(time, 16))))
            return -Errno.EFAULT;
        StructCode.SwapInPlace("(qqii)128"u8, abi, waiters);
        for (int at = 0; at < waiters.Length; at += WaiterSize)
            waiters.Slice(at, 4).Reverse();
        fixed (byte* host = waiters)
            return HostCall.Make(t, Nr.futex_waitv, (ulong)host, a.A2, a.A3, a.A4 == 0 ? 0 : (ulong)time, a.A5);
    }

    // FUTEX_WAKE_OP: change the second word, wake on the first, and on the second if its old value compares (linux/futex.h).
    private static long WakeOp(GuestThread t, in SysArgs a)
    {
        uint operation = (uint)a.A6;
        int argument = (int)(operation << 8) >> 20, comparand = (int)(operation << 20) >> 20;
        if ((operation >> 31) != 0)
            argument = 1 << (argument & 31);
        if ((a.A5 & 3) != 0 || (a.A1 & 3) != 0)
            return -Errno.EINVAL;
        if (!t.Memory.TryRead(a.A5, out uint raw) || t.Memory.Find(a.A5) is not { IsWritable: true })
            return -Errno.EFAULT;
        int old;
        while (true)
        {
            old = (int)BinaryPrimitives.ReverseEndianness(raw);
            int changed;
            switch (operation >> 28 & 7)
            {
                case 0:
                    changed = argument;
                    break;
                case 1:
                    changed = old + argument;
                    break;
                case 2:
                    changed = old | argument;
                    break;
                case 3:
                    changed = old & ~argument;
                    break;
                case 4:
                    changed = old ^ argument;
                    break;
                default:
                    return -Errno.ENOSYS;
            }

            // SAFETY: just read, and the mapping is writable; a page that vanishes meanwhile is the guest's doing.
            uint seen = Interlocked.CompareExchange(ref *(uint*)a.A5, BinaryPrimitives.ReverseEndianness((uint)changed), raw);
            if (seen == raw)
                break;
            raw = seen;
        }

        ulong wake = (ulong)(FUTEX_WAKE | a.Int2 & FUTEX_PRIVATE_FLAG);
        long woken = HostCall.Make(t, Nr.futex, a.A1, wake, a.A3);
        bool holds = (operation >> 24 & 0xF) switch
        {
            0 => old == comparand,
            1 => old != comparand,
            2 => old < comparand,
            3 => old <= comparand,
            4 => old > comparand,
            5 => old >= comparand,
            _ => false,
        };
        if (woken < 0 || !holds)
            return woken;
        long more = HostCall.Make(t, Nr.futex, a.A5, wake, a.A4);
        return more < 0 ? more : woken + more;
    }

    private static ulong Swap(ulong value) => BinaryPrimitives.ReverseEndianness((uint)value);
}
