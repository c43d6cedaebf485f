using Suite.Guest.Ppc;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Tools.Ppc;

/// <summary>FPSCR and VSCR of a thread outside generated code, which keeps parts of them elsewhere.</summary>
internal static unsafe class PpcFloatState
{
    public static uint ReadFpscr(VcpuState* s, StateLayout layout) => *(uint*)layout.AddressOf(s, PpcSlot.Fpscr);

    public static void WriteFpscr(VcpuState* s, StateLayout layout, uint value) => *(uint*)layout.AddressOf(s, PpcSlot.Fpscr) = value;

    public static uint ReadVscr(VcpuState* s, StateLayout layout) => *(uint*)layout.AddressOf(s, PpcSlot.Vscr);

    public static void WriteVscr(VcpuState* s, StateLayout layout, uint value) => *(uint*)layout.AddressOf(s, PpcSlot.Vscr) = value;
}
