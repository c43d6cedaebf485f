using Iced.Intel;
using Suite.Guest.X86.Decode;

namespace Suite.Guest.X86.Machine.Translation;

// What is done with each instruction in the mode at hand.
internal sealed unsafe partial class MachineTranslator
{
    private const int LargestOperand = 64;

    private InsnForm FormOf(in Instruction insn)
    {
        if (insn.IsInvalid)
            return InsnForm.Core;
        if (IsNothing(in insn))
            return InsnForm.Nothing;
        if (insn.Mnemonic is Mnemonic.Push or Mnemonic.Pop or Mnemonic.Leave && CanStack(in insn))
            return InsnForm.Stack;
        if (insn.Mnemonic is Mnemonic.Fnclex or Mnemonic.Fninit)
            return InsnForm.Careful; // the core hears of it
        if (CanInline(in insn))
            return InsnForm.Inline;
        if (IsBranch(in insn) && CanBranch(in insn))
            return InsnForm.Branch;
        if (X86Core.IsSpecial(in insn))
            return InsnForm.Core;
        if (!IsUnitOn(_classes.Of(in insn)))
            return InsnForm.Careful;
        return MemoryOperand(in insn) < 0 || insn.Mnemonic == Mnemonic.Lea || CanAddress(in insn) ? InsnForm.Plain : InsnForm.Careful;
    }

    private bool IsUnitOn(FpuClass unit) => unit switch
    {
        FpuClass.X87 or FpuClass.X87Quiet or FpuClass.Mmx => !_mode.IsEmulated && !_mode.IsTaskSwitched,
        FpuClass.Wait => !_mode.ChecksWait,
        FpuClass.Sse or FpuClass.SseMmx => !_mode.IsEmulated && !_mode.IsTaskSwitched && !_mode.IsSseOff,
        FpuClass.Avx => !_mode.IsTaskSwitched && !_mode.IsAvxOff,
        FpuClass.Avx512 => !_mode.IsTaskSwitched && !_mode.IsAvx512Off,
        _ => true,
    };

    /// <summary>True for instructions without effect. Loads are in order on hosts anyway, which is all that lfence asks for where nothing is speculated upon.</summary>
    internal static bool IsNothing(in Instruction insn) => !insn.HasLockPrefix
        && insn.Mnemonic is Mnemonic.Nop or Mnemonic.Prefetchnta or Mnemonic.Prefetcht0 or Mnemonic.Prefetcht1 or Mnemonic.Prefetcht2 or Mnemonic.Prefetchw or Mnemonic.Prefetch
            or Mnemonic.Pause or Mnemonic.Lfence or Mnemonic.Endbr32 or Mnemonic.Endbr64;

    /// <summary>Number of the operand in memory; -1 without.</summary>
    internal static int MemoryOperand(in Instruction insn)
    {
        for (int i = 0; i < insn.OpCount; i++)
            if (insn.GetOpKind(i) == OpKind.Memory)
                return i;
        return -1;
    }

    // The memory operand can be reached through the inline TLB: its segment needs no checks and it is of a usual size.
    private bool CanAddress(in Instruction insn)
    {
        if (_mode.ChecksAlignment || insn.MemorySize.GetSize() is 0 or > LargestOperand)
            return false;
        return Is64 || IsSegmentFree((int)X86Core.SegmentOf(in insn), AddressBytes(in insn), mayWrite: true);
    }

    // Segments of real mode end at 64 KiB, as do 16-bit addresses.
    private bool IsSegmentFree(int segment, int addressBytes, bool mayWrite)
    {
        if (_mode.IsProtected && mayWrite && segment == (int)SegmentName.Cs)
            return false;
        return _mode.IsBig(segment) || (!_mode.IsProtected && addressBytes == 2);
    }

    /// <summary>Bytes of the address of the memory operand.</summary>
    private int AddressBytes(in Instruction insn)
    {
        if (insn.MemoryBase != Register.None)
            return insn.MemoryBase is Register.RIP ? 8 : insn.MemoryBase is Register.EIP ? 4 : insn.MemoryBase.GetSize();
        if (insn.MemoryIndex != Register.None)
            return insn.MemoryIndex.GetSize();
        return insn.MemoryDisplSize is 2 or 4 or 8 ? insn.MemoryDisplSize : 1 << ((int)_mode.CodeSize + 1);
    }

