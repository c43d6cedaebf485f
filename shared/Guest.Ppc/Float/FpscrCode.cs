using Suite.Jit.Backend;
using Suite.Jit.Ir;
using Suite.Jit.X64;

namespace Suite.Guest.Ppc.Float;

/// <summary>
/// Host code that reads FPSCR (<see cref="PpcHelpers.ReadFpscr"/>) as C libraries do around their roots and powers: no exception enabled, rounding to nearest,
/// and the last operation one whose result is zero or a plain normal number. All else is declined.
/// FI and FR are found by doing that operation again in all four rounding modes, which with AVX-512 raises nothing.
/// </summary>
internal sealed unsafe class FpscrCode(StateLayout layout, HostFeatures features) : IHelperCode
{
    private const Reg Fpscr32 = Reg.Rax, T = Reg.Rcx, U = Reg.Rdx;

    // Results of the operation in each rounding mode, and its operands.
    private const int Nearest = 0, TowardZero = 1, Up = 2, Down = 3, A = 4, B = 5;
    private const int FprfOfNormal = 4, FprfOfZero = 2;
    private const int FrShift = 18, FiShift = 17, MxcsrUnderflow = 16, MxcsrPrecision = 32;

    // Upper halves of doubles.
    private const int Infinity = 0x7FF0_0000, AboveSmallestDouble = 0x0010_0001, AboveSmallestSingle = 0x3810_0001;

    /// <inheritdoc/>
    public bool Has(int helper) => helper == PpcHelpers.ReadFpscr && features.Avx512;

    /// <inheritdoc/>
    public void Emit(int helper, ref X64Asm asm, byte* decline, IKnownSlots known)
    {
        asm.Mov32(Fpscr32, At(PpcSlot.Fpscr));
        asm.Test(Fpscr32, (int)FpscrState.Control, wide: false);
        asm.Jcc(Cond.NE, decline);
        Sticky(ref asm);
        if (!known.TryKnown(PpcSlot.FpOp, out uint record))
        {
            asm.Mov32(T, At(PpcSlot.FpOp));
            asm.Test(T, T, wide: false);
            byte* noOperation = asm.JccForward(Cond.E);
            Recompute(ref asm, decline);
            Derive(ref asm, decline);
            asm.Here(noOperation);
        }
        else if (record != 0)
        {
            Recompute(ref asm, decline, record);
            Derive(ref asm, decline);
        }

        if (known.TryKnown(PpcSlot.FpCompare, out uint isCompared))
        {
            if (isCompared != 0)
                Compared(ref asm);
            return;
        }

        asm.Op(Alu.Cmp, At(PpcSlot.FpCompare), 0, wide: false);
        byte* none = asm.JccForward(Cond.E);
        Compared(ref asm);
        asm.Here(none);
    }

    // XX, and UX where it is masked, from MXCSR unless FPSCR must have them already.
    private void Sticky(ref X64Asm asm)
    {
        asm.Test(Fpscr32, (int)Fpscr.Xx, wide: false);
        byte* look = asm.JccShortForward(Cond.E);
        asm.Op(Alu.Cmp, At(PpcSlot.UnderflowMasked), 0, wide: false);
        byte* known = asm.JccShortForward(Cond.E);
        asm.HereShort(look);
        asm.Vstmxcsr(At(PpcSlot.ScalarMxcsr));
        asm.Mov32(T, At(PpcSlot.ScalarMxcsr));
        asm.Mov32(U, T);
        asm.And32(T, MxcsrPrecision);
        asm.Shift(Shift.Shl, T, 25 - 5, wide: false);
        asm.And32(U, MxcsrUnderflow);
        asm.Shift(Shift.Shl, U, 27 - 4, wide: false);
        asm.Op(Alu.Or, T, U, wide: false);
        asm.Mov32(U, Fpscr32);
        asm.Not(U, wide: false);
        asm.Op(Alu.Or, Fpscr32, T, wide: false);
        asm.Test(U, T, wide: false);
        byte* nothingNew = asm.JccShortForward(Cond.E);
        asm.Op(Alu.Or, Fpscr32, int.MinValue, wide: false); // FX
        asm.HereShort(nothingNew);
        asm.HereShort(known);
    }

    // The last operation, whose record is in T, in all rounding modes. Sums of doubles are what roots and powers are mostly asked of.
    private void Recompute(ref X64Asm asm, byte* decline)
    {
        asm.Mov32(U, T);
        asm.And32(U, (int)(FpInstruction.Kinds | FpInstruction.ToSingle));
        asm.Vex(VexOps.LoadDouble, A, 0, At(PpcSlot.FpA));
        asm.Vex(VexOps.LoadDouble, B, 0, At(PpcSlot.FpB));
        asm.Test(T, (int)FpInstruction.Subtracts, wide: false);
        byte* adds = asm.JccShortForward(Cond.E);
        asm.Vex(VexOps.Xor, B, B, SignMask);
        asm.HereShort(adds);
        asm.Op(Alu.Cmp, U, (int)FpInstruction.Sum, wide: false);
        byte* isSum = asm.JccForward(Cond.E);
        RecomputeOther(ref asm, decline);
        byte* done = asm.JmpForward();
        asm.Here(isSum);
        InAllModes(ref asm, FpInstruction.Sum);
        asm.Here(done);
    }

