using Iced.Intel;
using Suite.Guest.X86.Decode;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

// The stack, and near transfers of control. Jumps within a page are linked; others go through the jump cache of the vCPU, whose entries are taken away when
// linear addresses change their meaning.
internal sealed unsafe partial class MachineTranslator
{
    // Functions begin at multiples of 16.
    private const int JumpHashShift = 5;

    private const int NoSite = -1;

    private int WordBytes => _mode.CodeSize switch
    {
        CpuMode.Bits64 => 8,
        CpuMode.Bits32 => 4,
        _ => 2,
    };

    private bool IsWideStack => _mode.StackBytes == 8;

    // S0 = linear address of the stack pointer moved by some bytes.
    private void EmitStackAddress(int move)
    {
        _a.Lea(S0, Mem.At(Sp, move), wide: IsWideStack);
        if (_mode.StackBytes == 2)
            _a.MovzxWord(S0, S0);
        if (!Is64 && !_mode.IsFlat((int)SegmentName.Ss))
            _a.Op(Alu.Add, S0, AreaSlot.SegmentBase((int)SegmentName.Ss), wide: false);
    }

    private void EmitMoveStack(int move)
    {
        if (_mode.StackBytes == 2)
        {
            _a.Lea(S1, Mem.At(Sp, move), wide: false);
            _a.Mov16(Sp, S1);
        }
        else
        {
            _a.Lea(Sp, Mem.At(Sp, move), wide: IsWideStack);
        }
    }

    private bool EmitStack(in Instruction insn, RflagsBits live)
    {
        FreeFlags(live);
        if (insn.Mnemonic == Mnemonic.Leave)
        {
            EmitLeave(in insn);
            return true;
        }

        if (insn.Mnemonic == Mnemonic.Push)
        {
            EmitPush(in insn);
            return true;
        }

        int to = OperandMap.Family(insn.Op0Register), size = insn.Op0Register.GetSize();
        EmitStackAddress(0);
        EmitTranslate(insn.IP, size, isWrite: false, TlbIndex.OfStack);
        Reg target = InMemory(to) ? S1 : (Reg)to;
        if (size == 2)
        {
            if (InMemory(to))
                _a.Mov(S1, AreaSlot.Gpr(to));
            _a.MovWord(target, Mem.At(S0));
        }
        else
        {
            _a.Mov(target, Mem.At(S0), wide: size == 8);
        }

        if (InMemory(to))
            _a.Mov(AreaSlot.Gpr(to), S1);
        EmitMoveStack(size);
        return true;
    }

    private void EmitPush(in Instruction insn)
    {
        int size = PushBytes(in insn);
        if (insn.Op0Kind == OpKind.Memory)
        {
            EmitAddress(in insn);
            EmitTranslate(insn.IP, size, isWrite: false);
            LoadPiece(S0, Mem.At(S0), size);
            _a.Mov(AreaSlot.At(AreaSlot.Temp), S0);
        }

        EmitStackAddress(-size);
        EmitTranslate(insn.IP, size, isWrite: true, TlbIndex.OfStack);
        if (insn.Op0Kind is OpKind.Register or OpKind.Memory)
        {
            int from = insn.Op0Kind == OpKind.Register ? OperandMap.Family(insn.Op0Register) : -1;
            Reg value = from < 0 || InMemory(from) ? S1 : from == 4 ? Sp : (Reg)from;
            if (value == S1)
                _a.Mov(S1, from < 0 ? AreaSlot.At(AreaSlot.Temp) : AreaSlot.Gpr(from));
            if (size == 2)
                _a.MovWord(Mem.At(S0), value);
            else
                _a.Mov(Mem.At(S0), value, wide: size == 8);
        }
        else
        {
            EmitStoreConstant(size, insn.GetImmediate(0));
        }

        EmitMoveStack(-size);
    }

    private int PushBytes(in Instruction insn) => -insn.StackPointerIncrement;

    // [S0] = constant.
    private void EmitStoreConstant(int size, ulong value)
    {
        if (size == 2)
        {
            _a.MovWord(Mem.At(S0), (short)value);
        }
        else if (size == 4)
        {
            _a.Mov32(Mem.At(S0), (int)value);
        }
        else if ((long)value == (int)value)
        {
            _a.Mov(Mem.At(S0), (int)value);
        }
        else
        {
            _a.MovImm(S1, value);
            _a.Mov(Mem.At(S0), S1);
        }
    }