    private bool IsStackFree => Is64 || IsSegmentFree((int)SegmentName.Ss, _mode.StackBytes, mayWrite: true);

    private bool CanStack(in Instruction insn)
    {
        if (!IsStackFree || _mode.ChecksAlignment)
            return false;
        if (insn.Mnemonic == Mnemonic.Leave)
            return insn.Code is Code.Leaveq && Is64 || insn.Code is Code.Leaved && _mode.StackBytes == 4;
        OpKind kind = insn.Op0Kind;
        if (insn.Mnemonic == Mnemonic.Push)
            return kind is OpKind.Register ? insn.Op0Register.IsGPR() : kind is not OpKind.Memory || CanAddress(in insn);
        return kind == OpKind.Register && insn.Op0Register.IsGPR() && OperandMap.Family(insn.Op0Register) != 4;
    }

    private static bool IsBranch(in Instruction insn) => insn.Mnemonic is Mnemonic.Stac or Mnemonic.Clac || insn.FlowControl switch
    {
        FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch or FlowControl.IndirectBranch or FlowControl.Call or FlowControl.IndirectCall or FlowControl.Return => true,
        _ => false,
    };

    private bool CanBranch(in Instruction insn)
    {
        switch (insn.Mnemonic)
        {
            case Mnemonic.Jmp when insn.IsJmpShortOrNear:
            case Mnemonic.Jcxz or Mnemonic.Jecxz or Mnemonic.Jrcxz or Mnemonic.Loop:
                return IsNearSize(in insn);
            case Mnemonic.Stac or Mnemonic.Clac:
                return _mode.IsKernel;
            case Mnemonic.Syscall:
                return Is64 && _mode.IsUser;
            case Mnemonic.Sysretq:
                return Is64 && _mode.IsKernel;
            case Mnemonic.Jmp when insn.IsJmpNearIndirect:
                return IsNearSize(in insn) && (insn.Op0Kind == OpKind.Register || CanAddress(in insn));
            case Mnemonic.Call when insn.IsCallNear:
                return IsNearSize(in insn) && IsStackFree && !_mode.ChecksAlignment;
            case Mnemonic.Call when insn.IsCallNearIndirect:
                return IsNearSize(in insn) && IsStackFree && !_mode.ChecksAlignment && (insn.Op0Kind == OpKind.Register || CanAddress(in insn));
            case Mnemonic.Ret:
                return IsNearSize(in insn) && IsStackFree && !_mode.ChecksAlignment;
            default:
                return insn.IsJccShortOrNear && IsNearSize(in insn);
        }
    }

    // The operand size is the code segment's; others cut the instruction pointer, which is left to the core.
    private bool IsNearSize(in Instruction insn)
    {
        if (insn.Mnemonic == Mnemonic.Ret)
            return insn.Code is Code.Retnq or Code.Retnq_imm16 ? Is64 : insn.Code is Code.Retnd or Code.Retnd_imm16 ? _mode.CodeSize == CpuMode.Bits32 : _mode.CodeSize == CpuMode.Bits16;
        OpKind kind = insn.Op0Kind;
        return _mode.CodeSize switch
        {
            CpuMode.Bits64 => kind == OpKind.NearBranch64 || (kind == OpKind.Register && insn.Op0Register.IsGPR64()) || (kind == OpKind.Memory && insn.MemorySize.GetSize() == 8),
            CpuMode.Bits32 => kind == OpKind.NearBranch32 || (kind == OpKind.Register && insn.Op0Register.IsGPR32()) || (kind == OpKind.Memory && insn.MemorySize.GetSize() == 4),
            _ => kind == OpKind.NearBranch16 || (kind == OpKind.Register && insn.Op0Register.IsGPR16()) || (kind == OpKind.Memory && insn.MemorySize.GetSize() == 2),
        };
    }
}
