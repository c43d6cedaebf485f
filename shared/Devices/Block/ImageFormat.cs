using System.Buffers.Binary;

namespace Suite.Devices.Block;

/// <summary>Which format an image has, by its first bytes.</summary>
public static class ImageFormat
{
    public const string Raw = "raw", Qcow2 = "qcow2";

    /// <summary>The name of the format; "raw" for everything unknown.</summary>
    /// <param name="start">The first 512 bytes.</param>
    public static string Probe(ReadOnlySpan<byte> start)
    {
        uint first = BinaryPrimitives.ReadUInt32BigEndian(start);
        ulong first8 = BinaryPrimitives.ReadUInt64BigEndian(start);
        const uint qfi = 0x514649FB, vmdk3 = 0x434F5744, vmdk4 = 0x4B444D56, qed = 0x51454400, vdi = 0x7F10DABE;
        const ulong vhdx = 0x7668647866696C65, vhd = 0x636F6E6563746978, luks = 0x4C554B53BABE0000;
        switch (first)
        {
            case qfi:
                return BinaryPrimitives.ReadUInt32BigEndian(start[4..]) >= 2 ? Qcow2 : "qcow";
            case vmdk3 or vmdk4:
                return "vmdk";
            case qed:
                return "qed";
        }

        if (first8 == vhdx)
            return "vhdx";
        if (first8 == vhd)
            return "vpc";
        if (first8 >> 16 == luks >> 16)
            return "luks";
        if (BinaryPrimitives.ReadUInt32LittleEndian(start[64..]) == vdi)
            return "vdi";
        return start.StartsWith("Bochs Virtual HD Image"u8) ? "bochs" : Raw;
    }
}
