using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>The forms of mmap that only 32-bit tables have.</summary>
internal static unsafe class CompatMemory
{
    private const ulong OffsetUnit = 4096;

    /// <summary>mseal(2): a length whose rounding up to pages overflows the guest's word is refused before anything is looked at.</summary>
    public static long Mseal(GuestThread t, in SysArgs a) => (uint)a.A2 > 0xFFFF_F000 ? -Errno.EINVAL : CompatCalls.ByRow(t, a);

    /// <summary>mmap2(2): the offset is in units of 4096 bytes, whatever the page size.</summary>
    public static long Mmap2(GuestThread t, in SysArgs a)
    {
        ulong flags = t.Process.Compat!.Flags("mmap") is { } map ? map.ToHost(a.A4) : a.A4;
        return MemoryCalls.Mmap(t, a with { A4 = flags, A6 = (uint)a.A6 * OffsetUnit });
    }

    /// <summary>The first mmap(2) of i386: all arguments in a struct.</summary>
    public static long OldMmap(GuestThread t, in SysArgs a)
    {
        ulong* args = stackalloc ulong[6];
        if (!t.Process.Compat!.TryRead(t.Memory, a.A1, "mmap_args", new Span<byte>(args, 6 * sizeof(ulong))))
            return -Errno.EFAULT;
        return MemoryCalls.Mmap(t, new SysArgs(a.Number, args[0], args[1], args[2], args[3], args[4], args[5]));
    }
}
