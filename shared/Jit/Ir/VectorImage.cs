using Suite.Host;
using Suite.Jit.Runtime;

namespace Suite.Jit.Ir;

/// <summary>Host vector registers in the XSAVE image of a thread that is outside generated code (AMD64 manual volume 2, 11.5).</summary>
public static unsafe class VectorImage
{
    private const int LegacyXmm = 160, Header = 512, Hi16Component = 7, MxcsrOffset = 24;
    private static readonly int Hi16 = (HostCpu.Xcr0 >> Hi16Component & 1) != 0 ? HostCpu.XsaveComponent(Hi16Component).Offset : 0;

    /// <summary>The low 16 bytes of a vector register.</summary>
    public static void* Register(VcpuState* s, int number)
    {
        byte* image = (byte*)s->VectorArea;
        return number < 16 ? image + LegacyXmm + number * 16 : image + Hi16 + (number - 16) * 64;
    }

    /// <summary>The MXCSR that is loaded when the thread goes on.</summary>
    public static ref uint Mxcsr(VcpuState* s) => ref *(uint*)(s->VectorArea + MxcsrOffset);

    /// <summary>Declares x87, SSE, AVX and AVX-512 components as present, so that what is written to the image gets loaded.</summary>
    public static void MarkInUse(VcpuState* s) => *(ulong*)(s->VectorArea + Header) |= HostCpu.Xcr0 & 0xE7;
}
