using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine.Translation;

// From Rip to code: the jump cache, then the translations of the physical page, then the translator.
public sealed unsafe partial class TranslatedVcpu
{
    private const ulong PageMask = 4095;
    private const int StraddleBytes = 32, LongestInsn = 15;

    // Jump caches are numbered as views are.
    private const int KernelSet = 0, UserSet = 1, AccessSet = 2;

    private readonly PageFilter[] _jumpPages = [new(), new(), new()];
    private ulong _kernelJumpsBase, _userJumpsBase; // with VcpuArea.JumpModes: what their entries were made for
    private bool _hasLocalKernelJumps;

    private uint CodeBit => 1u << _index;

    // Null: a fault was delivered, or the instruction executed, instead.
    private byte* FindEntry()
    {
        X86Cpu* cpu = &_area->Cpu;
        ModeKey mode = Mode;
        int set = mode.JumpSet;
        ulong codeBase = mode.Is64 ? 0 : cpu->Seg(SegmentName.Cs).Base, rip = cpu->Rip;
        TakeJumps(mode, codeBase);
        int entry = MachineTranslator.JumpEntry(rip, set);
        if (_area->JumpTags[entry] == rip)
            return (byte*)_area->JumpCode[entry];
        int number = FindBlock(mode, codeBase, out bool isGlobal);
        if (number < 0)
            return null;
        if (_seesBlocks)
            return _blocks[number].Entry;
        _area->JumpTags[entry] = rip;
        _jumpPages[set].Add(rip >> 12);
        _area->JumpCode[entry] = (ulong)_blocks[number].Entry;
        _hasLocalKernelJumps |= set != UserSet && !isGlobal;
        return _blocks[number].Entry;
    }

    // The jump caches are for one mode each. The kernel's two are for the same, because generated code changes from one to the other.
    private void TakeJumps(ModeKey mode, ulong codeBase)
    {
        ref uint madeFor = ref _area->JumpModes[mode.IsUser ? 1 : 0];
        ref ulong madeAt = ref mode.IsUser ? ref _userJumpsBase : ref _kernelJumpsBase;
        if (madeFor == mode.JumpBits && madeAt == codeBase)
            return;
        (madeFor, madeAt) = (mode.JumpBits, codeBase);
        if (mode.IsUser)
            ClearUserJumps();
        else
            ClearKernelJumps();
    }

    // The block at Rip, translated now if need be; -1 when a fault was delivered or the instruction executed instead.
    private int FindBlock(ModeKey mode, ulong codeBase, out bool isGlobal)
    {
        X86Cpu* cpu = &_area->Cpu;
        isGlobal = false;
        ulong rip = cpu->Rip, room = ulong.MaxValue, linear = rip;
        if (mode.Is64)
        {
            if ((long)(rip << 16) >> 16 != (long)rip)
                return Raise(X86Vector.GeneralProtection);
        }
        else
        {
            uint limit = cpu->Seg(SegmentName.Cs).Limit;
            if (rip > limit)
                return Raise(X86Vector.GeneralProtection);
            room = limit - rip + 1;
            linear = (uint)(codeBase + rip);
        }

        if (!TryFetchPage(mode, linear, out ulong physical, out PageRights rights))
            return -1;
        isGlobal = (rights & PageRights.Global) != 0;
        NoteSize(linear, rights);
        byte* host = _memory.ReadPointer(physical, out _);
        if (host == null)
        {
            Step(); // code in device memory
            return -1;
        }

        int number = _blocks.Find((ulong)host, rip, mode.Bits);
        if (number >= 0)
        {
            if (_blocks[number].SecondPage == 0)
                return number;
            if (!TryFetchPage(mode, NextPage(linear), out ulong second, out _))
                return -1;
            if ((ulong)_memory.ReadPointer(second, out _) == _blocks[number].SecondPage)
                return number;
        }

        return Translate(mode, linear, physical, host, room);
    }

    private static ulong NextPage(ulong linear) => (linear & ~PageMask) + PageMask + 1;

