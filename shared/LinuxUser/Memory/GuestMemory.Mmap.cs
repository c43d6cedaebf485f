using System.Runtime.CompilerServices;
using System.Text;
using Suite.Host;
using Suite.LinuxUser.Abi;

namespace Suite.LinuxUser.Memory;

// The mmap family: the host does the work, this keeps the picture of it and guards what is not the guest's.
public sealed unsafe partial class GuestMemory
{
    private const long EINVAL = -Errno.EINVAL, ENOMEM = -Errno.ENOMEM, EEXIST = -Errno.EEXIST;

    private ulong _breakStart, _break, _breakLimit;

    /// <summary>mmap(2). Lengths and addresses in bytes; the result is the address or -errno.</summary>
    public long Map(ulong address, ulong length, int protection, int flags, int fd, long offset)
    {
        if (length == 0 || (offset & (long)(PageSize - 1)) != 0)
            return Sys.Call(Nr.mmap, 0, 0, protection, flags, fd, offset); // EBADF or EINVAL, in the kernel's order
        ulong size = (length + PageSize - 1) & PageMask;
        if (size == 0)
            return ENOMEM;
        using (Hold())
        {
            long got = Place(address, size, protection, flags | LockedFlag, fd, offset);
            if (!Sys.IsError(got))
            {
                LockNew((ulong)got, size);
                Record((ulong)got, size, protection, flags, fd, (ulong)offset);
            }

            return got;
        }
    }

    /// <summary>munmap(2). Only mappings of the guest go away; holes are allowed.</summary>
    public long Unmap(ulong address, ulong length)
    {
        if ((address & (PageSize - 1)) != 0 || length == 0 || address + length < address)
            return EINVAL;
        ulong end = (address + length + PageSize - 1) & PageMask;
        using (Hold())
        {
            DropCode(address, end);
            foreach (Vma vma in _map.Overlapping(address, end).ToArray())
            {
                (ulong from, ulong to) = (Math.Max(address, vma.Start), Math.Min(end, vma.End));
                long error = Sys.Call(Nr.munmap, (long)from, (long)(to - from));
                if (Sys.IsError(error))
                    return error;
            }

            _map.Remove(address, end);
            return 0;
        }
    }

    /// <summary>mprotect(2) and, with a key, pkey_mprotect(2).</summary>
    public long Protect(ulong address, ulong length, int protection, long key = -1)
    {
        const int Known = Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC | Linux.PROT_SEM | Linux.PROT_GROWSDOWN | Linux.PROT_GROWSUP;
        if ((address & (PageSize - 1)) != 0 || (protection & ~Known) != 0)
            return EINVAL;
        if (length == 0)
            return 0;
        ulong end = (address + length + PageSize - 1) & PageMask;
        if (end <= address)
            return ENOMEM;
        using (Hold())
        {
            if ((protection & Linux.PROT_GROWSDOWN) != 0)
                address = FromStart(address, ref protection);
            ulong covered = _map.CoveredUntil(address, end);
            if (covered < end)
            {
                // As the kernel does it: what lies before the hole is changed all the same.
                if (covered > address)
                    Protect(address, covered - address, protection, key);
                return ENOMEM;
            }

            bool keepsCode = (protection & (Linux.PROT_EXEC | Linux.PROT_WRITE)) == Linux.PROT_EXEC;
            if (!keepsCode)
                DropCode(address, end);
            else
                _protected.RemoveWhere(p => p >= address && p < end);
            int host = HostProtection(protection) | (protection & (Linux.PROT_GROWSDOWN | Linux.PROT_GROWSUP));
            long result = key < 0
                ? Sys.Call(Nr.mprotect, (long)address, (long)(end - address), host)
                : Sys.Call(Nr.pkey_mprotect, (long)address, (long)(end - address), host, key);
            if (Sys.IsError(result))
                return result;
            _map.Protect(address, end, protection & 7);
            foreach (Vma vma in _map.Overlapping(address, end))
                CheckAliases(vma);
            return 0;
        }
    }

