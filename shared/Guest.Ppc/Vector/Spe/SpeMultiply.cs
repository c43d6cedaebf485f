namespace Suite.Guest.Ppc;

/// <summary>
/// The evm... family (SPE PEM 5.3). Its extended opcodes are made of fields: 100/110/111 write, add to, subtract from the accumulator; then word or
/// halfword; the accumulator is written too, or a guarded sum; full 64-bit product; modulo or saturating; odd or high; unsigned, signed, fractional.
/// </summary>
internal static class SpeMultiply
{
    private const uint Subtract = 0x80, Accumulates = 0x100, Words = 0x40, WritesAccOrGuarded = 0x20, Full = 0x10, Modulo = 8, OddOrHigh = 4, Kind = 3, Unsigned = 0, Fraction = 3;

    public static void Execute(in SpeState s, uint word)
    {
        ulong a = s.Get(PpcWord.Ra(word)), b = s.Get(PpcWord.Rb(word)), result;
        bool accumulates = (word & Accumulates) != 0;
        if ((word & Words) != 0 && (word & Full) != 0)
            result = FullProduct(s, word, (uint)a, (uint)b);
        else if ((word & Words) == 0 && accumulates && (word & WritesAccOrGuarded) != 0)
            result = GuardedSum(s, word, (uint)a, (uint)b);
        else
            result = Vector(s, word, a, b);
        if (accumulates || (word & WritesAccOrGuarded) != 0)
            s.Acc = result;
        s.Set(PpcWord.Rt(word), result);
    }

    /// <summary>Both words of the accumulator plus or minus those of a value; the overflow bits are set when saturating.</summary>
    public static ulong Accumulate(in SpeState s, ulong value, bool subtract, bool isSigned, bool saturate, bool movedHigh, bool movedLow)
    {
        ulong acc = s.Acc;
        uint high = Sum((uint)(acc >> 32), (uint)(value >> 32), subtract, isSigned, saturate, out bool overflowHigh);
        uint low = Sum((uint)acc, (uint)value, subtract, isSigned, saturate, out bool overflowLow);
        if (saturate)
            s.SetOverflow(overflowHigh || movedHigh, overflowLow || movedLow);
        return (ulong)high << 32 | low;
    }

    private static uint Sum(uint acc, uint value, bool subtract, bool isSigned, bool saturate, out bool overflow)
    {
        long x = isSigned ? (int)acc : acc, y = isSigned ? (int)value : value;
        long exact = subtract ? x - y : x + y;
        long fits = isSigned ? Math.Clamp(exact, int.MinValue, int.MaxValue) : Math.Clamp(exact, 0, uint.MaxValue);
        overflow = exact != fits;
        return (uint)(saturate ? fits : exact);
    }

    private static ulong Vector(in SpeState s, uint word, ulong a, ulong b)
    {
        uint high = Product(word, (uint)(a >> 32), (uint)(b >> 32), out bool movedHigh), low = Product(word, (uint)a, (uint)b, out bool movedLow);
        ulong product = (ulong)high << 32 | low;
        bool saturate = (word & Modulo) == 0;
        if ((word & Accumulates) != 0)
            return Accumulate(s, product, (word & Subtract) != 0, (word & Kind) != Unsigned, saturate, movedHigh, movedLow);
        if (saturate)
            s.SetOverflow(movedHigh, movedLow);
        return product;
    }

    // 32 bits of the product of two halfwords or words. "Moved": -1 times -1, which no fraction can hold.
    private static uint Product(uint word, uint a, uint b, out bool moved)
    {
        bool isFraction = (word & Kind) == Fraction, odd = (word & OddOrHigh) != 0;
        if ((word & Words) == 0)
        {
            (a, b) = odd ? (a & 0xFFFF, b & 0xFFFF) : (a >> 16, b >> 16);
            moved = isFraction && (word & Modulo) == 0 && a == 0x8000 && b == 0x8000;
            uint product = (word & Kind) == Unsigned ? a * b : (uint)((short)a * (short)b);
            return moved ? 0x7FFFFFFF : isFraction ? product << 1 : product;
        }

        moved = isFraction && (word & Modulo) == 0 && a == 0x80000000 && b == 0x80000000;
        ulong wide = Wide(word, a, b);
        return moved ? 0x7FFFFFFF : odd ? (uint)(wide >> 32) : (uint)wide;
    }

    private static ulong Wide(uint word, uint a, uint b)
    {
        ulong product = (word & Kind) == Unsigned ? (ulong)a * b : (ulong)((long)(int)a * (int)b);
        return (word & Kind) == Fraction ? product << 1 : product;
    }

    // The lower words' 64-bit product. Only its own saturation is; the sum wraps, and says so when saturation was asked for.
    private static ulong FullProduct(in SpeState s, uint word, uint a, uint b)
    {
        bool saturate = (word & Modulo) == 0, moved = saturate && a == 0x80000000 && b == 0x80000000, overflow = false;
        ulong result = moved ? long.MaxValue : Wide(word, a, b);
        if ((word & Accumulates) != 0)
        {
            Int128 exact = (word & Subtract) != 0 ? (Int128)(long)s.Acc - (long)result : (Int128)(long)s.Acc + (long)result;
            result = (ulong)exact;
            overflow = exact != (long)result;
        }

        if (saturate)
            s.SetOverflow(false, moved || overflow);
        return result;
    }

    // The lower word's halfwords; 64 bits hold even -1 times -1.
    private static ulong GuardedSum(in SpeState s, uint word, uint a, uint b)
    {
        bool odd = (word & OddOrHigh) != 0;
        (a, b) = odd ? (a & 0xFFFF, b & 0xFFFF) : (a >> 16, b >> 16);
        ulong product = (word & Kind) == Unsigned ? (ulong)a * b : (ulong)((long)(short)a * (short)b);
        if ((word & Kind) == Fraction)
            product <<= 1;
        return (word & Subtract) != 0 ? s.Acc - product : s.Acc + product;
    }
}
