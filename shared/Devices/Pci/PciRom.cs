using System.Buffers.Binary;
using Suite.Devices.Core;

namespace Suite.Devices.Pci;

// An expansion ROM: the image, then zeros up to the end of its BAR.
internal sealed class PciRom(byte[] image) : IBusDevice
{
    public const int Widest = 4;

    /// <summary>The image with a device's number in its first header (PCI Firmware Specification 3.0, 5.1.2), the checksum kept; as it is when there is nothing to change.</summary>
    public static byte[] ForDevice(byte[] image, ushort vendor, ushort device)
    {
        const int pointer = 0x18, checksum = 6, vendorAt = 4, deviceAt = 6;
        ReadOnlySpan<byte> signature = "PCIR"u8;
        if (image.Length < pointer + 2)
            return image;
        int data = BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(pointer));
        if (data + deviceAt + 2 > image.Length || !image.AsSpan(data, signature.Length).SequenceEqual(signature))
            return image;
        if (BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(data + vendorAt)) != vendor || BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(data + deviceAt)) == device)
            return image;
        byte[] changed = [.. image];
        Span<byte> number = changed.AsSpan(data + deviceAt, 2);
        byte before = (byte)(number[0] + number[1]);
        BinaryPrimitives.WriteUInt16LittleEndian(number, device);
        changed[checksum] += (byte)(before - (byte)(number[0] + number[1]));
        return changed;
    }

    public ulong Read(ulong offset, int size)
    {
        ulong value = 0;
        for (int i = 0; i < size && offset + (ulong)i < (ulong)image.Length; i++)
            value |= (ulong)image[(int)offset + i] << (8 * i);
        return value;
    }

    public void Write(ulong offset, int size, ulong value)
    {
    }
}
