using Iced.Intel;

namespace Suite.Guest.X86.Machine.Translation;

/// <summary>Code for Iced's decoder, in memory.</summary>
internal sealed unsafe class PointerReader : CodeReader
{
    private byte* _at, _end;

    /// <summary>Where to read, and how much there is.</summary>
    public void Set(byte* at, int length)
    {
        _at = at;
        _end = at + length;
    }

    /// <inheritdoc/>
    public override int ReadByte() => _at < _end ? *_at++ : -1;
}

/// <summary>Memory for Iced's encoder; the room is the caller's promise.</summary>
internal sealed unsafe class PointerWriter : CodeWriter
{
    /// <summary>Where the next byte goes.</summary>
    public byte* At { get; set; }

    /// <inheritdoc/>
    public override void WriteByte(byte value) => *At++ = value;
}
