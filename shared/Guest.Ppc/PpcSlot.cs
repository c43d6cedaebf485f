namespace Suite.Guest.Ppc;

/// <summary>Numbers of the pieces of guest state (<see cref="Jit.Ir.StateLayout"/>).</summary>
public static class PpcSlot
{
    /// <summary>General register, I32.</summary>
    public static int Gpr(int n) => n;

    /// <summary>Upper half of a general register, I32 (SPE).</summary>
    public static int GprHigh(int n) => 32 + n;

    /// <summary>Floating-point register, F64.</summary>
    public static int Fpr(int n) => 64 + n;

    /// <summary>Vector register, V128.</summary>
    public static int Vr(int n) => 96 + n;

    /// <summary>Less, greater, equal of a condition field as an ordering, I64.</summary>
    public static int Cr(int n) => 128 + n;

    /// <summary>Summary overflow (or unordered) of a condition field, I32 0 or 1.</summary>
    public static int CrSo(int n) => 136 + n;

    public const int Lr = 144;
    public const int Ctr = 145;

    /// <summary>XER's bits apart, I32 0 or 1.</summary>
    public const int XerSo = 146, XerOv = 147, XerCa = 148;

    /// <summary>XER bits 25-31, and on the 601 also bits 16-23 (the byte lscbx compares): as they stand in XER.</summary>
    public const int XerCount = 149;

    /// <summary>MQ of the 601.</summary>
    public const int Mq = 150;

    /// <summary>FPSCR, I32; bits that are derived lazily are not kept up to date here.</summary>
    public const int Fpscr = 151;

    /// <summary>VSCR, I32: NJ and SAT.</summary>
    public const int Vscr = 152;
    public const int VrSave = 153;

    /// <summary>SPE accumulator, I64.</summary>
    public const int Acc = 154;

    /// <summary>SPEFSCR, I32.</summary>
    public const int Spefscr = 155;

    /// <summary>Address of the reservation, <see cref="NoReservation"/> when there is none; what was read there.</summary>
    public const int ReserveAddress = 156, ReserveValue = 157;

    /// <summary>Last floating-point operation (its word, I32; 0 for none) and its operands (F64): what FPRF, FR, FI and last-operation details are recomputed from. Lazy.</summary>
    public const int FpOp = 158, FpA = 159, FpB = 160, FpC = 161;

    /// <summary>MXCSR values for scalar and vector floating point, I32, and the flag that says which is loaded.</summary>
    public const int ScalarMxcsr = 162, VectorMxcsr = 163, VectorMode = 164;

    /// <summary>USPRG0 and SPRG4 to SPRG7, where user mode may read them (Book E), I32.</summary>
    public const int Usprg0 = 165;

    /// <summary>Lazy vector saturation evidence, V128: not all zero means VSCR.SAT.</summary>
    public const int SatBits = 166;

    /// <summary>
    /// Last floating-point comparison, if it came behind the operation of <see cref="FpOp"/>: 1 (else 0, I32) and its operands (F64), from which FPCC is
    /// recomputed. Lazy.
    /// </summary>
    public const int FpCompare = 167, FpCompareA = 168, FpCompareB = 169;

    /// <summary>Not 0 when MSR[FE0] and MSR[FE1] are both 0, so that enabled floating-point exceptions do not interrupt (prctl PR_SET_FPEXC), I32.</summary>
    public const int FpExceptionsOff = 170;

    /// <summary>The scalar MXCSR without its sticky flags, I32; follows FPSCR and <see cref="UnderflowMasked"/>.</summary>
    public const int CleanMxcsr = 171;

    /// <summary>Not 0 when underflow is masked in MXCSR whatever FPSCR says: the program has denormal results that are exact, which would fault each time (I32).</summary>
    public const int UnderflowMasked = 172;

    public const int Count = 173;

    /// <summary>Not a multiple of four, so no lwarx makes it.</summary>
    public const uint NoReservation = 1;
}
