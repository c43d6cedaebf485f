namespace Suite.Guest.Ppc.Float;

/// <summary>Arithmetic instructions by their words: opcodes 59 (single) and 63 (double).</summary>
public static class FpInstruction
{
    private const uint SinglePrimary = 59;
    private const int TraitsShift = 11;

    /// <summary>How the last operation computes, in the register fields of its word as <see cref="Record"/> keeps it.</summary>
    public const uint Kinds = 7 << TraitsShift, Sum = 1 << TraitsShift, Product = 2 << TraitsShift, FusedSum = 3 << TraitsShift, Quotient = 4 << TraitsShift,
        Conversion = 5 << TraitsShift;

    /// <summary>Further traits: the addend is subtracted, the result is negated, the result is a single.</summary>
    public const uint Subtracts = 8 << TraitsShift, Negates = 16 << TraitsShift, ToSingle = 32 << TraitsShift;

    /// <summary>What <see cref="PpcSlot.FpOp"/> keeps of an instruction: opcodes, and in the place of registers what generated code wants to know.</summary>
    public static uint Record(uint word)
    {
        const uint Opcodes = 0x7C00_07FF; // without the first bit, which both have: a constant that host code can store in one piece with what stands behind it
        uint opcode = word >> 1 & 31;
        uint kind = opcode switch
        {
            FpOpcode.Add or FpOpcode.Sub => Sum,
            FpOpcode.Mul => Product,
            FpOpcode.Div => Quotient,
            FpOpcode.Madd or FpOpcode.Msub or FpOpcode.Nmadd or FpOpcode.Nmsub => FusedSum,
            FpOpcode.Rsp => Conversion,
            _ => 0,
        };
        if (opcode is FpOpcode.Sub or FpOpcode.Msub or FpOpcode.Nmsub)
            kind |= Subtracts;
        if (opcode is FpOpcode.Nmadd or FpOpcode.Nmsub)
            kind |= Negates;
        return word & (opcode >= FpOpcode.Div ? Opcodes & ~0x7C0u : Opcodes) | kind | (IsSingle(word) ? ToSingle : 0);
    }

    /// <summary>Whether the result is rounded to single precision.</summary>
    public static bool IsSingle(uint word) => word >> 26 == SinglePrimary || (word >> 1 & 31) == FpOpcode.Rsp;

    /// <summary>Whether the result is a floating-point number that was computed, not a conversion to an integer.</summary>
    public static bool IsArithmetic(uint word) => (word >> 1 & 31) is >= FpOpcode.Div or FpOpcode.Rsp;

    /// <summary>What an instruction computed, from the slots of its operands: a multiplication's C is kept in the place of B.</summary>
    /// <param name="record">What <see cref="Record"/> made of it.</param>
    /// <param name="first">The first operand.</param>
    /// <param name="second">The second one.</param>
    /// <param name="third">The third one.</param>
    /// <param name="fpscr">FPSCR, for its control bits.</param>
    public static FpResult Recompute(uint record, ulong first, ulong second, ulong third, uint fpscr)
    {
        uint word = record | 1U << 31;
        return (word >> 1 & 31) == FpOpcode.Mul ? Compute(word, first, 0, second, fpscr) : Compute(word, first, second, third, fpscr);
    }

    /// <summary>
    /// What an arithmetic, rounding or conversion instruction computes from its operands' bits with the control bits of an FPSCR value. Operands the
    /// instruction does not have are ignored.
    /// </summary>
    /// <exception cref="ArgumentException">The word is no such instruction.</exception>
    public static FpResult Compute(uint word, ulong a, ulong b, ulong c, uint fpscr)
    {
        var mode = new FpMode(fpscr, word >> 26 == SinglePrimary);
        return (word >> 1 & 31) switch
        {
            FpOpcode.Div => SoftFloat.Div(a, b, mode),
            FpOpcode.Sub => SoftFloat.Sub(a, b, mode),
            FpOpcode.Add => SoftFloat.Add(a, b, mode),
            FpOpcode.Sqrt => SoftFloat.Sqrt(b, mode),
            FpOpcode.Res => SoftFloat.ReciprocalEstimate(b, fpscr),
            FpOpcode.Mul => SoftFloat.Mul(a, c, mode),
            FpOpcode.Rsqrte => SoftFloat.SquareRootEstimate(b, fpscr),
            FpOpcode.Msub => SoftFloat.MulAdd(a, c, b, subtract: true, negate: false, mode),
            FpOpcode.Madd => SoftFloat.MulAdd(a, c, b, subtract: false, negate: false, mode),
            FpOpcode.Nmsub => SoftFloat.MulAdd(a, c, b, subtract: true, negate: true, mode),
            FpOpcode.Nmadd => SoftFloat.MulAdd(a, c, b, subtract: false, negate: true, mode),
            _ => (word >> 1 & 0x3FF) switch
            {
                FpOpcode.Rsp => SoftFloat.RoundToSingle(b, fpscr),
                FpOpcode.Ctiw => SoftFloat.ToInt32(b, mode.Rounding),
                FpOpcode.Ctiwz => SoftFloat.ToInt32(b, FpRounding.TowardZero),
                _ => throw new ArgumentException($"{word:x8} is no floating-point arithmetic", nameof(word)),
            },
        };
    }
}
