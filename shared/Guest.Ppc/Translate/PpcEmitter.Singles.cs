using System.Numerics;
using Suite.Jit.Backend;
using Suite.Jit.Ir;

namespace Suite.Guest.Ppc;

// Registers that hold singles. State keeps them as doubles; beside it their values are known to the block as singles too, so that what computes with
// them neither converts operands nor waits for the conversion of its result.
public sealed unsafe partial class PpcEmitter
{
    private readonly int[] _single = new int[32], _assumption = new int[32];
    private uint _assumed, _wanted, _written, _uncarried, _start;
    private bool _loops;

    /// <summary>The value of a floating-point register as a single, -1 when it is not known to hold one.</summary>
    public int Single(int n) => _single[n];

    /// <summary>As <see cref="Single"/> for an operand that is computed with: the block would gain from knowing.</summary>
    public int WantSingle(int n)
    {
        if (_single[n] < 0)
            _wanted |= 1u << n & ~_written;
        return _single[n];
    }

    /// <summary>Gives a floating-point register a single, which is no signalling NaN unless its conversion faults.</summary>
    public void SetSingle(int n, int single)
    {
        SetFpr(n, Ir.Convert(IrOp.FWiden, IrType.F64, single));
        _single[n] = single;
    }

    /// <summary>What was just put into a floating-point register is this single, as a double.</summary>
    public void NoteSingle(int n, int single) => _single[n] = single;

    /// <summary>
    /// After a block has been built: floating-point registers that it is worth to assume singles in at its start, because the block leads back there and
    /// computes with them.
    /// </summary>
    public uint Assumable()
    {
        if (!_loops || !HostFeatures.Host.Avx512)
            return 0;
        uint changing = 0, all = _wanted & ~_uncarried;
        for (uint rest = all & _written; rest != 0 && BitOperations.PopCount(changing) < IrCompiler.MaxCarried; rest &= rest - 1)
            changing |= rest & (uint)-(int)rest;
        return all & ~_written | changing;
    }

    private void BeginSingles(uint assumed)
    {
        Array.Fill(_single, -1);
        _assumed = assumed;
        _wanted = _written = _uncarried = 0;
        _loops = false;
        if (assumed == 0)
            return;
        for (uint rest = assumed; rest != 0; rest &= rest - 1)
        {
            int n = BitOperations.TrailingZeroCount(rest);
            _single[n] = _assumption[n] = Ir.Convert(IrOp.FAssume, IrType.F32, Fpr(n));
        }

        Ir.Emit(IrOp.LoopHead, IrType.None);
    }

    private void ForgetSingle(int n)
    {
        _single[n] = -1;
        _written |= 1u << n;
    }

    // An exit follows. Back to the start, assumptions have to hold again.
    private void LeadTo(uint pc)
    {
        if (pc != _start)
            return;
        _loops = true;
        for (uint written = _written; written != 0; written &= written - 1)
            if (_single[BitOperations.TrailingZeroCount(written)] < 0)
                _uncarried |= written & (uint)-(int)written;
        if ((_assumed & _uncarried) != 0)
            return;
        for (uint rest = _assumed; rest != 0; rest &= rest - 1)
        {
            int n = BitOperations.TrailingZeroCount(rest);
            Ir.Emit(IrOp.Carry, IrType.F32, _single[n], _assumption[n]);
        }
    }
}
