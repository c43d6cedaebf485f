using System.Buffers.Binary;

namespace Suite.PcBios.Tables;

/// <summary>The MP configuration table (MultiProcessor Specification 1.4) and the PCI interrupt routing table (Microsoft's $PIR), for systems without ACPI.</summary>
internal static class MpTable
{
    private const int HeaderBytes = 44, PointerBytes = 16;
    private const byte Processor = 0, BusEntry = 1, IoApic = 2, IoInterrupt = 3, LocalInterrupt = 4, Int = 0, Nmi = 1, ExtInt = 3;
    private const byte IsaBus = 1, Apic = 0, AllApics = 0xFF;
    private const ushort ActiveHighLevel = 0xD;
    private const int Slots = 32, Pins = 4;
    private const ushort PossibleIrqs = 0x0C20; // 5, 10, 11

    /// <summary>The floating pointer, then the table.</summary>
    /// <param name="pc">The machine.</param>
    /// <param name="address">Where the pointer will lie; a multiple of 16.</param>
    public static byte[] Make(PcDescription pc, uint address)
    {
        MemoryStream entries = new();
        int count = 0;
        for (int i = 0; i < Math.Min(pc.Cpus, 255); i++)
            Add([Processor, (byte)i, 0x14, (byte)(i == 0 ? 3 : 1), 0x00, 0x06, 0, 0, 0xFF, 0xFB, 0x8B, 0x07, 0, 0, 0, 0, 0, 0, 0, 0]);
        if (!pc.IsMicrovm)
            Add([BusEntry, 0, .. "PCI   "u8]);
        Add([BusEntry, IsaBus, .. "ISA   "u8]);
        Add([IoApic, Apic, 0x11, 1, .. BitConverter.GetBytes((uint)PcDescription.IoApicBase)]);
        for (int slot = 1; slot < Slots && !pc.IsMicrovm; slot++)
            for (int pin = 0; pin < Pins; pin++)
                Add([IoInterrupt, Int, 0, 0, 0, (byte)(slot << 2 | pin), Apic, Boot.PciSetup.Irq(slot + pin + 3)]);
        for (byte irq = 0; irq < 16; irq++)
        {
            bool isPci = irq is PcDescription.PciIrqA or PcDescription.PciIrqC;
            if (irq == 2 || (isPci && !pc.IsMicrovm))
                continue;
            ushort flags = irq == PcDescription.SciIrq && !pc.IsMicrovm ? ActiveHighLevel : (ushort)0;
            Add([IoInterrupt, Int, (byte)flags, (byte)(flags >> 8), IsaBus, irq, Apic, irq == 0 ? (byte)2 : irq]);
        }

        Add([LocalInterrupt, ExtInt, 0, 0, IsaBus, 0, 0, 0]);
        Add([LocalInterrupt, Nmi, 0, 0, IsaBus, 0, AllApics, 1]);

        byte[] all = new byte[PointerBytes + HeaderBytes + (int)entries.Length];
        "_MP_"u8.CopyTo(all);
        BinaryPrimitives.WriteUInt32LittleEndian(all.AsSpan(4), address + PointerBytes);
        (all[8], all[9]) = (1, 4);
        all[10] = AcpiTable.Checksum(all.AsSpan(0, PointerBytes));
        Span<byte> table = all.AsSpan(PointerBytes);
        "PCMP"u8.CopyTo(table);
        BinaryPrimitives.WriteUInt16LittleEndian(table[4..], (ushort)table.Length);
        table[6] = 4;
        "SUITE   PC          "u8.CopyTo(table[8..]);
        BinaryPrimitives.WriteUInt16LittleEndian(table[34..], (ushort)count);
        BinaryPrimitives.WriteUInt32LittleEndian(table[36..], (uint)PcDescription.LocalApicBase);
        entries.ToArray().CopyTo(table[HeaderBytes..]);
        table[7] = AcpiTable.Checksum(table);
        return all;

        void Add(byte[] entry)
        {
            entries.Write(entry);
            count++;
        }
    }

    /// <summary>The PCI interrupt routing table: which link each slot's pins lead to.</summary>
    public static byte[] MakePirq()
    {
        const int header = 32, slotBytes = 16;
        byte[] table = new byte[header + (Slots - 1) * slotBytes];
        "$PIR"u8.CopyTo(table);
        (table[4], table[5], table[9]) = (0, 1, 1 << 3); // version 1.0; the router is function 1.0
        BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(6), (ushort)table.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(12), 0x122E_8086); // compatible with the PIIX
        for (int slot = 1; slot < Slots; slot++)
        {
            Span<byte> entry = table.AsSpan(header + (slot - 1) * slotBytes, slotBytes);
            entry[1] = (byte)(slot << 3);
            for (int pin = 0; pin < Pins; pin++)
            {
                entry[2 + pin * 3] = (byte)(0x60 + ((slot + pin + 3) & 3));
                BinaryPrimitives.WriteUInt16LittleEndian(entry[(3 + pin * 3)..], PossibleIrqs);
            }

            entry[14] = (byte)slot;
        }

        table[31] = AcpiTable.Checksum(table);
        return table;
    }
}
