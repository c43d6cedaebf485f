using System.Buffers.Binary;
using Suite.Devices.Core;

namespace Suite.Devices.Pci;

// An expansion ROM: the image, then zeros up to the end of its BAR.
internal sealed class PciRom(byte[] image) : IBusDevice
{
    public const int Widest = 4;

    /// <summary>The image with a device's numbers in its first header (PCI Firmware Specification 3.0, 5.1.2), the checksum kept; as it is when there is nothing to change.</summary>
    /// <param name="image">The image.</param>
    /// <param name="ids">Vendor and device number, as configuration space has them.</param>
    public static byte[] ForDevice(byte[] image, ReadOnlySpan<byte> ids)
    {
        const int pointer = 0x18, checksum = 6, idsAt = 4, vendorBytes = 2;
        ReadOnlySpan<byte> signature = "PCIR"u8;
        if (image.Length < pointer + 2)
            return image;
        int data = BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(pointer));
        if (data + idsAt + ids.Length > image.Length || !image.AsSpan(data, signature.Length).SequenceEqual(signature))
            return image;
        ReadOnlySpan<byte> named = image.AsSpan(data + idsAt, ids.Length), maker = named[..vendorBytes];
        if (named.SequenceEqual(ids) || (maker.ContainsAnyExcept((byte)0) && !maker.SequenceEqual(ids[..vendorBytes])))
            return image;
        byte[] changed = [.. image];
        ids.CopyTo(changed.AsSpan(data + idsAt));
        for (int i = 0; i < ids.Length; i++)
            changed[checksum] += (byte)(named[i] - ids[i]);
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
