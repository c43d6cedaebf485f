using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Suite.Jit.Ir;

/// <summary>
/// What each <see cref="VecOp"/> computes, lane by lane in plain C#: the oracle for the emitted code, and the slow path. Floating point is that of
/// <see cref="VecFloat"/>: no flushing of denormals.
/// </summary>
public static partial class VecInterpreter
{
    /// <summary>The result of an operation on up to three operands and its immediate. I32 operands and results are in lane 0, zero above.</summary>
    public static Vector128<byte> Evaluate(VecOp op, int immediate, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) => op switch
    {
        <= VecOp.PickBytes => Move(op, immediate, a, b, c),
        <= VecOp.Sub32 or (>= VecOp.Eq8 and <= VecOp.RotL32) => Width(op) switch
        {
            8 => Lanes<byte>(op, a, b),
            16 => Lanes<ushort>(op, a, b),
            32 => Lanes<uint>(op, a, b),
            _ => (a.AsUInt64() + b.AsUInt64()).AsByte(),
        },
        <= VecOp.MinU32 => Width(op) switch
        {
            8 => Wide<byte, sbyte>(op, a, b),
            16 => Wide<ushort, short>(op, a, b),
            _ => Wide<uint, int>(op, a, b),
        },
        <= VecOp.InterleaveHigh32 => Rearrange(op, immediate, a, b, c),
        <= VecOp.NarrowExcessS64 => Resize(op, a, b),
        <= VecOp.SumPairsS16 => Multiply(op, a, b),
        _ => VecFloat.Evaluate(op, immediate, a, b, c),
    };

    /// <summary>Lane width of the operations whose names end with it, for the families up to <see cref="VecOp.RotL32"/>.</summary>
    private static int Width(VecOp op) => op switch
    {
        VecOp.Add64 => 64,
        VecOp.AddPairsS32 or VecOp.AddCarry32 or VecOp.SubCarry32 => 32,
        >= VecOp.Add8 and <= VecOp.Add32 => 8 << (op - VecOp.Add8),
        >= VecOp.Sub8 and <= VecOp.Sub32 => 8 << (op - VecOp.Sub8),
        >= VecOp.AddS8 and <= VecOp.SubU32 => 8 << (op - VecOp.AddS8) % 3,
        >= VecOp.AvgS8 and <= VecOp.RotL32 => 8 << (op - VecOp.AvgS8) % 3,
        _ => throw new InvalidOperationException($"vector operation {op} has no lane width"),
    };

    private static Vector128<byte> Move(VecOp op, int immediate, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c)
    {
        uint word = a.AsUInt32()[0];
        Vector128<byte> r = default;
        switch (op)
        {
            case VecOp.And: return a & b;
            case VecOp.Or: return a | b;
            case VecOp.Xor: return a ^ b;
            case VecOp.AndNot: return a & ~b;
            case VecOp.Nor: return ~(a | b);
            case VecOp.Select: return a & ~c | b & c;
            case VecOp.OrXor: return a | (b ^ c);
            case VecOp.Constant32: return Vector128.Create(immediate).AsByte();
            case VecOp.Splat8: return Vector128.Create(a[immediate]);
            case VecOp.Splat16: return Vector128.Create(a.AsUInt16()[immediate]).AsByte();
            case VecOp.Splat32: return Vector128.Create(a.AsUInt32()[immediate]).AsByte();
            case VecOp.FromI32: return Vector128.CreateScalar(word).AsByte();
            case VecOp.Low64: return Vector128.CreateScalar(a.AsUInt64()[0]).AsByte();
            case VecOp.Ramp:
                for (int i = 0; i < 16; i++)
                    Set(ref r, i, (byte)((uint)immediate + word - (uint)i));
                return r;
            case VecOp.Mask8: return Vector128.CreateScalar(a.ExtractMostSignificantBits()).AsByte();
            case VecOp.Any: return Vector128.CreateScalar(a != default ? 1u : 0).AsByte();
            case VecOp.PickBytes:
                for (int i = 0; i < 4; i++)
                    Set(ref r, i, a[b[i] & 15]);
                return r;
            default:
                throw new InvalidOperationException($"vector operation {op} has no interpretation");
        }
    }

