using System.Runtime.Intrinsics;

namespace Suite.Jit.Ir;

/// <summary>What each <see cref="VecOp"/> computes, in plain C#: the oracle for the emitted code, and the slow path.</summary>
public static class VecInterpreter
{
    /// <summary>The result of an operation on up to three operands and its immediate.</summary>
    public static Vector128<byte> Evaluate(VecOp op, int immediate, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) => op switch
    {
        VecOp.And => a & b,
        VecOp.Or => a | b,
        VecOp.Xor => a ^ b,
        VecOp.AndNot => Vector128.AndNot(a, b),
        VecOp.Nor => ~(a | b),
        VecOp.Add8 => a + b,
        VecOp.Add16 => (a.AsUInt16() + b.AsUInt16()).AsByte(),
        VecOp.Add32 => (a.AsUInt32() + b.AsUInt32()).AsByte(),
        VecOp.Sub8 => a - b,
        VecOp.Sub16 => (a.AsUInt16() - b.AsUInt16()).AsByte(),
        VecOp.Sub32 => (a.AsUInt32() - b.AsUInt32()).AsByte(),
        _ => throw new InvalidOperationException($"vector operation {op} has no interpretation"),
    };
}
