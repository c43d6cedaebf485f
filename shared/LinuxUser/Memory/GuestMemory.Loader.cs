using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Memory;

// The address space as the program loader wants it.
public sealed unsafe partial class GuestMemory : IImageMapper
{
    ulong IImageMapper.PageSize => PageSize;

    long IImageMapper.Reserve(ulong hint, ulong length, bool fixedAddress, ulong alignment)
    {
        const int Flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE;
        ulong size = (length + PageSize - 1) & PageMask;
        long Try(ulong at, int how) => Sys.Call(Nr.mmap, (long)at, (long)size, Linux.PROT_NONE, how, -1, 0);
        ulong align = Math.Max(alignment, PageSize);
        long got = fixedAddress ? IsAllowed(hint, size) ? Try(hint, Flags | Linux.MAP_FIXED_NOREPLACE) : ENOMEM : 0;
        if (IsLow && !fixedAddress)
            got = ReserveLow(hint, size, align, Flags);
        else if (!fixedAddress && size <= NearLargest * 2)
            got = TryLow(NearLow, NearHigh, size, align, Try, Flags);
        if (!IsLow && !fixedAddress && (got == 0 || Sys.IsError(got)))
            got = ReserveAligned(size, align, Flags);
        if (!Sys.IsError(got))
            _map.Insert(new Vma { Start = (ulong)got, End = (ulong)got + size, Protection = Linux.PROT_NONE });
        return got;
    }

    long IImageMapper.MapFile(ulong address, ulong length, int prot, IProgramFile file, long offset) =>
        Map(address, length, prot, Linux.MAP_PRIVATE | Linux.MAP_FIXED, file.Fd, offset);

    long IImageMapper.MapZero(ulong address, ulong length, int prot) =>
        Map(address, length, prot, Linux.MAP_PRIVATE | Linux.MAP_FIXED | Linux.MAP_ANONYMOUS, -1, 0);

    long IImageMapper.MapStack(ulong size, int prot, out ulong top)
    {
        ulong bytes = (size + PageSize - 1) & PageMask;
        const int Flags = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE | Linux.MAP_STACK;
        long got = IsLow ? MapStackLow(bytes, prot, Flags) : MapStackHigh(bytes, prot, Flags);
        top = 0;
        if (Sys.IsError(got))
            return got;
        top = (ulong)got + bytes;
        _map.Insert(new Vma { Start = (ulong)got, End = top, Protection = prot, Name = Vma.MainStack });
        return got;
    }

    // Below it a gap as the kernel keeps one: there the emulator's own memory would lie.
    private static long MapStackHigh(ulong bytes, int protection, int flags)
    {
        long gap = Sys.Call(Nr.mmap, 0, (long)(GuardGap + bytes), Linux.PROT_NONE, flags, -1, 0);
        if (Sys.IsError(gap))
            return gap;
        long error = Sys.Call(Nr.mprotect, gap + (long)GuardGap, (long)bytes, HostProtection(protection));
        return error != 0 ? error : gap + (long)GuardGap;
    }

    bool IImageMapper.Write(ulong address, ReadOnlySpan<byte> data)
    {
        if (!Writable(address, (ulong)data.Length))
            return false;
        data.CopyTo(new Span<byte>((void*)address, data.Length)); // SAFETY: private memory mapped by the loader; no other thread yet
        return true;
    }

    bool IImageMapper.Zero(ulong address, ulong length)
    {
        if (!Writable(address, length))
            return false;
        new Span<byte>((void*)address, checked((int)length)).Clear(); // SAFETY: as above; at most one page is asked for
        return true;
    }

    // The kernel is asked to touch the range: a file mapping may end before its length does, and the emulator must not fault on it.
    private bool Writable(ulong address, ulong length)
    {
        if (length == 0)
            return true;
        foreach (Vma vma in _map.Overlapping(address, address + length))
            if (!vma.IsWritable)
                return false;
        return _map.Covers(address, address + length) && HostPages.Populate((void*)address, length) is 0 or -Errno.EINVAL;
    }

    private static long ReserveAligned(ulong size, ulong alignment, int flags)
    {
        long got = Sys.Call(Nr.mmap, 0, (long)(size + alignment), Linux.PROT_NONE, flags, -1, 0);
        if (Sys.IsError(got))
            return got;
        ulong at = ((ulong)got + alignment - 1) & ~(alignment - 1);
        if (at > (ulong)got)
            Sys.Call(Nr.munmap, got, (long)at - got);
        ulong end = (ulong)got + size + alignment;
        if (end > at + size)
            Sys.Call(Nr.munmap, (long)(at + size), (long)(end - at - size));
        return (long)at;
    }
}
