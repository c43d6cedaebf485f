using System.Buffers.Binary;
using System.Numerics;

namespace Suite.Jit.Ir;

/// <summary>What integer, comparison and ordering operations compute; used by the interpreter and by constant folding.</summary>
public static class IrMath
{
    private const ulong LessBit = 1UL << 62, NotGreaterBit = 1UL << 63, NotZeroBit = 1UL << 32;

    /// <summary>True for the operations from Eq to GeU.</summary>
    public static bool IsComparison(IrOp op) => op is >= IrOp.Eq and <= IrOp.GeU;

    /// <summary>A comparison of operands as signed numbers of either width (I32 sign-extended): 1 or 0.</summary>
    public static uint Compare(IrOp op, long a, long b)
    {
        bool holds = op switch
        {
            IrOp.Eq => a == b,
            IrOp.Ne => a != b,
            IrOp.LtS => a < b,
            IrOp.LtU => (ulong)a < (ulong)b, // sign extension keeps unsigned order
            IrOp.LeS => a <= b,
            IrOp.LeU => (ulong)a <= (ulong)b,
            IrOp.GtS => a > b,
            IrOp.GtU => (ulong)a > (ulong)b,
            IrOp.GeS => a >= b,
            _ => (ulong)a >= (ulong)b,
        };
        return holds ? 1u : 0;
    }

    /// <summary>An operation with I32 operands; the result's low half counts when its type is I32.</summary>
    public static ulong Evaluate32(IrOp op, uint a, uint b) => op switch
    {
        IrOp.Add => a + b,
        IrOp.Sub => a - b,
        IrOp.Mul => a * b,
        IrOp.MulHighS => (uint)((long)(int)a * (int)b >> 32),
        IrOp.MulHighU => (uint)((ulong)a * b >> 32),
        IrOp.DivS => b == 0 || (a == 0x8000_0000 && b == uint.MaxValue) ? a : (uint)((int)a / (int)b),
        IrOp.DivU => b == 0 ? a : a / b,
        IrOp.And => a & b,
        IrOp.Or => a | b,
        IrOp.Xor => a ^ b,
        IrOp.AndNot => a & ~b,
        IrOp.Not => ~a,
        IrOp.Neg => 0 - a,
        IrOp.Shl => a << (int)b,
        IrOp.ShrU => a >> (int)b,
        IrOp.ShrS => (uint)((int)a >> (int)b),
        IrOp.RotL => BitOperations.RotateLeft(a, (int)b),
        IrOp.Clz => (uint)BitOperations.LeadingZeroCount(a),
        IrOp.Popcount => (uint)BitOperations.PopCount(a),
        IrOp.ByteSwap => BinaryPrimitives.ReverseEndianness(a),
        IrOp.Sext8 => (uint)(sbyte)a,
        IrOp.Sext16 => (uint)(short)a,
        IrOp.Sext32 => (ulong)(int)a,
        IrOp.Zext32 => a,
        IrOp.OrderS => (ulong)((long)(int)a - (int)b),
        IrOp.OrderU => (ulong)a - b,
        IrOp.OrderFromBits => OrderFromBits(a),
        _ => throw new InvalidOperationException($"{op} has no interpretation"),
    };

    /// <summary>An operation with I64 operands.</summary>
    public static ulong Evaluate64(IrOp op, ulong a, ulong b) => op switch
    {
        IrOp.Add => a + b,
        IrOp.Sub => a - b,
        IrOp.Mul => a * b,
        IrOp.MulHighS => (ulong)Math.BigMul((long)a, (long)b, out _),
        IrOp.MulHighU => Math.BigMul(a, b, out _),
        IrOp.DivS => b == 0 || (a == 1UL << 63 && b == ulong.MaxValue) ? a : (ulong)((long)a / (long)b),
        IrOp.DivU => b == 0 ? a : a / b,
        IrOp.And => a & b,
        IrOp.Or => a | b,
        IrOp.Xor => a ^ b,
        IrOp.AndNot => a & ~b,
        IrOp.Not => ~a,
        IrOp.Neg => 0 - a,
        IrOp.Shl => a << (int)b,
        IrOp.ShrU => a >> (int)b,
        IrOp.ShrS => (ulong)((long)a >> (int)b),
        IrOp.RotL => BitOperations.RotateLeft(a, (int)b),
        IrOp.Clz => (ulong)BitOperations.LeadingZeroCount(a),
        IrOp.Popcount => (ulong)BitOperations.PopCount(a),
        IrOp.ByteSwap => BinaryPrimitives.ReverseEndianness(a),
        IrOp.Sext8 => (ulong)(sbyte)a,
        IrOp.Sext16 => (ulong)(short)a,
        IrOp.Low => (uint)a,
        IrOp.High => a >> 32,
        IrOp.OrderToBits => (IsLess(a) ? 8u : 0) | (IsGreater(a) ? 4u : 0) | (IsEqual(a) ? 2u : 0),
        IrOp.OrderLess => IsLess(a) ? 1u : 0,
        IrOp.OrderGreater => IsGreater(a) ? 1u : 0,
        IrOp.OrderEqual => IsEqual(a) ? 1u : 0,
        _ => throw new InvalidOperationException($"{op} has no interpretation"),
    };

    /// <summary>An ordering with any of the three outcomes set: 8 less, 4 greater, 2 equal.</summary>
    public static ulong OrderFromBits(uint bits) =>
        ((bits & 8) != 0 ? LessBit : 0) | ((bits & 4) != 0 ? 0 : NotGreaterBit) | ((bits & 2) != 0 ? 0 : 1UL) | NotZeroBit;

    /// <summary>The ordering of two doubles.</summary>
    public static ulong OrderOf(double a, double b) => a < b ? Less : a > b ? 1 : a == b ? 0 : Unordered;

    /// <summary>Orderings as <see cref="IrOp.OrderF"/> makes them; greater is 1, equal 0.</summary>
    public const ulong Less = ulong.MaxValue, Unordered = 1UL << 63 | 1;

    /// <summary>The comparison that holds when the given one does not.</summary>
    public static IrOp Negate(IrOp op) => op switch
    {
        IrOp.Eq => IrOp.Ne,
        IrOp.Ne => IrOp.Eq,
        IrOp.LtS => IrOp.GeS,
        IrOp.LtU => IrOp.GeU,
        IrOp.LeS => IrOp.GtS,
        IrOp.LeU => IrOp.GtU,
        IrOp.GtS => IrOp.LeS,
        IrOp.GtU => IrOp.LeU,
        IrOp.GeS => IrOp.LtS,
        _ => IrOp.LtU,
    };

    /// <summary>The comparison that holds for (b, a) when the given one holds for (a, b).</summary>
    public static IrOp Swap(IrOp op) => op switch
    {
        IrOp.LtS => IrOp.GtS,
        IrOp.LtU => IrOp.GtU,
        IrOp.LeS => IrOp.GeS,
        IrOp.LeU => IrOp.GeU,
        IrOp.GtS => IrOp.LtS,
        IrOp.GtU => IrOp.LtU,
        IrOp.GeS => IrOp.LeS,
        IrOp.GeU => IrOp.LeU,
        _ => op,
    };

    private static bool IsLess(ulong order) => (order & LessBit) != 0;

    private static bool IsGreater(ulong order) => (long)order > 0;

    private static bool IsEqual(ulong order) => (uint)order == 0;
}
