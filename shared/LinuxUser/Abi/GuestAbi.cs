namespace Suite.LinuxUser.Abi;

/// <summary>How a guest lays out memory and passes arguments: 8/little is x86-64, 4/little i386, 4/big 32-bit PowerPC.</summary>
/// <param name="wordBytes">Bytes in a pointer, a register and a C long: 4 or 8.</param>
/// <param name="bigEndian">Byte order of memory.</param>
public readonly struct GuestAbi(int wordBytes, bool bigEndian)
{
    /// <summary>x86-64, which is also the host's.</summary>
    public static GuestAbi X64 => new(8, false);

    /// <summary>i386.</summary>
    public static GuestAbi I386 => new(4, false);

    /// <summary>32-bit big-endian PowerPC.</summary>
    public static GuestAbi Ppc => new(4, true);

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

    /// <summary>i386 keeps the calls that take user and group ids of 16 bits; those of 32 bits are calls of their own there.</summary>
    internal bool HasShortIds => WordBytes == 4 && !BigEndian;
}
