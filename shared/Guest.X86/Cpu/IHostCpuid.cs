namespace Suite.Guest.X86.Cpu;

/// <summary>The identification of the processor we run on; injected, so that tests can be any machine.</summary>
public interface IHostCpuid
{
    /// <summary>Extended state components the operating system has enabled (xgetbv 0), 0 where it enabled none.</summary>
    ulong Xcr0 { get; }

    /// <summary>Executes cpuid with eax = <paramref name="leaf"/> and ecx = <paramref name="subleaf"/> on the current processor.</summary>
    CpuidLeaf Query(uint leaf, uint subleaf);
}
