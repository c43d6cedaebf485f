namespace Suite.Guest.X86;

/// <summary>
/// 3DNow! (AMD64 manual volume 5), which processors have not had since 2010: what each operation makes of two 64-bit operands. Numbers are singles, rounded
/// to nearest; a result too large is the largest number, one too small is zero. The approximations are exact, so that the steps which refine them
/// have nothing left to do.
/// </summary>
public static class ThreeDNow
{
    /// <summary>Computes the operation with a suffix byte.</summary>
    /// <param name="operation">The byte behind the operands.</param>
    /// <param name="first">The destination register.</param>
    /// <param name="second">The source.</param>
    /// <param name="result">The destination's new value.</param>
    /// <returns>False when there is no such operation.</returns>
    public static bool TryCompute(byte operation, ulong first, ulong second, out ulong result)
    {
        (uint a0, uint a1, uint b0, uint b1) = ((uint)first, (uint)(first >> 32), (uint)second, (uint)(second >> 32));
        ulong? made = operation switch
        {
            0x0C => Pair(FromInt((short)b0), FromInt((short)b1)), // pi2fw
            0x0D => Pair(FromInt((int)b0), FromInt((int)b1)), // pi2fd
            0x1C => Pair((uint)ToInt(b0, short.MinValue, short.MaxValue), (uint)ToInt(b1, short.MinValue, short.MaxValue)), // pf2iw
            0x1D => Pair((uint)ToInt(b0, int.MinValue, int.MaxValue), (uint)ToInt(b1, int.MinValue, int.MaxValue)), // pf2id
            0x8A => Pair(Subtract(a0, a1), Subtract(b0, b1)), // pfnacc
            0x8E => Pair(Subtract(a0, a1), Add(b0, b1)), // pfpnacc
            0x90 => Pair(Mask(Number(a0) >= Number(b0)), Mask(Number(a1) >= Number(b1))), // pfcmpge
            0x94 => Pair(Smaller(a0, b0), Smaller(a1, b1)), // pfmin
            0x96 => Twice(Bits(1 / Number(b0))), // pfrcp
            0x97 => Twice(Bits(1 / MathF.Sqrt(MathF.Abs(Number(b0)))) | (b0 & Sign)), // pfrsqrt
            0x9A => Pair(Subtract(a0, b0), Subtract(a1, b1)), // pfsub
            0x9E => Pair(Add(a0, b0), Add(a1, b1)), // pfadd
            0xA0 => Pair(Mask(Number(a0) > Number(b0)), Mask(Number(a1) > Number(b1))), // pfcmpgt
            0xA4 => Pair(Larger(a0, b0), Larger(a1, b1)), // pfmax
            0xA6 or 0xA7 or 0xB6 => second, // pfrcpit1, pfrsqit1, pfrcpit2
            0xAA => Pair(Subtract(b0, a0), Subtract(b1, a1)), // pfsubr
            0xAE => Pair(Add(a0, a1), Add(b0, b1)), // pfacc
            0xB0 => Pair(Mask(Number(a0) == Number(b0)), Mask(Number(a1) == Number(b1))), // pfcmpeq
            0xB4 => Pair(Bits(Number(a0) * Number(b0)), Bits(Number(a1) * Number(b1))), // pfmul
            0xB7 => MultiplyHighRounded(first, second), // pmulhrw
            0xBB => Pair(b1, b0), // pswapd
            0xBF => AverageBytes(first, second), // pavgusb
            _ => null,
        };
        result = made ?? 0;
        return made is not null;
    }

    private const uint Sign = 0x8000_0000, LargestNumber = 0x7F7F_FFFF, SmallestNumber = 0x0080_0000;

    private static ulong Pair(uint low, uint high) => (ulong)high << 32 | low;

    private static ulong Twice(uint value) => Pair(value, value);

    private static float Number(uint bits) => BitConverter.UInt32BitsToSingle(bits);

    private static uint Mask(bool holds) => holds ? uint.MaxValue : 0;

    private static uint Add(uint a, uint b) => Bits(Number(a) + Number(b));

    private static uint Subtract(uint a, uint b) => Bits(Number(a) - Number(b));

    // No infinities and no denormal numbers.
    private static uint Bits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value), sign = bits & Sign;
        if (float.IsInfinity(value))
            return sign | LargestNumber;
        return (bits & ~Sign) < SmallestNumber ? sign : bits;
    }

    // Both are never a negative zero.
    private static uint Smaller(uint a, uint b) => WithoutZeroSign(Number(b) < Number(a) ? b : a);

    private static uint Larger(uint a, uint b) => WithoutZeroSign(Number(b) > Number(a) ? b : a);

    private static uint WithoutZeroSign(uint bits) => bits == Sign ? 0 : bits;

    // What does not fit into 24 bits is cut off, not rounded.
    private static uint FromInt(int value)
    {
        const int SignificantBits = 24;
        uint size = (uint)Math.Abs((long)value);
        int surplus = 32 - SignificantBits - int.Min(System.Numerics.BitOperations.LeadingZeroCount(size), 32 - SignificantBits);
        float exact = size >> surplus << surplus;
        return BitConverter.SingleToUInt32Bits(value < 0 ? -exact : exact);
    }

    private static int ToInt(uint bits, int least, int most)
    {
        float value = Number(bits);
        if (value >= most || float.IsNaN(value))
            return most;
        return value <= least ? least : (int)value;
    }

    private static ulong MultiplyHighRounded(ulong first, ulong second)
    {
        const int Half = 0x8000;
        ulong result = 0;
        for (int shift = 0; shift < 64; shift += 16)
        {
            int product = (short)(first >> shift) * (short)(second >> shift);
            result |= (ulong)(ushort)((product + Half) >> 16) << shift;
        }

        return result;
    }

    private static ulong AverageBytes(ulong first, ulong second)
    {
        ulong result = 0;
        for (int shift = 0; shift < 64; shift += 8)
            result |= (ulong)(((byte)(first >> shift) + (byte)(second >> shift) + 1) >> 1) << shift;
        return result;
    }
}