    // The same of an operation whose record is known.
    private void Recompute(ref X64Asm asm, byte* decline, uint record)
    {
        uint kind = record & FpInstruction.Kinds;
        if (kind == 0)
        {
            asm.Jmp(decline);
            return;
        }

        asm.Vex(VexOps.LoadDouble, A, 0, At(PpcSlot.FpA));
        asm.Vex(VexOps.LoadDouble, B, 0, At(PpcSlot.FpB));
        if ((record & FpInstruction.Subtracts) != 0)
            asm.Vex(VexOps.Xor, B, B, SignMask);
        InAllModes(ref asm, kind);
        if ((record & FpInstruction.ToSingle) != 0)
            RoundToSingle(ref asm, decline);
        if ((record & FpInstruction.Negates) != 0)
            Negate(ref asm);
    }

    private void RecomputeOther(ref X64Asm asm, byte* decline)
    {
        ReadOnlySpan<uint> kinds = [FpInstruction.FusedSum, FpInstruction.Sum, FpInstruction.Product, FpInstruction.Quotient];
        Span<nint> done = stackalloc nint[kinds.Length];
        asm.And32(U, (int)FpInstruction.Kinds);
        for (int i = 0; i < kinds.Length; i++)
        {
            asm.Op(Alu.Cmp, U, (int)kinds[i], wide: false);
            byte* next = asm.JccForward(Cond.NE);
            InAllModes(ref asm, kinds[i]);
            done[i] = (nint)asm.JmpForward();
            asm.Here(next);
        }

        asm.Op(Alu.Cmp, U, (int)FpInstruction.Conversion, wide: false);
        asm.Jcc(Cond.NE, decline);
        InAllModes(ref asm, FpInstruction.Conversion);
        foreach (nint jump in done)
            asm.Here((byte*)jump);

        asm.Test(At(PpcSlot.FpOp), (int)FpInstruction.ToSingle, wide: false);
        byte* isDouble = asm.JccForward(Cond.E);
        RoundToSingle(ref asm, decline);
        asm.Here(isDouble);
        asm.Test(At(PpcSlot.FpOp), (int)FpInstruction.Negates, wide: false);
        byte* stays = asm.JccShortForward(Cond.E);
        Negate(ref asm);
        asm.HereShort(stays);
    }

    private void Negate(ref X64Asm asm)
    {
        asm.Vex(VexOps.Xor, Nearest, Nearest, SignMask);
        asm.Vex(VexOps.Xor, TowardZero, TowardZero, SignMask);
    }

    // An operation of a kind on A and B, the one that is subtracted being negated already.
    private void InAllModes(ref X64Asm asm, uint kind)
    {
        if (kind == FpInstruction.FusedSum)
            asm.Vex(VexOps.LoadDouble, A, 0, At(PpcSlot.FpC));
        for (int rounding = Nearest; rounding <= Down; rounding++)
        {
            switch (kind)
            {
                case FpInstruction.FusedSum:
                    asm.Vex(VexOps.LoadDouble, rounding, 0, At(PpcSlot.FpA));
                    asm.VexRounded(VexOps.Fused(0xA9), rounding, A, B, ModeOf(rounding));
                    break;
                case FpInstruction.Conversion:
                    asm.Vex(VexOps.MoveDouble, rounding, 0, B);
                    break;
                default:
                    byte opcode = kind switch { FpInstruction.Sum => 0x58, FpInstruction.Product => 0x59, _ => 0x5E };
                    asm.VexRounded(VexOps.Double(opcode), rounding, A, B, ModeOf(rounding));
                    break;
            }
        }
    }

