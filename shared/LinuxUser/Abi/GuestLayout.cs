using System.Buffers.Binary;

namespace Suite.LinuxUser.Abi;

/// <summary>
/// How a 32-bit guest lays out data: byte order, and how 8-byte values are aligned (4 on i386, 8 on PowerPC). Pointers and C longs
/// have 4 bytes. The accessors take the guest's bytes and give host values, and the other way.
/// </summary>
/// <param name="bigEndian">Byte order of memory.</param>
/// <param name="align8">Alignment of 8-byte values in bytes.</param>
public readonly struct GuestLayout(bool bigEndian, int align8)
{
    /// <summary>System V ABI for the i386 (table 2.1): little endian, 8-byte values aligned to 4.</summary>
    public static GuestLayout I386 => new(false, 4);

    /// <summary>Power Architecture 32-bit ABI (section 3.1): big endian, 8-byte values aligned to 8.</summary>
    public static GuestLayout Ppc => new(true, 8);

    public bool BigEndian { get; } = bigEndian;

    /// <summary>Alignment of 8-byte values in bytes.</summary>
    public int Align8 { get; } = align8;

    /// <summary>True for PowerPC, whose constants differ from those of x86 in many places.</summary>
    public bool IsPpc => BigEndian;

    public ushort U16(ReadOnlySpan<byte> from, int at = 0) =>
        BigEndian ? BinaryPrimitives.ReadUInt16BigEndian(from[at..]) : BinaryPrimitives.ReadUInt16LittleEndian(from[at..]);

    public uint U32(ReadOnlySpan<byte> from, int at = 0) =>
        BigEndian ? BinaryPrimitives.ReadUInt32BigEndian(from[at..]) : BinaryPrimitives.ReadUInt32LittleEndian(from[at..]);

    public int I32(ReadOnlySpan<byte> from, int at = 0) => (int)U32(from, at);

    public ulong U64(ReadOnlySpan<byte> from, int at = 0) =>
        BigEndian ? BinaryPrimitives.ReadUInt64BigEndian(from[at..]) : BinaryPrimitives.ReadUInt64LittleEndian(from[at..]);

    public void Put16(Span<byte> to, int at, ushort value)
    {
        if (BigEndian)
            BinaryPrimitives.WriteUInt16BigEndian(to[at..], value);
        else
            BinaryPrimitives.WriteUInt16LittleEndian(to[at..], value);
    }

    public void Put32(Span<byte> to, int at, uint value)
    {
        if (BigEndian)
            BinaryPrimitives.WriteUInt32BigEndian(to[at..], value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(to[at..], value);
    }

    public void Put64(Span<byte> to, int at, ulong value)
    {
        if (BigEndian)
            BinaryPrimitives.WriteUInt64BigEndian(to[at..], value);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(to[at..], value);
    }

    /// <summary>A kernel sigset_t: two words, signals 1 to 32 in the first whatever the byte order.</summary>
    public ulong Sigset(ReadOnlySpan<byte> from, int at = 0) => U32(from, at) | (ulong)U32(from, at + 4) << 32;

    /// <inheritdoc cref="Sigset"/>
    public void PutSigset(Span<byte> to, int at, ulong value)
    {
        Put32(to, at, (uint)value);
        Put32(to, at + 4, (uint)(value >> 32));
    }
}
