using Suite.Host;
using Suite.Jit.Runtime;

namespace Suite.Jit.Ir;

/// <summary>Host vector registers in the XSAVE image of a thread that is outside generated code (AMD64 manual volume 2, 11.5).</summary>
public static unsafe class VectorImage
{
    private const int LegacyXmm = 160, Header = 512, Hi16Component = 7, MxcsrOffset = 24, Sse = 2;
    private static readonly int Hi16 = (HostCpu.Xcr0 >> Hi16Component & 1) != 0 ? HostCpu.XsaveComponent(Hi16Component).Offset : 0;

    /// <summary>The low 16 bytes of a vector register.</summary>
    public static void* Register(VcpuState* s, int number)
    {
        byte* image = (byte*)s->VectorArea;
        return number < 16 ? image + LegacyXmm + number * 16 : image + Hi16 + (number - 16) * 64;
    }

    /// <summary>The sticky exception flags of MXCSR (AMD64 manual volume 1, 4.2.2).</summary>
    public const uint MxcsrFlags = 0x3F;

    /// <summary>The MXCSR that is loaded when the thread goes on.</summary>
    public static ref uint Mxcsr(VcpuState* s) => ref *(uint*)(s->VectorArea + MxcsrOffset);

    /// <summary>
    /// Makes the image say what the registers hold, so that it can be read and written: the processor leaves out components that are all zero.
    /// Needed once after generated code has been left, before a register is touched here.
    /// </summary>
    public static void MarkInUse(VcpuState* s)
    {
        byte* image = (byte*)s->VectorArea;
        ref ulong present = ref *(ulong*)(image + Header);
        if ((present & Sse) == 0)
            new Span<byte>(image + LegacyXmm, 16 * 16).Clear();
        if (Hi16 != 0 && (present & 1 << Hi16Component) == 0)
            new Span<byte>(image + Hi16, 16 * 64).Clear();
        present |= Sse | (Hi16 != 0 ? 1u << Hi16Component : 0);
    }
}
