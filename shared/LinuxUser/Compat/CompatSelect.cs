using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>
/// select(2) in its forms. A descriptor set is an array of C longs, so the guest's goes in steps of 32 bits, of the guest's byte order,
/// and the host's in steps of 64.
/// </summary>
internal static unsafe class CompatSelect
{
    private const long EFAULT = -Errno.EFAULT, EINVAL = -Errno.EINVAL;
    private const int ArenaBytes = 1024, MostDescriptors = 1 << 20;

    /// <summary>Number 82: a pointer to the five arguments; PowerPC takes the arguments too, told apart by a first one that is no pointer.</summary>
    public static long Select(GuestThread t, in SysArgs a)
    {
        const uint FirstPointer = 4096;
        return (uint)a.A1 < FirstPointer && GuestWords.AbiOf(t).BigEndian ? Newselect(t, a) : Packed(t, a);
    }

    public static long Newselect(GuestThread t, in SysArgs a) => Run(t, a, "ll"u8, null);

    public static long Pselect6(GuestThread t, in SysArgs a) => WithMask(t, a, "ll"u8);

    public static long Pselect6Time64(GuestThread t, in SysArgs a) => WithMask(t, a, "qu"u8);

    /// <summary>io_pgetevents(2) and pselect6(2) take {pointer to a mask, its size}. EFAULT or 0.</summary>
    /// <param name="t">The calling thread.</param>
    /// <param name="at">Where the two are; 0 for none, which leaves <paramref name="pack"/> as it is.</param>
    /// <param name="pack">The two.</param>
    public static long ReadPack(GuestThread t, ulong at, ref MaskPack pack)
    {
        ulong* pair = stackalloc ulong[2];
        if (at == 0)
            return 0;
        if (!t.Memory.TryReadStruct(GuestWords.AbiOf(t), "pp"u8, at, new Span<byte>(pair, 16)))
            return EFAULT;
        pack = new MaskPack(pair[0], pair[1]);
        return 0;
    }

    /// <summary>The mask that a pair names; null for none. EFAULT, EINVAL or 0.</summary>
    public static long ReadMask(GuestThread t, MaskPack pack, out ulong? mask)
    {
        mask = null;
        if (pack.Address == 0)
            return 0;
        if (pack.Size != sizeof(ulong))
            return EINVAL;
        Span<byte> raw = stackalloc byte[sizeof(ulong)];
        if (!t.Memory.TryRead(pack.Address, raw))
            return EFAULT;
        mask = GuestWords.AbiOf(t).Sigset(raw);
        return 0;
    }

    private static long Packed(GuestThread t, in SysArgs a)
    {
        ulong* v = stackalloc ulong[5];
        if (!t.Memory.TryReadStruct(GuestWords.AbiOf(t), "p5"u8, a.A1, new Span<byte>(v, 40)))
            return EFAULT;
        return Run(t, new SysArgs(a.Number, v[0], v[1], v[2], v[3], v[4], 0), "ll"u8, null);
    }

    private static long WithMask(GuestThread t, in SysArgs a, ReadOnlySpan<byte> timespec)
    {
        MaskPack pack = default;
        long error = ReadPack(t, a.A6, ref pack);
        return error != 0 ? error : Run(t, a, timespec, pack);
    }

    // Errors come in the kernel's order (fs/select.c): the time, the mask, the number of descriptors, the sets. select has no pack, not even an empty one.
    private static long Run(GuestThread t, in SysArgs a, ReadOnlySpan<byte> timeCode, MaskPack? pack)
    {
        GuestAbi abi = GuestWords.AbiOf(t);
        int count = a.Int1;
        long* time = stackalloc long[2];
        if (a.A5 != 0 && !t.Memory.TryReadStruct(abi, timeCode, a.A5, new Span<byte>(time, 16)))
            return EFAULT;
        if (a.A5 != 0 && !IsTime(time, isTimeval: pack is null))
            return EINVAL;
        ulong? given = null;
        if (pack is { } place && ReadMask(t, place, out given) is not 0 and var error)
            return error;
        if (count < 0)
            return EINVAL;
        count = Math.Min(count, MostDescriptors);
        int hostBytes = (count + 63) / 64 * 8, guestBytes = (count + 31) / 32 * 4;
        byte* room = stackalloc byte[ArenaBytes];
        HostArena arena = new(room, ArenaBytes);
        try
        {
            ReadOnlySpan<ulong> guestSets = [a.A2, a.A3, a.A4];
            ulong* sets = stackalloc ulong[3];
            for (int i = 0; i < 3; i++)
            {
                sets[i] = 0;
                if (guestSets[i] == 0)
                    continue;
                byte* set = arena.Take((ulong)Math.Max(hostBytes, 8));
                Span<byte> bits = new(set, guestBytes);
                if (!t.Memory.TryRead(guestSets[i], bits))
                    return EFAULT;
                StructCode.SwapInPlace("i32768"u8, abi, bits);
                sets[i] = (ulong)set;
            }

            ulong* pair = stackalloc ulong[2];
            ulong mask = given ?? 0;
            (pair[0], pair[1]) = ((ulong)&mask, sizeof(ulong));
            ulong timeAt = a.A5 == 0 ? 0 : (ulong)time;
            long result = pack is not null
                ? SignalCalls.Pselect6(t, new SysArgs(Nr.pselect6, (ulong)count, sets[0], sets[1], sets[2], timeAt, given is null ? 0 : (ulong)pair))
                : HostCall.Make(t, Nr.select, (ulong)count, sets[0], sets[1], sets[2], timeAt);
            // The kernel tells the time left whatever came of the call.
            if (a.A5 != 0 && result != SysResult.Restart)
                t.Memory.TryWriteStruct(abi, timeCode, a.A5, new ReadOnlySpan<byte>(time, 16));
            if (result < 0)
                return result;
            for (int i = 0; i < 3; i++)
            {
                if (sets[i] == 0)
                    continue;
                Span<byte> bits = new((byte*)sets[i], guestBytes);
                StructCode.SwapInPlace("i32768"u8, abi, bits);
                if (!t.Memory.TryWrite(guestSets[i], bits))
                    return EFAULT;
            }

            return result;
        }
        finally
        {
            arena.Dispose();
        }
    }

    // poll_select_set_timeout. Microseconds may be more than a second.
    private static bool IsTime(long* time, bool isTimeval)
    {
        const long NanosecondsPerSecond = 1_000_000_000, MicrosecondsPerSecond = 1_000_000;
        return isTimeval ? time[0] + time[1] / MicrosecondsPerSecond >= 0 && time[1] % MicrosecondsPerSecond >= 0
            : time[0] >= 0 && (ulong)time[1] < NanosecondsPerSecond;
    }
}

/// <summary>Where a signal mask is and how long it is said to be (struct sigset_argpack of the kernel).</summary>
internal readonly record struct MaskPack(ulong Address, ulong Size);
