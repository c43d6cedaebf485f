using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

/// <summary>Calls that change the address space.</summary>
public static unsafe class MemoryCalls
{
    public static long Mmap(GuestThread t, in SysArgs a) => IsTooMuch(t, a.A2, a.Int4, a.A1) ? -Errno.ENOMEM : t.Memory.Map(a.A1, a.A2, a.Int3, a.Int4, a.Int5, (long)a.A6);

    public static long Munmap(GuestThread t, in SysArgs a) => t.Memory.Unmap(a.A1, a.A2);

    public static long Mprotect(GuestThread t, in SysArgs a) => t.Memory.Protect(a.A1, a.A2, a.Int3);

    public static long PkeyMprotect(GuestThread t, in SysArgs a) => t.Memory.Protect(a.A1, a.A2, a.Int3, a.Int4);

    public static long Mremap(GuestThread t, in SysArgs a) =>
        a.A3 > a.A2 && IsTooMuch(t, a.A3 - a.A2) ? -Errno.ENOMEM : t.Memory.Remap(a.A1, a.A2, a.A3, a.Int4, a.A5);

    public static long Madvise(GuestThread t, in SysArgs a) => t.Memory.Advise(a.A1, a.A2, a.Int3);

    public static long Shmat(GuestThread t, in SysArgs a) => t.Memory.AttachShared(a.Int1, a.A2, a.Int3);

    public static long Shmdt(GuestThread t, in SysArgs a) => t.Memory.DetachShared(a.A1);

    /// <summary>
    /// msync, mlock, mlock2, munlock, mincore: an address and a length first. What lies in the range without being the guest's (the emulator has
    /// memory too) is a hole.
    /// </summary>
    public static long Ranged(GuestThread t, in SysArgs a)
    {
        const ulong PageMask = ~(Memory.GuestMemory.PageSize - 1);
        ulong from = a.A1 & PageMask, end = (a.A1 + a.A2 + ~PageMask) & PageMask;
        ulong until = end > from ? t.Memory.CoveredUntil(from, end) : end;
        if (until >= end)
            return HostCall.Make(t, a.Number, a.A1, a.A2, a.A3);
        // The kernel does what there is to do before the hole, and finds what is wrong with the other arguments.
        long result = HostCall.Make(t, a.Number, a.A1, until > a.A1 ? until - a.A1 : 0, a.A3);
        return Sys.IsError(result) ? result : -Errno.ENOMEM;
    }

    public static long Mlockall(GuestThread t, in SysArgs a) => t.Memory.LockAll(a.Int1, t.Abi.StackPointer(t));

    public static long Munlockall(GuestThread t, in SysArgs a) => t.Memory.UnlockAll();

    /// <summary>brk(2), within the guest's RLIMIT_DATA.</summary>
    public static long Brk(GuestThread t, in SysArgs a)
    {
        ulong now = t.Process.Identity.Settings.AddressLimit == ulong.MaxValue ? a.A1 : t.Memory.Break(0, 0);
        return (long)t.Memory.Break(a.A1 > now && IsTooMuch(t, a.A1 - now) ? 0 : a.A1, t.Process.Identity.Settings.DataLimit);
    }

    /// <summary>True when so many bytes more would be beyond the RLIMIT_AS that the guest has set.</summary>
    /// <param name="t">The calling thread.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="flags">With MAP_FIXED, what lies there already is replaced and does not count twice.</param>
    /// <param name="address">Where, with MAP_FIXED.</param>
    public static bool IsTooMuch(GuestThread t, ulong bytes, int flags = 0, ulong address = 0)
    {
        ulong limit = t.Process.Identity.Settings.AddressLimit;
        if (limit == ulong.MaxValue)
            return false;
        ulong replaced = (flags & Linux.MAP_FIXED) != 0 ? t.Memory.CoveredUntil(address, address + bytes) - address : 0;
        return t.Memory.TotalBytes() + ((bytes + Memory.GuestMemory.PageSize - 1) & ~(Memory.GuestMemory.PageSize - 1)) - replaced > limit;
    }

    /// <summary>remap_file_pages(2) is emulated by the kernel with mmap; so it is here.</summary>
    public static long RemapFilePages(GuestThread t, in SysArgs a)
    {
        var vma = t.Memory.Find(a.A1);
        if (a.A3 != 0 || vma is null || !vma.Shared || vma.Inode == 0 || a.A1 + a.A2 > vma.End)
            return -Errno.EINVAL;
        byte[] path = [.. Loader.GuestText.ToBytes(vma.Name), 0];
        fixed (byte* p = path)
        {
            long fd = Sys.Call(Nr.open, (long)p, vma.IsWritable ? Linux.O_RDWR : Linux.O_RDONLY);
            if (Sys.IsError(fd))
                return -Errno.EINVAL;
            long got = t.Memory.Map(a.A1, a.A2, vma.Protection, Linux.MAP_SHARED | Linux.MAP_FIXED, (int)fd, (long)(a.A4 * 4096));
            Sys.Call(Nr.close, fd);
            return Sys.IsError(got) ? got : 0;
        }
    }
}
