using Iced.Intel;

namespace Suite.Guest.X86.Machine.Translation;

// One instruction at a time: what the translator left to the core, and what needs care.
public sealed unsafe partial class TranslatedVcpu
{
    private const int StackPointer = 4, SiteInsns = 64;

    private readonly InstructionInfoFactory _info = new();
    private readonly SiteInsn[] _siteInsns = new SiteInsn[SiteInsns];

    // Instructions that are traced, watched, or in an interrupt shadow while an interrupt waits.
    private bool NeedsStep()
    {
        X86Cpu* cpu = &_area->Cpu;
        if (cpu->InterruptShadow != 0)
        {
            if (IsLineHigh || _nmi)
                return true;
            cpu->InterruptShadow = 0;
        }

        return Core.IsWatched || (_stepsToLimit && StaysBeforeLimit());
    }

    // Executes the instruction at Rip.
    private void Step()
    {
        X86Cpu* cpu = &_area->Cpu;
        ModeKey mode = Mode;
        bool isWatched = Core.IsWatched, isTraced = (cpu->Rflags & X86Cpu.FlagTf) != 0;
        if (isWatched && Core.CheckCodeBreakpoint())
        {
            _modeIsKnown = false;
            return;
        }

        if (!TryFetch(mode, out Instruction insn))
            return;
        _area->InsnCount++;
        bool isShadowed = cpu->InterruptShadow != 0;
        cpu->InterruptShadow = 0;
        bool done = ExecuteOne(in insn, X86Core.IsSpecial(in insn));
        if (isShadowed && cpu->InterruptShadow != 0 && insn.Mnemonic != Mnemonic.Sti)
            cpu->InterruptShadow = 0; // a shadow is not made longer by the next one
        if (done && isWatched && Core.EndInstruction(isTraced))
            _modeIsKnown = false;
    }

    // Executes the instruction of a site whose access generated code could not make: loops at a device's registers come here again and again.
    private void StepSite(int site)
    {
        if (Core.IsWatched || _area->Cpu.InterruptShadow != 0)
        {
            Step();
            return;
        }

        ref SiteInsn known = ref _siteInsns[site % SiteInsns];
        if (known.Place != site + 1 || known.Generation != _drops)
        {
            if (!TryFetch(Mode, out Instruction insn))
                return;
            known = new SiteInsn { Place = site + 1, Generation = _drops, Insn = insn, IsCore = X86Core.IsSpecial(in insn) };
        }

        _area->InsnCount++;
        ExecuteOne(in known.Insn, known.IsCore);
    }

    private bool TryFetch(ModeKey mode, out Instruction insn)
    {
        X86Cpu* cpu = &_area->Cpu;
        insn = default;
        ulong codeBase = mode.Is64 ? 0 : cpu->Seg(SegmentName.Cs).Base;
        byte* bytes = stackalloc byte[LongestInsn];
        int fetched = 0;
        while (fetched < LongestInsn)
        {
            ulong offset = cpu->Rip + (ulong)fetched, room = ulong.MaxValue;
            if (!mode.Is64)
            {
                if (offset > cpu->Seg(SegmentName.Cs).Limit)
                    break;
                room = cpu->Seg(SegmentName.Cs).Limit - offset + 1;
            }

            ulong linear = mode.Is64 ? offset : (uint)(codeBase + offset);
            if (!TryFetchPage(mode, linear, out ulong physical, out _))
                return false;
            int part = (int)Math.Min(Math.Min(PageMask + 1 - (linear & PageMask), room), (ulong)(LongestInsn - fetched));
            byte* host = _memory.ReadPointer(physical, out _);
            for (int i = 0; i < part; i++)
                bytes[fetched++] = host != null ? host[i] : (byte)_memory.Read(physical + (ulong)i, 1);

            if (_translator.TryDecode(bytes, fetched, cpu->Rip, mode.CodeSize, out insn))
                return true;
        }

        Raise(X86Vector.GeneralProtection); // beyond the segment, or too long
        return false;
    }

    // False: it faulted.
    private bool ExecuteOne(in Instruction insn, bool isCore)
    {
        _modeIsKnown &= !isCore; // plain instructions change nothing that translations depend on
        try
        {
            if (insn.IsInvalid)
                throw new X86Fault(X86Vector.InvalidOpcode);
            if (isCore)
                Core.Execute(in insn);
            else
                ExecutePlain(in insn);
            return true;
        }
        catch (X86Fault fault)
        {
            _modeIsKnown = false;
            Core.RaiseFault(fault);
            return false;
        }
    }

    private void ExecutePlain(in Instruction insn)
    {
        X86Cpu* cpu = &_area->Cpu;
        ModeKey mode = Mode;
        Core.CheckFpu(in insn);
        switch (insn.Mnemonic)
        {
            case Mnemonic.Lea:
                Core.SetRegister(insn.Op0Register, Core.PlainOffset(in insn));
                break;
            case Mnemonic.Mov or Mnemonic.Movzx when Core.TryMove(in insn):
                break;
            case Mnemonic.Cld:
                cpu->Rflags &= ~X86Cpu.FlagDf;
                break;
            case Mnemonic.Std:
                cpu->Rflags |= X86Cpu.FlagDf;
                break;
            case var _ when !MachineTranslator.IsNothing(in insn):
                Compute(in insn, mode);
                if (insn.Mnemonic is Mnemonic.Fnclex or Mnemonic.Fninit)
                    Core.FpuErrorCleared();
                break;
        }

        cpu->Rip = insn.NextIP & mode.RipMask;
    }

