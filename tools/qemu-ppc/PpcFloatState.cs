using Suite.Guest.Ppc;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Tools.Ppc;

/// <summary>FPSCR and VSCR of a thread outside generated code, which keeps parts of them elsewhere.</summary>
internal static unsafe class PpcFloatState
{
    // MXCSR: all exceptions masked but invalid operations, which the interpreter looks at; for vectors all masked, denormals zero.
    private const uint ScalarMxcsr = 0x1F00, VectorMxcsr = 0x9FC0, NonJava = 0x00010000;

    /// <summary>What a program starts with: FPSCR 0, vectors in non-Java mode as Linux sets it.</summary>
    public static void Initialise(VcpuState* s, StateLayout layout)
    {
        Slot(s, layout, PpcSlot.ScalarMxcsr) = ScalarMxcsr;
        Slot(s, layout, PpcSlot.VectorMxcsr) = VectorMxcsr;
        Slot(s, layout, PpcSlot.Vscr) = NonJava;
        VectorImage.Mxcsr(s) = ScalarMxcsr;
        VectorImage.MarkInUse(s);
    }

    /// <summary>Blocks begin with scalar floating point.</summary>
    public static void LeaveVectorMode(VcpuState* s, StateLayout layout)
    {
        ref uint mode = ref Slot(s, layout, PpcSlot.VectorMode);
        if (mode == 0)
            return;
        mode = 0;
        VectorImage.Mxcsr(s) = Slot(s, layout, PpcSlot.ScalarMxcsr);
    }

    public static uint ReadFpscr(VcpuState* s, StateLayout layout) => *(uint*)layout.AddressOf(s, PpcSlot.Fpscr);

    public static void WriteFpscr(VcpuState* s, StateLayout layout, uint value) => *(uint*)layout.AddressOf(s, PpcSlot.Fpscr) = value;

    public static uint ReadVscr(VcpuState* s, StateLayout layout) => *(uint*)layout.AddressOf(s, PpcSlot.Vscr);

    public static void WriteVscr(VcpuState* s, StateLayout layout, uint value) => *(uint*)layout.AddressOf(s, PpcSlot.Vscr) = value;

    private static ref uint Slot(VcpuState* s, StateLayout layout, int slot) => ref *(uint*)layout.AddressOf(s, slot);
}