    private void EmitLeave(in Instruction insn)
    {
        int size = Is64 ? 8 : 4;
        _a.Mov(S0, Reg.Rbp, wide: IsWideStack);
        if (!Is64 && !_mode.IsFlat((int)SegmentName.Ss))
            _a.Op(Alu.Add, S0, AreaSlot.SegmentBase((int)SegmentName.Ss), wide: false);
        EmitTranslate(insn.IP, size, isWrite: false, TlbIndex.OfStack);
        _a.Lea(Sp, Mem.At(Reg.Rbp, size), wide: IsWideStack);
        _a.Mov(Reg.Rbp, Mem.At(S0), wide: size == 8);
    }

    private void EmitBranch(in Instruction insn, RflagsBits live)
    {
        ulong next = insn.NextIP & _mode.RipMask;
        switch (insn.Mnemonic)
        {
            case Mnemonic.Jmp when insn.IsJmpShortOrNear:
                EmitJump(insn.IP, insn.NearBranchTarget);
                break;
            case Mnemonic.Jmp:
                FreeFlags(FlagUse.All);
                EmitTarget(in insn);
                EmitJumpTo();
                break;
            case Mnemonic.Call when insn.IsCallNear:
                FreeFlags(live);
                EmitPushConstant(insn.IP, next);
                EmitJump(insn.IP, insn.NearBranchTarget);
                break;
            case Mnemonic.Call:
                FreeFlags(FlagUse.All);
                EmitTarget(in insn);
                _a.Mov(AreaSlot.At(AreaSlot.Temp), S0);
                EmitPushConstant(insn.IP, next);
                _a.Mov(S0, AreaSlot.At(AreaSlot.Temp));
                EmitJumpTo();
                break;
            case Mnemonic.Ret:
                EmitReturn(in insn);
                break;
            case Mnemonic.Loop or Mnemonic.Jcxz or Mnemonic.Jecxz or Mnemonic.Jrcxz:
                EmitLoop(in insn, next);
                break;
            case Mnemonic.Stac or Mnemonic.Clac:
                EmitAccess(next, insn.Mnemonic == Mnemonic.Stac);
                break;
            case Mnemonic.Syscall:
                EmitSystemCall(in insn, next);
                break;
            case Mnemonic.Sysretq:
                EmitSystemReturn(in insn);
                break;
            default:
                EmitConditional(in insn, next);
                break;
        }
    }

    private void EmitPushConstant(ulong rip, ulong value)
    {
        EmitStackAddress(-WordBytes);
        EmitTranslate(rip, WordBytes, isWrite: true, TlbIndex.OfStack);
        EmitStoreConstant(WordBytes, value);
        EmitMoveStack(-WordBytes);
    }

    // S0 = target of an indirect branch.
    private void EmitTarget(in Instruction insn)
    {
        if (insn.Op0Kind == OpKind.Register)
        {
            int from = OperandMap.Family(insn.Op0Register);
            if (InMemory(from))
                _a.Mov(S0, AreaSlot.Gpr(from));
            else
                _a.Mov(S0, from == 4 ? Sp : (Reg)from, wide: WordBytes == 8);
            if (WordBytes == 2)
                _a.MovzxWord(S0, S0);
            return;
        }

        EmitAddress(in insn);
        EmitTranslate(insn.IP, WordBytes, isWrite: false, TlbIndex.OfSite);
        EmitLoadWord();
    }

    private void EmitLoadWord() => LoadPiece(S0, Mem.At(S0), WordBytes);

    private void EmitReturn(in Instruction insn)
    {
        FreeFlags(FlagUse.All);
        EmitStackAddress(0);
        EmitTranslate(insn.IP, WordBytes, isWrite: false, TlbIndex.OfStack);
        EmitLoadWord();
        int extra = insn.OpCount == 0 ? 0 : insn.Immediate16;
        if (_mode.StackBytes == 2)
            _a.Mov(AreaSlot.At(AreaSlot.Temp), S0);
        EmitMoveStack(WordBytes + extra);
        if (_mode.StackBytes == 2)
            _a.Mov(S0, AreaSlot.At(AreaSlot.Temp));
        EmitJumpTo();
    }