    private int Translate(ModeKey mode, ulong linear, ulong physical, byte* host, ulong room)
    {
        if (_code.IsFull)
            DropAll();
        int number = _blocks.Reserve();
        ref MachineBlock block = ref _blocks[number];
        (block.Physical, block.Rip, block.Mode) = ((ulong)host, _area->Cpu.Rip, mode.Bits);
        int available = (int)(PageMask + 1 - ((ulong)host & PageMask));
        WatchPage(physical, host);
        byte* guest = host;
        if (!_translator.Translate(ref block, number, host, available, room))
        {
            if (room <= (ulong)available || available >= LongestInsn)
                return Raise(X86Vector.GeneralProtection); // beyond the segment, or longer than an instruction may be
            if (!TryFetchPage(mode, mode.Is64 ? NextPage(linear) : (uint)NextPage(linear), out ulong secondPhysical, out _))
                return -1;
            byte* second = _memory.ReadPointer(secondPhysical, out _);
            if (second == null)
            {
                Step();
                return -1;
            }

            WatchPage(secondPhysical, second);
            byte* both = stackalloc byte[StraddleBytes];
            new ReadOnlySpan<byte>(host, available).CopyTo(new Span<byte>(both, available));
            new ReadOnlySpan<byte>(second, LongestInsn).CopyTo(new Span<byte>(both + available, LongestInsn));
            block.SecondPage = (ulong)second;
            guest = both;
            if (!_translator.Translate(ref block, number, both, available + LongestInsn, room, limit: 1))
                return Raise(X86Vector.GeneralProtection);
        }

        Translations++;
        Log?.Translated(Cpu, in block, 16 << (int)mode.CodeSize, new ReadOnlySpan<byte>(guest, block.Length));
        _blocks.Publish();
        return number;
    }

    private int Raise(X86Vector vector)
    {
        _modeIsKnown = false;
        Core.RaiseFault(vector);
        return -1;
    }

    private bool TryFetchPage(ModeKey mode, ulong linear, out ulong physical, out PageRights rights)
    {
        if (Core.TryTranslate(linear, MemoryAccess.Fetch, mode.IsUser, out physical, out rights, out uint error))
            return true;
        RaisePageFault(error, linear);
        return false;
    }

    // From now on writes to the page are noticed: no vCPU has it in its TLB for writing any more. Comes before its bytes are read, or a write of another vCPU
    // between the reading and this would leave a translation of what is no longer there.
    private void WatchPage(ulong physical, byte* host)
    {
        ulong hostPage = (ulong)host & ~PageMask;
        if (_blocks.HasPage(hostPage))
            return;
        ref readonly MemorySlot slot = ref _memory.At(physical & ~PageMask);
        if (slot.Reads is not { } block)
            return;
        ulong page = (slot.ReadOffset + ((physical & ~PageMask) - slot.Start)) >> 12;
        if ((Interlocked.Or(ref block.HasCode[page], CodeBit) & CodeBit) == 0)
            _watched.Add((block, page));
        DropWrites(hostPage);
        foreach (TranslatedVcpu other in _shared.Vcpus)
            if (other != this)
                other.DropWritesFrom(hostPage);
    }

    private void FollowLink(int index)
    {
        TranslationLink link = _code.Links[index];
        _area->Cpu.Rip = link.Target;
        ModeKey mode = Mode;
        ulong codeBase = mode.Is64 ? 0 : _area->Cpu.Seg(SegmentName.Cs).Base;
        long flushes = _drops;
        int number = FindBlock(link.IsAlone ? mode.AsAlone : mode, codeBase, out _);
        if (number < 0 || _drops != flushes || _seesBlocks)
            return;
        ref MachineBlock from = ref _blocks[link.Block], to = ref _blocks[number];
        if (from.IsDead || ((from.Physical ^ to.Physical) & ~PageMask) != 0 || !ModeKey.IsSameState(from.Mode, to.Mode))
            return;
        byte* target = to.SecondPage != 0 ? _translator.EmitTrampoline(mode, link.Target, link.HasHostFlags)
            : link.Target < link.From || (link.Target == link.From && !link.IsAlone) ? link.HasHostFlags ? to.HostLoopEntry : to.Entry
            : link.HasHostFlags ? to.HostEntry : to.ForwardEntry;
        *(int*)link.Patch = (int)(target - (link.Patch + 4));
    }
}
