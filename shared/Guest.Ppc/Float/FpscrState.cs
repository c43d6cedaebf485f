using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc.Float;

/// <summary>
/// The FPSCR of a thread that is outside compiled code. While code runs, what an operation does to it is not written down: XX gathers in the host's MXCSR,
/// and the last operation and comparison are kept with their operands (<see cref="PpcSlot.FpOp"/>, <see cref="PpcSlot.FpCompare"/>) so that FR, FI and FPRF can
/// be recomputed when somebody looks. Invalid operations, exceptions the program enables, and overflows, underflows and divisions by zero as long as FPSCR
/// does not have them yet, are unmasked in MXCSR: they fault, and the interpreter executes the instruction exactly. So once XX is set, FPSCR has all sticky
/// bits, and compiled code can read it without asking MXCSR (<see cref="FpscrCode"/>), which would wait for all arithmetic under way.
/// </summary>
public static unsafe class FpscrState
{
    // MXCSR (AMD64 manual volume 1, 4.2.2).
    private const uint ZeroDivide = 1 << 2, Overflow = 1 << 3, Underflow = 1 << 4, Precision = 1 << 5, AllFlags = 0x3F;
    private const int MaskShift = 7, RoundingShift = 13;
    private const uint FlushToZero = 1 << 15, InvalidFlag = 1, DefaultMasks = (AllFlags & ~InvalidFlag) << MaskShift;

    /// <summary>Sticky bits whose absence unmasks the host's exception, and all bits that the host's control word follows.</summary>
    public const uint Watched = Fpscr.Ox | Fpscr.Ux | Fpscr.Zx, Control = 0xFF;

    private const ulong SmallestDouble = 0x0010_0000_0000_0000, SmallestSingle = 0x3810_0000_0000_0000;

    /// <summary>The FPSCR as the program sees it. It is written to its slot, and nothing is left to be derived.</summary>
    public static uint Materialize(StateLayout layout, VcpuState* s)
    {
        ref uint slot = ref Slot<uint>(layout, s, PpcSlot.Fpscr);
        ref uint mxcsr = ref ScalarMxcsr(layout, s);
        uint fpscr = slot, raised = Raised(mxcsr & mxcsr >> MaskShift); // what is not masked comes from an operation that faulted, and is yet to be done
        mxcsr &= ~AllFlags;

        ref uint operation = ref Slot<uint>(layout, s, PpcSlot.FpOp);
        if (operation != 0)
        {
            FpResult last = FpInstruction.Recompute(operation, Slot<ulong>(layout, s, PpcSlot.FpA), Slot<ulong>(layout, s, PpcSlot.FpB), Slot<ulong>(layout, s, PpcSlot.FpC), fpscr);
            const uint Derived = Fpscr.Fr | Fpscr.Fi | Fpscr.Fprf;
            fpscr = fpscr & ~Derived | last.Status & Derived;

            // Tiny before rounding, not after: the host saw no underflow.
            if (last.Bits << 1 is SmallestDouble << 1 or SmallestSingle << 1)
                raised |= last.Status & Fpscr.Ux;
            operation = 0;
        }

        ref uint compare = ref Slot<uint>(layout, s, PpcSlot.FpCompare);
        if (compare != 0)
        {
            FpResult order = SoftFloat.CompareUnordered(Slot<ulong>(layout, s, PpcSlot.FpCompareA), Slot<ulong>(layout, s, PpcSlot.FpCompareB));
            fpscr = fpscr & ~Fpscr.Fpcc | (uint)order.Bits << Fpscr.FprfShift;
            compare = 0;
        }

        slot = Fpscr.Raise(fpscr, raised);
        return slot;
    }

