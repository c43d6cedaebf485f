using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Suite.Devices.Net;

/// <summary>The ones' complement sum of the internet protocols (RFC 1071).</summary>
internal static class InternetChecksum
{
    /// <summary>Adds bytes to a sum that is not folded. Only the last piece may have an odd length.</summary>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> bytes)
    {
        // The sum does not depend on byte order: words are added as the host has them, and swapped at the end.
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(bytes);
        foreach (uint word in words)
            sum += word;
        bytes = bytes[(words.Length * sizeof(uint))..];
        if (bytes.Length >= 2)
        {
            sum += BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            bytes = bytes[2..];
        }

        return bytes.Length == 0 ? sum : sum + bytes[0];
    }

    /// <summary>Adds a number of 16 bits as it stands in a header.</summary>
    public static ulong Add(ulong sum, ushort value) => sum + BinaryPrimitives.ReverseEndianness(value);

    /// <summary>The field's value for a sum.</summary>
    public static ushort Finish(ulong sum)
    {
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return BinaryPrimitives.ReverseEndianness((ushort)~sum);
    }

    /// <summary>The checksum of bytes.</summary>
    public static ushort Of(ReadOnlySpan<byte> bytes) => Finish(Add(0, bytes));
}
