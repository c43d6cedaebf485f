namespace Suite.Guest.Ppc.Float;

/// <summary>Comparisons: the result is a condition field, 8 less, 4 greater, 2 equal, 1 unordered.</summary>
public static partial class SoftFloat
{
    public const uint Less = 8, Greater = 4, Equal = 2, Unordered = 1;

    /// <summary>fcmpu: only signalling NaNs are invalid.</summary>
    public static FpResult CompareUnordered(ulong a, ulong b)
    {
        Unpacked x = new(a), y = new(b);
        if (x.IsNaN || y.IsNaN)
            return new(Unordered, x.IsSignaling || y.IsSignaling ? Fpscr.VxSnan : 0);
        return new(Order(a, b), 0);
    }

    /// <summary>fcmpo: every NaN is invalid. A signalling one sets VXVC too unless invalid operations are enabled (Power ISA 2.07 I 4.6.8).</summary>
    public static FpResult CompareOrdered(ulong a, ulong b, uint control)
    {
        FpResult result = CompareUnordered(a, b);
        if (result.Bits != Unordered)
            return result;
        bool isSignaling = result.Status != 0;
        return new(Unordered, result.Status | (isSignaling && (control & Fpscr.Ve) != 0 ? 0 : Fpscr.VxVc));
    }

    /// <summary>fsel's test: true for both zeros, false for NaNs, never an exception.</summary>
    public static bool IsAtLeastZero(ulong a) => a <= Unpacked.ExponentMask || a == Unpacked.SignBit;

    private static uint Order(ulong a, ulong b)
    {
        long x = Key(a), y = Key(b);
        return x < y ? Less : x > y ? Greater : Equal;
    }

    /// <summary>An integer that orders as the value does; both zeros give 0.</summary>
    private static long Key(ulong bits) => (long)bits < 0 ? -(long)(bits & ~Unpacked.SignBit) : (long)bits;
}