    /// <summary>mremap(2).</summary>
    public long Remap(ulong oldAddress, ulong oldLength, ulong newLength, int flags, ulong newAddress)
    {
        if ((oldAddress & (PageSize - 1)) != 0 || newLength == 0)
            return EINVAL;
        ulong oldSize = (oldLength + PageSize - 1) & PageMask, newSize = (newLength + PageSize - 1) & PageMask;
        using (Hold())
        {
            Vma? vma = _map.Find(oldAddress);
            if (vma is null || oldAddress + oldSize > vma.End)
                return -Errno.EFAULT;
            if ((flags & Linux.MREMAP_FIXED) != 0 && !ClearForFixed(newAddress, newSize, out long error))
                return error;
            if ((flags & Linux.MREMAP_FIXED) != 0 && !IsAllowed(newAddress, newSize))
                return ENOMEM;
            DropCode(oldAddress, oldAddress + Math.Max(oldSize, PageSize));
            long got = IsLow && (flags & Linux.MREMAP_FIXED) == 0 ? MoveLow(oldAddress, oldSize, newSize, flags) : Sys.Call(Nr.mremap, (long)oldAddress, (long)oldLength, (long)newLength, flags, (long)newAddress);
            if (Sys.IsError(got))
                return got;
            Vma moved = vma.Slice(oldAddress, oldAddress + Math.Max(oldSize, PageSize));
            if ((flags & Linux.MREMAP_DONTUNMAP) == 0 && oldSize != 0)
                _map.Remove(oldAddress, oldAddress + oldSize);
            moved.Start = (ulong)got;
            moved.End = (ulong)got + newSize;
            _map.Insert(moved);
            return got;
        }
    }

    /// <summary>madvise(2) and calls like it on a range of the guest's mappings; drops code where the contents go away.</summary>
    public long Advise(ulong address, ulong length, int advice)
    {
        const int MADV_DONTNEED = 4, MADV_FREE = 8, MADV_REMOVE = 9, MADV_DONTNEED_LOCKED = 24;
        if ((address & (PageSize - 1)) != 0)
            return EINVAL;
        ulong end = (address + length + PageSize - 1) & PageMask;
        using (Hold())
        {
            if (end > address && !_map.Covers(address, end))
            {
                long last = ENOMEM;
                foreach (Vma vma in _map.Overlapping(address, end).ToArray())
                    AdviseWithin(Math.Max(address, vma.Start), Math.Min(end, vma.End));
                return last;
            }

            return AdviseWithin(address, end);
        }

        long AdviseWithin(ulong from, ulong to)
        {
            if (advice is MADV_DONTNEED or MADV_FREE or MADV_REMOVE or MADV_DONTNEED_LOCKED && to > from)
                _engine!.Invalidate(from, to - from);
            return Sys.Call(Nr.madvise, (long)from, (long)(to - from), advice);
        }
    }

    /// <summary>shmat(2); the segment's size comes from the kernel's picture of it.</summary>
    public long AttachShared(int id, ulong address, int flags)
    {
        const int IPC_STAT = 2, SHM_RDONLY = 0x1000, SHM_REMAP = 0x4000, SHM_EXEC = 0x8000, SHM_RND = 0x2000, SizeOffset = 48;
        byte* state = stackalloc byte[256];
        long stat = Sys.Call(Nr.shmctl, id, IPC_STAT, (long)state);
        ulong size = Sys.IsError(stat) ? 0 : (*(ulong*)(state + SizeOffset) + PageSize - 1) & PageMask;
        using (Hold())
        {
            ulong at = (flags & SHM_RND) != 0 ? address & PageMask : address;
            if ((flags & SHM_REMAP) != 0 && address != 0 && !ClearForFixed(at, size, out long error))
                return error;
            if (address != 0 && !IsAllowed(at, size))
                return EINVAL;
            long got = IsLow && address == 0 ? AttachLow(id, size, flags & ~SHM_EXEC) : Sys.Call(Nr.shmat, id, (long)address, flags & ~SHM_EXEC);
            if (Sys.IsError(got))
                return got;
            int protection = Linux.PROT_READ | ((flags & SHM_RDONLY) == 0 ? Linux.PROT_WRITE : 0) | ((flags & SHM_EXEC) != 0 ? Linux.PROT_EXEC : 0);
            _map.Insert(new Vma
            {
                Start = (ulong)got,
                End = (ulong)got + size,
                Protection = protection,
                Shared = true,
                Inode = (ulong)id,
                Device = 1, // the kernel's internal shm mount; with the id it names the segment
                Name = $"/SYSV{*(uint*)state:x8} (deleted)",
            });
            return got;
        }
    }

