using System.Buffers.Binary;

namespace Suite.PcBios.Tables;

/// <summary>
/// All ACPI tables of a PC in one block whose place is not yet known: pointers between tables hold offsets, checksums are missing. Either
/// <see cref="At"/> completes it for an address, or a loader elsewhere does (<see cref="FwCfg.FirmwareFiles"/>).
/// </summary>
public sealed class AcpiTables
{
    /// <summary>Bytes of the root pointer, and of its first part, which has a checksum of its own.</summary>
    public const int RootBytes = 36, OldRootBytes = 20;

    private const int FacsBytes = 64, FadtFacs = 36, FadtDsdt = 40, FadtXFacs = 132, FadtXDsdt = 140;

    private readonly List<byte> _bytes = [];
    private readonly List<(int Offset, int Size)> _pointers = [];
    private readonly List<(int Offset, int Length)> _tables = [];

    private AcpiTables()
    {
    }

    /// <summary>The block.</summary>
    public ReadOnlySpan<byte> Block => _bytes.ToArray();

    /// <summary>Pointers within it: place and bytes. Each holds the offset of what it points to.</summary>
    public IReadOnlyList<(int Offset, int Size)> Pointers => _pointers;

    /// <summary>Tables that need a checksum.</summary>
    public IReadOnlyList<(int Offset, int Length)> Tables => _tables;

    /// <summary>Offsets of the root tables with 32- and 64-bit pointers.</summary>
    public int Rsdt { get; private set; }

    public int Xsdt { get; private set; }

    /// <summary>Makes the tables of a machine.</summary>
    public static AcpiTables Make(PcDescription pc)
    {
        AcpiTables all = new();
        int facs = pc.IsMicrovm ? -1 : all.AddFacs();
        int dsdt = all.Add(AcpiTable.Make("DSDT", 2, pc.IsMicrovm ? MicrovmDsdt.Make(pc) : PcDsdt.Make(pc)));
        List<int> roots = [all.AddFadt(pc, facs, dsdt), all.Add(Madt.Make(pc))];
        if (pc.HasHpet)
            roots.Add(all.Add(Hpet()));
        roots.Add(all.Add(AcpiTable.Make("WAET", 1, [2, 0, 0, 0]))); // bit 1: the PM timer is read right at the first time
        foreach (byte[] extra in pc.ExtraAcpiTables)
            roots.Add(all.Add(extra));
        (all.Rsdt, all.Xsdt) = (all.AddRoot("RSDT", roots, 4), all.AddRoot("XSDT", roots, 8));
        return all;
    }

    /// <summary>The block as it lies at an address.</summary>
    public byte[] At(ulong address)
    {
        byte[] bytes = [.. _bytes];
        foreach ((int offset, int size) in _pointers)
        {
            if (size == 4)
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), (uint)(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset)) + address));
            else
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(offset), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(offset)) + address);
        }

        foreach ((int offset, int length) in _tables)
            bytes[offset + AcpiTable.ChecksumOffset] = AcpiTable.Checksum(bytes.AsSpan(offset, length));
        return bytes;
    }

    /// <summary>The root pointer (5.2.5) for tables at an address.</summary>
    public byte[] RootPointer(ulong address)
    {
        byte[] root = new byte[RootBytes];
        "RSD PTR "u8.CopyTo(root);
        "SUITE "u8.CopyTo(root.AsSpan(9));
        root[15] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(root.AsSpan(16), (uint)(address + (ulong)Rsdt));
        BinaryPrimitives.WriteInt32LittleEndian(root.AsSpan(20), RootBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(root.AsSpan(24), address + (ulong)Xsdt);
        root[8] = AcpiTable.Checksum(root.AsSpan(0, OldRootBytes));
        root[32] = AcpiTable.Checksum(root);
        return root;
    }

    private static byte[] Hpet()
    {
        byte[] body = new byte[20];
        BinaryPrimitives.WriteUInt32LittleEndian(body, 0x8086_A201); // as the register of the same name: 3 comparators, 64 bits, legacy routes
        Madt.GenericAddress(body.AsSpan(4), Aml.SystemMemory, 0, 0, 0, PcDescription.HpetBase);
        return AcpiTable.Make("HPET", 1, body);
    }

    private int AddFadt(PcDescription pc, int facs, int dsdt)
    {
        byte[] table = Fadt.Make(pc);
        int at = Add(table);
        if (facs >= 0)
        {
            Point(at + FadtFacs, 4, facs);
            Point(at + FadtXFacs, 8, facs);
        }

        Point(at + FadtDsdt, 4, dsdt);
        Point(at + FadtXDsdt, 8, dsdt);
        return at;
    }

    // Without a checksum, and with an alignment of its own (5.2.10).
    private int AddFacs()
    {
        Align(FacsBytes);
        int at = _bytes.Count;
        byte[] facs = new byte[FacsBytes];
        "FACS"u8.CopyTo(facs);
        BinaryPrimitives.WriteInt32LittleEndian(facs.AsSpan(4), FacsBytes);
        facs[32] = 1;
        _bytes.AddRange(facs);
        return at;
    }

    private int AddRoot(string signature, List<int> tables, int size)
    {
        int at = Add(AcpiTable.Make(signature, 1, new byte[tables.Count * size]));
        for (int i = 0; i < tables.Count; i++)
            Point(at + AcpiTable.HeaderBytes + i * size, size, tables[i]);
        return at;
    }

    private int Add(byte[] table)
    {
        Align(16);
        int at = _bytes.Count;
        _bytes.AddRange(table);
        _tables.Add((at, table.Length));
        return at;
    }

    private void Point(int offset, int size, int target)
    {
        for (int i = 0; i < 4; i++)
            _bytes[offset + i] = (byte)(target >> (8 * i));
        _pointers.Add((offset, size));
    }

    private void Align(int to)
    {
        while (_bytes.Count % to != 0)
            _bytes.Add(0);
    }
}
