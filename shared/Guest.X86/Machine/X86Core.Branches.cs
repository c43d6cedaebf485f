using Iced.Intel;

namespace Suite.Guest.X86.Machine;

/// <summary>Near transfers of control, and which of jmp and call are far.</summary>
public sealed unsafe partial class X86Core
{
    private void Jump(in Instruction insn)
    {
        switch (insn.Op0Kind)
        {
            case OpKind.NearBranch16 or OpKind.NearBranch32 or OpKind.NearBranch64:
                _cpu->Rip = CheckedTarget(BranchTarget(insn));
                break;
            case OpKind.FarBranch16:
                FarJump(insn.FarBranchSelector, insn.FarBranch16, 2, NextRip);
                break;
            case OpKind.FarBranch32:
                FarJump(insn.FarBranchSelector, insn.FarBranch32, 4, NextRip);
                break;
            default:
                if (FarPointerSize(insn.Code) is { } size)
                    FarJump((ushort)ReadMemory(insn, size, 2), ReadMemory(insn, 0, size), size, NextRip);
                else
                    _cpu->Rip = CheckedTarget(ReadOperand(insn, 0, NearSize(insn.Code)));
                break;
        }
    }

    private void Call(in Instruction insn)
    {
        switch (insn.Op0Kind)
        {
            case OpKind.NearBranch16 or OpKind.NearBranch32 or OpKind.NearBranch64:
                CallNear(BranchTarget(insn), insn.Op0Kind switch { OpKind.NearBranch16 => 2, OpKind.NearBranch32 => 4, _ => 8 });
                break;
            case OpKind.FarBranch16:
                FarCall(insn.FarBranchSelector, insn.FarBranch16, 2, NextRip);
                break;
            case OpKind.FarBranch32:
                FarCall(insn.FarBranchSelector, insn.FarBranch32, 4, NextRip);
                break;
            default:
                if (FarPointerSize(insn.Code) is { } far)
                {
                    FarCall((ushort)ReadMemory(insn, far, 2), ReadMemory(insn, 0, far), far, NextRip);
                    break;
                }

                int size = NearSize(insn.Code);
                CallNear(ReadOperand(insn, 0, size), size);
                break;
        }
    }

    private void CallNear(ulong target, int size)
    {
        target = CheckedTarget(target);
        Push(NextRip, size);
        _cpu->Rip = target;
    }

    private void NearReturn(in Instruction insn)
    {
        int size = FarSize(insn.Code is Code.Retnw or Code.Retnw_imm16, insn.Code is Code.Retnq or Code.Retnq_imm16);
        ulong target = CheckedTarget(Peek(0, size));
        Drop(size + (insn.OpCount == 0 ? 0 : insn.Immediate16));
        _cpu->Rip = target;
    }

    private void Loop(in Instruction insn)
    {
        int bits = insn.Code switch
        {
            Code.Loop_rel8_16_CX or Code.Loop_rel8_32_CX or Code.Loope_rel8_16_CX or Code.Loope_rel8_32_CX or Code.Loopne_rel8_16_CX or Code.Loopne_rel8_32_CX => 16,
            Code.Loop_rel8_16_RCX or Code.Loop_rel8_64_RCX or Code.Loope_rel8_16_RCX or Code.Loope_rel8_64_RCX or Code.Loopne_rel8_16_RCX or Code.Loopne_rel8_64_RCX => 64,
            _ => 32,
        };
        ulong count = Cut(_cpu->Gpr[Rcx] - 1, bits);
        bool zero = (_cpu->Rflags & X86Cpu.FlagZf) != 0;
        bool goes = count != 0 && (insn.Mnemonic == Mnemonic.Loop || zero == (insn.Mnemonic == Mnemonic.Loope));
        BranchIf(insn, goes);
        _cpu->Gpr[Rcx] = Merge(_cpu->Gpr[Rcx], count, bits);
    }

    private void BranchIf(in Instruction insn, bool taken) => _cpu->Rip = taken ? CheckedTarget(BranchTarget(insn)) : NextRip;

    // The decoder may have been told another address than the one the code runs at.
    private ulong BranchTarget(in Instruction insn)
    {
        ulong target = NextRip + (insn.NearBranchTarget - insn.NextIP);
        return insn.Op0Kind switch
        {
            OpKind.NearBranch16 => (ushort)target,
            OpKind.NearBranch32 => (uint)target,
            _ => target,
        };
    }

    private ulong CheckedTarget(ulong target) =>
        (_cpu->Is64 ? IsCanonical(target) : target <= _cpu->Seg(SegmentName.Cs).Limit) ? target : throw Protection(0);

    private static int? FarPointerSize(Code code) => code switch
    {
        Code.Jmp_m1616 or Code.Call_m1616 => 2,
        Code.Jmp_m1632 or Code.Call_m1632 => 4,
        Code.Jmp_m1664 or Code.Call_m1664 => 8,
        _ => null,
    };

    private static int NearSize(Code code) => code switch
    {
        Code.Jmp_rm16 or Code.Call_rm16 => 2,
        Code.Jmp_rm32 or Code.Call_rm32 => 4,
        _ => 8,
    };

    private bool Holds(ConditionCode condition)
    {
        ulong f = _cpu->Rflags;
        bool carry = (f & X86Cpu.FlagCf) != 0, zero = (f & X86Cpu.FlagZf) != 0, sign = (f & X86Cpu.FlagSf) != 0, overflow = (f & X86Cpu.FlagOf) != 0, parity = (f & X86Cpu.FlagPf) != 0;
        return condition switch
        {
            ConditionCode.o => overflow,
            ConditionCode.no => !overflow,
            ConditionCode.b => carry,
            ConditionCode.ae => !carry,
            ConditionCode.e => zero,
            ConditionCode.ne => !zero,
            ConditionCode.be => carry || zero,
            ConditionCode.a => !carry && !zero,
            ConditionCode.s => sign,
            ConditionCode.ns => !sign,
            ConditionCode.p => parity,
            ConditionCode.np => !parity,
            ConditionCode.l => sign != overflow,
            ConditionCode.ge => sign == overflow,
            ConditionCode.le => zero || sign != overflow,
            _ => !zero && sign == overflow,
        };
    }
}
