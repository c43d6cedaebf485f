using System.Runtime.Intrinsics;
using Suite.Jit.Ir;
using Suite.Jit.Runtime;

namespace Suite.Guest.Ppc;

/// <summary>
/// VSCR as a whole. NJ and the SAT bit last written are in <see cref="PpcSlot.Vscr"/>, evidence of saturation since then in <see cref="PpcSlot.SatBits"/>,
/// the host's form of NJ in <see cref="PpcSlot.VectorMxcsr"/>.
/// </summary>
public static unsafe class AltivecState
{
    /// <summary>VSCR.NJ: denormals count as zero. Linux starts processes with it set.</summary>
    public const uint NonJava = 0x00010000;

    /// <summary>VSCR.SAT.</summary>
    public const uint Saturated = 1;

    /// <summary>MXCSR with NJ clear: invalid operation unmasked, all others masked, round to nearest.</summary>
    public const uint MxcsrJava = 0x1F00;

    /// <summary>The same with denormals as zero and flush to zero.</summary>
    public const uint MxcsrNonJava = 0x9F40;

    /// <summary>Helper that executes a floating-point instruction in software: a = its word.</summary>
    internal const int FloatHelper = 250;

    /// <summary>VSCR of a thread that is outside compiled code, as mfvscr reads it.</summary>
    public static uint ReadVscr(StateLayout layout, VcpuState* s)
    {
        uint vscr = *(uint*)layout.AddressOf(s, PpcSlot.Vscr);
        return Vector128.Load((byte*)layout.AddressOf(s, PpcSlot.SatBits)) != default ? vscr | Saturated : vscr;
    }

    /// <summary>Sets VSCR of a thread that is outside compiled code, as mtvscr does; also what a new thread's state needs.</summary>
    public static void WriteVscr(StateLayout layout, VcpuState* s, uint value)
    {
        *(uint*)layout.AddressOf(s, PpcSlot.Vscr) = value & (NonJava | Saturated);
        *(uint*)layout.AddressOf(s, PpcSlot.VectorMxcsr) = (value & NonJava) != 0 ? MxcsrNonJava : MxcsrJava;
        Vector128<byte>.Zero.Store((byte*)layout.AddressOf(s, PpcSlot.SatBits));
    }
}