    private void EmitConditional(in Instruction insn, ulong next)
    {
        NeedFlags();
        FlagPlace at = _flags;
        byte* toTaken = _a.JccForward(ConditionOf(in insn));
        EmitJump(insn.IP, next);
        _flags = at;
        EmitAway(insn.IP, insn.NearBranchTarget, toTaken);
    }

    // A conditional branch inside a block.
    private void EmitSideExit(in Instruction insn)
    {
        NeedFlags();
        FlagPlace at = _flags;
        EmitAway(insn.IP, insn.NearBranchTarget, _a.JccForward(ConditionOf(in insn)));
        _flags = at;
    }

    // Where a conditional branch goes when it is taken.
    private void EmitAway(ulong from, ulong target, byte* patch)
    {
        const int FarJumpBytes = 96;
        target &= _mode.RipMask;
        if (IsInPage(target))
        {
            byte* cold = LinkExit(from, target, patch);
            *(int*)patch = (int)(cold - (patch + 4));
            return;
        }

        byte* away = _code.Cold -= FarJumpBytes;
        *(int*)patch = (int)(away - (patch + 4));
        X64Asm here = _a;
        _a = new X64Asm(away);
        EmitFarJump(target, Is64 && !IsCanonical(target) ? AddSite(from, insn: -1) : NoSite);
        _a = here;
    }

    private static Cond ConditionOf(in Instruction insn) => (Cond)(insn.ConditionCode switch
    {
        ConditionCode.o => 0,
        ConditionCode.no => 1,
        ConditionCode.b => 2,
        ConditionCode.ae => 3,
        ConditionCode.e => 4,
        ConditionCode.ne => 5,
        ConditionCode.be => 6,
        ConditionCode.a => 7,
        ConditionCode.s => 8,
        ConditionCode.ns => 9,
        ConditionCode.p => 10,
        ConditionCode.np => 11,
        ConditionCode.l => 12,
        ConditionCode.ge => 13,
        ConditionCode.le => 14,
        _ => 15,
    });

    // rcx, ecx or cx counts; only the processor's jrcxz looks at it without flags.
    private void EmitLoop(in Instruction insn, ulong next)
    {
        int bytes = insn.Code is Code.Loop_rel8_64_RCX || insn.Mnemonic == Mnemonic.Jrcxz ? 8
            : insn.Mnemonic == Mnemonic.Jecxz || insn.Code is Code.Loop_rel8_16_ECX or Code.Loop_rel8_32_ECX or Code.Loop_rel8_64_ECX ? 4 : 2;
        bool counts = insn.Mnemonic == Mnemonic.Loop;
        if (counts)
        {
            if (bytes == 2)
            {
                _a.Lea(S0, Mem.At(Reg.Rcx, -1), wide: false);
                _a.Mov16(Reg.Rcx, S0);
            }
            else
            {
                _a.Lea(Reg.Rcx, Mem.At(Reg.Rcx, -1), wide: bytes == 8);
            }
        }

        _a.Mov(S0, Reg.Rcx);
        if (bytes == 2)
            _a.MovzxWord(Reg.Rcx, Reg.Rcx);
        else if (bytes == 4)
            _a.Mov32(Reg.Rcx, Reg.Rcx);
        byte* zero = _a.JrcxzForward();
        _a.Mov(Reg.Rcx, S0);
        FlagPlace at = _flags;
        byte* away = _a.JmpForward();
        _a.HereShort(zero);
        _a.Mov(Reg.Rcx, S0);
        EmitJump(insn.IP, counts ? next : insn.NearBranchTarget);
        _flags = at;
        _a.Here(away);
        EmitJump(insn.IP, counts ? insn.NearBranchTarget : next);
    }

    private bool IsInPage(ulong target) => target >= _pageStart && target - _pageStart < PageBytes;

    private void EmitJump(ulong from, ulong target)
    {
        target &= _mode.RipMask;
        if (IsInPage(target))
        {
            int at = (int)((ulong)(_a.Position + 1) & 15);
            if (at > 12)
                _a.Nop(16 - at);
            byte* patch = _a.JmpForward();
            byte* cold = LinkExit(from, target, patch);
            *(int*)patch = (int)(cold - (patch + 4));
            return;
        }

        EmitFarJump(target, Is64 && target != _nextRip && !IsCanonical(target) ? AddSite(_rip, insn: -1) : NoSite);
    }

    private static bool IsCanonical(ulong address) => (long)(address << 16) >> 16 == (long)address;