    /// <summary>shmdt(2).</summary>
    public long DetachShared(ulong address)
    {
        using (Hold())
        {
            Vma? vma = _map.Find(address);
            if (vma is null || !vma.Name.StartsWith("/SYSV", StringComparison.Ordinal))
                return EINVAL;
            DropCode(vma.Start, vma.End);
            long result = Sys.Call(Nr.shmdt, (long)address);
            if (!Sys.IsError(result))
                _map.Remove(vma.Start, vma.End);
            return result;
        }
    }

    /// <summary>
    /// Where the heap begins. The room for it is set aside high up, where it can grow far: programs cannot count on its place, since the
    /// kernel randomises it. For 32-bit guests it follows the program, as far as nothing is in its way.
    /// </summary>
    /// <param name="imageEnd">End of the program, where the heap begins at the earliest.</param>
    /// <param name="room">Bytes to set aside, or less if they cannot be had.</param>
    public void SetBreak(ulong imageEnd, ulong room)
    {
        if (IsLow)
        {
            SetBreakLow(imageEnd);
            return;
        }

        for (long size = (long)room; size >= 1 << 20; size = size >> 2 & ~0xFFFFL)
        {
            long got = Sys.Call(Nr.mmap, 0, size, Linux.PROT_NONE, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE, -1, 0);
            if (Sys.IsError(got))
                continue;
            _breakStart = _break = (ulong)got;
            _breakLimit = (ulong)(got + size);
            return;
        }

        _breakStart = _break = _breakLimit = (imageEnd + PageSize - 1) & PageMask;
    }

    /// <summary>First address of the heap, for /proc/self/stat.</summary>
    public ulong BreakStart => _breakStart;

    /// <summary>brk(2): the new end of the heap, or the old one when it cannot be had.</summary>
    public ulong Break(ulong wanted, ulong dataLimit)
    {
        using (Hold())
        {
            if (wanted < _breakStart || wanted > _breakLimit || wanted - _breakStart > dataLimit)
                return _break;
            ulong oldEnd = (_break + PageSize - 1) & PageMask, newEnd = (wanted + PageSize - 1) & PageMask;
            const int Anonymous = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED;
            if (newEnd > oldEnd)
            {
                // What is set aside may be replaced; what is not may be somebody's.
                int how = (IsLow ? Anonymous | Linux.MAP_FIXED_NOREPLACE : Anonymous) | LockedFlag;
                if (IsLow && (newEnd > Limit || _foreign.Overlaps(oldEnd, newEnd)))
                    return _break;
                long got = Sys.Call(Nr.mmap, (long)oldEnd, (long)(newEnd - oldEnd), Linux.PROT_READ | Linux.PROT_WRITE, how, -1, 0);
                if (Sys.IsError(got))
                    return _break;
                LockNew(oldEnd, newEnd - oldEnd);
                _map.Insert(new Vma { Start = oldEnd, End = newEnd, Protection = Linux.PROT_READ | Linux.PROT_WRITE, Name = "[heap]" });
            }
            else if (newEnd < oldEnd)
            {
                Unmap(newEnd, oldEnd - newEnd);
                if (!IsLow)
                    Sys.Call(Nr.mmap, (long)newEnd, (long)(oldEnd - newEnd), Linux.PROT_NONE, Anonymous | Linux.MAP_NORESERVE, -1, 0);
            }

            return _break = wanted;
        }
    }

    private const int MAP_HUGETLB = 0x40000;
    private const ulong HugePage = 2UL << 20;

