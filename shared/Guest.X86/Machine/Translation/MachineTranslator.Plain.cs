using Iced.Intel;
using Suite.Guest.X86.Decode;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

// Computation: the instruction itself, with its registers renamed where they live elsewhere and its memory operand at [S0].
internal sealed unsafe partial class MachineTranslator
{
    // False: the block ends here.
    private bool EmitPlain(ref Instruction insn, RflagsBits liveOut, int share)
    {
        FlagUse use = FlagUse.Of(in insn);
        RflagsBits liveIn = use.Reads | (liveOut & ~use.Kills);
        bool needsFlags = use.Reads != RflagsBits.None || (use.Changes != RflagsBits.None && (liveOut & ~use.Kills) != RflagsBits.None);
        if (insn.Mnemonic == Mnemonic.Lea)
            return EmitLea(in insn);
        if (insn.Mnemonic is Mnemonic.Clflush or Mnemonic.Clflushopt or Mnemonic.Clwb or Mnemonic.Cldemote)
            return true;

        InstructionInfo info = _info.GetInfo(in insn);
        int memory = MemoryOperand(in insn);
        if (!TryPlan(in insn, in info, memory, out RegisterPlan plan))
        {
            EmitManaged(in insn);
            return false;
        }

        if (memory >= 0 || !IsHarmless(in insn))
            FlushCached();
        if (_classes.Of(in insn) != FpuClass.None)
            NeedVectors(liveIn);
        bool isBitString = memory >= 0 && insn.Op1Kind == OpKind.Register && insn.Mnemonic is Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc;
        int at = 0;
        if (share >= 0)
        {
            at = EmitShared(in insn, share, liveIn);
        }
        else if (memory >= 0)
        {
            FreeFlags(liveIn);
            EmitAddress(in insn);
            if (isBitString)
                EmitBitAddress(in insn);
            OpAccess access = info.GetOpAccess(memory);
            ref TranslationSite site = ref EmitTranslate(insn.IP, insn.MemorySize.GetSize(), IsWrite(access), insn.MemoryIndex == Register.None ? TlbIndex.Computed : TlbIndex.OfSite);
            // Where instructions are the guest's time, a device is read with exactly those before it counted.
            site.IsLoad = access == OpAccess.Read && site.Size is 1 or 2 or 4 or 8 && _classes.Of(in insn) == FpuClass.None && !CountsInsns;
        }

        if (memory < 0 && plan.IsVerbatim && _mode.CodeSize != CpuMode.Bits16 && !IsShortIncDec(in insn))
        {
            if (needsFlags)
                NeedFlags();
            return EmitChanged(in insn, use, memory, plan);
        }

        if (memory < 0)
            _held = -1;
        if (needsFlags && !isBitString)
            NeedFlags();
        LoadPlanned(in plan);
        if (isBitString)
        {
            // The bit's number within the operand; the register may be renamed or not, so it always goes through S1.
            int bits = insn.Op1Register.GetSize() * 8;
            if (!plan.UsesS1)
                _a.Mov(S1, (Reg)OperandMap.Family(plan.Rename(insn.Op1Register)));
            _a.And32(S1, bits - 1);
            _cached = -1;
            insn.Op1Register = OperandMap.Rename(insn.Op1Register, (int)S1);
            if (needsFlags)
                NeedFlags(hasS1: false);
            return EmitChanged(in insn, use, memory, plan with { KeepsOp1 = true });
        }

        return EmitChanged(in insn, use, memory, plan, at);
    }

    // The instruction with its operands in their new places; then what has to be stored.
    private bool EmitChanged(in Instruction original, FlagUse use, int memory, in RegisterPlan plan, int displacement = 0)
    {
        Instruction insn = original;
        for (int i = 0; i < insn.OpCount; i++)
            if (insn.GetOpKind(i) == OpKind.Register && !(plan.KeepsOp1 && i == 1))
                insn.SetOpRegister(i, plan.Rename(insn.GetOpRegister(i)));
        insn.Code = Encodable(insn.Code);
        int borrowed = -1;
        if (memory >= 0)
        {
            SetMemory(ref insn, Register.RAX + (int)S0);
            if (displacement != 0)
                (insn.MemoryDisplacement64, insn.MemoryDisplSize) = ((ulong)displacement, 1);
            if (HasHighByte(in insn))
            {
                borrowed = plan.Unused();
                insn.MemoryBase = Register.RAX + borrowed;
                _a.Mov(AreaSlot.At(AreaSlot.Temp), (Reg)borrowed);
                _a.Mov((Reg)borrowed, S0);
            }
        }

        _code.Places[^1] = _code.Places[^1] with { Flags = _flags };
        _writer.At = _a.Position;
        if (!_encoder.TryEncode(in insn, 0, out _, out _))
        {
            EmitManaged(in original);
            return false;
        }

        _a.Position = _writer.At;
        if (borrowed >= 0)
            _a.Mov((Reg)borrowed, AreaSlot.At(AreaSlot.Temp));
        StorePlanned(in plan);
        if (use.Changes != RflagsBits.None)
            _flags = FlagPlace.Host;
        return true;
    }

    private static bool HasHighByte(in Instruction insn)
    {
        for (int i = 0; i < insn.OpCount; i++)
            if (insn.GetOpKind(i) == OpKind.Register && OperandMap.IsHighByte(insn.GetOpRegister(i)))
                return true;
        return false;
    }

    private static bool IsShortIncDec(in Instruction insn) => insn.Code is Code.Inc_r16 or Code.Inc_r32 or Code.Dec_r16 or Code.Dec_r32;

