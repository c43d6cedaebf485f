using System.Buffers.Binary;

namespace Suite.LinuxUser.Compat;

/// <summary>Integers of 1, 2, 4 or 8 bytes in either byte order.</summary>
public static class GuestNumber
{
    /// <summary>The integer that <paramref name="raw"/> is, widened to 64 bits with its sign or with zeros.</summary>
    public static ulong Read(ReadOnlySpan<byte> raw, bool bigEndian, bool signed)
    {
        switch (raw.Length)
        {
            case 1:
                return signed ? (ulong)(sbyte)raw[0] : raw[0];
            case 2:
                ushort half = bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(raw) : BinaryPrimitives.ReadUInt16LittleEndian(raw);
                return signed ? (ulong)(short)half : half;
            case 4:
                uint word = bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(raw) : BinaryPrimitives.ReadUInt32LittleEndian(raw);
                return signed ? (ulong)(int)word : word;
            default:
                return bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(raw) : BinaryPrimitives.ReadUInt64LittleEndian(raw);
        }
    }

    /// <summary>Stores the low bytes of a value, as many as there is room for.</summary>
    public static void Write(Span<byte> into, bool bigEndian, ulong value)
    {
        switch (into.Length)
        {
            case 1:
                into[0] = (byte)value;
                break;
            case 2 when bigEndian:
                BinaryPrimitives.WriteUInt16BigEndian(into, (ushort)value);
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(into, (ushort)value);
                break;
            case 4 when bigEndian:
                BinaryPrimitives.WriteUInt32BigEndian(into, (uint)value);
                break;
            case 4:
                BinaryPrimitives.WriteUInt32LittleEndian(into, (uint)value);
                break;
            case 8 when bigEndian:
                BinaryPrimitives.WriteUInt64BigEndian(into, value);
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(into, value);
                break;
        }
    }
}
