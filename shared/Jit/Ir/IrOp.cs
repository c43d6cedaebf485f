namespace Suite.Jit.Ir;

/// <summary>
/// What an IR instruction computes. Operands are values (indices of earlier instructions) a, b, c; imm is a constant. Integer operations take
/// their width from the instruction's type; shift counts are taken modulo that width. The passes turn a constant second operand of an integer
/// operation into its imm and leave b at -1 (see <see cref="IrTraits.TakesImmediate"/>).
/// </summary>
public enum IrOp : byte
{
    None,

    // Guest instruction boundaries. imm = guest pc, a = its length in bytes. b = 1: passes have left out a Put, so state is not whole there.
    InsnStart,

    // Constants and guest state. imm = the constant, or the slot.
    Const,
    Get,
    Put,

    // Memory. a = address (I32), imm = MemAccess.Pack(kind, displacement); b = value for stores. The effective address wraps at 32 bits.
    Load,
    Store,

    // Integers (I32 and I64).
    Add,
    Sub,
    Mul,
    MulHighS,
    MulHighU,

    /// <summary>Quotient; a when the divisor is zero or the quotient overflows.</summary>
    DivS,
    DivU,
    And,
    Or,
    Xor,
    AndNot,
    Not,
    Neg,
    Shl,
    ShrU,
    ShrS,
    RotL,

    /// <summary>rotl(a, n) &amp; mask of I32, imm = n in the upper half, mask in the lower; made by the passes.</summary>
    RotMask,

    /// <summary>Leading zeros: the width for zero.</summary>
    Clz,
    Popcount,
    ByteSwap,
    Sext8,
    Sext16,

    /// <summary>I32 to I64.</summary>
    Sext32,
    Zext32,

    /// <summary>I64 to I32: low half, high half.</summary>
    Low,
    High,

    // Comparisons of a with b, either I32 or I64; the result is I32 0 or 1.
    Eq,
    Ne,
    LtS,
    LtU,
    LeS,
    LeU,
    GtS,
    GtU,
    GeS,
    GeU,

    /// <summary>a != 0 ? b : c, for any type.</summary>
    Select,

    // Orderings: an I64 that stands for the outcome of a comparison. less = bit 62, equal = low 32 bits all zero, greater = positive as signed.
    // A signed or unsigned comparison is one widening subtraction, a test of it one host compare, and every combination of the three can be expressed.

    /// <summary>sext(a) - sext(b) of I32 operands.</summary>
    OrderS,

    /// <summary>zext(a) - zext(b) of I32 operands.</summary>
    OrderU,

    /// <summary>From I32 bits: 8 less, 4 greater, 2 equal (other bits ignored).</summary>
    OrderFromBits,

    /// <summary>Back to the bits 8, 4, 2.</summary>
    OrderToBits,
    OrderLess,
    OrderGreater,
    OrderEqual,

    /// <summary>The ordering of two F64, quietly; none of the three when unordered.</summary>
    OrderF,

    // Floating point (F64 or F32), with the host's MXCSR: rounding mode, sticky flags, unmasked exceptions.
    FAdd,
    FSub,
    FMul,
    FDiv,
    FSqrt,

    /// <summary>a * b + c with one rounding.</summary>
    FMulAdd,

    /// <summary>a * b - c with one rounding.</summary>
    FMulSub,

    /// <summary>
    /// The same, rounded to odd: where the result is inexact it is the neighbour whose last bit is set, so that rounding it once more, to fewer
    /// digits, is as good as rounding once. F64 only, for hosts with AVX-512.
    /// </summary>
    FMulAddOdd,
    FMulSubOdd,
    FNeg,
    FAbs,

    /// <summary>Rounds F64 to F32.</summary>
    FNarrow,

    /// <summary>
    /// An F64 that the code is taken to hold a single in, as F32. Stands ahead of a block's first instruction: where it does not hold, the block is translated
    /// again without assumptions (<see cref="BlockBuilder.MayAssume"/>). For hosts with AVX-512.
    /// </summary>
    FAssume,

    /// <summary>F32 to F64, exactly; a signalling NaN is an exception.</summary>
    FWiden,

    /// <summary>Same bits as an integer of the same width, and back.</summary>
    FBits,
    FFromBits,

    /// <summary>Upper and lower half of an F64, as I32.</summary>
    FHigh,
    FLow,

    /// <summary>From its upper (a) and lower (b) half, I32.</summary>
    FFromWords,

    /// <summary>To I32 with truncation, with the current rounding mode; out of range is the caller's to exclude.</summary>
    FToI32Truncate,
    FToI32Round,
    FFromI32,

    // Quiet comparisons: I32 0 or 1.
    FLess,
    FGreater,
    FEqual,
    FUnordered,

    /// <summary>A vector operation: imm = <see cref="VecOp"/> and its immediate, see <see cref="VecImm"/>.</summary>
    Vec,

    /// <summary>Vector load and store of 16 bytes at a 16-byte aligned address (a; low bits ignored), reversed to the lane order of V128. b = value.</summary>
    VecLoad,
    VecStore,

    /// <summary>MXCSR for vectors (imm 1) or back to the scalar one (imm 0): state slots in the layout name where each is kept.</summary>
    FpMode,

    /// <summary>If a != 0, clears the sticky flags of the scalar MXCSR, which is loaded.</summary>
    FpClearFlags,

    // Atomics and order.

    /// <summary>If the big-endian word at a equals b, stores c there, in one step. I32 1 when stored.</summary>
    CompareExchange32,
    Fence,

    /// <summary>
    /// A managed helper of the guest: imm = helper number, operands I32/I64/F64 bits. In compiled code the whole instruction is left to the interpreter, unless
    /// there is host code for it (<see cref="Backend.IHelperCode"/>).
    /// </summary>
    Call,

    /// <summary>As <see cref="Call"/>, of a helper that changes nothing but what the code behind it Puts.</summary>
    Query,

    // A block that leads back to its start. What stands ahead of LoopHead is computed once, and its F32 values are those of the turn before when control
    // comes back: just ahead of an exit to the block's start, Carry names for each (b) the value (a) it has from then on.
    LoopHead,
    Carry,

    // Leaving. A block ends with Exit, ExitTo or Trap.

    /// <summary>If a != 0, go on at guest pc imm.</summary>
    ExitIf,

    /// <summary>If a is not guest pc imm, go on at guest pc a.</summary>
    ExitUnless,

    /// <summary>Go on at guest pc imm.</summary>
    Exit,

    /// <summary>Go on at guest pc a.</summary>
    ExitTo,

    /// <summary>Leave with an <see cref="Runtime.ExitReason"/> (imm low 32 bits) and its argument (imm high 32 bits); Pc is this instruction's.</summary>
    Trap,

    /// <summary>If a != 0, as <see cref="Trap"/>; what the instruction did before must be nothing.</summary>
    TrapIf,

    /// <summary>As Trap, but Pc is behind this instruction: a system call.</summary>
    TrapBehind,
}
