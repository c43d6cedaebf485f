using Suite.Guest.X86.Decode;

namespace Suite.Guest.X86.Reencoder;

/// <summary>A code segment of a 32-bit program.</summary>
/// <param name="Base">Linear address of its first byte.</param>
/// <param name="Limit">Offset of its last byte.</param>
/// <param name="Mode">16 or 32-bit code.</param>
public readonly record struct CodeSegment(uint Base, uint Limit, CpuMode Mode)
{
    /// <summary>The one that programs start in.</summary>
    public static readonly CodeSegment Flat = new(0, uint.MaxValue, CpuMode.Bits32);
}

/// <summary>Where the re-encoder learns of a program's own code segments.</summary>
public interface ICodeSegments
{
    /// <summary>The present code segment that a selector of the local descriptor table names; null for none.</summary>
    CodeSegment? Find(ushort selector);
}
