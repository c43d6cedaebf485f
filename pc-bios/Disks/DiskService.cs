using System.Buffers.Binary;
using Suite.PcBios.Services;

namespace Suite.PcBios.Disks;

/// <summary>
/// INT 13h: floppies and hard disks by cylinder, head and sector, and by the extensions (BIOS Enhanced Disk Drive Specification 3.0); CDs by the
/// extensions; El Torito's own functions (4Bh). Data go straight between the medium and guest memory.
/// </summary>
internal sealed class DiskService(Bios bios, DriveTable drives)
{
    private const byte BadCommand = 1, WriteProtected = 3, NotFound = 4, BadSector = 4, ControllerFailed = 0x20, TimedOut = 0x80, NoMedium = 0x31, NotRemovable = 0xB0;
    private const int SectorBytes = 512, Bounce = 64 * 1024;

    public void Handle(ServiceCall call)
    {
        if (call.Ah == 0x4B)
        {
            ElToritoStatus(call);
            return;
        }

        if (drives.Find(call.Dl) is not { } disk)
        {
            Missing(call);
            return;
        }

        byte function = call.Ah;
        byte status = function switch
        {
            0x00 or 0x0D or 0x09 or 0x0C or 0x10 or 0x11 or 0x14 when !disk.IsCd || function is 0x00 or 0x0D => 0,
            0x01 => LastStatus(call, disk),
            0x02 when !disk.IsCd => Classic(call, disk, Transfer.Read),
            0x03 when !disk.IsCd => Classic(call, disk, Transfer.Write),
            0x04 when !disk.IsCd => Classic(call, disk, Transfer.Verify),
            0x05 when disk.IsFloppy => Format(call, disk),
            0x08 when !disk.IsCd => Parameters(call, disk),
            0x15 when !disk.IsCd => Kind(call, disk),
            0x16 when disk.IsFloppy => disk.Medium.Sectors > 0 ? (byte)0 : TimedOut,
            0x17 or 0x18 when disk.IsFloppy => MediaType(call, disk),
            0x41 when !disk.IsFloppy => ExtensionsPresent(call, disk),
            0x42 when !disk.IsFloppy => Extended(call, disk, Transfer.Read),
            0x43 when !disk.IsFloppy => Extended(call, disk, Transfer.Write),
            0x44 when !disk.IsFloppy => Extended(call, disk, Transfer.Verify),
            0x45 when !disk.IsFloppy => Lock(call, disk),
            0x46 when !disk.IsFloppy => disk.IsCd ? (byte)0 : NotRemovable,
            0x47 when !disk.IsFloppy => 0,
            0x48 when !disk.IsFloppy => ExtendedParameters(call, disk),
            0x49 when !disk.IsFloppy => 0,
            0x4E when !disk.IsFloppy => 0,
            _ => BadCommand,
        };
        if (function is 0x01 or 0x15)
            return; // ah is their answer
        bios.Memory.SetByte(disk.IsFloppy ? BiosData.FloppyStatus : BiosData.DiskStatus, status);
        if (status != 0)
            call.Fail(status);
        else if (function is not 0x41)
            call.Succeed();
    }

    private void Missing(ServiceCall call)
    {
        if (call.Ah == 0x15)
        {
            (call.Ax, call.Carry) = (0, call.Dl >= BiosDisk.FirstHardDisk);
            return;
        }

        bool isFloppy = call.Dl < BiosDisk.FirstHardDisk;
        if (call.Ah == 0x08)
            (call.Bx, call.Cx, call.Dx) = (0, 0, (ushort)drives.Count(isFloppy));
        if (call.Ah == 0x08 && isFloppy)
        {
            call.Succeed();
            return;
        }

        byte status = isFloppy && call.Ah != 0x08 && call.Ah is not (0x02 or 0x03 or 0x04) ? BadCommand : isFloppy ? TimedOut : BadCommand;
        bios.Memory.SetByte(isFloppy ? BiosData.FloppyStatus : BiosData.DiskStatus, status);
        call.Fail(status);
    }

    private byte LastStatus(ServiceCall call, BiosDisk disk)
    {
        byte status = bios.Memory.Byte(disk.IsFloppy ? BiosData.FloppyStatus : BiosData.DiskStatus);
        (call.Ah, call.Carry) = (status, status != 0);
        return 0;
    }

