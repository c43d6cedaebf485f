using System.Buffers.Binary;

namespace Suite.PcBios.Tables;

/// <summary>Resource descriptors (ACPI specification 6.5, 6.4), put together to the buffer that _CRS or _PRS gives.</summary>
internal static class AcpiResources
{
    private const byte FixedRange = 0x0C, EntireRange = 3, ReadWrite = 1, CacheableReadWrite = 3;

    /// <summary>ResourceTemplate.</summary>
    public static byte[] Template(params byte[][] descriptors) => Aml.Buffer([.. Aml.Join(descriptors), 0x79, 0]);

    /// <summary>Ports at a fixed place.</summary>
    public static byte[] Ports(ushort first, byte count) => [0x47, 1, (byte)first, (byte)(first >> 8), (byte)first, (byte)(first >> 8), 1, count];

    /// <summary>An ISA interrupt: edge triggered, active high.</summary>
    public static byte[] Irq(int number) => [0x22, (byte)(1 << number), (byte)(1 << number >> 8)];

    /// <summary>An 8-bit ISA DMA channel.</summary>
    public static byte[] Dma(int channel) => [0x2A, (byte)(1 << channel), 0];

    public static byte[] Memory(uint start, uint length) => [0x86, 9, 0, ReadWrite, .. Bytes(start), .. Bytes(length)];

    /// <summary>Buses that a bridge produces.</summary>
    public static byte[] BusNumbers(ushort first, ushort last) => Words(2, 0, first, last);

    /// <summary>Ports that a bridge produces.</summary>
    public static byte[] PortWindow(ushort first, ushort last) => Words(1, EntireRange, first, last);

    /// <summary>Memory that a bridge produces.</summary>
    public static byte[] MemoryWindow(uint first, uint last, bool isCacheable) =>
        [0x87, 0x17, 0, 0, FixedRange, isCacheable ? CacheableReadWrite : ReadWrite, .. Bytes(0), .. Bytes(first), .. Bytes(last), .. Bytes(0), .. Bytes(last - first + 1)];

    public static byte[] MemoryWindow64(ulong first, ulong last) =>
        [0x8A, 0x2B, 0, 0, FixedRange, CacheableReadWrite, .. Bytes64(0), .. Bytes64(first), .. Bytes64(last), .. Bytes64(0), .. Bytes64(last - first + 1)];

    /// <summary>Global interrupts.</summary>
    public static byte[] Interrupts(bool isLevel, bool isShared, params uint[] numbers)
    {
        byte flags = (byte)(1 | (isLevel ? 0 : 2) | (isShared ? 8 : 0));
        int length = 2 + 4 * numbers.Length;
        return [0x89, (byte)length, 0, flags, (byte)numbers.Length, .. numbers.SelectMany(Bytes)];
    }

    private static byte[] Words(byte type, byte flags, ushort first, ushort last)
    {
        byte[] bytes = [0x88, 0x0D, 0, type, FixedRange, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), first);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(10), last);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(14), (ushort)(last - first + 1));
        return bytes;
    }

    private static byte[] Bytes(uint value) => BitConverter.GetBytes(value);

    private static byte[] Bytes64(ulong value) => BitConverter.GetBytes(value);
}
