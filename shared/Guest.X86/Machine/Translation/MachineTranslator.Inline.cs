using Iced.Intel;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

// System instructions that kernels execute so often that leaving for them would be felt.
internal sealed unsafe partial class MachineTranslator
{
    private const int PushedFlags = unchecked((int)~(X86Cpu.FlagVm | X86Cpu.FlagRf | ArithmeticFlags));
    private const int OverflowShift = 11, LahfFlags = 0xD5;
    private const ulong ArithmeticFlags = X86Cpu.FlagCf | X86Cpu.FlagPf | X86Cpu.FlagAf | X86Cpu.FlagZf | X86Cpu.FlagSf | X86Cpu.FlagOf;

    private bool IsVm86 => _mode.IsUser && !_mode.IsProtected;

    private bool CanInline(in Instruction insn) => insn.Mnemonic switch
    {
        Mnemonic.Cld or Mnemonic.Std => true,
        Mnemonic.Cli or Mnemonic.Sti => _mode.IsKernel,
        Mnemonic.Swapgs => Is64 && _mode.IsKernel,
        Mnemonic.Pushf or Mnemonic.Pushfd or Mnemonic.Pushfq => PushBytes(in insn) == WordBytes && WordBytes > 2 && !IsVm86 && IsStackFree && !_mode.ChecksAlignment,
        _ => CanMoveString(in insn),
    };

    private void EmitInline(in Instruction insn, RflagsBits live)
    {
        FreeFlags(insn.Mnemonic is Mnemonic.Pushf or Mnemonic.Pushfd or Mnemonic.Pushfq ? FlagUse.All : live);
        switch (insn.Mnemonic)
        {
            case Mnemonic.Cld:
                _a.And32(AreaSlot.At(AreaSlot.Rflags), ~(int)X86Cpu.FlagDf);
                break;
            case Mnemonic.Std:
                _a.Op(Alu.Or, AreaSlot.At(AreaSlot.Rflags), (int)X86Cpu.FlagDf, wide: false);
                break;
            case Mnemonic.Cli:
                // What came since sti is taken here: "sti; nop; cli" is how firmware lets interrupts in for a moment.
                if (!_isBehindSti)
                    EmitExitCheck(insn.IP, MachineExit.Window);
                _a.And32(AreaSlot.At(AreaSlot.Rflags), ~(int)X86Cpu.FlagIf);
                break;
            case Mnemonic.Sti:
                EmitSti();
                break;
            case Mnemonic.Swapgs:
                _a.Mov(S0, AreaSlot.SegmentBase((int)SegmentName.Gs));
                _a.Mov(S1, AreaSlot.At(AreaSlot.KernelGsBase));
                _a.Mov(AreaSlot.SegmentBase((int)SegmentName.Gs), S1);
                _a.Mov(AreaSlot.At(AreaSlot.KernelGsBase), S0);
                break;
            case Mnemonic.Pushf or Mnemonic.Pushfd or Mnemonic.Pushfq:
                EmitPushFlags(in insn);
                break;
            default:
                EmitMoveString(in insn);
                break;
        }
    }

    // An interrupt that waits is taken at the head of the next block, which is behind the next instruction at least, as it must be.
    private void EmitSti()
    {
        _a.Op(Alu.Or, AreaSlot.At(AreaSlot.Rflags), (int)X86Cpu.FlagIf, wide: false);
        EmitLookForInterrupt();
    }

    // Interrupts may be allowed from here on.
    private void EmitLookForInterrupt()
    {
        byte* cold = _code.Cold -= 32;
        X64Asm c = new(cold);
        _a.Cmp32(AreaSlot.At(AreaSlot.InterruptLine), 0);
        _a.Jcc(Cond.NE, cold);
        c.Mov32(AreaSlot.At(AreaSlot.ExitRequest), 1);
        c.Jmp(_a.Position);
    }

    // S0 = all flags as an instruction sees them; S1 is lost.
    private void EmitWholeFlags()
    {
        _a.MovzxWord(S0, AreaSlot.At(AreaSlot.Flags));
        _a.Mov32(S1, S0);
        _a.Shift(Shift.Shr, S1, 8, wide: false);
        _a.And32(S1, LahfFlags);
        _a.And32(S0, 1);
        _a.Shift(Shift.Shl, S0, OverflowShift, wide: false);
        _a.Op(Alu.Or, S0, S1, wide: false);
        _a.Mov32(S1, AreaSlot.At(AreaSlot.Rflags));
        _a.And32(S1, PushedFlags);
        _a.Op(Alu.Or, S0, S1, wide: false);
    }

    private void EmitPushFlags(in Instruction insn)
    {
        EmitWholeFlags();
        _a.Mov(AreaSlot.At(AreaSlot.Temp), S0);
        EmitStackAddress(-WordBytes);
        EmitTranslate(insn.IP, WordBytes, isWrite: true, TlbIndex.OfStack);
        _a.Mov(S1, AreaSlot.At(AreaSlot.Temp));
        _a.Mov(Mem.At(S0), S1, wide: WordBytes == 8);
        EmitMoveStack(-WordBytes);
    }
}