    private long Place(ulong address, ulong size, int protection, int flags, int fd, long offset)
    {
        int host = HostProtection(protection);
        int plain = flags & ~(Linux.MAP_FIXED | Linux.MAP_FIXED_NOREPLACE | Linux.MAP_32BIT);
        long Try(ulong at, int how) => Sys.Call(Nr.mmap, (long)at, (long)size, host, how, fd, offset);

        bool placed = (flags & (Linux.MAP_FIXED | Linux.MAP_FIXED_NOREPLACE)) != 0;
        if (size > Limit || (placed && !IsAllowed(address, size)))
            return ENOMEM;
        if ((flags & Linux.MAP_FIXED_NOREPLACE) != 0)
            return Try(address, plain | Linux.MAP_FIXED_NOREPLACE);
        if ((flags & Linux.MAP_FIXED) != 0)
        {
            if ((address & (PageSize - 1)) != 0)
                return EINVAL;
            if (_map.Covers(address, address + size))
            {
                long fixedAt = Try(address, plain | Linux.MAP_FIXED);
                if (!Sys.IsError(fixedAt))
                    DropCode(address, address + size);
                return fixedAt;
            }

            if (!ClearForFixed(address, size, out long error))
                return error;
            long cleared = Try(address, plain | Linux.MAP_FIXED_NOREPLACE);
            return cleared == EEXIST ? ENOMEM : cleared; // something of the emulator's own lives there
        }

        ulong hint = address & PageMask;
        if (hint != 0 && IsAllowed(hint, size))
        {
            long atHint = Try(hint, plain | Linux.MAP_FIXED_NOREPLACE);
            if (!Sys.IsError(atHint))
                return atHint;
            if (atHint != EEXIST && atHint != ENOMEM && atHint != EINVAL && atHint != -Errno.EPERM)
                return atHint;
        }

        if (IsLow)
            return PlaceLow(size, (flags & MAP_HUGETLB) != 0 ? HugePage : PageSize, Try, plain);
        if ((flags & Linux.MAP_32BIT) != 0)
            return TryLow(0x4000_0000, 0x7FFF_F000, size, PageSize, Try, plain) is var low32 && low32 != 0 ? low32 : ENOMEM;
        bool near = size <= NearLargest && ((protection & Linux.PROT_EXEC) != 0 || (fd >= 0 && (flags & Linux.MAP_TYPE) == Linux.MAP_PRIVATE));
        if (near && (flags & Linux.MAP_GROWSDOWN) == 0 && TryLow(NearLow, NearHigh, size, PageSize, Try, plain) is var low and not 0)
            return low;
        return Try(0, plain);
    }

    // 0 when there is no place; another error comes through.
    private long TryLow(ulong low, ulong high, ulong size, ulong alignment, Func<ulong, int, long> attempt, int flags)
    {
        for (ulong at = _map.FindGap(low, high, size, alignment); at != 0; at = _map.FindGap(at + (1 << 20), high, size, alignment))
        {
            long got = attempt(at, flags | Linux.MAP_FIXED_NOREPLACE);
            if (got != EEXIST)
                return got;
        }

        return 0;
    }

    // What the guest has there goes; what the emulator has stays and makes the caller's NOREPLACE fail.
    private bool ClearForFixed(ulong address, ulong size, out long error)
    {
        error = EINVAL;
        if ((address & (PageSize - 1)) != 0)
            return false;
        error = 0;
        if (_map.Overlaps(address, address + size))
            error = Unmap(address, size);
        return error == 0;
    }

    private void Record(ulong address, ulong size, int protection, int flags, int fd, ulong offset)
    {
        ulong device = 0, inode = 0;
        string? name = "";
        bool shared = (flags & Linux.MAP_TYPE) is Linux.MAP_SHARED or Linux.MAP_SHARED_VALIDATE;
        if ((flags & Linux.MAP_ANONYMOUS) == 0)
        {
            byte* stat = stackalloc byte[144];
            if (Sys.Call(Nr.fstat, fd, (long)stat) == 0)
            {
                device = *(ulong*)stat;
                inode = *(ulong*)(stat + 8);
            }

            name = inode != 0 ? null : DescriptorPath(fd);
        }

        Vma added = new()
        {
            Start = address,
            End = address + size,
            Protection = protection & 7,
            Shared = shared,
            Offset = offset,
            Device = device,
            Inode = inode,
            Name = name,
        };
        _map.Insert(added);
        NoteGrowing(address, flags);
        CheckAliases(added);
    }

    /// <summary>What /proc says a descriptor is: a path, or something like "/memfd:x (deleted)".</summary>
    [SkipLocalsInit]
    public static string DescriptorPath(int fd)
    {
        Span<byte> path = stackalloc byte[32];
        Encoding.ASCII.GetBytes("/proc/self/fd/", path);
        fd.TryFormat(path[14..], out int digits);
        path[14 + digits] = 0;
        Span<byte> target = stackalloc byte[4096];
        fixed (byte* p = path, t = target)
        {
            long n = Sys.Call(Nr.readlink, (long)p, (long)t, target.Length);
            return Sys.IsError(n) ? "" : Encoding.UTF8.GetString(target[..(int)n]);
        }
    }

    /// <summary>Adds a mapping that exists already: the vDSO, the stack.</summary>
    public void Adopt(Vma vma)
    {
        using (Hold())
            _map.Insert(vma);
    }
}
