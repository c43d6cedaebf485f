using Suite.Host;

namespace Suite.Jit.Backend;

/// <summary>Optional instructions of the host that the compiler makes use of (AMD64 manual volume 3, appendix E).</summary>
/// <param name="Movbe">MOVBE.</param>
/// <param name="Bmi">BMI1 and BMI2.</param>
/// <param name="Lzcnt">LZCNT.</param>
/// <param name="Avx">AVX, switched on by the kernel. Without it floating point and vectors are interpreted.</param>
/// <param name="Fma">FMA3.</param>
/// <param name="Avx512">AVX-512 F, BW, DQ and VL, switched on by the kernel: xmm16 to xmm31.</param>
/// <param name="Avx2">AVX2. Without it vectors are interpreted.</param>
/// <param name="Vbmi">AVX-512 VBMI, where <paramref name="Avx512"/> is: byte permutes.</param>
public readonly record struct HostFeatures(bool Movbe, bool Bmi, bool Lzcnt, bool Avx, bool Fma, bool Avx512, bool Avx2, bool Vbmi)
{
    private const ulong AvxState = 6, Avx512State = 0xE6;

    /// <summary>Those of this host, asked once.</summary>
    public static HostFeatures Host { get; } = Detect();

    /// <summary>Asks cpuid; takes tens of microseconds under a hypervisor, so ask once.</summary>
    public static HostFeatures Detect()
    {
        uint basic = HostCpu.Cpuid(1, 0).Ecx, extended = HostCpu.Cpuid(7, 0).Ebx, more = HostCpu.Cpuid(7, 0).Ecx, amd = HostCpu.Cpuid(0x8000_0001, 0).Ecx;
        bool avx = Bit(basic, 28) && (HostCpu.Xcr0 & AvxState) == AvxState;
        return new HostFeatures(
            Movbe: Bit(basic, 22),
            Bmi: Bit(extended, 3) && Bit(extended, 8),
            Lzcnt: Bit(amd, 5),
            Avx: avx,
            Fma: avx && Bit(basic, 12),
            Avx512: avx && Bit(extended, 16) && Bit(extended, 17) && Bit(extended, 30) && Bit(extended, 31) && (HostCpu.Xcr0 & Avx512State) == Avx512State,
            Avx2: avx && Bit(extended, 5),
            Vbmi: Bit(more, 1));
    }

    private static bool Bit(uint word, int bit) => (word >> bit & 1) != 0;
}
