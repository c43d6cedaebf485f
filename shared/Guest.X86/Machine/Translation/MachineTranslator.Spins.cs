using Iced.Intel;
using Suite.Jit.X64;

namespace Suite.Guest.X86.Machine.Translation;

// Loops that wait for another processor. Where a machine has more of them than the host, the one that is waited for may not be running: who waits long gives its turn away.
internal sealed unsafe partial class MachineTranslator
{
    /// <summary>Loops that wait for other processors leave now and then (<see cref="MachineExit.Spin"/>). Not where instructions are counted: there one processor runs at a time.</summary>
    public bool LeavesSpins { get; init; }

    // A block that waits when it is entered again and again: it says so (pause), or tries a locked instruction until that succeeds.
    private bool IsSpin(ulong start, int count)
    {
        if (!LeavesSpins)
            return false;
        bool isLocked = false;
        for (int i = 0; i < count; i++)
        {
            ref readonly Instruction insn = ref _insns[i];
            if (insn.Mnemonic == Mnemonic.Pause)
                return true;
            isLocked |= TranslatedVcpu.IsLocked(in insn);
            if (isLocked && _forms[i] == InsnForm.Branch && HasKnownTarget(in insn) && insn.NearBranchTarget == start)
                return true;
        }

        return false;
    }

    // At a block's head, where the flags are not in the host's.
    private void EmitSpinCheck(ulong rip)
    {
        byte* cold = EmitColdExit(rip, MachineExit.Spin);
        _a.Op(Alu.Sub, AreaSlot.At(AreaSlot.Spins), 1, wide: false);
        _a.Jcc(Cond.E, cold);
    }
}
