using System.Runtime.CompilerServices;

namespace Suite.Guest.X86.Machine;

/// <summary>Page walks (Intel SDM volume 3, chapter 4).</summary>
public sealed unsafe partial class X86Core
{
    private const ulong PagePresent = 1, PageWritable = 2, PageUser = 4, PageAccessed = 32, PageDirty = 64, PageSize = 128, PageGlobal = 256, PageNx = 1UL << 63;

    private const ulong PageBytes = 4096, PageOffset = PageBytes - 1;

    private const uint ErrorPresent = 1, ErrorWrite = 2, ErrorUser = 4, ErrorReserved = 8, ErrorFetch = 16;

    /// <summary>Finds the physical address of a linear one, setting accessed and dirty bits.</summary>
    /// <param name="linear">Address; 32 bits of it count outside long mode.</param>
    /// <param name="access">What for.</param>
    /// <param name="user">True for accesses made with CPL 3. False at CPL 3 is an access of the processor itself, to its tables or a new stack.</param>
    /// <param name="physical">Where, with the A20 gate applied.</param>
    /// <param name="rights">What else the page allows to the same kind of access.</param>
    /// <param name="errorCode">For #PF, when false is returned.</param>
    public bool TryTranslate(ulong linear, MemoryAccess access, bool user, out ulong physical, out PageRights rights, out uint errorCode)
    {
        errorCode = 0;
        ulong cr4 = _cpu->Cr4;
        if ((_cpu->Cr0 & X86Cpu.Cr0Pg) == 0)
        {
            physical = (uint)linear & _cpu->A20Mask;
            rights = PageRights.Read | PageRights.Write | PageRights.Fetch | PageRights.User | PageRights.Global;
            return true;
        }

        bool ok;
        // An entry may change under a walk: another processor sets the same bits, or edits the table. Then the walk begins anew.
        while (true)
        {
            Walk walk = default;
            ok = (cr4 & X86Cpu.Cr4Pae) != 0 ? WalkWide(linear, ref walk) : WalkNarrow((uint)linear, ref walk);
            (physical, rights) = (walk.Physical & _cpu->A20Mask, PageRights.None);
            if (!ok)
            {
                errorCode = walk.Error;
                break;
            }

            bool smap = !user && walk.User && (cr4 & X86Cpu.Cr4Smap) != 0 && (_cpu->Cpl == 3 || (_cpu->Rflags & X86Cpu.FlagAc) == 0);
            bool smep = !user && walk.User && (cr4 & X86Cpu.Cr4Smep) != 0;
            bool data = (walk.User || !user) && !smap;
            bool write = data && (walk.Writable || (!user && (_cpu->Cr0 & X86Cpu.Cr0Wp) == 0));
            bool fetch = (walk.User || !user) && !walk.NoExecute && !smep;
            if (!(access switch { MemoryAccess.Read => data, MemoryAccess.Write => write, _ => fetch }))
            {
                errorCode = ErrorPresent;
                ok = false;
                break;
            }

            if (!Mark(ref walk, access == MemoryAccess.Write))
                continue;
            rights = (data ? PageRights.Read : 0) | (write && walk.Dirty ? PageRights.Write : 0) | (fetch ? PageRights.Fetch : 0) | (walk.User ? PageRights.User : 0)
                | (walk.Global && (cr4 & X86Cpu.Cr4Pge) != 0 ? PageRights.Global : 0) | walk.Size;
            return true;
        }

        errorCode |= (access == MemoryAccess.Write ? ErrorWrite : 0) | (user ? ErrorUser : 0);
        if (access == MemoryAccess.Fetch && ((cr4 & X86Cpu.Cr4Smep) != 0 || ((cr4 & X86Cpu.Cr4Pae) != 0 && (_cpu->Efer & X86Cpu.EferNxe) != 0)))
            errorCode |= ErrorFetch;
        return ok;
    }

    // Two levels of 32-bit entries.
    private bool WalkNarrow(uint linear, ref Walk walk)
    {
        const ulong tableMask = 0xFFFF_F000, largeMask = 0xFFC0_0000, largeReserved = 1 << 21;
        walk.Narrow = true;
        (walk.User, walk.Writable) = (true, true);
        if (!Step(ref walk, (_cpu->Cr3 & tableMask) + (linear >> 22) * 4, out ulong pde))
            return false;
        if ((pde & PageSize) != 0 && (_cpu->Cr4 & X86Cpu.Cr4Pse) != 0)
        {
            // PSE-36: bits 13 to 20 hold bits 32 to 39 of the address.
            ulong high = Cpuid.HasPse36 ? (pde >> 13 & 0xFF) << 32 : 0;
            if ((pde & largeReserved) != 0 || (!Cpuid.HasPse36 && (pde >> 13 & 0xFF) != 0) || (high & _aboveWidth) != 0)
                return walk.Reserved();
            walk.Leaf(pde, high | (pde & largeMask) | (linear & ~(uint)largeMask), PageRights.Large);
            return true;
        }

        if (!Step(ref walk, (pde & tableMask) + (linear >> 12 & 0x3FF) * 4, out ulong pte))
            return false;
        walk.Leaf(pte, (pte & tableMask) | (linear & (uint)PageOffset), 0);
        return true;
    }