    /// <summary>Gives the thread an FPSCR: control bits reach the MXCSR that is loaded when it goes on, pending derivations are dropped.</summary>
    public static void Apply(StateLayout layout, VcpuState* s, uint fpscr)
    {
        Slot<uint>(layout, s, PpcSlot.Fpscr) = Fpscr.Summarize(fpscr);
        Slot<uint>(layout, s, PpcSlot.FpOp) = 0;
        Slot<uint>(layout, s, PpcSlot.FpCompare) = 0;
        uint mxcsr = MxcsrOf(fpscr, Slot<uint>(layout, s, PpcSlot.UnderflowMasked) != 0);
        Slot<uint>(layout, s, PpcSlot.ScalarMxcsr) = Slot<uint>(layout, s, PpcSlot.CleanMxcsr) = mxcsr;
        ScalarMxcsr(layout, s) = mxcsr;
    }

    /// <summary>
    /// The program has a denormal result that is exact: no underflow for the PowerPC as long as that is not enabled, but one for the host when it is not masked.
    /// From now on it is, and underflows gather in MXCSR.
    /// </summary>
    public static void MaskUnderflow(StateLayout layout, VcpuState* s)
    {
        if (Slot<uint>(layout, s, PpcSlot.UnderflowMasked) != 0)
            return;
        uint fpscr = Materialize(layout, s);
        Slot<uint>(layout, s, PpcSlot.UnderflowMasked) = 1;
        Apply(layout, s, fpscr);
    }

    /// <summary>
    /// After a fault among vector instructions: loads the scalar MXCSR again, as every block expects it at its start.
    /// </summary>
    public static void LeaveVectorMode(StateLayout layout, VcpuState* s)
    {
        ref uint mode = ref Slot<uint>(layout, s, PpcSlot.VectorMode);
        if (mode == 0)
            return;
        VectorImage.Mxcsr(s) = Slot<uint>(layout, s, PpcSlot.ScalarMxcsr);
        mode = 0;
    }

    /// <summary>
    /// The host's control word for scalar code. Underflow that is enabled unmasks inexact results too: the host looks for tininess after rounding, the
    /// PowerPC before, and the interpreter decides. The host flushes to zero only what is masked.
    /// </summary>
    public static uint MxcsrOf(uint fpscr, bool underflowMasked = false)
    {
        bool watchesUnderflow = !underflowMasked && (fpscr & (Fpscr.Ux | Fpscr.Ni)) == 0;
        uint unmasked = ((fpscr & Fpscr.Ze) != 0 || (fpscr & Fpscr.Zx) == 0 ? ZeroDivide : 0) | ((fpscr & Fpscr.Oe) != 0 || (fpscr & Fpscr.Ox) == 0 ? Overflow : 0)
            | ((fpscr & Fpscr.Ue) != 0 ? Underflow | Precision : watchesUnderflow ? Underflow : 0) | ((fpscr & Fpscr.Xe) != 0 ? Precision : 0);
        uint rounding = (FpRounding)(fpscr & Fpscr.Rn) switch
        {
            FpRounding.Nearest => 0u,
            FpRounding.TowardZero => 3,
            FpRounding.Up => 2,
            _ => 1,
        };
        return DefaultMasks & ~(unmasked << MaskShift) | rounding << RoundingShift | ((fpscr & Fpscr.Ni) != 0 ? FlushToZero : 0);
    }

    private static uint Raised(uint mxcsr) =>
        ((mxcsr & ZeroDivide) != 0 ? Fpscr.Zx : 0) | ((mxcsr & Overflow) != 0 ? Fpscr.Ox : 0) | ((mxcsr & Underflow) != 0 ? Fpscr.Ux : 0) | ((mxcsr & Precision) != 0 ? Fpscr.Xx : 0);

    /// <summary>The MXCSR of scalar code: in the image, or put aside while the vector one is loaded.</summary>
    private static ref uint ScalarMxcsr(StateLayout layout, VcpuState* s)
    {
        if (Slot<uint>(layout, s, PpcSlot.VectorMode) != 0)
            return ref Slot<uint>(layout, s, PpcSlot.ScalarMxcsr);
        return ref VectorImage.Mxcsr(s);
    }

    private static ref T Slot<T>(StateLayout layout, VcpuState* s, int slot) where T : unmanaged => ref *(T*)layout.AddressOf(s, slot);
}