    // FR, FI and FPRF from the results. Comparing them raises nothing: no NaN among them signals. Zeros are equal whatever their sign.
    private static void Derive(ref X64Asm asm, byte* decline)
    {
        const int NegativeBit = 1 << 14, NegativeShift = 63 - 14;
        asm.Op(Alu.And, Fpscr32, ~(int)(Fpscr.Fr | Fpscr.Fi | Fpscr.Fprf), wide: false);
        asm.Vex(VexOps.Ucomisd, Nearest, 0, TowardZero);
        asm.Setcc(Cond.NE, T);
        asm.Vex(VexOps.Ucomisd, Up, 0, Down);
        asm.Setcc(Cond.NE, U);
        asm.MovzxByte(T, T);
        asm.MovzxByte(U, U);
        asm.Lea(T, Mem.At(U, T, FrShift - FiShift), wide: false);
        asm.Shift(Shift.Shl, T, FiShift, wide: false);
        asm.Op(Alu.Or, Fpscr32, T, wide: false);

        UpperHalf(ref asm);
        asm.Op(Alu.Sub, U, 2 * AboveSmallestDouble, wide: false);
        asm.Op(Alu.Cmp, U, unchecked(2 * (Infinity - AboveSmallestDouble)), wide: false);
        byte* isNormal = asm.JccShortForward(Cond.B);

        asm.Mov(U, T, wide: true);
        asm.Shift(Shift.Shl, U, 1, wide: true);
        asm.Jcc(Cond.NE, decline);
        asm.Shift(Shift.Shr, T, 63, wide: true);
        asm.Shift(Shift.Shl, T, 4 + Fpscr.FprfShift, wide: false);
        asm.Lea(Fpscr32, Mem.At(Fpscr32, T, 0, FprfOfZero << Fpscr.FprfShift), wide: false);
        byte* classified = asm.JmpShortForward();

        // Negative is 8, positive 4: twice four, then.
        asm.HereShort(isNormal);
        asm.Shift(Shift.Shr, T, NegativeShift, wide: true);
        asm.And32(T, NegativeBit);
        asm.Lea(Fpscr32, Mem.At(Fpscr32, T, 0, FprfOfNormal << Fpscr.FprfShift), wide: false);
        asm.HereShort(classified);
    }

    // Rounded to odd first, so that it can be rounded again. What that cuts off tells whether it is exact: the two to be compared for FI.
    private static void RoundToSingle(ref X64Asm asm, byte* decline)
    {
        asm.Vex(VexOps.Ucomisd, Up, 0, Down);
        asm.Setcc(Cond.NE, T);
        asm.MovzxByte(T, T);
        asm.Vex(VexOps.ToGeneral64, TowardZero, 0, (int)U);
        asm.Op(Alu.Or, U, T, wide: true);
        asm.Vex(VexOps.FromGeneral64, Up, 0, (int)U);
        asm.VexRounded(VexOps.DoubleToSingle, Nearest, Up, Up, Rounding.Nearest);
        asm.VexRounded(VexOps.DoubleToSingle, TowardZero, Up, Up, Rounding.TowardZero);
        asm.Vex(VexOps.SingleToDouble, Nearest, Nearest, Nearest);
        asm.Vex(VexOps.SingleToDouble, TowardZero, TowardZero, TowardZero);
        asm.Vex(VexOps.MoveDouble, Down, 0, TowardZero);

        UpperHalf(ref asm);
        asm.Op(Alu.Sub, U, 1, wide: false);
        asm.Op(Alu.Cmp, U, 2 * AboveSmallestSingle - 1, wide: false);
        asm.Jcc(Cond.B, decline);
    }

    // T: the result's bits; U: their upper half without the sign, doubled.
    private static void UpperHalf(ref X64Asm asm)
    {
        asm.Vex(VexOps.ToGeneral64, Nearest, 0, (int)T);
        asm.Mov(U, T, wide: true);
        asm.Shift(Shift.Shr, U, 32, wide: true);
        asm.Op(Alu.Add, U, U, wide: false);
    }

    // FPCC from the last comparison, if one came behind the operation. It has no signalling NaN, or it would have faulted.
    private void Compared(ref X64Asm asm)
    {
        const int Less = 8, Greater = 4, Equal = 2, Unordered = 1;
        asm.Vex(VexOps.LoadDouble, Nearest, 0, At(PpcSlot.FpCompareA));
        asm.Op(Alu.And, Fpscr32, ~(int)Fpscr.Fpcc, wide: false);
        asm.MovImm(T, Greater << Fpscr.FprfShift);
        asm.Vex(VexOps.Ucomisd, Nearest, 0, At(PpcSlot.FpCompareB));
        ReadOnlySpan<(Cond Condition, int Bit)> outcomes = [(Cond.B, Less), (Cond.E, Equal), (Cond.P, Unordered)];
        foreach ((Cond condition, int bit) in outcomes)
        {
            asm.MovImm(U, (ulong)bit << Fpscr.FprfShift);
            asm.Cmov(condition, T, U, wide: false);
        }

        asm.Op(Alu.Or, Fpscr32, T, wide: false);
    }

    private static Rounding ModeOf(int rounding) => rounding switch
    {
        TowardZero => Rounding.TowardZero,
        Up => Rounding.Up,
        Down => Rounding.Down,
        _ => Rounding.Nearest,
    };

    private Mem SignMask => Mem.At(Reg.Rbp, layout.ConstantsOffset + StateLayout.SignMask);

    private Mem At(int slot) => Mem.At(Reg.Rbp, layout.Slots[slot].Offset);
}
