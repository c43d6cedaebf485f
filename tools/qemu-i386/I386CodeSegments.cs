using Suite.Guest.X86.Decode;
using Suite.Guest.X86.Reencoder;

namespace Suite.Tools.I386;

/// <summary>The code segments that this process's programs can run in: the flat one and those of the local descriptor table.</summary>
internal sealed class I386CodeSegments : ICodeSegments
{
    /// <summary>The only one there is: it has no state.</summary>
    public static readonly I386CodeSegments Instance = new();

    /// <inheritdoc/>
    public CodeSegment? Find(ushort selector)
    {
        const int LocalTable = 4;
        if ((selector | 3) == I386Segments.UserCode)
            return CodeSegment.Flat;
        if ((selector & LocalTable) == 0)
            return null;
        I386SegmentDescriptor found = I386LocalTable.Find(selector);
        return found is { IsPresent: true, IsCode: true } ? new CodeSegment(found.Base, found.Limit, found.IsBig ? CpuMode.Bits32 : CpuMode.Bits16) : null;
    }
}
