using Suite.Jit;

namespace Suite.Guest.Ppc;

// Traces: blocks that go on behind jumps, calls, and the returns of those calls.
public sealed unsafe partial class PpcEmitter
{
    private const int MaxPieces = 24, MaxCalls = 8;

    private readonly (uint Start, uint Last)[] _pieces = new (uint, uint)[MaxPieces];
    private readonly uint[] _returns = new uint[MaxCalls];
    private BlockBuilder? _trace;
    private int _pieceCount, _callCount;
    private byte* _ahead;
    private int _aheadBytes;
    private uint _aheadPc;

    /// <summary>Where the block goes on when its last instruction was a jump that it follows.</summary>
    /// <param name="pc">Guest address.</param>
    /// <param name="code">Guest code there, null when the block goes on behind the instruction.</param>
    /// <param name="bytes">How much of it.</param>
    /// <returns>True when a jump is followed.</returns>
    public bool TakeFollowed(ref uint pc, ref byte* code, ref int bytes)
    {
        if (_ahead == null)
            return false;
        (pc, bytes) = (_aheadPc, _aheadBytes);
        code = _ahead;
        _ahead = null;
        return true;
    }

    /// <summary>A jump, or a call, that is always taken: ends the block, or the block goes on at the target.</summary>
    public void Jump(uint target, bool calls)
    {
        if (!TryFollow(target))
        {
            Exit(target);
            return;
        }

        if (calls && _callCount < MaxCalls)
            _returns[_callCount++] = NextPc;
    }

    /// <summary>A jump to a computed address that returns from a call: where the block followed the call, it goes on behind it.</summary>
    public void Return(int target)
    {
        if (_callCount == 0 || !TryFollow(_returns[_callCount - 1]))
        {
            ExitTo(target);
            return;
        }

        UseScalarFloat();
        Ir.ExitUnless(target, _returns[--_callCount]);
    }

    /// <summary>A jump forwards that a condition decides: the block goes on where most go, which is ahead unless the target is executed as often as the block.</summary>
    public void JumpIf(int condition, uint target)
    {
        if (target > Pc && TryFollow(target))
            ExitIf(Ir.Compare(Suite.Jit.Ir.IrOp.Eq, condition, Const(0)), NextPc);
        else
            ExitIf(condition, target);
    }

    private void BeginTrace(BlockBuilder? trace)
    {
        _trace = trace is { IsTrace: true } ? trace : null;
        _pieceCount = _callCount = 0;
        _ahead = null;
    }

    private void NoteInTrace(uint pc)
    {
        if (_pieceCount > 0 && _pieces[_pieceCount - 1].Last + InsnBytes == pc)
            _pieces[_pieceCount - 1].Last = pc;
        else
            _pieces[_pieceCount++] = (pc, pc);
    }

    // Code that is in the block already is not repeated.
    private bool TryFollow(uint target)
    {
        if (_trace is null || _pieceCount == MaxPieces)
            return false;
        for (int i = 0; i < _pieceCount; i++)
            if (target >= _pieces[i].Start && target <= _pieces[i].Last)
                return false;
        _aheadPc = target;
        _ahead = _trace.Follow(target, out _aheadBytes);
        return _ahead != null;
    }
}
