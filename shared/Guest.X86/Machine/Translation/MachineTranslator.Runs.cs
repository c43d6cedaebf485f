using Iced.Intel;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

// Pushes and pops in a row, as functions begin and end: one look-up serves them all.
internal sealed unsafe partial class MachineTranslator
{
    private const int LongestRun = 16, Rsp = 4;

    // How many instructions from one on are pushes, or pops, of whole registers.
    private int StackRun(int first, int count)
    {
        if (_mode.StackBytes == 2 || WordBytes != _mode.StackBytes)
            return 0;
        int n = first;
        while (n < count && n - first < LongestRun && IsRunnable(n) && _insns[n].Mnemonic == _insns[first].Mnemonic)
            n++;
        return n - first;
    }

    private bool IsRunnable(int i)
    {
        ref Instruction insn = ref _insns[i];
        return _forms[i] == InsnForm.Stack && insn.Mnemonic is Mnemonic.Push or Mnemonic.Pop && insn.Op0Kind == OpKind.Register && insn.Op0Register.GetSize() == WordBytes
            && OperandMap.Family(insn.Op0Register) != Rsp;
    }

    private void EmitStackRun(int first, int count, ulong start)
    {
        bool isPush = _insns[first].Mnemonic == Mnemonic.Push;
        int bytes = count * WordBytes;
        FreeFlags(_liveOut[first + count - 1]);
        EmitStackAddress(isPush ? -bytes : 0);
        EmitTranslate(_insns[first].IP, bytes, isPush, TlbIndex.OfStack).IsRun = true;
        for (int k = 0; k < count; k++)
        {
            int register = OperandMap.Family(_insns[first + k].Op0Register);
            Mem at = Mem.At(S0, isPush ? bytes - (k + 1) * WordBytes : k * WordBytes);
            bool wide = WordBytes == 8;
            if (k > 0)
                _code.Places.Add(new InsnPlace((int)(_a.Position - _code.Hot), (ushort)(_insns[first + k].IP - start), _flags));
            if (isPush)
            {
                if (InMemory(register))
                    _a.Mov(S1, AreaSlot.Gpr(register));
                _a.Mov(at, InMemory(register) ? S1 : (Reg)register, wide);
            }
            else
            {
                _a.Mov(InMemory(register) ? S1 : (Reg)register, at, wide);
                if (InMemory(register))
                    _a.Mov(AreaSlot.Gpr(register), S1);
            }
        }

        EmitMoveStack(isPush ? -bytes : bytes);
    }
}
