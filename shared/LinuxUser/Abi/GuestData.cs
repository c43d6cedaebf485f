using System.Buffers.Binary;

namespace Suite.LinuxUser.Abi;

/// <summary>Access to integers in a guest's memory image: they take the guest's bytes and give host values, and the other way.</summary>
public static class GuestData
{
    public static ushort U16(this GuestAbi abi, ReadOnlySpan<byte> from, int at = 0) =>
        abi.BigEndian ? BinaryPrimitives.ReadUInt16BigEndian(from[at..]) : BinaryPrimitives.ReadUInt16LittleEndian(from[at..]);

    public static uint U32(this GuestAbi abi, ReadOnlySpan<byte> from, int at = 0) =>
        abi.BigEndian ? BinaryPrimitives.ReadUInt32BigEndian(from[at..]) : BinaryPrimitives.ReadUInt32LittleEndian(from[at..]);

    public static int I32(this GuestAbi abi, ReadOnlySpan<byte> from, int at = 0) => (int)abi.U32(from, at);

    public static ulong U64(this GuestAbi abi, ReadOnlySpan<byte> from, int at = 0) =>
        abi.BigEndian ? BinaryPrimitives.ReadUInt64BigEndian(from[at..]) : BinaryPrimitives.ReadUInt64LittleEndian(from[at..]);

    public static void Put16(this GuestAbi abi, Span<byte> to, int at, ushort value)
    {
        if (abi.BigEndian)
            BinaryPrimitives.WriteUInt16BigEndian(to[at..], value);
        else
            BinaryPrimitives.WriteUInt16LittleEndian(to[at..], value);
    }

    public static void Put32(this GuestAbi abi, Span<byte> to, int at, uint value)
    {
        if (abi.BigEndian)
            BinaryPrimitives.WriteUInt32BigEndian(to[at..], value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(to[at..], value);
    }

    public static void Put64(this GuestAbi abi, Span<byte> to, int at, ulong value)
    {
        if (abi.BigEndian)
            BinaryPrimitives.WriteUInt64BigEndian(to[at..], value);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(to[at..], value);
    }

    /// <summary>A kernel sigset_t: two words, signals 1 to 32 in the first whatever the byte order.</summary>
    public static ulong Sigset(this GuestAbi abi, ReadOnlySpan<byte> from, int at = 0) => abi.U32(from, at) | (ulong)abi.U32(from, at + 4) << 32;
}
