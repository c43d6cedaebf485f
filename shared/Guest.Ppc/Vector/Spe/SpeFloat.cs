using Suite.Guest.Ppc.Float;

namespace Suite.Guest.Ppc;

/// <summary>
/// Embedded floating point (SPE PEM 3.3, 5.3). The core itself knows neither denormals nor infinities nor NaNs and interrupts for them; Linux then
/// computes the IEEE 754 result, so that is what programs see, with the status bits of the lower (or only) and upper operand in SPEFSCR.
/// </summary>
internal static class SpeFloat
{
    private const uint SignBit = 0x80000000;

    // Status of the lower operand, 16 bits lower than the upper's; the sticky bits are common.
    private const uint Inexact = 0x1000, Invalid = 0x800, ZeroDivide = 0x400, Underflow = 0x200, Overflow = 0x100, Guard = 0x2000;
    private const uint StickyInexact = 0x200000, StickyInvalid = 0x100000, StickyZeroDivide = 0x80000, StickyUnderflow = 0x40000, StickyOverflow = 0x20000;
    private const uint Status = Guard | Inexact | Invalid | ZeroDivide | Underflow | Overflow, RoundingMode = 3;

    /// <summary>Executes one; comparisons yield a condition field.</summary>
    public static uint Execute(in SpeState s, uint word)
    {
        uint group = word & 0x7E0, operation = word & 0x1F;
        int a = PpcWord.Ra(word), b = PpcWord.Rb(word), t = PpcWord.Rt(word);
        bool isComparison = operation is >= 0x0C and <= 0x0E or >= 0x1C and <= 0x1E;
        switch (group)
        {
            case 0x2E0 when isComparison:
                return Compare(s, operation, s.Get(a), s.Get(b), false) ? 4u : 0;
            case 0x2C0 when isComparison:
                return Compare(s, operation, SoftFloat.FromSingleBits(s.Low(a)), SoftFloat.FromSingleBits(s.Low(b)), false) ? 4u : 0;
            case 0x280 or 0x2A0 when isComparison:
                bool high = Compare(s, operation, SoftFloat.FromSingleBits(s.High(a)), SoftFloat.FromSingleBits(s.High(b)), true);
                return SpeInteger.Condition(high, Compare(s, operation, SoftFloat.FromSingleBits(s.Low(a)), SoftFloat.FromSingleBits(s.Low(b)), false));
            case 0x2E0:
                Double(s, operation, t, a, b);
                return 0;
            case 0x2C0 when operation == 0x0F: // efscfd
                s.SetLow(t, SoftFloat.ToSingleBits(Record(s, SoftFloat.RoundToSingle(s.Get(b), Control(s)), false)));
                return 0;
            case 0x2C0:
                s.SetLow(t, Single(s, operation, s.Low(a), s.Low(b), false));
                return 0;
            default:
                uint upper = Single(s, operation, s.High(a), s.High(b), true);
                s.Set(t, (ulong)upper << 32 | Single(s, operation, s.Low(a), s.Low(b), false));
                return 0;
        }
    }

    private static uint Control(in SpeState s) => s.Spefscr & RoundingMode;

    private static uint Single(in SpeState s, uint operation, uint a, uint b, bool isHigh)
    {
        switch (operation)
        {
            case 0x04: return a & ~SignBit;
            case 0x05: return a | SignBit;
            case 0x06: return a ^ SignBit;
            case >= 0x14 and <= 0x1A: return ToInteger(s, operation, SoftFloat.FromSingleBits(b), isHigh);
        }

        ulong x = SoftFloat.FromSingleBits(a), y = SoftFloat.FromSingleBits(b);
        return SoftFloat.ToSingleBits(Arithmetic(s, operation, x, y, b, new FpMode(Control(s), Single: true), isHigh));
    }

