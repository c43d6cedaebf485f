using Suite.Guest.Ppc.Float;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc;

// Floating point: every instruction of opcodes 59 and 63 executed exactly, with status, record form and enabled exceptions.
public static unsafe partial class PpcHelpers
{
    /// <summary>A floating-point register instruction; a = its word. Reads and writes registers, CR and FPSCR itself.</summary>
    public const int FloatInstruction = 100;

    /// <summary>lfs: a = the single's bits; the double's bits.</summary>
    public const int FloatFromSingle = 101;

    /// <summary>stfs: a = the double's bits; the single's bits.</summary>
    public const int FloatToSingle = 102;

    /// <summary>mffs: the FPSCR, with nothing left to be derived.</summary>
    public const int ReadFpscr = 103;

    static partial void RegisterFloat(IrHelpers helpers)
    {
        helpers.Set(ReadFpscr, &MaterializeFpscr);
        helpers.Set(FloatInstruction, &ExecuteFloat);
        helpers.Set(FloatFromSingle, &FromSingle);
        helpers.Set(FloatToSingle, &ToSingle);
    }

    private static ulong FromSingle(IrInterpreterState s, ulong single, ulong unused, ulong unused2) => SoftFloat.FromSingleBits((uint)single);

    private static ulong ToSingle(IrInterpreterState s, ulong bits, ulong unused, ulong unused2)
    {
        if (IsDenormal(bits, isSingle: true))
            FpscrState.MaskUnderflow(s.Layout, s.Vcpu);
        return SoftFloat.ToSingleBits(bits);
    }

    private static ulong MaterializeFpscr(IrInterpreterState s, ulong unused, ulong unused2, ulong unused3) => FpscrState.Materialize(s.Layout, s.Vcpu);

    private static ulong ExecuteFloat(IrInterpreterState s, ulong instruction, ulong unused, ulong unused2)
    {
        uint word = (uint)instruction;
        uint fpscr = FpscrState.Materialize(s.Layout, s.Vcpu);
        ulong b = Fpr(s, PpcWord.Rb(word));
        if ((word >> 1 & 31) == FpOpcode.Sel)
            return Move(s, word, fpscr, SoftFloat.IsAtLeastZero(Fpr(s, PpcWord.Ra(word))) ? Fpr(s, PpcWord.Rc(word)) : b);
        if (word >> 26 == 63)
        {
            switch (word >> 1 & 0x3FF)
            {
                case FpOpcode.Mr:
                    return Move(s, word, fpscr, b);
                case FpOpcode.Neg:
                    return Move(s, word, fpscr, b ^ 1UL << 63);
                case FpOpcode.Abs:
                    return Move(s, word, fpscr, b & ~(1UL << 63));
                case FpOpcode.Nabs:
                    return Move(s, word, fpscr, b | 1UL << 63);
                case FpOpcode.Mffs:
                    return Move(s, word, fpscr, fpscr);
                case FpOpcode.Cmpu:
                    return Compare(s, word, fpscr, SoftFloat.CompareUnordered(Fpr(s, PpcWord.Ra(word)), b));
                case FpOpcode.Cmpo:
                    return Compare(s, word, fpscr, SoftFloat.CompareOrdered(Fpr(s, PpcWord.Ra(word)), b, fpscr));
                case FpOpcode.Mtfsf:
                    return SetFpscr(s, word, fpscr, Nibbles(PpcWord.Flm(word)), (uint)b);
                case FpOpcode.Mtfsfi:
                    return SetFpscr(s, word, fpscr, NibbleMask(PpcWord.Bf(word)), (word >> 12 & 15) * 0x1111_1111);
                case FpOpcode.Mtfsb0:
                    return SetFpscr(s, word, fpscr, BitOf(word), 0);
                case FpOpcode.Mtfsb1:
                    // Unlike mtfsf and mtfsfi this one sets FX for an exception that is new.
                    uint bit = BitOf(word), news = bit & Fpscr.Exceptions & ~fpscr;
                    return SetFpscr(s, word, fpscr, bit | (news != 0 ? Fpscr.Fx : 0), uint.MaxValue);
                case FpOpcode.Mcrfs:
                    return MoveToCr(s, word, fpscr);
            }
        }

        Arithmetic(s, word, fpscr);
        return 0;
    }

