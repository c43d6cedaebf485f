using Suite.Devices.Core;

namespace Suite.Devices.Pci;

// An expansion ROM: the image, then zeros up to the end of its BAR.
internal sealed class PciRom(byte[] image) : IBusDevice
{
    public const int Widest = 4;

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