    private static void Double(in SpeState s, uint operation, int t, int a, int b)
    {
        const ulong Sign = 1UL << 63;
        switch (operation)
        {
            case 0x04:
                s.Set(t, s.Get(a) & ~Sign);
                break;
            case 0x05:
                s.Set(t, s.Get(a) | Sign);
                break;
            case 0x06:
                s.Set(t, s.Get(a) ^ Sign);
                break;
            case 0x0F: // efdcfs: exact, but for a signalling NaN
                ulong value = SoftFloat.FromSingleBits(s.Low(b));
                s.Set(t, Record(s, SoftFloat.RoundToSingle(value, Control(s)), false));
                break;
            case >= 0x14 and <= 0x1A:
                s.SetLow(t, ToInteger(s, operation, s.Get(b), false));
                break;
            default:
                s.Set(t, Arithmetic(s, operation, s.Get(a), s.Get(b), s.Low(b), new FpMode(Control(s), Single: false), false));
                break;
        }
    }

    private static ulong Arithmetic(in SpeState s, uint operation, ulong a, ulong b, uint integer, FpMode mode, bool isHigh) => Record(s, operation switch
    {
        0x00 => SoftFloat.Add(a, b, mode),
        0x01 => SoftFloat.Sub(a, b, mode),
        0x08 => SoftFloat.Mul(a, b, mode),
        0x09 => SoftFloat.Div(a, b, mode),
        0x10 => SoftFloat.FromInt64(integer, mode),
        0x11 => SoftFloat.FromInt64((int)integer, mode),
        0x12 => Scaled(SoftFloat.FromInt64(integer, mode), -32),
        _ => Scaled(SoftFloat.FromInt64((int)integer, mode), -31),
    }, isHigh);

    // Far from the ends of the exponent's range: exact.
    private static FpResult Scaled(FpResult r, int exponent) => r.Bits << 1 == 0 ? r : r with { Bits = r.Bits + ((ulong)(long)exponent << 52) };

    // ui, si, uf, sf with the rounding mode, then uiz and siz. A NaN becomes zero.
    private static uint ToInteger(in SpeState s, uint operation, ulong value, bool isHigh)
    {
        FpRounding rounding = operation >= 0x18 ? FpRounding.TowardZero : (FpRounding)Control(s);
        bool isSigned = (operation & 3) is 1 or 3 || operation == 0x1A, isFraction = operation is 0x16 or 0x17;
        double number = BitConverter.UInt64BitsToDouble(value);
        if (isFraction)
            value = BitConverter.DoubleToUInt64Bits(Math.ScaleB(number, isSigned ? 31 : 32));
        FpResult r = isSigned ? SoftFloat.ToInt32(value, rounding) : SoftFloat.ToUInt32(value, rounding);
        return double.IsNaN(number) ? (uint)Record(s, r with { Bits = 0 }, isHigh) : (uint)Record(s, r, isHigh);
    }

    // Compare (0c-0e) is quiet about quiet NaNs as Linux computes it; test (1c-1e) takes every operand for a number and has no status.
    private static bool Compare(in SpeState s, uint operation, ulong a, ulong b, bool isHigh)
    {
        if (operation >= 0x1C)
        {
            long x = Ordered(a), y = Ordered(b);
            return operation switch { 0x1C => x > y, 0x1D => x < y, _ => x == y };
        }

        uint order = (uint)Record(s, SoftFloat.CompareUnordered(a, b), isHigh);
        return (order & (operation switch { 0x0C => 4u, 0x0D => 8u, _ => 2u })) != 0;
    }

    private static long Ordered(ulong bits) => (long)bits < 0 ? -(long)(bits & long.MaxValue) : (long)bits;

    private static ulong Record(in SpeState s, FpResult r, bool isHigh)
    {
        uint now = 0, sticky = 0;
        Add(Fpscr.Invalid, Invalid, StickyInvalid);
        Add(Fpscr.Zx, ZeroDivide, StickyZeroDivide);
        Add(Fpscr.Ux, Underflow, StickyUnderflow);
        Add(Fpscr.Ox, Overflow, StickyOverflow);
        Add(Fpscr.Xx, Inexact, StickyInexact);
        s.Spefscr = s.Spefscr & ~(isHigh ? Status << 16 : Status) | (isHigh ? now << 16 : now) | sticky;
        return r.Bits;

        void Add(uint cause, uint bit, uint stickyBit)
        {
            if ((r.Status & cause) != 0)
                (now, sticky) = (now | bit, sticky | stickyBit);
        }
    }
}
