using System.Buffers.Binary;
using Suite.PcBios.Boot;
using Suite.PcBios.Tables;

namespace Suite.PcBios.Rom;

/// <summary>Where tables were put in the ROM: systems look for them at multiples of 16 in F0000-FFFFF.</summary>
/// <param name="Rsdp">Address of the ACPI root pointer; 0: none.</param>
/// <param name="Pnp">Offset of the Plug and Play installation check.</param>
internal sealed record RomTables(ulong Rsdp, ushort Pnp)
{
    /// <summary>Zeros of the functionality table that INT 10h AH=1Bh points to come first.</summary>
    private const int Reserved = 16;

    /// <summary>Writes the tables into the image.</summary>
    public static RomTables Place(byte[] image, PcDescription pc, ushort bios32, ReadOnlySpan<byte> rsdp)
    {
        int next = BiosRom.TablesStart + Reserved;
        ulong rsdpAt = rsdp.IsEmpty ? 0 : Put(image, ref next, rsdp);
        Smbios smbios = Smbios.Make(pc);
        int entryAt = next;
        next += 32;
        uint tables = Put(image, ref next, smbios.Tables);
        smbios.EntryPoint(tables).CopyTo(image, entryAt);
        if (pc.HasIoApic)
            Put(image, ref next, MpTable.Make(pc, MemoryMap.RomStart + (uint)next));
        uint pnp = Put(image, ref next, OptionRoms.MakePnpStructure(BiosRom.DummyFarReturn));
        if (!pc.IsMicrovm)
        {
            Put(image, ref next, MpTable.MakePirq());
            Put(image, ref next, Directory(bios32));
        }

        return new RomTables(rsdpAt, (ushort)pnp);
    }

    // BIOS32 service directory header (Standard BIOS 32-bit Service Directory Proposal 0.4).
    private static byte[] Directory(ushort entry)
    {
        byte[] header = new byte[16];
        "_32_"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), MemoryMap.RomStart + entry);
        header[9] = 1; // paragraphs
        header[10] = AcpiTable.Checksum(header);
        return header;
    }

    private static uint Put(byte[] image, ref int next, ReadOnlySpan<byte> bytes)
    {
        if (next + bytes.Length > BiosRom.TablesEnd)
            throw new InvalidOperationException($"the firmware's tables need {next + bytes.Length - BiosRom.TablesEnd} bytes more than the ROM has");
        bytes.CopyTo(image.AsSpan(next));
        uint at = MemoryMap.RomStart + (uint)next;
        next = (next + bytes.Length + 15) & ~15;
        return at;
    }
}