    // A near jump, call or return leads to no canonical address: it has not happened.
    private void RaiseAtJump(ulong rip)
    {
        X86Cpu* cpu = &_area->Cpu;
        cpu->Rip = rip;
        if (!TryFetch(Mode, out Instruction insn))
            return;
        if (insn.Mnemonic == Mnemonic.Call)
            cpu->Gpr[StackPointer] += 8;
        else if (insn.Mnemonic == Mnemonic.Ret)
            cpu->Gpr[StackPointer] -= 8 + (insn.OpCount == 0 ? 0UL : insn.Immediate16);
        Raise(X86Vector.GeneralProtection);
    }

    // The instruction itself, by the host's processor.
    private void Compute(in Instruction insn, ModeKey mode)
    {
        byte* code = _careful.Find(insn, mode.CodeSize);
        if (code == null)
            throw new X86Fault(X86Vector.InvalidOpcode);
        int memory = MachineTranslator.MemoryOperand(in insn);
        if (memory < 0)
        {
            RunCareful(code);
            return;
        }

        OpAccess access = _info.GetInfo(in insn).GetOpAccess(memory);
        int size = Math.Max(insn.MemorySize.GetSize(), 1);
        bool writes = MachineTranslator.IsWrite(access), reads = MachineTranslator.IsRead(access) || access == OpAccess.CondWrite;
        ulong linear = Core.LinearAddress(X86Core.SegmentOf(in insn), Core.PlainOffset(in insn), size, writes ? MemoryAccess.Write : MemoryAccess.Read);
        if (writes)
            Core.ProbeBlock(linear, size, MemoryAccess.Write);
        if (writes && IsLocked(in insn) && Core.TryFindMemory(linear, size, out byte* memoryBytes, out ulong physical))
        {
            _area->BounceAddress = (ulong)memoryBytes;
            RunCareful(code);
            _memory.Written(physical, size);
            return;
        }

        byte* buffer = BounceFor(linear);
        _area->BounceAddress = (ulong)buffer;
        if (reads)
            Core.CopyIn(buffer, linear, size);
        RunCareful(code);
        if (writes)
            Core.CopyOut(linear, buffer, size);
    }

    // Other processors do not see the memory between the parts of these: no copy of it will do.
    /// <summary>Locked against other processors if its operand is in memory.</summary>
    internal static bool IsLocked(in Instruction insn) => insn.HasLockPrefix || insn.Mnemonic == Mnemonic.Xchg;

    private void RunCareful(byte* code)
    {
        X86Cpu* cpu = &_area->Cpu;
        ulong* saved = stackalloc ulong[16];
        for (int i = 0; i < 16; i++)
            saved[i] = cpu->Gpr[i];
        _area->EnterTarget = (ulong)code;
        _area->Flags = PackFlags(cpu->Rflags);
        MachineExit reason = RunGenerated();
        if (reason == MachineExit.HostFault)
        {
            for (int i = 0; i < 16; i++)
                cpu->Gpr[i] = saved[i];
            throw new X86Fault(HostVector());
        }

        cpu->Rflags = (cpu->Rflags & ~ArithmeticFlags) | UnpackFlags(_area->Flags);
    }

    private byte* BounceFor(ulong linear)
    {
        byte* start = (byte*)(((ulong)_area->Bounce + 63) & ~63UL);
        return start + (linear & 63);
    }

    // Where an exception of the host's happened.
    private void TakeHostFlags()
    {
        byte* at = (byte*)_area->FaultPc;
        int low = 0, high = _blocks.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_blocks[middle].HostLoopEntry <= at)
                low = middle;
            else
                high = middle - 1;
        }

        _faultBlock = low;
        ref MachineBlock block = ref _blocks[low];
        int offset = (int)(at - block.HostLoopEntry);
        InsnPlace place = _code.Places[block.FirstPlace];
        for (int i = 1; i < block.PlaceCount && _code.Places[block.FirstPlace + i].HostOffset <= offset; i++)
            place = _code.Places[block.FirstPlace + i];
        _area->Cpu.Rip = block.Rip + place.GuestOffset;
        if (place.Flags is FlagPlace.Host or FlagPlace.Both)
            _area->Flags = _area->FaultFlags;
    }

    private void RaiseHostFault()
    {
        _modeIsKnown = false;
        X86Vector vector = HostVector();
        Core.RaiseFault(vector);
    }

    private X86Vector HostVector() => (X86Vector)_area->FaultTrap switch
    {
        X86Vector.PageFault => throw new InvalidOperationException($"translated code at {_area->FaultPc:x} touched memory outside the machine (rip {_area->Cpu.Rip:x})"),
        X86Vector vector => vector,
    };

    // The decoded instruction of a site, as long as the site is: its number is given anew after the code cache was emptied.
    private struct SiteInsn
    {
        public int Place; // the site's number plus one; 0 for none
        public long Generation;
        public Instruction Insn;
        public bool IsCore;
    }
}
