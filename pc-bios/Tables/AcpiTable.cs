using System.Buffers.Binary;
using System.Text;

namespace Suite.PcBios.Tables;

/// <summary>Bytes of a table behind its header, and the header itself (ACPI specification 6.5, 5.2.6).</summary>
internal static class AcpiTable
{
    public const int HeaderBytes = 36, LengthOffset = 4, ChecksumOffset = 9;

    /// <summary>Header and body, without checksum.</summary>
    /// <param name="signature">Four letters.</param>
    /// <param name="revision">Of the table's form.</param>
    /// <param name="body">What follows the header.</param>
    public static byte[] Make(string signature, byte revision, ReadOnlySpan<byte> body)
    {
        byte[] table = new byte[HeaderBytes + body.Length];
        Encoding.ASCII.GetBytes(signature, table);
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(LengthOffset), table.Length);
        table[8] = revision;
        "SUITE "u8.CopyTo(table.AsSpan(10));
        "SUITEPC "u8.CopyTo(table.AsSpan(16));
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(24), 1);
        "SUIT"u8.CopyTo(table.AsSpan(28));
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(32), 1);
        body.CopyTo(table.AsSpan(HeaderBytes));
        return table;
    }

    /// <summary>What makes the sum of all bytes zero.</summary>
    public static byte Checksum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte b in bytes)
            sum += b;
        return (byte)-sum;
    }
}
