namespace Suite.Guest.Ppc;

/// <summary>What a CPU model has beyond the common 32-bit core. A row needs all the bits it names; a word whose row needs more is illegal.
/// What Linux emulates for all models (mcrxr, strings, popcntb, isel) needs no bit.</summary>
[Flags]
public enum PpcFeature : ulong
{
    /// <summary>In every model.</summary>
    None = 0,

    /// <summary>Floating-point registers and the basic arithmetic (single and double).</summary>
    Float = 1UL << 0,

    /// <summary>fsqrt, fsqrts.</summary>
    FloatSqrt = 1UL << 1,

    /// <summary>fsel.</summary>
    FloatSelect = 1UL << 2,

    /// <summary>fres.</summary>
    FloatRes = 1UL << 3,

    /// <summary>frsqrte.</summary>
    FloatRsqrte = 1UL << 4,

    /// <summary>stfiwx.</summary>
    FloatStfiwx = 1UL << 5,

    /// <summary>AltiVec, the data stream instructions and VRSAVE included.</summary>
    Altivec = 1UL << 6,

    /// <summary>Signal processing engine: 64-bit registers, integer and fractional vectors, evldd and its kind.</summary>
    Spe = 1UL << 7,

    /// <summary>Embedded single-precision vectors (evfs...) and scalars (efs...).</summary>
    SpeSingle = 1UL << 8,

    /// <summary>Embedded double precision (efd..., e500v2).</summary>
    SpeDouble = 1UL << 9,

    /// <summary>Instructions of POWER kept by the 601: abs, doz, mul, the MQ shifts.</summary>
    Power = 1UL << 10,

    /// <summary>Multiply-accumulate of the 4xx: macchw, nmacchw, mulchw and theirs.</summary>
    Mac4xx = 1UL << 11,

    /// <summary>dlmzb.</summary>
    Dlmzb = 1UL << 12,

    /// <summary>Book E: mbar, msync as a name, wrtee, the Book E special registers.</summary>
    BookE = 1UL << 13,

    /// <summary>The embedded system architecture of Book E and the 4xx: wrtee, rfci, tlbwe, device control registers.</summary>
    Embedded = 1UL << 14,

    /// <summary>dccci, iccci, dcread, icread.</summary>
    Core4xx = 1UL << 15,

    /// <summary>icbt with the encoding of the 403 and 405.</summary>
    Core40x = 1UL << 16,

    /// <summary>dcba.</summary>
    Dcba = 1UL << 17,

    /// <summary>mftb.</summary>
    TimeBase = 1UL << 18,

    /// <summary>The 601's real-time clock in place of the time base.</summary>
    RealTimeClock = 1UL << 19,

    /// <summary>wait, rotations and counts of e500mc.</summary>
    Wait = 1UL << 20,

    /// <summary>icbt, and cache locking (dcbtls ...).</summary>
    CacheLock = 1UL << 21,

    /// <summary>eciwx, ecowx.</summary>
    ExternalControl = 1UL << 22,

    /// <summary>tlbld, tlbli.</summary>
    SoftTlb = 1UL << 23,

    /// <summary>User-mode copies of the performance monitor's registers.</summary>
    UserMonitor = 1UL << 24,

    /// <summary>One cache for instructions and data, as the auxiliary vector says.</summary>
    UnifiedCache = 1UL << 25,

    /// <summary>The user-mode special registers SPRG4 to SPRG7 and USPRG0 are readable.</summary>
    UserSprg = 1UL << 26,
}