    /// <summary>Makes the memory operand the one a register points to.</summary>
    internal static void SetMemory(ref Instruction insn, Register at)
    {
        insn.MemoryIndex = Register.None;
        insn.MemoryIndexScale = 1;
        insn.MemoryDisplacement64 = 0;
        insn.MemoryDisplSize = 0;
        insn.SegmentPrefix = Register.None;
        insn.MemoryBase = at;
    }

    // Forms that do not exist in 64-bit code, or take an absolute address.
    internal static Code Encodable(Code code) => code switch
    {
        Code.Inc_r16 => Code.Inc_rm16,
        Code.Inc_r32 => Code.Inc_rm32,
        Code.Dec_r16 => Code.Dec_rm16,
        Code.Dec_r32 => Code.Dec_rm32,
        Code.Mov_AL_moffs8 => Code.Mov_r8_rm8,
        Code.Mov_AX_moffs16 => Code.Mov_r16_rm16,
        Code.Mov_EAX_moffs32 => Code.Mov_r32_rm32,
        Code.Mov_RAX_moffs64 => Code.Mov_r64_rm64,
        Code.Mov_moffs8_AL => Code.Mov_rm8_r8,
        Code.Mov_moffs16_AX => Code.Mov_rm16_r16,
        Code.Mov_moffs32_EAX => Code.Mov_rm32_r32,
        Code.Mov_moffs64_RAX => Code.Mov_rm64_r64,
        Code.Add_rm8_imm8_82 => Code.Add_rm8_imm8,
        Code.Or_rm8_imm8_82 => Code.Or_rm8_imm8,
        Code.Adc_rm8_imm8_82 => Code.Adc_rm8_imm8,
        Code.Sbb_rm8_imm8_82 => Code.Sbb_rm8_imm8,
        Code.And_rm8_imm8_82 => Code.And_rm8_imm8,
        Code.Sub_rm8_imm8_82 => Code.Sub_rm8_imm8,
        Code.Xor_rm8_imm8_82 => Code.Xor_rm8_imm8,
        Code.Cmp_rm8_imm8_82 => Code.Cmp_rm8_imm8,
        _ => code,
    };

    /// <summary>True when an access to memory may write.</summary>
    internal static bool IsWrite(OpAccess access) => access is OpAccess.Write or OpAccess.CondWrite or OpAccess.ReadWrite or OpAccess.ReadCondWrite;

    /// <summary>True when an access to memory may read.</summary>
    internal static bool IsRead(OpAccess access) => access is OpAccess.Read or OpAccess.CondRead or OpAccess.ReadWrite or OpAccess.ReadCondWrite;

    // bt, bts, btr and btc take a bit's number that may lead beyond the operand: S0 = address of the operand that holds it.
    private void EmitBitAddress(in Instruction insn)
    {
        Register bit = insn.Op1Register;
        int number = OperandMap.Family(bit), bytes = bit.GetSize();
        if (InMemory(number))
            _a.Mov(S1, AreaSlot.Gpr(number));
        else
            _a.Mov(S1, number == 4 ? Sp : (Reg)number);
        if (bytes == 8)
        {
            _a.Shift(Shift.Sar, S1, 6, wide: true);
            _a.Lea(S0, new Mem((int)S0, (int)S1, 3, 0, 0), wide: true);
        }
        else
        {
            if (bytes == 4)
                _a.Movsxd(S1, S1);
            else
                _a.MovsxWord(S1, S1);
            _a.Shift(Shift.Sar, S1, bytes == 4 ? 5 : 4, wide: bytes == 4);
            if (bytes == 2)
                _a.Movsxd(S1, S1);
            _a.Lea(S0, new Mem((int)S0, (int)S1, bytes == 4 ? 2 : 1, 0, 0), wide: true);
        }

        if (!Is64)
            _a.Mov32(S0, S0);
    }

    private bool EmitLea(in Instruction insn)
    {
        _held = -1;
        int to = OperandMap.Family(insn.Op0Register), size = insn.Op0Register.GetSize();
        Reg target = InMemory(to) ? S1 : to == 4 ? Sp : (Reg)to;
        int width = AddressBytes(in insn);
        if (width != 2 && (size == 4 || (size == 8 && width == 8)) && !insn.IsIPRelativeMemoryOperand)
        {
            if (target == S1 && _cached != to)
                FlushCached();
            EmitOffset(in insn, target, wide: size == 8);
            if (target == S1)
                (_cached, _isCachedNewer) = (to, true);
            return true;
        }

        ForgetCached();

        int bytes = EmitOffset(in insn, S0, wide: width == 8);
        if (InMemory(to))
            _a.Mov(S1, AreaSlot.Gpr(to));
        if (size == 2)
            _a.Mov16(target, S0);
        else
            _a.Mov(target, S0, wide: size == 8 && bytes == 8);
        if (InMemory(to))
            _a.Mov(AreaSlot.Gpr(to), S1);
        return true;
    }

    // Which scratch register stands for which guest register that lives in memory.
    private bool TryPlan(in Instruction insn, in InstructionInfo info, int memory, out RegisterPlan plan)
    {
        plan = new RegisterPlan(Is64, memory >= 0);
        foreach (UsedRegister used in info.GetUsedRegisters())
            plan.Use(OperandMap.Family(used.Register));
        bool fits = true;
        for (int i = 0; i < insn.OpCount; i++)
        {
            if (insn.GetOpKind(i) != OpKind.Register)
                continue;
            Register register = insn.GetOpRegister(i);
            int number = OperandMap.Family(register);
            if (number == 4)
                plan.Renames = true;
            if (!InMemory(number))
                continue;
            OpAccess access = info.GetOpAccess(i);
            fits &= plan.Take(number, reads: access != OpAccess.Write || register.GetSize() < 4, writes: IsWrite(access));
        }

        return fits;
    }
}