    // Three or four levels of 64-bit entries.
    private bool WalkWide(ulong linear, ref Walk walk)
    {
        const ulong addressMask = 0x000F_FFFF_FFFF_F000;
        bool isLong = _cpu->IsLong;
        ulong reserved = _aboveWidth | ((_cpu->Efer & X86Cpu.EferNxe) == 0 ? PageNx : 0) | (isLong ? 0 : 0x7FF0_0000_0000_0000UL);
        (walk.User, walk.Writable) = (true, true);
        ulong entry;
        if (isLong)
        {
            if (!Step(ref walk, (_cpu->Cr3 & addressMask) + (linear >> 39 & 0x1FF) * 8, out entry))
                return false;
            if ((entry & (reserved | PageSize)) != 0)
                return walk.Reserved();
            if (!Step(ref walk, (entry & addressMask) + (linear >> 30 & 0x1FF) * 8, out entry))
                return false;
            if ((entry & reserved) != 0 || ((entry & PageSize) != 0 && !Cpuid.HasHugePages))
                return walk.Reserved();
            if ((entry & PageSize) != 0)
            {
                const ulong hugeOffset = (1UL << 30) - 1, hugeReserved = 0x3FFF_E000;
                if ((entry & hugeReserved) != 0)
                    return walk.Reserved();
                walk.Leaf(entry, (entry & addressMask & ~hugeOffset) | (linear & hugeOffset), PageRights.Huge);
                return true;
            }
        }
        else
        {
            // The four entries of the top level have no rights and no accessed bit.
            const ulong topReserved = 0xFFF0_0000_0000_01E6;
            linear = (uint)linear;
            entry = ReadTable((_cpu->Cr3 & 0xFFFF_FFE0) + (linear >> 30) * 8, false);
            if ((entry & PagePresent) == 0)
                return false;
            if ((entry & (topReserved | _aboveWidth)) != 0)
                return walk.Reserved();
        }

        if (!Step(ref walk, (entry & addressMask) + (linear >> 21 & 0x1FF) * 8, out entry))
            return false;
        if ((entry & reserved) != 0)
            return walk.Reserved();
        if ((entry & PageSize) != 0)
        {
            const ulong largeOffset = (1UL << 21) - 1, largeReserved = 0x1F_E000;
            if ((entry & largeReserved) != 0)
                return walk.Reserved();
            walk.Leaf(entry, (entry & addressMask & ~largeOffset) | (linear & largeOffset), PageRights.Large);
            return true;
        }

        if (!Step(ref walk, (entry & addressMask) + (linear >> 12 & 0x1FF) * 8, out entry))
            return false;
        if ((entry & reserved) != 0)
            return walk.Reserved();
        walk.Leaf(entry, (entry & addressMask) | (linear & PageOffset), 0);
        return true;
    }

    // Reads an entry and takes its rights; false when it is not present.
    private bool Step(ref Walk walk, ulong address, out ulong entry)
    {
        entry = ReadTable(address, walk.Narrow);
        if ((entry & PagePresent) == 0)
            return false;
        walk.User &= (entry & PageUser) != 0;
        walk.Writable &= (entry & PageWritable) != 0;
        walk.NoExecute |= !walk.Narrow && (entry & PageNx) != 0;
        walk.Push(address, entry);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ReadTable(ulong address, bool narrow)
    {
        address &= _cpu->A20Mask;
        byte* p = RamPointer(address);
        return p == null ? _memory.Read(address, narrow ? 4 : 8) : narrow ? Volatile.Read(ref *(uint*)p) : Volatile.Read(ref *(ulong*)p);
    }

    // Sets accessed bits on the way and the dirty bit at its end; false when an entry is not what it was.
    private bool Mark(ref Walk walk, bool write)
    {
        for (int i = 0; i < walk.Count; i++)
        {
            ulong entry = walk.Entries[i], wanted = entry | PageAccessed;
            if (i == walk.Count - 1)
            {
                wanted |= write ? PageDirty : 0;
                walk.Dirty = (wanted & PageDirty) != 0;
            }

            if (wanted == entry)
                continue;
            ulong address = walk.Addresses[i] & _cpu->A20Mask;
            byte* p = _memory.WritePointer(address, out _);
            if (p == null)
                continue; // a table in ROM stays as it is
            bool done = walk.Narrow
                ? Interlocked.CompareExchange(ref *(uint*)p, (uint)wanted, (uint)entry) == (uint)entry
                : Interlocked.CompareExchange(ref *(ulong*)p, wanted, entry) == entry;
            if (!done && ReadTable(walk.Addresses[i], walk.Narrow) != entry)
                return false;
            _memory.Written(address, walk.Narrow ? 4 : 8);
        }

        return true;
    }

    // A walk under way: what the entries so far allow, and where they are.
    private struct Walk
    {
        public fixed ulong Addresses[4];
        public fixed ulong Entries[4];
        public ulong Physical;
        public int Count;
        public uint Error;
        public PageRights Size;
        public bool Narrow, User, Writable, NoExecute, Global, Dirty;

        public void Push(ulong address, ulong entry)
        {
            Addresses[Count] = address;
            Entries[Count++] = entry;
        }

        public void Leaf(ulong entry, ulong physical, PageRights size) => (Physical, Size, Global) = (physical, size, (entry & PageGlobal) != 0);

        public bool Reserved()
        {
            Error = ErrorPresent | ErrorReserved;
            return false;
        }
    }
}
