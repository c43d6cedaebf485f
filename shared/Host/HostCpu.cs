using System.Runtime.Intrinsics.X86;

namespace Suite.Host;

/// <summary>What this host processor is and has, as far as the engine depends on it (AMD64 manual volume 3, appendix E).</summary>
public static unsafe class HostCpu
{
    private static readonly delegate* unmanaged[SuppressGCTransition]<uint, ulong> XgetbvStub =
        (delegate* unmanaged[SuppressGCTransition]<uint, ulong>)HostCode.Publish(
        [
            0x89, 0xF9,                     // mov ecx, edi
            0x0F, 0x01, 0xD0,               // xgetbv
            0x48, 0xC1, 0xE2, 0x20,         // shl rdx, 32
            0x48, 0x09, 0xD0,               // or rax, rdx
            0xC3,                           // ret
        ]);

    private static readonly delegate* unmanaged[SuppressGCTransition]<nint> ThreadPointerStub =
        (delegate* unmanaged[SuppressGCTransition]<nint>)HostCode.Publish([0x64, 0x48, 0x8B, 0x04, 0x25, 0, 0, 0, 0, 0xC3]); // mov rax, fs:[0]; ret

    /// <summary>The calling thread's fs base: its thread control block, whose first word points to itself (System V ABI, thread-local storage).</summary>
    public static nint ThreadPointer => ThreadPointerStub();

    /// <summary>The cpuid instruction.</summary>
    public static (uint Eax, uint Ebx, uint Ecx, uint Edx) Cpuid(uint leaf, uint subleaf)
    {
        (int eax, int ebx, int ecx, int edx) = X86Base.CpuId((int)leaf, (int)subleaf);
        return ((uint)eax, (uint)ebx, (uint)ecx, (uint)edx);
    }

    // cpuid may trap to a hypervisor, which takes tens of microseconds: each leaf is asked once.
    private static readonly bool Xsave = (Cpuid(1, 0).Ecx & (1u << 27)) != 0;
    private static readonly ulong XsaveComponents = Xsave ? XgetbvStub(0) : 3;
    private static readonly int XsaveBytes = Xsave ? (int)Cpuid(0xD, 0).Ebx : 512;
    private static readonly bool Xsaveopt = Xsave && (Cpuid(0xD, 1).Eax & 1) != 0;
    private static readonly (int Offset, int Size)[] Components = new (int, int)[64];

    /// <summary>True when the kernel has switched the XSAVE family on (cpuid 1, ecx bit 27).</summary>
    public static bool HasXsave => Xsave;

    /// <summary>XCR0: the state components user code may use. Only x87 and SSE where XSAVE is missing.</summary>
    public static ulong Xcr0 => XsaveComponents;

    /// <summary>Bytes of a standard-format XSAVE image with every component of XCR0 (cpuid 0Dh, ebx).</summary>
    public static int XsaveSize => XsaveBytes;

    /// <summary>True when XSAVEOPT exists (cpuid 0Dh.1, eax bit 0).</summary>
    public static bool HasXsaveopt => Xsaveopt;

    /// <summary>True when user code may use rdfsbase and its kin (AT_HWCAP2, HWCAP2_FSGSBASE).</summary>
    public static bool HasFsGsBase => (HostProcess.AuxValue(AT_HWCAP2) & 2) != 0;

    private const int AT_HWCAP2 = 26;

    /// <summary>Place of an extended component (2 to 62) in a standard-format XSAVE image, in bytes (cpuid 0Dh, ebx and eax).</summary>
    public static (int Offset, int Size) XsaveComponent(int component)
    {
        if (Components[component].Size == 0)
        {
            var leaf = Cpuid(0xD, (uint)component);
            Components[component] = ((int)leaf.Ebx, (int)leaf.Eax);
        }

        return Components[component];
    }
}
