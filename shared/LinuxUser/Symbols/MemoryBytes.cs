using Suite.LinuxUser.Memory;

namespace Suite.LinuxUser.Symbols;

/// <summary>An ELF image as far as it is mapped: the vDSO, or a file that is gone from disk.</summary>
/// <param name="memory">The guest's memory.</param>
/// <param name="pieces">Which bytes of the image are where.</param>
internal sealed class MemoryBytes(IGuestReader memory, (ulong Offset, ulong Start, ulong Length)[] pieces) : IImageBytes
{
    /// <inheritdoc/>
    public ulong Length { get; } = pieces.Max(p => p.Offset + p.Length);

    /// <inheritdoc/>
    public bool TryRead(ulong offset, Span<byte> into)
    {
        foreach ((ulong first, ulong start, ulong length) in pieces)
            if (offset - first < length && (ulong)into.Length <= length - (offset - first))
                return memory.TryRead(start + (offset - first), into);
        return false;
    }

    /// <summary>What a loader has added to addresses in this image, one of which is given; 0 when that cannot be told.</summary>
    public ulong BiasFor(ulong relocated)
    {
        foreach ((ulong _, ulong start, ulong length) in pieces)
            if (relocated - start < length)
                return pieces[0].Start - pieces[0].Offset;
        return 0;
    }
}
