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

    private void EmitExitIf(int condition, ulong pc) => EmitWayOut(condition, null, pc);

    private void EmitTrapIf(in IrInsn n) => EmitWayOut(n.A, TrapExit(n.Imm, _pc), 0);

    // Leads to an exit, or on at a guest address. Late Puts are got ready ahead of the first jump: what moves for that must not be jumped over.
    private void EmitWayOut(int condition, byte* exit, ulong pc)
    {
        if (!IsEqualityOfDoubles(condition, out int test, out bool negated))
        {
            Cond holds = EmitCondition(condition);
            Leave(holds, exit, pc, PrepareLatePuts(out int scratch), scratch);
            return;
        }

        EmitComparison(_block[test], negate: false);
        int bytes = PrepareLatePuts(out int free);
        if (negated)
        {
            Leave(Cond.P, exit, pc, bytes, free);
            Leave(Cond.NE, exit, pc, bytes, free);
        }
        else
        {
            byte* unordered = Asm.JccShortForward(Cond.P);
            Leave(Cond.E, exit, pc, bytes, free);
            Asm.HereShort(unordered);
        }
    }

    private void EmitExitUnless(in IrInsn n)
    {
        const int JumpToBytes = 64;
        Reg target = Use(n.A);
        Asm.Op(Alu.Cmp, target, (int)n.Imm, wide: false);
        int bytes = PrepareLatePuts(out int scratch);
        X64Asm cold = _b.BranchCold(Cond.NE, bytes + JumpToBytes);
        EmitLatePuts(ref cold, scratch, target == Reg.Rax ? Reg.Rcx : Reg.Rax);
        _b.JumpTo(ref cold, target);
    }

    // What has to be written first is done away from the code that goes on.
    private void Leave(Cond condition, byte* exit, ulong pc, int bytes, int scratch)
    {
        if (bytes == 0)
        {
            if (exit != null)
                Asm.Jcc(condition, exit);
            else
                _b.Branch(condition, pc, LoopHeadFor(pc));
            return;
        }

        X64Asm cold = _b.BranchCold(condition, bytes);
        EmitLatePuts(ref cold, scratch, Reg.Rcx);
        if (exit != null)
            cold.Jmp(exit);
        else
            _b.JumpCold(ref cold, pc);
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
