using System.Runtime.CompilerServices;
using Iced.Intel;
using Suite.Guest.X86.Decode;

namespace Suite.Guest.X86.Machine.Translation;

// One instruction at a time: what the translator left to the core, and what needs care.
public sealed unsafe partial class TranslatedVcpu
{
    private readonly InstructionInfoFactory _info = new();
    private readonly byte[] _fetched = new byte[16];
    private int _fetchedBytes;

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

        return (cpu->Rflags & X86Cpu.FlagTf) != 0 || (cpu->Dr[7] & 0xFF) != 0;
    }

    // Executes the instruction at Rip.
    private void Step()
    {
        X86Cpu* cpu = &_area->Cpu;
        ModeKey mode = Mode;
        bool isWatched = (cpu->Rflags & X86Cpu.FlagTf) != 0 || (cpu->Dr[7] & 0xFF) != 0, isTraced = (cpu->Rflags & X86Cpu.FlagTf) != 0;
        if (isWatched && Core.CheckCodeBreakpoint())
        {
            _modeIsKnown = false;
            return;
        }

        if (!TryFetch(mode, out Instruction insn))
            return;
        bool isShadowed = cpu->InterruptShadow != 0;
        cpu->InterruptShadow = 0;
        bool done = ExecuteOne(in insn, X86Core.IsSpecial(in insn));
        if (isShadowed && cpu->InterruptShadow != 0 && insn.Mnemonic != Mnemonic.Sti)
            cpu->InterruptShadow = 0; // a shadow is not made longer by the next one
        if (done && isWatched && Core.EndInstruction(isTraced))
            _modeIsKnown = false;
    }

    private bool TryFetch(ModeKey mode, out Instruction insn)
    {
        X86Cpu* cpu = &_area->Cpu;
        _fetchedBytes = 0;
        insn = default;
        ulong codeBase = mode.Is64 ? 0 : cpu->Seg(SegmentName.Cs).Base;
        fixed (byte* bytes = _fetched)
        {
            while (_fetchedBytes < LongestInsn)
            {
                ulong offset = cpu->Rip + (ulong)_fetchedBytes;
                if (!mode.Is64 && offset > cpu->Seg(SegmentName.Cs).Limit)
                {
                    Raise(X86Vector.GeneralProtection);
                    return false;
                }

                ulong linear = mode.Is64 ? offset : (uint)(codeBase + offset);
                if (!TryFetchPage(mode, linear, out ulong physical, out _))
                    return false;
                do
                {
                    bytes[_fetchedBytes++] = (byte)_memory.Read(physical++, 1);
                    linear++;
                }
                while (_fetchedBytes < LongestInsn && (linear & PageMask) != 0);

                if (_translator.TryDecode(bytes, _fetchedBytes, cpu->Rip, mode.CodeSize, out insn))
                    return true;
            }
        }

        Raise(X86Vector.GeneralProtection);
        return false;
    }

    // False: it faulted.
    private bool ExecuteOne(in Instruction insn, bool isCore)
    {
        _modeIsKnown = false;
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
            Core.RaiseFault(fault);
            return false;
        }
    }

    private void ExecutePlain(in Instruction insn)
    {
        X86Cpu* cpu = &_area->Cpu;
        ModeKey mode = ModeKey.Of(cpu);
        if (_classes.Unit(insn.Code) != InsnUnit.Integer)
            Core.CheckFpu(in insn);
        switch (insn.Mnemonic)
        {
            case Mnemonic.Nop or Mnemonic.Prefetchnta or Mnemonic.Prefetcht0 or Mnemonic.Prefetcht1 or Mnemonic.Prefetcht2 or Mnemonic.Prefetchw or Mnemonic.Prefetch:
                break;
            case Mnemonic.Lea:
                SetRegister(insn.Op0Register, EffectiveAddress(in insn));
                break;
            case Mnemonic.Cld:
                cpu->Rflags &= ~X86Cpu.FlagDf;
                break;
            case Mnemonic.Std:
                cpu->Rflags |= X86Cpu.FlagDf;
                break;
            default:
                Compute(in insn, mode);
                break;
        }

        cpu->Rip = insn.NextIP & (mode.Is64 ? ulong.MaxValue : mode.CodeSize == CpuMode.Bits32 ? uint.MaxValue : ushort.MaxValue);
    }

    // The instruction itself, by the host's processor.
    private void Compute(in Instruction insn, ModeKey mode)
    {
        int memory = MachineTranslator.MemoryOperand(in insn);
        Span<byte> bytes = stackalloc byte[LongestInsn];
        if (_fetchedBytes == 0)
            FetchAgain(mode);
        _fetched.AsSpan(0, insn.Length).CopyTo(bytes);
        byte* code = _careful.Find(in insn, bytes[..insn.Length], mode.CodeSize);
        if (code == null)
            throw new X86Fault(X86Vector.InvalidOpcode);
        if (memory < 0)
        {
            RunCareful(code);
        }
        else
        {
            OpAccess access = _info.GetInfo(in insn).GetOpAccess(memory);
            int size = Math.Max(insn.MemorySize.GetSize(), 1);
            bool writes = MachineTranslator.IsWrite(access), reads = MachineTranslator.IsRead(access) || access == OpAccess.CondWrite;
            ulong offset = EffectiveAddress(in insn);
            bool user = mode.IsUser;
            ulong linear = Core.LinearAddress(X86Core.SegmentOf(in insn), offset, size, writes ? MemoryAccess.Write : MemoryAccess.Read);
            CheckAlignment(mode, linear, size);
            if (writes)
                CheckWritable(linear, size, user);
            byte* buffer = BounceFor(linear);
            _area->BounceAddress = (ulong)buffer;
            if (reads)
                for (int i = 0; i < size;)
                    i += ReadPiece(linear + (ulong)i, buffer + i, size - i, user);
            RunCareful(code);
            if (writes)
                for (int i = 0; i < size;)
                    i += WritePiece(linear + (ulong)i, buffer + i, size - i, user);
            Core.CheckDataBreakpoint(linear, size, writes);
        }
    }

    private static void CheckAlignment(ModeKey mode, ulong linear, int size)
    {
        if (mode.ChecksAlignment && (size is 2 or 4 or 8) && (linear & (ulong)(size - 1)) != 0)
            throw new X86Fault(X86Vector.AlignmentCheck);
    }

    // Instructions of the code cache come without their bytes.
    private void FetchAgain(ModeKey mode)
    {
        X86Cpu* cpu = &_area->Cpu;
        ulong codeBase = mode.Is64 ? 0 : cpu->Seg(SegmentName.Cs).Base;
        for (int i = 0; i < LongestInsn; i++)
        {
            ulong linear = mode.Is64 ? cpu->Rip + (ulong)i : (uint)(codeBase + cpu->Rip + (ulong)i);
            if (!Core.TryTranslate(linear, MemoryAccess.Fetch, mode.IsUser, out ulong physical, out _, out _))
                break;
            _fetched[i] = (byte)_memory.Read(physical, 1);
            _fetchedBytes = i + 1;
        }
    }

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

    private void CheckWritable(ulong linear, int size, bool user)
    {
        for (ulong at = linear; ; at = NextPage(at))
        {
            if (!Core.TryTranslate(at, MemoryAccess.Write, user, out _, out _, out uint error))
                throw new X86Fault(X86Vector.PageFault, error, at);
            if (NextPage(at) >= linear + (ulong)size || NextPage(at) == 0)
                return;
        }
    }

    private int ReadPiece(ulong linear, byte* to, int rest, bool user)
    {
        int size = Piece(rest);
        ulong value = Core.ReadLinear(linear, size, user);
        Unsafe.CopyBlockUnaligned(to, &value, (uint)size);
        return size;
    }

    private int WritePiece(ulong linear, byte* from, int rest, bool user)
    {
        int size = Piece(rest);
        ulong value = 0;
        Unsafe.CopyBlockUnaligned(&value, from, (uint)size);
        Core.WriteLinear(linear, size, value, user);
        return size;
    }

    private static int Piece(int rest) => rest >= 8 ? 8 : rest >= 4 ? 4 : rest >= 2 ? 2 : 1;

    private ulong Register(Register register)
    {
        int number = OperandMap.Family(register);
        ulong value = number < 0 ? 0 : _area->Cpu.Gpr[number];
        return register.GetSize() switch
        {
            2 => (ushort)value,
            4 => (uint)value,
            _ => value,
        };
    }

    private void SetRegister(Register register, ulong value)
    {
        ref ulong home = ref _area->Cpu.Gpr[OperandMap.Family(register)];
        home = register.GetSize() switch
        {
            2 => (home & ~0xFFFFUL) | (ushort)value,
            4 => (uint)value,
            _ => value,
        };
    }

    // The offset of the memory operand, cut to its address size; with the operand that a bit string's bit lies in.
    private ulong EffectiveAddress(in Instruction insn)
    {
        if (insn.IsIPRelativeMemoryOperand)
            return insn.IPRelativeMemoryAddress;
        int bytes = insn.MemoryBase != Iced.Intel.Register.None ? insn.MemoryBase.GetSize()
            : insn.MemoryIndex != Iced.Intel.Register.None ? insn.MemoryIndex.GetSize() : Math.Max(insn.MemoryDisplSize, 2);
        ulong address = Register(insn.MemoryBase) + Register(insn.MemoryIndex) * (ulong)insn.MemoryIndexScale + insn.MemoryDisplacement64;
        if (insn.Mnemonic is Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc && insn.Op1Kind == OpKind.Register)
        {
            int width = insn.Op1Register.GetSize();
            ulong raw = Register(insn.Op1Register);
            long bit = width == 8 ? (long)raw : width == 4 ? (int)raw : (short)raw;
            address += (ulong)((bit >> (width == 8 ? 6 : width == 4 ? 5 : 4)) * width);
        }

        return bytes switch
        {
            2 => (ushort)address,
            4 => (uint)address,
            _ => address,
        };
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
}
