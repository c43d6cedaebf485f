using System.Runtime.InteropServices;
using Iced.Intel;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

// syscall and sysret of 64-bit code (Intel SDM volume 2) without leaving generated code, as long as nothing is out of the ordinary; else the core does them.
internal sealed unsafe partial class MachineTranslator
{
    private void EmitSystemCall(in Instruction insn, ulong next)
    {
        const int StarSelector = 32, SelectorMask = 0xFFFC, StackSelector = 8;
        FreeFlags(FlagUse.All);
        EmitExitCheck(insn.IP, MachineExit.Window); // interrupts are forbidden behind it
        byte* core = EmitWayToCore(in insn);
        ModeKey kernel = _mode.AtLevel(isUser: false);
        EmitSystemCallChecks(kernel, core);
        _a.Test(AreaSlot.At(AreaSlot.Sfmask), (int)X86Cpu.FlagAc, wide: false); // what is left of AC belongs to the mode
        _a.Jcc(Cond.E, core);
        EmitWholeFlags();
        _a.Mov32(Reg.R11, S0);
        _a.MovImm(Reg.Rcx, next);
        _a.Mov(S1, AreaSlot.At(AreaSlot.Sfmask));
        _a.Not(S1, wide: false);
        _a.Op(Alu.And, S0, S1, wide: false);
        EmitSetFlags();
        _a.Mov(S1, AreaSlot.At(AreaSlot.Star));
        _a.Shift(Shift.Shr, S1, StarSelector, wide: true);
        _a.And32(S1, SelectorMask);
        EmitFlatSegment(SegmentName.Cs, X86Core.FlatCode64, 0);
        _a.Add(S1, StackSelector);
        EmitFlatSegment(SegmentName.Ss, X86Core.FlatData, 0);
        _a.MovByte(AreaSlot.At(AreaSlot.Cpl), (byte)0);
        _a.Mov(S0, AreaSlot.At(AreaSlot.Lstar));
        EmitJumpTo(kernel.JumpSet, NoSite);
    }

    private void EmitSystemReturn(in Instruction insn)
    {
        const int StarSelector = 48, CodeSelector = 16, StackSelector = 8, User = 3, Uncanonical = 16;
        FreeFlags(FlagUse.All);
        byte* core = EmitWayToCore(in insn);
        ModeKey user = _mode.AtLevel(isUser: true);
        EmitSystemCallChecks(user, core);
        _a.Test(Reg.R11, (int)(X86Cpu.FlagTf | X86Cpu.FlagAc), wide: false);
        _a.Jcc(Cond.NE, core);
        _a.Mov(S0, Reg.Rcx);
        _a.Shift(Shift.Shl, S0, Uncanonical, wide: true);
        _a.Shift(Shift.Sar, S0, Uncanonical, wide: true);
        _a.Op(Alu.Cmp, S0, Reg.Rcx, wide: true);
        _a.Jcc(Cond.NE, core);
        _a.Mov32(S0, Reg.R11);
        _a.And32(S0, (int)X86Core.FlagsOfReturn);
        EmitSetFlags();
        foreach ((SegmentName name, int selector, uint attributes) in ((SegmentName, int, uint)[])[(SegmentName.Cs, CodeSelector, X86Core.FlatCode64), (SegmentName.Ss, StackSelector, X86Core.FlatData)])
        {
            _a.Mov(S1, AreaSlot.At(AreaSlot.Star));
            _a.Shift(Shift.Shr, S1, StarSelector, wide: true);
            _a.Add(S1, selector);
            _a.Op(Alu.Or, S1, User, wide: false);
            EmitFlatSegment(name, attributes, User);
        }

        _a.MovByte(AreaSlot.At(AreaSlot.Cpl), (byte)User);
        EmitLookForInterrupt();
        _a.Mov(S0, Reg.Rcx);
        EmitJumpTo(user.JumpSet, NoSite);
    }

    // They are enabled, and the jump cache of the level they lead to is for the mode it will be.
    private void EmitSystemCallChecks(ModeKey to, byte* core)
    {
        _a.TestByte(AreaSlot.At(AreaSlot.Efer), (byte)X86Cpu.EferSce);
        _a.Jcc(Cond.E, core);
        _a.Cmp32(AreaSlot.JumpMode(to.IsUser), (int)to.JumpBits);
        _a.Jcc(Cond.NE, core);
    }

    // Rflags = S0, arithmetic flags included. S0 and S1 are lost.
    private void EmitSetFlags()
    {
        const int Fixed = 2;
        _a.Op(Alu.Or, S0, Fixed, wide: false);
        _a.Mov(AreaSlot.At(AreaSlot.Rflags), S0);
        _a.Mov32(S1, S0);
        _a.And32(S1, LahfFlags);
        _a.Shift(Shift.Shl, S1, 8, wide: false);
        _a.Shift(Shift.Shr, S0, OverflowShift, wide: false);
        _a.And32(S0, 1);
        _a.Op(Alu.Or, S0, S1, wide: false);
        _a.MovWord(AreaSlot.At(AreaSlot.Flags), S0);
    }

    // A segment with the selector in S1. S0 is lost.
    private void EmitFlatSegment(SegmentName name, uint attributes, int level)
    {
        _a.Mov(AreaSlot.SegmentBase((int)name), 0);
        _a.MovImm(S0, uint.MaxValue | (ulong)(attributes | (uint)level << Segment.DplShift) << 32);
        _a.Mov(AreaSlot.SegmentLimit((int)name), S0);
        _a.MovWord(AreaSlot.SegmentSelector((int)name), S1);
    }

    // The flags are in memory.
    private byte* EmitWayToCore(in Instruction insn)
    {
        byte* cold = _code.Cold -= 32;
        X64Asm c = new(cold);
        _code.Insns.Add(insn);
        int site = AddSite(insn.IP, _code.Insns.Count - 1);
        ref TranslationSite added = ref CollectionsMarshal.AsSpan(_code.Sites)[site];
        (added.IsCore, added.IsShadowed) = (true, _isBehindSti);
        c.Mov32(AreaSlot.At(AreaSlot.ExitSite), site);
        c.Jmp(_code.Stubs.Exit(MachineExit.Special, flagsInHost: false));
        return cold;
    }
}
