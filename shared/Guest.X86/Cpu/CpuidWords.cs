namespace Suite.Guest.X86.Cpu;

/// <summary>The cpuid registers that hold feature bits, named leaf and register; an s separates the subleaf, X is 0x8000_0000, C is 0xC000_0000.</summary>
internal enum CpuidWord : byte
{
    L1Edx, X1Edx, L1Ecx, C1Edx, X1Ecx, L7Ebx, LDEax, L7s1Eax, X8Ebx, L6Eax, XAEdx, L7Ecx, X7Edx, L7Edx, L7s1Edx, L14Ebx, L19Ebx, X21Eax,
}

/// <summary>Where a word is read, and the number of the word in the kernel's own array, which gives /proc/cpuinfo its order.</summary>
/// <param name="Leaf">eax on entry.</param>
/// <param name="Subleaf">ecx on entry.</param>
/// <param name="Register">0 to 3 for eax, ebx, ecx, edx.</param>
/// <param name="KernelWord">Index in the kernel's capability array; words it does not print sort last.</param>
internal readonly record struct CpuidPlace(uint Leaf, uint Subleaf, int Register, int KernelWord);

/// <summary>Facts about <see cref="CpuidWord"/>.</summary>
internal static class CpuidWords
{
    private const int Eax = 0, Ebx = 1, Ecx = 2, Edx = 3, NotPrinted = 99;

    /// <summary>Where cpuid shows a word.</summary>
    public static CpuidPlace Place(CpuidWord word) => word switch
    {
        CpuidWord.L1Edx => new(1, 0, Edx, 0),
        CpuidWord.X1Edx => new(0x8000_0001, 0, Edx, 1),
        CpuidWord.L1Ecx => new(1, 0, Ecx, 4),
        CpuidWord.C1Edx => new(0xC000_0001, 0, Edx, 5),
        CpuidWord.X1Ecx => new(0x8000_0001, 0, Ecx, 6),
        CpuidWord.L7Ebx => new(7, 0, Ebx, 9),
        CpuidWord.LDEax => new(0xD, 1, Eax, 10),
        CpuidWord.L7s1Eax => new(7, 1, Eax, 12),
        CpuidWord.X8Ebx => new(0x8000_0008, 0, Ebx, 13),
        CpuidWord.L6Eax => new(6, 0, Eax, 14),
        CpuidWord.XAEdx => new(0x8000_000A, 0, Edx, 15),
        CpuidWord.L7Ecx => new(7, 0, Ecx, 16),
        CpuidWord.L7Edx => new(7, 0, Edx, 18),
        CpuidWord.X21Eax => new(0x8000_0021, 0, Eax, 20),
        CpuidWord.X7Edx => new(0x8000_0007, 0, Edx, NotPrinted),
        CpuidWord.L7s1Edx => new(7, 1, Edx, NotPrinted),
        CpuidWord.L14Ebx => new(0x14, 0, Ebx, NotPrinted),
        CpuidWord.L19Ebx => new(0x19, 0, Ebx, NotPrinted),
        _ => throw new ArgumentOutOfRangeException(nameof(word)),
    };

    /// <summary>One register of an answer.</summary>
    public static uint Register(in CpuidLeaf leaf, int register) => register switch
    {
        Eax => leaf.Eax,
        Ebx => leaf.Ebx,
        Ecx => leaf.Ecx,
        _ => leaf.Edx,
    };

    /// <summary>The answer with one register replaced.</summary>
    public static CpuidLeaf With(in CpuidLeaf leaf, int register, uint value) => register switch
    {
        Eax => leaf with { Eax = value },
        Ebx => leaf with { Ebx = value },
        Ecx => leaf with { Ecx = value },
        _ => leaf with { Edx = value },
    };
}
