namespace Suite.LinuxUser.Symbols;

/// <summary>The bytes of an ELF image, by offset. Nothing is assumed of them: they may be a hostile guest's.</summary>
internal interface IImageBytes
{
    /// <summary>Bytes there are at most.</summary>
    ulong Length { get; }

    /// <summary>Reads bytes; false when any of them is not there.</summary>
    bool TryRead(ulong offset, Span<byte> into);
}
