using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.LinuxUser.Syscalls;

/// <summary>Calls that change the address space.</summary>
public static unsafe class MemoryCalls
{
    public static long Mmap(GuestThread t, in SysArgs a)
    {
        bool isData = (a.Int3 & Linux.PROT_WRITE) != 0 && (a.Int4 & (Linux.MAP_TYPE | Linux.MAP_GROWSDOWN)) == Linux.MAP_PRIVATE;
        return IsTooMuch(t, a.A2, isData, a.Int4, a.A1) ? -Errno.ENOMEM : t.Memory.Map(a.A1, a.A2, a.Int3, a.Int4, a.Int5, (long)a.A6);
    }

    public static long Munmap(GuestThread t, in SysArgs a) => t.Memory.Unmap(a.A1, a.A2);

    public static long Mprotect(GuestThread t, in SysArgs a) => TurnsIntoTooMuch(t, a) ? -Errno.ENOMEM : t.Memory.Protect(a.A1, a.A2, a.Int3);

    public static long PkeyMprotect(GuestThread t, in SysArgs a) =>
        TurnsIntoTooMuch(t, a) ? -Errno.ENOMEM : t.Memory.Protect(a.A1, a.A2, a.Int3, a.Int4);

    public static long Mremap(GuestThread t, in SysArgs a) =>
        a.A3 > a.A2 && IsTooMuch(t, a.A3 - a.A2, t.Memory.Find(a.A1) is { IsData: true }) ? -Errno.ENOMEM : t.Memory.Remap(a.A1, a.A2, a.A3, a.Int4, a.A5);

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
        GuestSettings settings = t.Process.Identity.Settings;
        ulong now = settings.AddressLimit == ulong.MaxValue && settings.OwnDataLimit == ulong.MaxValue ? a.A1 : t.Memory.Break(0, 0);
        return (long)t.Memory.Break(a.A1 > now && IsTooMuch(t, a.A1 - now, isData: true) ? 0 : a.A1, t.Process.Identity.Settings.DataLimit);
    }

    // Private mappings that become writable become data (mprotect_fixup of mm/mprotect.c).
    private static bool TurnsIntoTooMuch(GuestThread t, in SysArgs a)
    {
        if ((a.Int3 & Linux.PROT_WRITE) == 0 || t.Process.Identity.Settings.OwnDataLimit == ulong.MaxValue)
            return false;
        ulong more = 0, end = a.A1 + a.A2;
        foreach (Memory.Vma vma in t.Memory.Snapshot())
            if (!vma.Shared && !vma.IsWritable && !vma.IsMainStack && vma.Start < end && vma.End > a.A1)
                more += Math.Min(vma.End, end) - Math.Max(vma.Start, a.A1);
        return more != 0 && t.Memory.DataBytes() + more > t.Process.Identity.Settings.OwnDataLimit;
    }

    // may_expand_vm of mm/mmap.c: true when so many bytes more would be beyond the RLIMIT_AS or RLIMIT_DATA that the guest has set.
    // With MAP_FIXED, what lies there already is replaced and does not count twice.
    private static bool IsTooMuch(GuestThread t, ulong bytes, bool isData, int flags = 0, ulong address = 0)
    {
        GuestSettings settings = t.Process.Identity.Settings;
        ulong limit = settings.AddressLimit, dataLimit = isData ? settings.OwnDataLimit : ulong.MaxValue;
        if (limit == ulong.MaxValue && dataLimit == ulong.MaxValue)
            return false;
        ulong replaced = (flags & Linux.MAP_FIXED) != 0 ? t.Memory.CoveredUntil(address, address + bytes) - address : 0;
        ulong more = ((bytes + Memory.GuestMemory.PageSize - 1) & ~(Memory.GuestMemory.PageSize - 1)) - replaced;
        return t.Memory.TotalBytes() + more > limit || (dataLimit != ulong.MaxValue && t.Memory.DataBytes() + more > dataLimit);
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