    private byte Classic(ServiceCall call, BiosDisk disk, Transfer transfer)
    {
        int count = call.Al, cylinder = call.Ch | (call.Cl & 0xC0) << 2;
        call.Al = 0;
        if (count == 0)
            return BadCommand;
        if (disk.Sectors == 0)
            return disk.IsFloppy ? TimedOut : NoMedium;
        if (disk.Geometry.ToSector(cylinder, call.Dh, call.Cl & 0x3F) is not { } sector || sector + count > disk.Sectors)
            return NotFound;
        byte status = Move(disk, sector, count, call.EsAt(call.Bx), transfer, out int done);
        call.Al = (byte)done;
        return status;
    }

    private byte Extended(ServiceCall call, BiosDisk disk, Transfer transfer)
    {
        Span<byte> packet = stackalloc byte[24];
        bios.Memory.Read(call.DsAt(call.Si), packet);
        int size = packet[0], count = BinaryPrimitives.ReadUInt16LittleEndian(packet[2..]);
        uint buffer = BinaryPrimitives.ReadUInt32LittleEndian(packet[4..]);
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(packet[8..]);
        if (size < 16)
            return BadCommand;
        if (disk.Sectors == 0)
            return NoMedium;
        byte status = NotFound;
        int done = 0;
        if (sector <= (ulong)disk.Sectors && (ulong)count <= (ulong)disk.Sectors - sector)
        {
            // FFFF:FFFF: a 64-bit physical address follows.
            ulong at = buffer == uint.MaxValue && size >= 24 ? BinaryPrimitives.ReadUInt64LittleEndian(packet[16..]) : BiosMemory.Linear((ushort)(buffer >> 16), (ushort)buffer);
            status = Move(disk, (long)sector, count, at, transfer, out done);
        }

        if (status != 0)
            bios.Memory.SetWord(call.DsAt(call.Si) + 2, done);
        return status;
    }

    private byte Move(BiosDisk disk, long sector, int count, ulong address, Transfer transfer, out int done)
    {
        done = 0;
        if (transfer == Transfer.Verify)
        {
            done = count;
            return 0;
        }

        if (transfer == Transfer.Write && (disk.Medium.IsReadOnly || disk.IsEmulated || disk.IsCd))
            return WriteProtected;
        int size = disk.SectorSize;
        while (done < count)
        {
            Span<byte> memory = bios.Memory.Map(address, (int)Math.Min((long)(count - done) * size, 1 << 30), forWriting: transfer == Transfer.Read);
            int sectors = memory.Length / size;
            bool isGood;
            if (sectors > 0)
            {
                memory = memory[..(sectors * size)];
                isGood = transfer == Transfer.Read ? disk.TryRead(sector, memory) : disk.TryWrite(sector, memory);
                if (transfer == Transfer.Read)
                    bios.Memory.Written(address, memory.Length);
            }
            else
            {
                sectors = Math.Min(count - done, Bounce / size);
                isGood = MoveByBuffer(disk, sector, sectors * size, address, transfer);
            }

            if (!isGood)
                return transfer == Transfer.Read ? BadSector : ControllerFailed;
            done += sectors;
            sector += sectors;
            address += (ulong)(sectors * size);
        }

        return 0;
    }

    // Memory that is not one piece, or no RAM at all (a program may read into video memory).
    private bool MoveByBuffer(BiosDisk disk, long sector, int length, ulong address, Transfer transfer)
    {
        byte[] buffer = new byte[length];
        if (transfer == Transfer.Write)
        {
            bios.Memory.Read(address, buffer);
            return disk.TryWrite(sector, buffer);
        }

        if (!disk.TryRead(sector, buffer))
            return false;
        bios.Memory.Write(address, buffer);
        return true;
    }

    // A track is formatted by filling its sectors.
    private static byte Format(ServiceCall call, BiosDisk disk)
    {
        DiskGeometry geometry = disk.Geometry;
        if (geometry.ToSector(call.Ch, call.Dh, 1) is not { } sector)
            return NotFound;
        if (disk.Medium.IsReadOnly || disk.IsEmulated)
            return WriteProtected;
        byte[] track = new byte[geometry.Sectors * SectorBytes];
        track.AsSpan().Fill(0xF6);
        return disk.TryWrite(sector, track) ? (byte)0 : ControllerFailed;
    }