    private static void Arithmetic(IrInterpreterState s, uint word, uint fpscr)
    {
        FpResult result = FpInstruction.Compute(word, Fpr(s, PpcWord.Ra(word)), Fpr(s, PpcWord.Rb(word)), Fpr(s, PpcWord.Rc(word)), fpscr);
        uint derived = Fpscr.Fr | Fpscr.Fi;
        if (result.IsDelivered(fpscr))
        {
            derived |= Fpscr.Fprf;
            Fpr(s, PpcWord.Rt(word)) = result.Bits;
            if ((result.Status & Fpscr.Ux) == 0 && FpInstruction.IsArithmetic(word) && IsDenormal(result.Bits, FpInstruction.IsSingle(word)))
                FpscrState.MaskUnderflow(s.Layout, s.Vcpu);
        }

        Raise(s, fpscr & ~derived | result.Status & derived, result.Status);
        if (PpcWord.HasRc(word))
            Record(s);
    }

    private static ulong Compare(IrInterpreterState s, uint word, uint fpscr, FpResult order)
    {
        SetCr(s, PpcWord.Bf(word), (uint)order.Bits);
        Raise(s, fpscr & ~Fpscr.Fpcc | (uint)order.Bits << Fpscr.FprfShift, order.Status);
        return 0;
    }

    private static ulong Move(IrInterpreterState s, uint word, uint fpscr, ulong bits)
    {
        Fpr(s, PpcWord.Rt(word)) = bits;
        if (PpcWord.HasRc(word))
            SetCr(s, 1, fpscr >> 28);
        return 0;
    }

    /// <summary>mcrfs: exception bits that were copied are cleared.</summary>
    private static ulong MoveToCr(IrInterpreterState s, uint word, uint fpscr)
    {
        int field = PpcWord.Bfa(word);
        SetCr(s, PpcWord.Bf(word), fpscr >> 28 - 4 * field & 15);
        FpscrState.Apply(s.Layout, s.Vcpu, fpscr & ~(NibbleMask(field) & (Fpscr.Exceptions | Fpscr.Fx)));
        return 0;
    }

    /// <summary>The instructions that write FPSCR: an exception bit that meets its enable interrupts at once (Power ISA 2.07 I 4.4).</summary>
    private static ulong SetFpscr(IrInterpreterState s, uint word, uint fpscr, uint mask, uint value)
    {
        mask &= Fpscr.Writable;
        fpscr = Fpscr.Summarize(fpscr & ~mask | value & mask);
        FpscrState.Apply(s.Layout, s.Vcpu, fpscr);
        if (PpcWord.HasRc(word))
            Record(s);
        if ((fpscr & Fpscr.Fex) != 0)
            Interrupt(s);
        return 0;
    }

    private static void Raise(IrInterpreterState s, uint fpscr, uint status)
    {
        FpscrState.Apply(s.Layout, s.Vcpu, Fpscr.Raise(fpscr, status));
        if (Fpscr.IsEnabled(fpscr, status))
            Interrupt(s);
    }

    private static void Interrupt(IrInterpreterState s)
    {
        if (s.Slot<uint>(PpcSlot.FpExceptionsOff) == 0)
            s.Trap(ExitReason.Special, PpcTrap.FloatException);
    }

    /// <summary>Rc=1: FX, FEX, VX and OX to CR1.</summary>
    private static void Record(IrInterpreterState s) => SetCr(s, 1, s.Slot<uint>(PpcSlot.Fpscr) >> 28);

    private static void SetCr(IrInterpreterState s, int field, uint bits)
    {
        s.Slot<ulong>(PpcSlot.Cr(field)) = IrMath.OrderFromBits(bits);
        s.Slot<uint>(PpcSlot.CrSo(field)) = bits & 1;
    }

    private static bool IsDenormal(ulong bits, bool isSingle) => (bits & ~(1UL << 63)) - 1 < (isSingle ? 0x3810_0000_0000_0000UL : 0x0010_0000_0000_0000UL) - 1;

    private static ref ulong Fpr(IrInterpreterState s, int n) => ref s.Slot<ulong>(PpcSlot.Fpr(n));

    private static uint BitOf(uint word) => 0x8000_0000 >> PpcWord.Rt(word);

    private static uint NibbleMask(int field) => 0xF000_0000 >> 4 * field;

    /// <summary>A mask of whole fields from FLM, whose first bit is field 0.</summary>
    private static uint Nibbles(uint flm)
    {
        uint mask = 0;
        for (int field = 0; field < 8; field++)
            if ((flm & 0x80 >> field) != 0)
                mask |= NibbleMask(field);
        return mask;
    }
}
