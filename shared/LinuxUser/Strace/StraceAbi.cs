namespace Suite.LinuxUser.Strace;

/// <summary>What a tracer must know of a guest to read its memory: 8/little is x86-64, 4/little i386, 4/big 32-bit PowerPC.</summary>
/// <param name="wordBytes">Bytes in a pointer, a register and a C long: 4 or 8.</param>
/// <param name="bigEndian">Byte order of memory.</param>
public readonly struct StraceAbi(int wordBytes, bool bigEndian)
{
    /// <summary>Bytes in a pointer, a register and a C long.</summary>
    public int WordBytes { get; } = wordBytes is 4 or 8
        ? wordBytes : throw new ArgumentOutOfRangeException(nameof(wordBytes), wordBytes, "a guest word has 4 or 8 bytes");

    /// <summary>Byte order of memory.</summary>
    public bool BigEndian { get; } = bigEndian;

    /// <summary>What is appended to the name of a constant set or layout for this guest's own version of it.</summary>
    internal string Suffix => WordBytes == 8 ? ".x64" : BigEndian ? ".ppc" : ".i386";

    /// <summary>The i386 ABI aligns 8-byte fields to 4 bytes (System V i386 psABI, table 2.1).</summary>
    internal int LargestAlignment => WordBytes == 4 && !BigEndian ? 4 : 8;

    /// <summary>PowerPC passes 64-bit arguments in register pairs that start at an odd register (r3, r5, r7), the high half first.</summary>
    internal bool AlignsRegisterPairs => WordBytes == 4 && BigEndian;
}
