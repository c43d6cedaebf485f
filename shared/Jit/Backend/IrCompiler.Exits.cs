using System.Numerics;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;
using Suite.Jit.X64;

namespace Suite.Jit.Backend;

// Ways out of a block.
public sealed unsafe partial class IrCompiler
{
    private void EmitExit(in IrInsn n)
    {
        switch (n.Op)
        {
            case IrOp.Exit:
                _b.Jump((ulong)n.Imm, LoopHeadFor((ulong)n.Imm));
                break;
            case IrOp.ExitIf:
                EmitExitIf(n.A, (ulong)n.Imm);
                break;
            case IrOp.ExitUnless:
                EmitExitUnless(n);
                break;
            case IrOp.ExitTo:
                _b.JumpTo(Use(n.A));
                break;
            case IrOp.Trap:
                Asm.Jmp(TrapExit(n.Imm, _pc));
                break;
            case IrOp.TrapBehind:
                Asm.Jmp(TrapExit(n.Imm, _behind));
                break;
            case IrOp.TrapIf:
                EmitTrapIf(n);
                break;
        }
    }

    // A helper with host code of its own.
    private void EmitQuery(int i, in IrInsn n)
    {
        VacateTemporaries();
        _helpers!.Emit((int)n.Imm, ref Asm, TrapExit((long)ExitReason.Special, _pc), this);
        Claim(Reg.Rax);
        Adopt(i, (int)Reg.Rax);
    }

    bool IKnownSlots.TryKnown(int slot, out uint value)
    {
        int held = _slotValue[slot] - _first;
        bool isKnown = held >= 0 && IsConst(held);
        value = isKnown ? (uint)_block[held].Imm : 0;
        return isKnown;
    }

    private void EmitExitIf(int condition, ulong pc)
    {
        if (!IsEqualityOfDoubles(condition, out int test, out bool negated))
        {
            Leave(EmitCondition(condition), pc);
            return;
        }

        EmitComparison(_block[test], negate: false);
        if (negated)
        {
            Leave(Cond.P, pc);
            Leave(Cond.NE, pc);
        }
        else
        {
            byte* unordered = Asm.JccShortForward(Cond.P);
            Leave(Cond.E, pc);
            Asm.HereShort(unordered);
        }
    }

    private void EmitExitUnless(in IrInsn n)
    {
        const int JumpToBytes = 48;
        Reg target = Use(n.A);
        Asm.Op(Alu.Cmp, target, (int)n.Imm, wide: false);
        int bytes = PrepareLatePuts(atExit: true, out int scratch);
        X64Asm cold = _b.BranchCold(Cond.NE, bytes + JumpToBytes);
        EmitLatePuts(ref cold, atExit: true, scratch, target == Reg.Rax ? Reg.Rcx : Reg.Rax);
        _b.JumpTo(ref cold, target);
    }

    // What the exit has to write first is done away from the code that goes on.
    private void Leave(Cond condition, ulong pc)
    {
        int bytes = PrepareLatePuts(atExit: true, out int scratch);
        if (bytes == 0)
        {
            _b.Branch(condition, pc, LoopHeadFor(pc));
            return;
        }

        X64Asm cold = _b.BranchCold(condition, bytes);
        EmitLatePuts(ref cold, atExit: true, scratch, Reg.Rcx);
        _b.JumpCold(ref cold, pc);
    }

    private void LeaveByTrap(Cond condition, byte* exit)
    {
        int bytes = PrepareLatePuts(atExit: false, out int scratch);
        if (bytes == 0)
        {
            Asm.Jcc(condition, exit);
            return;
        }

        X64Asm cold = _b.BranchCold(condition, bytes);
        EmitLatePuts(ref cold, atExit: false, scratch, Reg.Rcx);
        cold.Jmp(exit);
    }

    private void EmitTrapIf(in IrInsn n)
    {
        byte* exit = TrapExit(n.Imm, _pc);
        if (!IsEqualityOfDoubles(n.A, out int test, out bool negated))
        {
            LeaveByTrap(EmitCondition(n.A), exit);
            return;
        }

        EmitComparison(_block[test], negate: false);
        if (negated)
        {
            LeaveByTrap(Cond.P, exit);
            LeaveByTrap(Cond.NE, exit);
        }
        else
        {
            byte* unordered = Asm.JccShortForward(Cond.P);
            LeaveByTrap(Cond.E, exit);
            Asm.HereShort(unordered);
        }
    }

    // An instruction with several traps of one kind has one exit for them.
    private byte* TrapExit(long imm, ulong pc)
    {
        if (_coldExit != null && _coldExitOf == (imm, pc))
            return _coldExit;
        _coldExitOf = (imm, pc);
        return _coldExit = _b.ColdExit((ExitReason)(uint)imm, (uint)(imm >> 32), pc);
    }
}
