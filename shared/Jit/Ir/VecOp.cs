namespace Suite.Jit.Ir;

/// <summary>
/// Operations of <see cref="IrOp.Vec"/> on V128 (operands a, b, c). A number at the end of a name is the lane width in bits; S and U before it stand for
/// signed and unsigned. Operands and results are vectors except where an I32 is named.
/// </summary>
/// <remarks>
/// Lanes are numbered as the host's: lane 0 is the least significant. A big-endian guest's vector is loaded with all 16 bytes reversed, so its element i
/// of n is lane n-1-i, and each lane holds its integer or float in the host's own byte order: arithmetic within lanes needs no further thought. What
/// depends on the numbering swaps: the guest's even elements are the odd lanes, its first ("high") half is the high half, and a shift "left" towards
/// element 0 is a shift left of the 128-bit number.
/// </remarks>
public enum VecOp : byte
{
    None,

    // Bits.
    And,
    Or,
    Xor,

    /// <summary>a and not b.</summary>
    AndNot,
    Nor,

    /// <summary>Bits of b where c is 1, of a where it is 0.</summary>
    Select,

    /// <summary>a | (b ^ c): gathers the differences of two results.</summary>
    OrXor,

    // Constants, and between I32 and V128.

    /// <summary>The immediate in all four 32-bit lanes.</summary>
    Constant32,

    /// <summary>The lane named by the immediate in all lanes.</summary>
    Splat8,
    Splat16,
    Splat32,

    /// <summary>I32 a in lane 0, zero elsewhere.</summary>
    FromI32,

    /// <summary>The low 64 bits, zero above.</summary>
    Low64,

    /// <summary>Byte i is immediate + a - i (a is I32; modulo 256).</summary>
    Ramp,

    /// <summary>I32 of the top bits of the 16 bytes; byte 0's is bit 0.</summary>
    Mask8,

    /// <summary>I32: 1 when any bit is set, else 0.</summary>
    Any,

    /// <summary>I32 of the four bytes of a that the low four bits of the four bytes of b (I32) name; bit 7 of those must be 0.</summary>
    PickBytes,

    // Integer arithmetic, modulo.
    Add8,
    Add16,
    Add32,
    Add64,
    Sub8,
    Sub16,
    Sub32,

    // Saturating.
    AddS8,
    AddS16,
    AddS32,
    AddU8,
    AddU16,
    AddU32,
    SubS8,
    SubS16,
    SubS32,
    SubU8,
    SubU16,
    SubU32,

    /// <summary>As AddS32, where a is a result of <see cref="MulPairs16"/>: there 0x80000000 stands for +2^31.</summary>
    AddPairsS32,

    /// <summary>Carry out of a + b: 0 or 1.</summary>
    AddCarry32,

    /// <summary>Carry out of a - b: 1 when a is not below b (unsigned).</summary>
    SubCarry32,

    /// <summary>(a + b + 1) >> 1 without overflow.</summary>
    AvgS8,
    AvgS16,
    AvgS32,
    AvgU8,
    AvgU16,
    AvgU32,
    MaxS8,
    MaxS16,
    MaxS32,
    MaxU8,
    MaxU16,
    MaxU32,
    MinS8,
    MinS16,
    MinS32,
    MinU8,
    MinU16,
    MinU32,

    // Comparisons: all ones or zero.
    Eq8,
    Eq16,
    Eq32,
    GtS8,
    GtS16,
    GtS32,
    GtU8,
    GtU16,
    GtU32,

    // Shifts and rotations by the lanes of b, modulo the width.
    Shl8,
    Shl16,
    Shl32,
    ShrU8,
    ShrU16,
    ShrU32,
    ShrS8,
    ShrS16,
    ShrS32,
    RotL8,
    RotL16,
    RotL32,

    // Shifts by the immediate, below the width.
    ShlImm16,
    ShlImm32,
    ShrUImm16,
    ShrUImm32,
    ShrSImm16,
    ShrSImm32,

    /// <summary>The 128-bit number shifted by the low three bits of b.</summary>
    ShlBits,
    ShrBits,

    /// <summary>The 128-bit number shifted by the bytes that bits 3 to 6 of b say.</summary>
    ShlBytes,
    ShrBytes,

    // Rearrangement.

    /// <summary>16 bytes of the 32-byte number with a above b, from byte immediate (0 to 16) on.</summary>
    Align,

