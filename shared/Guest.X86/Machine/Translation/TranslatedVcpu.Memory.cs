using System.Collections.Concurrent;
using Suite.Host.Diagnostics;
using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine.Translation;

// The TLB that generated code looks into, and what makes it or translations void.
public sealed unsafe partial class TranslatedVcpu
{
    private const int MostLocals = 512, LargeShift = 22, HugeShift = 30;

    private readonly ConcurrentQueue<(RamBlock Block, ulong Offset, int Length)> _writtenElsewhere = new();
    private readonly ConcurrentQueue<ulong> _droppedWrites = new();
    private readonly List<(RamBlock Block, ulong Page)> _watched = [];
    private readonly int[] _locals = new int[VcpuArea.Views * MostLocals], _localCounts = new int[VcpuArea.Views];
    private readonly DevicePages _devices = new();
    private readonly PageFilter _largePages = new(), _hugePages = new();
    private long _drops;
    private volatile bool _mapChanged, _isInGuest;

    // Answers a look-up that missed: a host address, or a MachineExit.
    private ulong Miss()
    {
        TranslationSite site = _code.Sites[(int)_area->ExitSite];
        ulong linear = _area->ExitAddress;
        if ((linear & PageMask) + site.Size > PageMask + 1)
            return FindSeam(in site, linear) is var seam and not null ? (ulong)seam : (ulong)MachineExit.Careful;
        if (site.IsLoad && _devices.TryFind(site.View, linear, out ulong register))
            return ReadDevice(register, site.Size);
        MemoryAccess access = site.IsWrite ? MemoryAccess.Write : MemoryAccess.Read;
        if (IsNotCanonical(linear))
            return (ulong)MachineExit.Careful;
        if (!Core.TryTranslate(linear, access, site.View == 1, out ulong physical, out PageRights rights, out uint error))
        {
            if (site.IsRun)
                return (ulong)MachineExit.Careful;
            _area->MissFault = error;
            return (ulong)MachineExit.Fault;
        }

        ulong offset = linear & PageMask, page = physical & ~PageMask;
        ref readonly MemorySlot slot = ref _memory.At(page);
        byte* reads = slot.ReadPointer(page), writes = slot.WritePointer(page);
        byte* answer = site.IsWrite ? writes : reads;
        if (answer == null)
        {
            if (!site.IsLoad)
                return (ulong)MachineExit.Careful;
            _devices.Add(site.View, linear, physical);
            return ReadDevice(physical, site.Size);
        }

        uint owners = slot.CodeOwners(page);
        bool holdsCode = owners != 0;
        if (site.IsWrite && holdsCode)
            return (owners & ~CodeBit) != 0 || _blocks.HoldsCode((ulong)writes, (int)offset, site.Size) ? (ulong)MachineExit.Careful : (ulong)(writes + offset);
        int entry = site.View * VcpuArea.TlbEntries + (int)(linear >> 12 & (VcpuArea.TlbEntries - 1));
        ulong tag = linear & ~PageMask;
        bool canRead = (rights & PageRights.Read) != 0 && reads == answer, canWrite = (rights & PageRights.Write) != 0 && writes == answer && reads == answer && !holdsCode;
        (_area->ReadTags[entry], _area->ReadPages[entry]) = canRead ? (tag, (ulong)answer) : (VcpuArea.NoPage, VcpuArea.NoPage);
        (_area->WriteTags[entry], _area->WritePages[entry]) = canWrite ? (tag, (ulong)answer) : (VcpuArea.NoPage, VcpuArea.NoPage);
        if ((rights & PageRights.Global) == 0 || site.View == 1)
            NoteLocal(site.View, entry);
        NoteSize(linear, rights);
        if (Log is { } log && log.On(LogItems.Mmu))
            log.Line($"tlb_set_page: vaddr={tag:x16} paddr=0x{page:x16} prot={(canRead ? 1 : 0) | (canWrite ? 2 : 0):x} idx={site.View}");
        return (ulong)(answer + offset);
    }

    private bool IsNotCanonical(ulong linear) => _mode.Is64 && (long)(linear << 16) >> 16 != (long)linear;

    // A load's device register is read here and now; the load finds the value in its place. Loops at such registers need not leave generated code.
    private ulong ReadDevice(ulong physical, int size)
    {
        _area->DeviceValue = _memory.Read(physical, size);
        return (ulong)&_area->DeviceValue;
    }

    // Pages of 2 and 4 MiB, and of 1 GiB: a flush of one address in them flushes them all.
    private void NoteSize(ulong linear, PageRights rights)
    {
        if ((rights & PageRights.Huge) != 0)
            _hugePages.Add(linear >> HugeShift);
        else if ((rights & PageRights.Large) != 0)
            _largePages.Add(linear >> LargeShift);
    }

    private void NoteLocal(int view, int entry)
    {
        if (_localCounts[view] < MostLocals)
            _locals[view * MostLocals + _localCounts[view]] = entry;
        _localCounts[view]++;
    }

    private void ClearTlb()
    {
        for (int view = 0; view < VcpuArea.Views; view++)
            ClearView(view);
        ClearSeams();
        _devices.Clear();
        Array.Clear(_localCounts);
        _largePages.Clear();
        _hugePages.Clear();
    }

    private void ClearView(int view)
    {
        foreach (nint table in (ReadOnlySpan<nint>)[(nint)_area->ReadTags, (nint)_area->ReadPages, (nint)_area->WriteTags, (nint)_area->WritePages])
            new Span<ulong>((ulong*)table + view * VcpuArea.TlbEntries, VcpuArea.TlbEntries).Fill(VcpuArea.NoPage);
    }