    private byte Parameters(ServiceCall call, BiosDisk disk)
    {
        DiskGeometry geometry = disk.Geometry;
        int cylinder = geometry.Cylinders - 1;
        call.Ax = 0;
        if (disk.IsFloppy)
        {
            call.Bx = disk.IsEmulated ? DiskGeometry.OfFloppy(disk.Sectors).Type : drives.FloppyType(disk.Number);
            (call.Es, call.Di) = (0xF000, Rom.BiosRom.DisketteTable);
        }

        (call.Ch, call.Cl) = ((byte)cylinder, (byte)((cylinder >> 2 & 0xC0) | geometry.Sectors));
        (call.Dh, call.Dl) = ((byte)(geometry.Heads - 1), (byte)drives.Count(disk.IsFloppy));
        return 0;
    }

    private static byte Kind(ServiceCall call, BiosDisk disk)
    {
        call.Carry = false;
        if (disk.IsFloppy)
        {
            call.Ah = 2; // a floppy that can tell when the disk was changed
            return 0;
        }

        uint sectors = (uint)Math.Min(disk.Sectors, uint.MaxValue);
        (call.Ah, call.Cx, call.Dx) = (3, (ushort)(sectors >> 16), (ushort)sectors);
        return 0;
    }

    private static byte MediaType(ServiceCall call, BiosDisk disk)
    {
        if (call.Ah == 0x18)
            (call.Es, call.Di) = (0xF000, Rom.BiosRom.DisketteTable);
        return disk.Sectors > 0 ? (byte)0 : TimedOut;
    }

    private static byte ExtensionsPresent(ServiceCall call, BiosDisk disk)
    {
        if (call.Bx != 0x55AA)
            return BadCommand;
        // Version 3.0; packet access and enhanced parameters, and for removable media locking.
        (call.Bx, call.Ah, call.Cx, call.Carry) = (0xAA55, 0x30, (ushort)(disk.IsCd ? 7 : 5), false);
        return 0;
    }

    private static byte Lock(ServiceCall call, BiosDisk disk)
    {
        if (!disk.IsCd)
            return NotRemovable;
        if (call.Al > 2)
            return BadCommand;
        call.Al = 0; // not locked: a guest that locks does it by the drive's own commands
        return 0;
    }

    private byte ExtendedParameters(ServiceCall call, BiosDisk disk)
    {
        uint at = call.DsAt(call.Si);
        int size = bios.Memory.Word(at);
        if (size < 26)
            return BadCommand;
        if (disk.IsCd && disk.Sectors == 0)
            return NoMedium;
        Span<byte> result = stackalloc byte[30];
        DiskGeometry geometry = disk.Geometry;
        int length = size >= 30 ? 30 : 26;
        bool isCd = disk.IsCd;
        BinaryPrimitives.WriteUInt16LittleEndian(result, (ushort)length);
        // DMA boundaries are handled (bit 0); geometry valid (bit 1); or removable, change line, lockable (bits 2, 4, 5).
        BinaryPrimitives.WriteUInt16LittleEndian(result[2..], (ushort)(isCd ? 0x75 : 0x03));
        BinaryPrimitives.WriteInt32LittleEndian(result[4..], isCd ? -1 : geometry.Cylinders);
        BinaryPrimitives.WriteInt32LittleEndian(result[8..], isCd ? -1 : geometry.Heads);
        BinaryPrimitives.WriteInt32LittleEndian(result[12..], isCd ? -1 : geometry.Sectors);
        BinaryPrimitives.WriteInt64LittleEndian(result[16..], disk.Sectors);
        BinaryPrimitives.WriteUInt16LittleEndian(result[24..], (ushort)disk.SectorSize);
        BinaryPrimitives.WriteUInt32LittleEndian(result[26..], uint.MaxValue); // no table of the drive's ports
        bios.Memory.Write(at, result[..length]);
        return 0;
    }

    // El Torito specification 1.0, section 4: 4B00h ends an emulation, 4B01h tells about it.
    private void ElToritoStatus(ServiceCall call)
    {
        if (drives.Emulation is not { } emulation || (call.Dl != emulation.Drive && call.Dl != 0x7F))
        {
            call.Fail(BadCommand);
            return;
        }

        bios.Memory.Write(call.DsAt(call.Si), emulation.SpecificationPacket());
        if (call.Al == 0)
            drives.EndEmulation();
        call.Succeed();
    }

    private enum Transfer
    {
        Read,
        Write,
        Verify,
    }
}
