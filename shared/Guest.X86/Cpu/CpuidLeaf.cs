namespace Suite.Guest.X86.Cpu;

/// <summary>What the cpuid instruction leaves in the four registers.</summary>
public readonly record struct CpuidLeaf(uint Eax, uint Ebx, uint Ecx, uint Edx);
