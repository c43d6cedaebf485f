using System.Numerics;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Jit.Backend;

// Blocks that lead back to their own start (IrOp.LoopHead). State is whole at the head as anywhere else; what is kept beside it are singles: those that a
// turn changes in vector registers of their own, as many as can be spared, the others in spill places.
public sealed unsafe partial class IrCompiler
{
    /// <summary>How many changing singles a block may carry from turn to turn.</summary>
    public const int MaxCarried = 3;

    private readonly (int Variable, int Register, int Carried)[] _carried = new (int, int, int)[MaxCarried];
    private int _carriedCount;
    private byte* _loopHead, _assumptionExit;

    // Assumptions are tested ahead of the first instruction, in a part of the block that belongs to none.
    private void BeginLoop()
    {
        _loopHead = _assumptionExit = null;
        _carriedCount = 0;
        int first = 0;
        while (first < _block.Count && _block[first].Op is not (IrOp.InsnStart or IrOp.LoopHead))
            first++;
        if (first == _block.Count || _block[first].Op != IrOp.LoopHead)
            return;
        _assumptionExit = _b.AssumptionExit();
        _b.BeginInsn();
    }

    // From here on it is the same whether control comes from above or from the end: no temporary but those carried.
    private void EmitLoopHead(int head)
    {
        for (int i = head + 1; i < _block.Count && _carriedCount < MaxCarried; i++)
            if (_block[i].Op == IrOp.Carry && _block[i].A != _block[i].B && !IsCarried(_block[i].B))
                _carried[_carriedCount++] = (_block[i].B, 0, -1);
        VacateTemporaries();
        uint free = _temps[Vector];
        for (int k = 0; k < _carriedCount; k++)
        {
            int r = 31 - BitOperations.LeadingZeroCount(free);
            free &= ~(1u << r);
            ref ValueState v = ref _values[_carried[k].Variable];
            Copy(IrType.F32, r, Spilled(v));
            v.Spill = -1; // it changes from turn to turn, the place does not
            _free[Vector] &= ~(1u << r);
            Own(_carried[k].Variable, r);
            _carried[k].Register = r;
        }

        _b.EndInsn(0, InsnKind.Copy);
        _loopHead = Asm.Position;
    }

    private Place Spilled(in ValueState v) => new(-1, _layout.SpillOffset + v.Spill * SpillStride);

    private bool IsCarried(int variable)
    {
        for (int k = 0; k < _carriedCount; k++)
            if (_carried[k].Variable == variable)
                return true;
        return false;
    }

    // Into the variable's register, where it stays until the exit.
    private void EmitCarry(int i, in IrInsn n)
    {
        for (int k = 0; k < _carriedCount; k++)
        {
            if (_carried[k].Variable != n.B)
                continue;
            Place from = Find(n.A);
            int r = _carried[k].Register, owner = _owner[Vector * 32 + r];
            if (owner >= 0 && _values[owner].LastUse > _at)
                Dispossess(Vector, r);
            else if (owner >= 0)
                _values[owner].Register = -1;
            Copy(IrType.F32, r, from);
            _free[Vector] &= ~(1u << r);
            Own(i, r);
            _carried[k].Carried = i;
        }
    }

    // The head of the loop, if everything it carries is in place.
    private byte* LoopHeadFor(ulong pc)
    {
        if (_loopHead == null || pc != _b.GuestStart)
            return null;
        for (int k = 0; k < _carriedCount; k++)
        {
            int carried = _carried[k].Carried;
            if (carried < 0 || _values[carried].LastUse != _at || _owner[Vector * 32 + _carried[k].Register] != carried)
                return null;
        }

        return _loopHead;
    }
}