    private void ClearJumps(int set)
    {
        Span<ulong> tags = new(_area->JumpTags + VcpuArea.FirstJump(set), VcpuArea.JumpsOf(set));
        tags.Clear();
        tags[0] = NoJump(0);
        _jumpPages[set].Clear();
    }

    private void ClearUserJumps() => ClearJumps(UserSet);

    private void ClearKernelJumps()
    {
        ClearJumps(KernelSet);
        ClearJumps(AccessSet);
        _hasLocalKernelJumps = false;
    }

    private void ClearAllJumps()
    {
        ClearUserJumps();
        ClearKernelJumps();
    }

    /// <inheritdoc/>
    public void TlbFlush(bool withGlobal)
    {
        if (withGlobal)
        {
            ClearTlb();
        }
        else
        {
            for (int view = 0; view < VcpuArea.Views; view++)
                DropLocals(view);
            ClearSeams();
            _devices.Clear();
        }

        ClearUserJumps();
        if (withGlobal || _hasLocalKernelJumps)
            ClearKernelJumps();
    }

    private void DropLocals(int view)
    {
        if (_localCounts[view] > MostLocals)
        {
            ClearView(view);
        }
        else
        {
            foreach (int entry in _locals.AsSpan(view * MostLocals, _localCounts[view]))
            {
                DropRead(entry);
                DropWrite(entry);
            }
        }

        _localCounts[view] = 0;
    }

    /// <inheritdoc/>
    public void TlbFlushPage(ulong linear)
    {
        ClearSeams();
        _devices.Clear();
        int shift = _hugePages.MayHold(linear >> HugeShift) ? HugeShift : _largePages.MayHold(linear >> LargeShift) ? LargeShift : 12;
        for (int view = 0; view < VcpuArea.Views; view++)
        {
            int first = view * VcpuArea.TlbEntries;
            if (shift == 12)
            {
                Drop(first + (int)(linear >> 12 & (VcpuArea.TlbEntries - 1)), linear, shift);
                continue;
            }

            for (int i = 0; i < VcpuArea.TlbEntries; i++)
                Drop(first + i, linear, shift);
        }

        for (int set = 0; set < VcpuArea.Views; set++)
        {
            ulong rip = linear - (set == UserSet ? _userJumpsBase : _kernelJumpsBase);
            if (shift > 12 || _jumpPages[set].MayHold(rip >> 12))
                DropJumps(set, rip, shift);
        }
    }

    private void DropJumps(int set, ulong rip, int shift)
    {
        ulong* tags = _area->JumpTags + VcpuArea.FirstJump(set);
        for (int i = 0; i < VcpuArea.JumpsOf(set); i++)
            if (((tags[i] ^ rip) & uint.MaxValue) >> shift == 0)
                tags[i] = NoJump(i);
    }

    // A tag that cannot match: its place is in another entry.
    private static ulong NoJump(int entry) => entry == 0 ? 1UL : 0;

    private void Drop(int entry, ulong linear, int shift)
    {
        if ((_area->ReadTags[entry] ^ linear) >> shift == 0)
            DropRead(entry);
        if ((_area->WriteTags[entry] ^ linear) >> shift == 0)
            DropWrite(entry);
    }

    private void DropRead(int entry) => _area->ReadTags[entry] = _area->ReadPages[entry] = VcpuArea.NoPage;

    private void DropWrite(int entry) => _area->WriteTags[entry] = _area->WritePages[entry] = VcpuArea.NoPage;

    private void OnMapChanged()
    {
        _mapChanged = true;
        if (Environment.CurrentManagedThreadId == _thread)
            TakeMapChange();
        else
            _area->ExitRequest = 1;
    }

    private void TakeMapChange()
    {
        _mapChanged = false;
        TlbFlush(withGlobal: true);
        DropWindows();
    }

    private void OnCodeWritten(RamBlock block, ulong offset, int length)
    {
        if ((block.HasCode[offset >> 12] & CodeBit) == 0)
            return;
        if (Environment.CurrentManagedThreadId != _thread)
        {
            _writtenElsewhere.Enqueue((block, offset, length));
            _area->ExitRequest = 1;
        }
        else
        {
            TakeWrite(block, offset, length);
        }
    }

    // Data beside code may be written as often as the guest likes.
    private void TakeWrite(RamBlock block, ulong offset, int length)
    {
        ulong host = (ulong)(block.Host + offset);
        if (_blocks.HoldsCode(host & ~PageMask, (int)(host & PageMask), length))
            KillPage(block, offset);
    }

    private void DropWrites(ulong hostPage)
    {
        ClearSeams();
        for (int i = 0; i < VcpuArea.Views * VcpuArea.TlbEntries; i++)
            if (_area->WritePages[i] == hostPage)
                DropWrite(i);
    }

    // From another vCPU's thread: comes back when this one cannot write through an old entry any more. It drops them before it enters generated code again.
    private void DropWritesFrom(ulong hostPage)
    {
        _droppedWrites.Enqueue(hostPage);
        _area->ExitRequest = 1;
        Interlocked.MemoryBarrier();
        SpinWait spin = default;
        while (_isInGuest && !_droppedWrites.IsEmpty)
            spin.SpinOnce(sleep1Threshold: -1);
    }

    private void KillPage(RamBlock block, ulong offset)
    {
        Interlocked.And(ref block.HasCode[offset >> 12], ~CodeBit);
        if (!_blocks.Kill((ulong)(block.Host + offset) & ~PageMask))
            return;
        ClearAllJumps();
    }

    // The code cache is full.
    private void DropAll()
    {
        _drops++;
        foreach ((RamBlock block, ulong page) in _watched)
            Interlocked.And(ref block.HasCode[page], ~CodeBit);
        _watched.Clear();
        _blocks.Clear();
        _code.Clear();
        ClearAllJumps();
    }
}
