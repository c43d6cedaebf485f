namespace Suite.Guest.Ppc.Float;

/// <summary>
/// Bits of the floating-point status and control register (Power ISA 2.07 I 4.2.2) and what follows from them alone.
/// Everything here works on the register's value as a plain 32-bit word.
/// </summary>
public static class Fpscr
{
    /// <summary>Exception summary: some exception bit changed from 0 to 1.</summary>
    public const uint Fx = 0x8000_0000;

    /// <summary>Some enabled exception is pending; derived.</summary>
    public const uint Fex = 0x4000_0000;

    /// <summary>Some invalid operation bit is set; derived.</summary>
    public const uint Vx = 0x2000_0000;
    public const uint Ox = 0x1000_0000;
    public const uint Ux = 0x0800_0000;
    public const uint Zx = 0x0400_0000;
    public const uint Xx = 0x0200_0000;

    // Causes of an invalid operation.
    public const uint VxSnan = 0x0100_0000;
    public const uint VxIsi = 0x0080_0000;
    public const uint VxIdi = 0x0040_0000;
    public const uint VxZdz = 0x0020_0000;
    public const uint VxImz = 0x0010_0000;
    public const uint VxVc = 0x0008_0000;
    public const uint VxSoft = 0x0000_0400;
    public const uint VxSqrt = 0x0000_0200;
    public const uint VxCvi = 0x0000_0100;

    /// <summary>The last operation rounded away from zero; it was inexact.</summary>
    public const uint Fr = 0x0004_0000;
    public const uint Fi = 0x0002_0000;

    /// <summary>Class of the last result: C, then the four bits FPCC that comparisons set alone.</summary>
    public const uint Fprf = 0x0001_F000;
    public const uint Fpcc = 0x0000_F000;
    public const int FprfShift = 12;

    // Enables.
    public const uint Ve = 0x80;
    public const uint Oe = 0x40;
    public const uint Ue = 0x20;
    public const uint Ze = 0x10;
    public const uint Xe = 0x08;

    /// <summary>Non-IEEE mode: denormalized results become zero.</summary>
    public const uint Ni = 0x04;

    /// <summary>Rounding mode, a <see cref="FpRounding"/>.</summary>
    public const uint Rn = 0x03;

    /// <summary>All causes of an invalid operation.</summary>
    public const uint Invalid = VxSnan | VxIsi | VxIdi | VxZdz | VxImz | VxVc | VxSoft | VxSqrt | VxCvi;

    /// <summary>All sticky exception bits.</summary>
    public const uint Exceptions = Ox | Ux | Zx | Xx | Invalid;

    /// <summary>Bits that mtfsf, mtfsfi, mtfsb0 and mtfsb1 can write: not the derived summaries, not the reserved bit 20.</summary>
    public const uint Writable = ~(Fex | Vx | 0x0000_0800);

    private const int EnableToException = 22;

    /// <summary>The value with VX and FEX recomputed.</summary>
    public static uint Summarize(uint fpscr)
    {
        fpscr &= ~(Vx | Fex);
        if ((fpscr & Invalid) != 0)
            fpscr |= Vx;
        return IsEnabledPending(fpscr) ? fpscr | Fex : fpscr;
    }

    /// <summary>Adds what an operation raised: sticky bits, FX when one of them is new, summaries. Status bits other than exceptions are ignored.</summary>
    public static uint Raise(uint fpscr, uint status)
    {
        uint raised = status & Exceptions;
        if ((raised & ~fpscr) != 0)
            raised |= Fx;
        return Summarize(fpscr | raised);
    }

    /// <summary>Whether an exception raised by one operation is enabled, so that a program interrupt follows where the machine allows it.</summary>
    public static bool IsEnabled(uint fpscr, uint status)
    {
        uint summary = status & (Ox | Ux | Zx | Xx);
        if ((status & Invalid) != 0)
            summary |= Vx;
        return (summary >> EnableToException & fpscr & (Ve | Oe | Ue | Ze | Xe)) != 0;
    }

    private static bool IsEnabledPending(uint fpscr) => (fpscr >> EnableToException & fpscr & (Ve | Oe | Ue | Ze | Xe)) != 0;
}