    /// <summary>Byte i is byte 31 - (c[i] &amp; 31) of the 32-byte number with a above b.</summary>
    Permute,

    /// <summary>Lanes of a (even lanes of the result) and b (odd) in turn, from their low or high halves.</summary>
    InterleaveLow8,
    InterleaveLow16,
    InterleaveLow32,
    InterleaveHigh8,
    InterleaveHigh16,
    InterleaveHigh32,

    /// <summary>Lanes of a (low half of the result) and b (high half) cut to half their width.</summary>
    Pack16,
    Pack32,

    /// <summary>The same saturating: from signed or unsigned, to signed or unsigned.</summary>
    PackS16S8,
    PackS16U8,
    PackU16U8,
    PackS32S16,
    PackS32U16,
    PackU32U16,

    /// <summary>As Pack32 for pixels: bits 24, 23-19, 15-11, 7-3 make 1:5:5:5.</summary>
    PackPixel,

    /// <summary>The lanes of the low or high half made twice as wide, signed.</summary>
    WidenLowS8,
    WidenLowS16,
    WidenHighS8,
    WidenHighS16,

    /// <summary>Pixels 1:5:5:5 to 8:8:8:8, the first field sign-extended.</summary>
    WidenLowPixel,
    WidenHighPixel,

    /// <summary>Even or odd 32-bit lanes made 64 bits wide, signed.</summary>
    WidenEvenS32,
    WidenOddS32,

    /// <summary>Signed 64-bit lanes saturated to 32 bits, zero above.</summary>
    NarrowS64,

    /// <summary>Not zero (in the low half of a 64-bit lane, zero above) where <see cref="NarrowS64"/> saturates.</summary>
    NarrowExcessS64,

    // Products.
    MulLow16,
    MulHighS16,

    /// <summary>Double-width products of the even or odd lanes.</summary>
    MulEvenS8,
    MulEvenS16,
    MulEvenU8,
    MulEvenU16,
    MulOddS8,
    MulOddS16,
    MulOddU8,
    MulOddU16,

    /// <summary>Sum of two signed 16-bit products in each 32-bit lane, modulo.</summary>
    MulPairs16,

    /// <summary>Sum of four products in each 32-bit lane: unsigned, and signed a by unsigned b.</summary>
    MulQuadsU8,
    MulQuadsS8U8,

    /// <summary>Sum of the bytes or halves in each 32-bit lane.</summary>
    SumQuadsS8,
    SumQuadsU8,
    SumPairsS16,

    // Single precision with the vector MXCSR, which has invalid operation unmasked: an operation that would invent or quiet a NaN, and each one that
    // is said to trap on NaNs, leaves for the exact software form.
    FAdd,
    FSub,

    /// <summary>a * b + c with one rounding; of several NaNs the first of a, c, b.</summary>
    FMulAdd,

    /// <summary>-(a * b - c) with one rounding; NaNs keep their sign.</summary>
    FNegMulSub,

    /// <summary>+0 is above -0; traps on NaNs.</summary>
    FMax,
    FMin,

    /// <summary>1 / a.</summary>
    FRecip,

    /// <summary>1 / sqrt(a).</summary>
    FRecipSqrt,
    FRoundNearest,
    FRoundZero,
    FRoundUp,
    FRoundDown,

    // Quiet comparisons: all ones or zero.
    FEq,
    FGe,
    FGt,

    /// <summary>Bit 31 when not a &lt;= b, bit 30 when not a >= -b.</summary>
    FBounds,

    /// <summary>a * 2^immediate.</summary>
    FScale,

    /// <summary>From integers, rounded.</summary>
    FFromS32,
    FFromU32,

    /// <summary>The nearest of the values whose truncation fits a signed or unsigned 32-bit integer; traps on NaNs.</summary>
    FClampS32,
    FClampU32,

    /// <summary>Truncation of what the clamps yield.</summary>
    FTruncateS32,
    FTruncateU32,
}

/// <summary>Packs a <see cref="VecOp"/> with an immediate operand.</summary>
public static class VecImm
{
    public static long Pack(VecOp op, int immediate = 0) => (long)(byte)op << 32 | (uint)immediate;

    public static VecOp Op(long imm) => (VecOp)(imm >> 32);

    public static int Immediate(long imm) => (int)imm;
}
