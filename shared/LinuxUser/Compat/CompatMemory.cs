using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Process;
using Suite.LinuxUser.Syscalls;

namespace Suite.LinuxUser.Compat;

/// <summary>The forms of mmap that only 32-bit tables have.</summary>
internal static unsafe class CompatMemory
{
    private const ulong OffsetUnit = 4096;

    /// <summary>mmap2(2): the offset is in units of 4096 bytes, whatever the page size.</summary>
    public static long Mmap2(GuestThread t, in SysArgs a) => Map(t, a.A1, a.A2, (int)a.A3, a.A4, (int)a.A5, (uint)a.A6 * OffsetUnit);

    /// <summary>The first mmap(2) of i386: all arguments in a struct.</summary>
    public static long OldMmap(GuestThread t, in SysArgs a)
    {
        ulong* args = stackalloc ulong[6];
        if (!t.Process.Compat!.TryRead(t.Memory, a.A1, "mmap_args", new Span<byte>(args, 6 * sizeof(ulong))))
            return -Errno.EFAULT;
        return Map(t, args[0], args[1], (int)args[2], args[3], (int)args[4], args[5]);
    }

    private static long Map(GuestThread t, ulong address, ulong length, int protection, ulong flags, int fd, ulong offset)
    {
        ulong host = t.Process.Compat!.Flags("mmap") is { } map ? map.ToHost(flags) : flags;
        return t.Memory.Map(address, length, protection, (int)host, fd, (long)offset);
    }
}
