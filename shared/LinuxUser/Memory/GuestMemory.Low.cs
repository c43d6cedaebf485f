using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Proc;

namespace Suite.LinuxUser.Memory;

// 32-bit guests: everything lies below 4 GiB, where the host would not put it by itself, around what the emulator has there.
public sealed unsafe partial class GuestMemory
{
    // arch/x86/mm/mmap.c and mm/util.c, for 32-bit programs under a 64-bit kernel: the stack moves by up to 8 MiB, mappings by up to 1 MiB,
    // both below a gap of at least 128 MiB; the heap starts up to 32 MiB behind the program; programs move by up to 1 MiB.
    private const ulong StackRandom = 8UL << 20, MapRandom = 1UL << 20, SmallestGap = 128UL << 20, BreakRandom = 32UL << 20, LowestAddress = 0x10000;

    private readonly VmaMap _foreign = new();
    private Random? _random;
    private ulong _mapTop;

    /// <summary>First address the guest cannot have; the whole user address space for 64-bit guests.</summary>
    public ulong Limit { get; } = ulong.MaxValue;

    private bool IsLow => Limit <= 1UL << 32;

    /// <summary>The address space of a 32-bit guest.</summary>
    /// <param name="limit">First address the guest cannot have.</param>
    /// <param name="abi">The guest's word size and byte order.</param>
    /// <param name="hole">Where the emulator's own memory will be; the guest gets nothing there.</param>
    public GuestMemory(ulong limit, GuestAbi abi, (ulong Start, ulong End) hole)
    {
        (Limit, _abi, _mapTop) = (limit, abi, limit - SmallestGap);
        if (hole.End > hole.Start)
            _foreign.Insert(new Vma { Start = hole.Start, End = hole.End, Protection = Linux.PROT_NONE });
    }

    /// <summary>Moves stack, mappings, heap and program by random amounts, as the kernel does; null for fixed places. Before anything is loaded.</summary>
    public void Randomise(Random? random) => _random = random;

    private ulong RandomBelow(ulong bytes) => _random is null ? 0 : (ulong)_random.Next((int)(bytes / PageSize)) * PageSize;

    // Anywhere below the stack, from the top down; then above, as the kernel does when there is nothing left.
    private long PlaceLow(ulong size, ulong alignment, Func<ulong, int, long> attempt, int flags)
    {
        long got = PlaceBelow(_mapTop, size, alignment, attempt, flags);
        // A file may want to choose the place itself (io_uring); this confines it to where the guest can reach.
        if (got == EINVAL && (flags & Linux.MAP_ANONYMOUS) == 0)
            got = attempt(0, flags | Linux.MAP_32BIT);
        return got == ENOMEM ? PlaceBelow(Limit, size, alignment, attempt, flags) : got;
    }

    private long PlaceBelow(ulong top, ulong size, ulong alignment, Func<ulong, int, long> attempt, int flags)
    {
        bool refreshed = false;
        while (FindLowGap(top, size, alignment) is var at and not 0)
        {
            long got = attempt(at, flags | Linux.MAP_FIXED_NOREPLACE);
            if (got != EEXIST)
                return got;
            // Something of the emulator's that was not known of: looked up once, stepped over if it is not shown.
            if (!refreshed)
                LearnForeign();
            else
                top = at + size - PageSize;
            refreshed = true;
        }

        return ENOMEM;
    }

    private ulong FindLowGap(ulong top, ulong size, ulong alignment)
    {
        while (_map.FindGapDown(LowestAddress, top, size, alignment) is var at and not 0)
        {
            if (_foreign.FirstOverlap(at, at + size) is not { } taken)
                return at;
            top = taken.Start;
        }

        return 0;
    }

    private void LearnForeign()
    {
        foreach (HostMapping mapping in HostMapping.Own())
        {
            if (mapping.Start >= Limit)
                break;
            if (!_map.Overlaps(mapping.Start, mapping.End))
                _foreign.Insert(new Vma { Start = mapping.Start, End = mapping.End, Protection = Linux.PROT_NONE });
        }
    }

    // False when a fixed place is not the guest's to have.
    private bool IsAllowed(ulong address, ulong size) => size <= Limit && address <= Limit - size && !_foreign.Overlaps(address, address + size);

    // mremap that moves: the kernel would choose a place anywhere, so one is claimed first.
    private long MoveLow(ulong oldAddress, ulong oldSize, ulong newSize, int flags)
    {
        bool mayStay = (flags & Linux.MREMAP_DONTUNMAP) == 0 && oldSize != 0;
        if (mayStay && (newSize <= oldSize || IsAllowed(oldAddress, newSize)))
        {
            long stayed = Sys.Call(Nr.mremap, (long)oldAddress, (long)oldSize, (long)newSize, 0);
            if (stayed != ENOMEM)
                return stayed;
        }

        if ((flags & Linux.MREMAP_MAYMOVE) == 0)
            return mayStay ? ENOMEM : EINVAL;
        const int Claim = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE;
        long claimed = PlaceLow(newSize, PageSize, (at, how) => Sys.Call(Nr.mmap, (long)at, (long)newSize, Linux.PROT_NONE, how, -1, 0), Claim);
        if (Sys.IsError(claimed))
            return claimed;
        long got = Sys.Call(Nr.mremap, (long)oldAddress, (long)oldSize, (long)newSize, flags | Linux.MREMAP_FIXED, claimed);
        if (Sys.IsError(got))
            Sys.Call(Nr.munmap, claimed, (long)newSize);
        return got;
    }

    private long AttachLow(int id, ulong size, int flags) =>
        PlaceLow(Math.Max(size, PageSize), PageSize, (at, _) => Sys.Call(Nr.shmat, id, (long)at, flags) is var got && got == EINVAL ? EEXIST : got, 0);

    private long MapStackLow(ulong bytes, int protection, int flags)
    {
        ulong top = Limit - RandomBelow(StackRandom) & PageMask;
        long got = PlaceBelow(top, bytes, PageSize, (at, how) => Sys.Call(Nr.mmap, (long)at, (long)bytes, HostProtection(protection), how, -1, 0), flags);
        ulong gap = Math.Max(bytes + StackRandom + MapRandom, SmallestGap);
        _mapTop = Math.Max(Limit - Math.Min(gap, Limit / 6 * 5), LowestAddress) - RandomBelow(MapRandom) & PageMask;
        return got;
    }

    // Room for the program: the hint is where the kernel puts position-independent ones.
    private long ReserveLow(ulong hint, ulong size, ulong alignment, int flags)
    {
        long Try(ulong at, int how) => Sys.Call(Nr.mmap, (long)at, (long)size, Linux.PROT_NONE, how, -1, 0);
        ulong wanted = hint + RandomBelow(MapRandom) & ~(alignment - 1);
        if (hint != 0 && IsAllowed(wanted, size) && !_map.Overlaps(wanted, wanted + size))
        {
            long got = Try(wanted, flags | Linux.MAP_FIXED_NOREPLACE);
            if (!Sys.IsError(got))
                return got;
        }

        return PlaceLow(size, alignment, Try, flags);
    }

    // The heap follows the program and grows as far as nothing is in its way.
    private void SetBreakLow(ulong imageEnd)
    {
        ulong start = (imageEnd + PageSize - 1) & PageMask;
        ulong moved = start + RandomBelow(BreakRandom);
        const ulong RoomToGrow = 1UL << 20;
        _breakStart = _break = IsAllowed(moved, RoomToGrow) && !_map.Overlaps(start, moved + RoomToGrow) ? moved : start;
        _breakLimit = Limit;
    }
}
