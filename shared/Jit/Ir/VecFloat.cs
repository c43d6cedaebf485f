using System.Runtime.Intrinsics;

namespace Suite.Jit.Ir;

/// <summary>
/// The single-precision operations of <see cref="VecOp"/> in software, with every case of NaNs: the first NaN among the operands wins, quieted; an
/// operation that has no other result yields the positive quiet NaN. Emitted code leaves where the host would differ.
/// </summary>
public static class VecFloat
{
    private const uint QuietBit = 0x00400000, DefaultNaN = 0x7FC00000, Sign = 0x80000000, Infinity = 0x7F800000;

    /// <summary>An operation on all lanes.</summary>
    /// <param name="op">From <see cref="VecOp.FAdd"/> on.</param>
    /// <param name="immediate">Exponent of <see cref="VecOp.FScale"/>.</param>
    /// <param name="a">First operand.</param>
    /// <param name="b">Second operand.</param>
    /// <param name="c">Third operand.</param>
    /// <param name="flush">Denormal operands and results count as zero of their sign.</param>
    public static Vector128<byte> Evaluate(VecOp op, int immediate, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c, bool flush = false)
    {
        Vector128<uint> x = a.AsUInt32(), y = b.AsUInt32(), z = c.AsUInt32();
        Vector128<uint> r = default;
        bool isFloat = op is not (VecOp.FFromS32 or VecOp.FFromU32);
        for (int i = 0; i < 4; i++)
        {
            uint u = x[i], v = y[i], w = z[i];
            if (flush && isFloat)
                (u, v, w) = (Flush(u), Flush(v), Flush(w));
            r = r.WithElement(i, Lane(op, immediate, u, v, w, flush));
        }

        return r.AsByte();
    }

    public static bool IsNaN(uint bits) => (bits & ~Sign) > Infinity;

    /// <summary>Zero of the same sign for a denormal.</summary>
    public static uint Flush(uint bits) => (bits & Infinity) == 0 ? bits & Sign : bits;

    private static uint Lane(VecOp op, int immediate, uint a, uint b, uint c, bool flush)
    {
        float x = BitConverter.UInt32BitsToSingle(a), y = BitConverter.UInt32BitsToSingle(b), z = BitConverter.UInt32BitsToSingle(c);
        switch (op)
        {
            case VecOp.FEq: return x == y ? ~0u : 0;
            case VecOp.FGe: return x >= y ? ~0u : 0;
            case VecOp.FGt: return x > y ? ~0u : 0;
            case VecOp.FBounds: return (x <= y ? 0 : Sign) | (x >= -y ? 0 : 1u << 30);
            case VecOp.FFromS32: return BitConverter.SingleToUInt32Bits((int)a);
            case VecOp.FFromU32: return BitConverter.SingleToUInt32Bits(a);
            case VecOp.FClampS32: return BitConverter.SingleToUInt32Bits(x >= 2147483648f ? 2147483520f : x >= -2147483648f ? x : -2147483648f);
            case VecOp.FClampU32: return BitConverter.SingleToUInt32Bits(x >= 4294967296f ? 4294967040f : x > -1f ? x : -0.99999994f);
            case VecOp.FTruncateS32: return (uint)(int)x;
            case VecOp.FTruncateU32: return x <= 0 ? 0 : (uint)x;
        }

        bool three = op is VecOp.FMulAdd or VecOp.FNegMulSub, two = op is VecOp.FAdd or VecOp.FSub or VecOp.FMax or VecOp.FMin;
        if (IsNaN(a))
            return a | QuietBit;
        if (three && IsNaN(c))
            return c | QuietBit;
        if ((two || three) && IsNaN(b))
            return b | QuietBit;
        float r = op switch
        {
            VecOp.FAdd => x + y,
            VecOp.FSub => x - y,
            VecOp.FMulAdd => MathF.FusedMultiplyAdd(x, y, z),
            VecOp.FNegMulSub => -MathF.FusedMultiplyAdd(x, y, -z),
            VecOp.FMax => MathF.Max(x, y),
            VecOp.FMin => MathF.Min(x, y),
            VecOp.FRecip => 1 / x,
            VecOp.FRecipSqrt => 1 / MathF.Sqrt(x),
            VecOp.FRoundNearest => MathF.Round(x, MidpointRounding.ToEven),
            VecOp.FRoundZero => MathF.Truncate(x),
            VecOp.FRoundUp => MathF.Ceiling(x),
            VecOp.FRoundDown => MathF.Floor(x),
            VecOp.FScale => x * BitConverter.UInt32BitsToSingle((uint)(127 + immediate) << 23),
            _ => throw new InvalidOperationException($"vector operation {op} has no interpretation"),
        };
        if (float.IsNaN(r))
            return DefaultNaN;
        uint bits = BitConverter.SingleToUInt32Bits(r);
        return flush ? Flush(bits) : bits;
    }
}
