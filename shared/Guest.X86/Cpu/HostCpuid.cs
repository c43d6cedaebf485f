using System.Runtime.Intrinsics.X86;

namespace Suite.Guest.X86.Cpu;

/// <summary>The real processor.</summary>
/// <param name="readXcr0">Executes xgetbv with ecx = 0; called only if cpuid shows OSXSAVE.</param>
public sealed class HostCpuid(Func<ulong> readXcr0) : IHostCpuid
{
    private const uint OsXsave = 1u << 27;

    /// <inheritdoc/>
    public ulong Xcr0 => (Query(1, 0).Ecx & OsXsave) != 0 ? readXcr0() : 0;

    /// <inheritdoc/>
    public CpuidLeaf Query(uint leaf, uint subleaf)
    {
        (int eax, int ebx, int ecx, int edx) = X86Base.CpuId((int)leaf, (int)subleaf);
        return new CpuidLeaf((uint)eax, (uint)ebx, (uint)ecx, (uint)edx);
    }
}