    // The code behind it goes through another TLB table, so it is another translation.
    private void EmitAccess(ulong next, bool isAllowed)
    {
        FreeFlags(FlagUse.All);
        if (isAllowed)
            _a.Op(Alu.Or, AreaSlot.At(AreaSlot.Rflags), (int)X86Cpu.FlagAc, wide: false);
        else
            _a.And32(AreaSlot.At(AreaSlot.Rflags), ~(int)X86Cpu.FlagAc);
        EmitFarJump(next, _mode.WithAccess(isAllowed).JumpSet, NoSite);
    }

    private void EmitFarJump(ulong target, int site = NoSite) => EmitFarJump(target, _mode.JumpSet, site);

    // Through a jump cache.
    private void EmitFarJump(ulong target, int set, int site)
    {
        FreeFlags(FlagUse.All);
        int entry = JumpEntry(target, set) * 8;
        byte* miss = _code.Cold -= 64;
        X64Asm c = new(miss);
        c.MovImm(S0, target);
        EmitLookup(ref c, site);
        if ((long)target == (int)target)
        {
            _a.Cmp(AreaSlot.At(AreaSlot.JumpTags + entry), (int)target);
        }
        else
        {
            _a.MovImm(S0, target);
            _a.Cmp(S0, AreaSlot.At(AreaSlot.JumpTags + entry));
        }

        _a.Jcc(Cond.NE, miss);
        _a.Jmp(AreaSlot.At(AreaSlot.JumpCode + entry));
    }

    /// <summary>A way to a block that lies across two pages: it has to be looked up at every jump, because the second page may have moved.</summary>
    public byte* EmitTrampoline(ModeKey mode, ulong target, bool hasHostFlags)
    {
        (_mode, _flags) = (mode, hasHostFlags ? FlagPlace.Host : FlagPlace.Memory);
        byte* at = _code.Hot;
        _a = new X64Asm(at);
        EmitFarJump(target);
        _code.Hot = (byte*)(((ulong)_a.Position + 15) & ~15UL);
        return at;
    }

    /// <summary>Which entry of a jump cache a target uses.</summary>
    internal static int JumpEntry(ulong target, int set) => VcpuArea.FirstJump(set) + (int)((target ^ target >> JumpHashShift) & (ulong)(VcpuArea.JumpsOf(set) - 1));

    private void EmitJumpTo() => EmitJumpTo(_mode.JumpSet, Is64 ? AddSite(_rip, insn: -1) : NoSite);

    // To the target in S0; the flags are in memory.
    private void EmitJumpTo(int set, int site)
    {
        int first = VcpuArea.FirstJump(set) * 8;
        byte* miss = _code.Cold -= 48;
        X64Asm c = new(miss);
        EmitLookup(ref c, site);
        _a.Mov32(S1, S0);
        _a.Shift(Shift.Shr, S1, JumpHashShift, wide: false);
        _a.Op(Alu.Xor, S1, S0, wide: false);
        _a.And32(S1, VcpuArea.JumpsOf(set) - 1);
        _a.Cmp(S0, AreaSlot.Indexed(S1, AreaSlot.JumpTags + first));
        _a.Jcc(Cond.NE, miss);
        _a.Jmp(AreaSlot.Indexed(S1, AreaSlot.JumpCode + first));
    }

    // A jump to no canonical address faults where it is: the site tells.
    private void EmitLookup(ref X64Asm c, int site)
    {
        if (Is64)
            c.Mov32(AreaSlot.At(AreaSlot.ExitSite), site);
        c.Mov(AreaSlot.At(AreaSlot.ExitAddress), S0);
        c.Jmp(_code.Stubs.Exit(MachineExit.Lookup, flagsInHost: false));
    }

    private byte* LinkExit(ulong from, ulong target, byte* patch, bool isAlone = false)
    {
        bool hasHostFlags = _flags is FlagPlace.Host;
        byte* cold = _code.Cold -= 32;
        X64Asm c = new(cold);
        c.Mov32(AreaSlot.At(AreaSlot.ExitSite), _code.Links.Count);
        c.Jmp(_code.Stubs.Exit(MachineExit.Link, hasHostFlags));
        _code.Links.Add(new TranslationLink { Patch = patch, From = from, Target = target, Block = _blockNumber, HasHostFlags = hasHostFlags, IsAlone = isAlone });
        return cold;
    }
}
