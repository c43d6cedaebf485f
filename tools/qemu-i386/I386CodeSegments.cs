using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;

namespace Suite.Tools.I386;

/// <summary>The code segments in this process's local descriptor table (AMD64 manual volume 2, 4.7 and 4.8).</summary>
internal sealed class I386CodeSegments : ICodeSegments
{
    private const int IsPresent = 0x80, NotSystem = 0x10, IsCode = 8, Granular = 0x80, Is32Bit = 0x40;

    /// <summary>The only one there is: it has no state.</summary>
    public static readonly I386CodeSegments Instance = new();

    /// <inheritdoc/>
    public CodeSegment? Find(ushort selector)
    {
        ulong descriptor = I386Descriptors.Local(selector);
        int rights = (int)(descriptor >> 40) & 0xFF, flags = (int)(descriptor >> 48) & 0xFF;
        if ((rights & (IsPresent | NotSystem | IsCode)) != (IsPresent | NotSystem | IsCode))
            return null;
        uint limit = (uint)(descriptor & 0xFFFF) | (uint)(flags & 0xF) << 16;
        if ((flags & Granular) != 0)
            limit = limit << 12 | 0xFFF;
        return new CodeSegment(I386Descriptors.BaseOf(descriptor), limit, (flags & Is32Bit) != 0 ? CpuMode.Bits32 : CpuMode.Bits16);
    }
}
