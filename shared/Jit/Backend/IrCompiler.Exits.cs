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
    private void EmitCall(int i, in IrInsn n)
    {
        VacateTemporaries();
        _helpers!.Emit((int)n.Imm, ref Asm, TrapExit((long)ExitReason.Special, _pc));
        Claim(Reg.Rax);
        Adopt(i, (int)Reg.Rax);
    }

    private void EmitExitIf(int condition, ulong pc)
    {
        if (!IsEqualityOfDoubles(condition, out int test, out bool negated))
        {
            Cond c = EmitCondition(condition);
            _b.Branch(c, pc, LoopHeadFor(pc));
            return;
        }

        EmitComparison(_block[test], negate: false);
        if (negated)
        {
            _b.Branch(Cond.P, pc);
            _b.Branch(Cond.NE, pc);
        }
        else
        {
            byte* unordered = Asm.JccShortForward(Cond.P);
            _b.Branch(Cond.E, pc);
            Asm.HereShort(unordered);
        }
    }

    private void EmitTrapIf(in IrInsn n)
    {
        byte* exit = TrapExit(n.Imm, _pc);
        if (!IsEqualityOfDoubles(n.A, out int test, out bool negated))
        {
            Asm.Jcc(EmitCondition(n.A), exit);
            return;
        }

        EmitComparison(_block[test], negate: false);
        if (negated)
        {
            Asm.Jcc(Cond.P, exit);
            Asm.Jcc(Cond.NE, exit);
        }
        else
        {
            byte* unordered = Asm.JccShortForward(Cond.P);
            Asm.Jcc(Cond.E, exit);
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
