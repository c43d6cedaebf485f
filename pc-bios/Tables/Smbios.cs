using System.Buffers.Binary;
using System.Text;

namespace Suite.PcBios.Tables;

/// <summary>SMBIOS tables (System Management BIOS Reference Specification 2.8): firmware, system, chassis, processor, memory.</summary>
public sealed class Smbios
{
    private const int MostName = 64;
    private const int EntryBytes = 31, MostDevice = 16 << 10; // MiB of one memory device
    private const ushort FirstMemoryHandle = 0x1000, FirstDeviceHandle = 0x1100, FirstMapHandle = 0x1300;

    private readonly MemoryStream _tables = new();
    private int _count, _largest;

    private Smbios()
    {
    }

    /// <summary>The structures.</summary>
    public byte[] Tables => _tables.ToArray();

    /// <summary>Makes the structures of a machine.</summary>
    public static Smbios Make(PcDescription pc)
    {
        Smbios s = new();
        s.Bios();
        s.System(pc);
        s.Add(3, 0x300, [1, 1, 2, 0, 0, 3, 3, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0], "Suite", pc.IsMicrovm ? "microvm" : "pc"); // enclosure: other
        s.Processor(pc);
        s.Memory(pc);
        s.Add(32, 0x2000, [0, 0, 0, 0, 0, 0, 0]); // boot status: no error
        s.Add(127, 0x7F00, []);
        return s;
    }

    /// <summary>The entry point for tables at an address.</summary>
    public byte[] EntryPoint(uint address)
    {
        byte[] entry = new byte[EntryBytes];
        "_SM_"u8.CopyTo(entry);
        (entry[5], entry[6], entry[7]) = (EntryBytes, 2, 8);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(8), (ushort)_largest);
        "_DMI_"u8.CopyTo(entry.AsSpan(16));
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(22), (ushort)_tables.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(24), address);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(28), (ushort)_count);
        entry[30] = 0x28;
        entry[21] = AcpiTable.Checksum(entry.AsSpan(16));
        entry[4] = AcpiTable.Checksum(entry);
        return entry;
    }

    private void Bios()
    {
        byte[] b = new byte[20];
        (b[0], b[1], b[4]) = (1, 2, 3); // vendor, version, date
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(2), 0xF000);
        BinaryPrimitives.WriteUInt64LittleEndian(b.AsSpan(6), 1 << 7 | 1 << 15 | 1 << 16); // PCI, boot from CD, selectable boot
        (b[14], b[15]) = (1, 0x1C); // ACPI; virtual machine, target content distribution, SMBIOS of a table
        (b[16], b[17], b[18], b[19]) = (0, 1, 0xFF, 0xFF);
        Add(0, 0, b, "Suite", "0.1", "06/23/1999");
    }

    // The first three fields of the UUID are little endian in the table, as .NET keeps them.
    private void System(PcDescription pc)
    {
        byte[] b = new byte[23];
        (b[0], b[1], b[2], b[3]) = (1, 2, 3, 0);
        pc.Uuid.TryWriteBytes(b.AsSpan(4));
        (b[20], b[21], b[22]) = (6, 0, 4); // power switch; family
        Add(1, 0x100, b, "Suite", Name(pc.Name), pc.IsMicrovm ? "microvm" : "pc", "Virtual Machine");
    }

    // A zero would end the string, and there is not room for a novel.
    private static string Name(string? name) => name?.Replace("\0", "", StringComparison.Ordinal) is { Length: > 0 } text ? text[..Math.Min(text.Length, MostName)] : "Standard PC";

    private void Processor(PcDescription pc)
    {
        byte[] b = new byte[38];
        (b[0], b[1], b[2], b[3]) = (1, 3, 1, 2); // socket, central processor, family other, manufacturer
        b[12] = 3;
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(16), 2000); // MHz
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(18), 2000);
        (b[20], b[21]) = (0x41, 1); // populated and enabled
        for (int i = 22; i < 28; i++)
            b[i] = 0xFF; // no cache structures
        byte cores = (byte)Math.Min(pc.Cpus, 255);
        (b[31], b[32], b[33]) = (cores, cores, cores);
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(34), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(36), 1);
        Add(4, 0x400, b, "CPU 0", "Suite", "pc");
    }

    private void Memory(PcDescription pc)
    {
        long mebibytes = (long)(pc.RamBytes >> 20);
        int devices = (int)Math.Min((mebibytes + MostDevice - 1) / MostDevice, 128);
        byte[] array = new byte[19];
        (array[0], array[1], array[2]) = (1, 3, 6); // other place, system memory, multi-bit ECC as nobody minds
        BinaryPrimitives.WriteUInt32LittleEndian(array.AsSpan(3), mebibytes < 1 << 21 ? (uint)(mebibytes << 10) : 0x8000_0000);
        BinaryPrimitives.WriteUInt16LittleEndian(array.AsSpan(7), 0xFFFE);
        BinaryPrimitives.WriteUInt16LittleEndian(array.AsSpan(9), (ushort)devices);
        BinaryPrimitives.WriteUInt64LittleEndian(array.AsSpan(11), mebibytes < 1 << 21 ? 0 : pc.RamBytes);
        Add(16, FirstMemoryHandle, array);
        for (int i = 0; i < devices; i++)
        {
            byte[] b = new byte[36];
            long size = Math.Min(mebibytes - (long)i * MostDevice, MostDevice);
            BinaryPrimitives.WriteUInt16LittleEndian(b, FirstMemoryHandle);
            BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(2), 0xFFFE);
            BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(4), 0xFFFF);
            BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(6), 0xFFFF);
            BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(8), (ushort)size);
            (b[10], b[12], b[14]) = (9, 1, 7); // DIMM, locator, RAM
            b[15] = 2;
            b[19] = 2;
            Add(17, (ushort)(FirstDeviceHandle + i), b, string.Create(null, $"DIMM {i}"), "Suite");
        }

        AddMap(0, 0, pc.LowRam);
        if (pc.HighRam > 0)
            AddMap(1, PcDescription.FourGiB, pc.HighRam);
    }

    private void AddMap(int index, ulong start, ulong length)
    {
        byte[] b = new byte[27];
        ulong first = start >> 10, last = (start + length >> 10) - 1;
        bool isExtended = last >= uint.MaxValue;
        BinaryPrimitives.WriteUInt32LittleEndian(b, isExtended ? uint.MaxValue : (uint)first);
        BinaryPrimitives.WriteUInt32LittleEndian(b.AsSpan(4), isExtended ? uint.MaxValue : (uint)last);
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(8), FirstMemoryHandle);
        b[10] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(b.AsSpan(11), isExtended ? start : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(b.AsSpan(19), isExtended ? start + length - 1 : 0);
        Add(19, (ushort)(FirstMapHandle + index), b);
    }

    private void Add(byte type, ushort handle, byte[] body, params string[] texts)
    {
        long start = _tables.Length;
        _tables.Write([type, (byte)(body.Length + 4), (byte)handle, (byte)(handle >> 8)]);
        _tables.Write(body);
        foreach (string text in texts)
        {
            _tables.Write(Encoding.UTF8.GetBytes(text));
            _tables.WriteByte(0);
        }

        if (texts.Length == 0)
            _tables.WriteByte(0);
        _tables.WriteByte(0);
        _count++;
        _largest = Math.Max(_largest, (int)(_tables.Length - start));
    }
}
