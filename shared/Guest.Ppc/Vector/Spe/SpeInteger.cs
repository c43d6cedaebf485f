using System.Numerics;

namespace Suite.Guest.Ppc;

/// <summary>SPE integer instructions that are neither products nor plain IR (SPE PEM 5.3).</summary>
internal static class SpeInteger
{
    /// <summary>Executes one; comparisons yield a condition field.</summary>
    public static uint Execute(in SpeState s, uint word)
    {
        int a = PpcWord.Ra(word), b = PpcWord.Rb(word), t = PpcWord.Rt(word);
        uint extended = word & 0x7FF;
        switch (extended)
        {
            case 0x20F:
                s.SetLow(t, BitReversedIncrement(s.Low(a), s.Low(b)));
                return 0;
            case >= 0x230 and <= 0x234:
                bool high = IsTrue(extended, s.High(a), s.High(b)), low = IsTrue(extended, s.Low(a), s.Low(b));
                return Condition(high, low);
            case 0x4C4:
                s.Acc = s.Get(a);
                s.Set(t, s.Acc);
                return 0;
            case 0x4C6 or 0x4C7:
                uint quotientHigh = Divide(extended == 0x4C6, s.High(a), s.High(b), out bool overflowHigh);
                uint quotientLow = Divide(extended == 0x4C6, s.Low(a), s.Low(b), out bool overflowLow);
                s.Set(t, (ulong)quotientHigh << 32 | quotientLow);
                s.SetOverflow(overflowHigh, overflowLow);
                return 0;
            case >= 0x4C0 and <= 0x4CB:
                ulong value = s.Get(a);
                ulong sum = SpeMultiply.Accumulate(s, value, subtract: (extended & 2) != 0, isSigned: (extended & 1) != 0, saturate: (extended & 8) == 0, false, false);
                s.Acc = sum;
                s.Set(t, sum);
                return 0;
            default:
                s.Set(t, (ulong)Unary(extended, s.High(a)) << 32 | Unary(extended, s.Low(a)));
                return 0;
        }
    }

    /// <summary>Upper word, lower word, either, both.</summary>
    public static uint Condition(bool high, bool low) => (high ? 8u : 0) | (low ? 4u : 0) | (high || low ? 2u : 0) | (high && low ? 1u : 0);

    private static uint Unary(uint extended, uint value) => extended switch
    {
        0x208 => value == 0x80000000 ? value : (uint)Math.Abs((int)value),                          // evabs
        0x20C => value + 0x8000 & 0xFFFF0000,                                                       // evrndw
        0x20D => (uint)BitOperations.LeadingZeroCount(value),                                       // evcntlzw
        _ => (uint)BitOperations.LeadingZeroCount((int)value < 0 ? ~value : value),                 // evcntlsw
    };

    private static bool IsTrue(uint extended, uint a, uint b) => extended switch
    {
        0x230 => a > b,
        0x231 => (int)a > (int)b,
        0x232 => a < b,
        0x233 => (int)a < (int)b,
        _ => a == b,
    };

    private static uint Divide(bool isSigned, uint a, uint b, out bool overflow)
    {
        overflow = b == 0 || isSigned && a == 0x80000000 && b == uint.MaxValue;
        if (!overflow)
            return isSigned ? (uint)((int)a / (int)b) : a / b;
        return !isSigned ? uint.MaxValue : b == 0 && (int)a < 0 ? 0x80000000 : 0x7FFFFFFF;
    }

    // Counts with the carry going from left to right, among the bits of a mask: the order of an FFT's results.
    private static uint BitReversedIncrement(uint value, uint mask) => Reverse(Reverse(value | ~mask) + 1) & mask;

    private static uint Reverse(uint value)
    {
        uint result = 0;
        for (int i = 0; i < 32; i++)
            result |= (value >> i & 1) << 31 - i;
        return result;
    }
}
