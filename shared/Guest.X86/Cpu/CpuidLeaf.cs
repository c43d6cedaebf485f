namespace Suite.Guest.X86.Cpu;

/// <summary>What the cpuid instruction leaves in the four registers.</summary>
public readonly record struct CpuidLeaf(uint Eax, uint Ebx, uint Ecx, uint Edx)
{
    /// <summary>True for leaves whose answer depends on ecx (Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E).</summary>
    public static bool HasParts(uint leaf) => leaf is 4 or 7 or 0xB or 0xD or 0xF or 0x10 or 0x12 or 0x14 or 0x17 or 0x18 or 0x1A or 0x1B or >= 0x1D and <= 0x20 or 0x23 or 0x24
        or 0x8000_001D or 0x8000_0020 or 0x8000_0026;
}
