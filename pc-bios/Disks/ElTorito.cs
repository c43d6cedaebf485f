using System.Buffers.Binary;

namespace Suite.PcBios.Disks;

/// <summary>What a bootable CD's catalog asks for (El Torito Bootable CD-ROM Format Specification 1.0).</summary>
/// <param name="MediaType">0 no emulation, 1-3 floppies of 1.2, 1.44 and 2.88 MB, 4 hard disk.</param>
/// <param name="Segment">Where the image is loaded.</param>
/// <param name="SectorCount">512-byte sectors to load.</param>
/// <param name="ImageSector">First 2048-byte sector of the image.</param>
/// <param name="Drive">The number the boot program gets.</param>
internal sealed record ElTorito(byte MediaType, ushort Segment, ushort SectorCount, uint ImageSector, byte Drive)
{
    private const int SectorSize = 2048, BootRecordSector = 17;
    private const byte Bootable = 0x88, X86 = 0, DefaultEntries = 1;
    private const ushort DefaultSegment = 0x7C0;

    /// <summary>Reads the boot record and the catalog's first entry.</summary>
    /// <param name="cd">The medium.</param>
    /// <param name="reason">Why not.</param>
    public static ElTorito? Read(IFirmwareDisk cd, out string reason)
    {
        byte[] sector = new byte[SectorSize];
        reason = "";
        if (cd.Sectors <= BootRecordSector || !cd.TryRead(BootRecordSector, sector))
        {
            reason = cd.Sectors == 0 ? "there is no medium" : "it cannot be read";
            return null;
        }

        if (sector[0] != 0 || !sector.AsSpan(1, 5).SequenceEqual("CD001"u8) || !sector.AsSpan(7, 23).SequenceEqual("EL TORITO SPECIFICATION"u8))
        {
            reason = "it has no boot record (it is no bootable CD)";
            return null;
        }

        uint catalog = BinaryPrimitives.ReadUInt32LittleEndian(sector.AsSpan(0x47));
        if (catalog >= cd.Sectors || !cd.TryRead(catalog, sector))
        {
            reason = $"its boot catalog (sector {catalog}) cannot be read";
            return null;
        }

        ushort sum = 0;
        for (int i = 0; i < 32; i += 2)
            sum += BinaryPrimitives.ReadUInt16LittleEndian(sector.AsSpan(i));
        if (sector[0] != DefaultEntries || sector[1] != X86 || sum != 0 || sector[30] != 0x55 || sector[31] != 0xAA)
        {
            reason = "its boot catalog is damaged, or for another kind of machine";
            return null;
        }

        ReadOnlySpan<byte> entry = sector.AsSpan(32, 32);
        if (entry[0] != Bootable)
        {
            reason = "its boot catalog says that it is not bootable";
            return null;
        }

        ushort segment = BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]);
        byte media = (byte)(entry[1] & 15);
        if (media > 4)
        {
            reason = $"its boot catalog has an unknown media type ({media})";
            return null;
        }

        byte drive = media switch { 0 => BiosDisk.FirstCd, 4 => BiosDisk.FirstHardDisk, _ => 0 };
        return new ElTorito(
            media,
            segment == 0 ? DefaultSegment : segment,
            BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]),
            drive);
    }

    /// <summary>What INT 13h AH=4Bh gives.</summary>
    public byte[] SpecificationPacket()
    {
        byte[] packet = new byte[0x13];
        (packet[0], packet[1], packet[2], packet[3]) = (0x13, MediaType, Drive, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(4), ImageSector);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(12), Segment);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(14), SectorCount);
        return packet;
    }

    /// <summary>The geometry of the disk that is emulated; for a hard disk from the partition table at its start.</summary>
    public DiskGeometry Geometry(IFirmwareDisk cd)
    {
        if (MediaType is >= 1 and <= 3)
            return new DiskGeometry(80, 2, MediaType switch { 1 => 15, 2 => 18, _ => 36 });
        byte[] sector = new byte[SectorSize];
        if (!cd.TryRead(ImageSector, sector))
            return new DiskGeometry(1, 1, 1);
        ReadOnlySpan<byte> partition = sector.AsSpan(446, 16);
        return new DiskGeometry((partition[7] | (partition[6] & 0xC0) << 2) + 1, partition[5] + 1, Math.Max(partition[6] & 0x3F, 1));
    }
}