    // Operations that see a lane as an unsigned integer of its own width.
    private static Vector128<byte> Lanes<T>(VecOp op, Vector128<byte> a, Vector128<byte> b) where T : unmanaged, IBinaryInteger<T>
    {
        int width = Unsafe.SizeOf<T>() * 8;
        Vector128<byte> r = default;
        for (int i = 0; i < 128 / width; i++)
        {
            T x = Lane<T>(a, i), y = Lane<T>(b, i);
            int count = int.CreateTruncating(y) & width - 1;
            T top = T.One << width - 1, zero = T.Zero, ones = ~zero;
            T sign = (x & top) != zero ? ones : zero;
            Set(ref r, i, op switch
            {
                >= VecOp.Add8 and <= VecOp.Add32 => x + y,
                >= VecOp.Sub8 and <= VecOp.Sub32 => x - y,
                >= VecOp.Eq8 and <= VecOp.Eq32 => x == y ? ones : zero,
                >= VecOp.GtS8 and <= VecOp.GtS32 => (x ^ top) > (y ^ top) ? ones : zero,
                >= VecOp.GtU8 and <= VecOp.GtU32 => x > y ? ones : zero,
                >= VecOp.Shl8 and <= VecOp.Shl32 => x << count,
                >= VecOp.ShrU8 and <= VecOp.ShrU32 => x >>> count,
                >= VecOp.ShrS8 and <= VecOp.ShrS32 => count == 0 ? x : x >>> count | sign << width - count,
                _ => T.RotateLeft(x, count),
            });
        }

        return r;
    }

    // Operations whose exact result does not fit a lane: computed in 64 bits.
    private static Vector128<byte> Wide<TUnsigned, TSigned>(VecOp op, Vector128<byte> a, Vector128<byte> b)
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>, IMinMaxValue<TUnsigned>
        where TSigned : unmanaged, IBinaryInteger<TSigned>, IMinMaxValue<TSigned>
    {
        Vector128<byte> r = default;
        for (int i = 0; i < 16 / Unsafe.SizeOf<TUnsigned>(); i++)
        {
            long x = long.CreateTruncating(Lane<TUnsigned>(a, i)), y = long.CreateTruncating(Lane<TUnsigned>(b, i));
            long sx = long.CreateTruncating(Lane<TSigned>(a, i)), sy = long.CreateTruncating(Lane<TSigned>(b, i));
            long exact = op switch
            {
                >= VecOp.AddS8 and <= VecOp.AddS32 => Saturate<TSigned>(sx + sy),
                >= VecOp.AddU8 and <= VecOp.AddU32 => Saturate<TUnsigned>(x + y),
                >= VecOp.SubS8 and <= VecOp.SubS32 => Saturate<TSigned>(sx - sy),
                >= VecOp.SubU8 and <= VecOp.SubU32 => Saturate<TUnsigned>(x - y),
                VecOp.AddPairsS32 => Saturate<TSigned>((sx == int.MinValue ? 1L << 31 : sx) + sy),
                VecOp.AddCarry32 => x + y >> 32,
                VecOp.SubCarry32 => x >= y ? 1 : 0,
                >= VecOp.AvgS8 and <= VecOp.AvgS32 => sx + sy + 1 >> 1,
                >= VecOp.AvgU8 and <= VecOp.AvgU32 => x + y + 1 >> 1,
                >= VecOp.MaxS8 and <= VecOp.MaxS32 => Math.Max(sx, sy),
                >= VecOp.MaxU8 and <= VecOp.MaxU32 => Math.Max(x, y),
                >= VecOp.MinS8 and <= VecOp.MinS32 => Math.Min(sx, sy),
                _ => Math.Min(x, y),
            };
            Set(ref r, i, TUnsigned.CreateTruncating(exact));
        }

        return r;
    }

    private static long Saturate<T>(long value) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        Math.Clamp(value, long.CreateTruncating(T.MinValue), long.CreateTruncating(T.MaxValue));

    private static T Lane<T>(in Vector128<byte> v, int index) where T : unmanaged => Unsafe.Add(ref Unsafe.As<Vector128<byte>, T>(ref Unsafe.AsRef(in v)), index);

    private static void Set<T>(ref Vector128<byte> v, int index, T value) where T : unmanaged => Unsafe.Add(ref Unsafe.As<Vector128<byte>, T>(ref v), index) = value;
}
