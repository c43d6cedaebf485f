using System.Buffers.Binary;

namespace Suite.PcBios.Tables;

/// <summary>SMBIOS tables (System Management BIOS Reference Specification 2.8): firmware, system, board, enclosure, processor, memory; what the user says of them (-smbios) comes first.</summary>
public sealed class Smbios
{
    /// <summary>Most bytes of the structures: the ROM has room for them beside the other tables.</summary>
    public const int MostBytes = 20 << 10;

    private const int MostName = 64;
    private const int EntryBytes = 31, MostDevice = 16 << 10; // MiB of one memory device
    private const ushort EnclosureHandle = 0x300, FirstMemoryHandle = 0x1000, FirstDeviceHandle = 0x1100, FirstMapHandle = 0x1300;

    private readonly MemoryStream _tables = new();
    private readonly SmbiosFields _user;
    private int _count, _largest;

    private Smbios(SmbiosFields user) => _user = user;

    /// <summary>The structures.</summary>
    public byte[] Tables => _tables.ToArray();

    /// <summary>Makes the structures of a machine.</summary>
    public static Smbios Make(PcDescription pc)
    {
        Smbios s = new(pc.Smbios);
        s.Bios();
        s.System(pc);
        if (s._user.Has(2))
            s.BaseBoard(pc);
        s.Enclosure(pc);
        s.Processor(pc);
        if (s._user.OemStrings.Count > 0)
            s.Add(11, 0xB00, [(byte)s._user.OemStrings.Count], new SmbiosTexts(s._user.OemStrings));
        s.Memory(pc);
        foreach (byte[] structure in s._user.Structures)
            s.Add(structure);
        s.Add(32, 0x2000, [0, 0, 0, 0, 0, 0, 0], new SmbiosTexts()); // boot status: no error
        s.Add(127, 0x7F00, [], new SmbiosTexts());
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
        SmbiosTexts texts = new();
        (b[0], b[1], b[4]) = (texts.Add(User(0, "vendor") ?? "Suite"), texts.Add(User(0, "version") ?? "0.1"), texts.Add(User(0, "date") ?? "06/23/1999"));
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(2), 0xF000);
        BinaryPrimitives.WriteUInt64LittleEndian(b.AsSpan(6), 1 << 7 | 1 << 15 | 1 << 16); // PCI, boot from CD, selectable boot
        (b[14], b[15]) = (1, User(0, "uefi") == "on" ? (byte)0x1C : (byte)0x14); // ACPI; virtual machine, target content distribution, UEFI
        Version release = User(0, "release") is { } text ? Version.Parse(text) : new Version(0, 1);
        (b[16], b[17], b[18], b[19]) = ((byte)release.Major, (byte)release.Minor, 0xFF, 0xFF);
        Add(0, 0, b, texts);
    }

    // The first three fields of the UUID are little endian in the table, as .NET keeps them.
    private void System(PcDescription pc)
    {
        byte[] b = new byte[23];
        SmbiosTexts texts = new();
        (b[0], b[1]) = (texts.Add(User(1, "manufacturer") ?? "Suite"), texts.Add(User(1, "product") ?? Name(pc.Name)));
        (b[2], b[3]) = (texts.Add(User(1, "version") ?? Board(pc)), texts.Add(User(1, "serial")));
        (User(1, "uuid") is { } uuid ? Guid.Parse(uuid) : pc.Uuid).TryWriteBytes(b.AsSpan(4));
        (b[20], b[21], b[22]) = (6, texts.Add(User(1, "sku")), texts.Add(User(1, "family") ?? "Virtual Machine")); // power switch
        Add(1, 0x100, b, texts);
    }

    private void BaseBoard(PcDescription pc)
    {
        byte[] b = new byte[11];
        SmbiosTexts texts = new();
        (b[0], b[1], b[2]) = (texts.Add(User(2, "manufacturer") ?? "Suite"), texts.Add(User(2, "product")), texts.Add(User(2, "version") ?? Board(pc)));
        (b[3], b[4], b[5], b[6]) = (texts.Add(User(2, "serial")), texts.Add(User(2, "asset")), 1, texts.Add(User(2, "location"))); // hosts the processor
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(7), EnclosureHandle);
        b[9] = 10; // motherboard
        Add(2, 0x200, b, texts);
    }

    private void Enclosure(PcDescription pc)
    {
        byte[] b = new byte[18];
        SmbiosTexts texts = new();
        (b[0], b[1], b[2]) = (texts.Add(User(3, "manufacturer") ?? "Suite"), 1, texts.Add(User(3, "version") ?? Board(pc))); // its kind: other
        (b[3], b[4]) = (texts.Add(User(3, "serial")), texts.Add(User(3, "asset")));
        (b[5], b[6], b[7], b[8]) = (3, 3, 3, 2); // states: safe; security: unknown
        b[17] = texts.Add(User(3, "sku"));
        Add(3, EnclosureHandle, b, texts);
    }

    private string? User(int type, string field) => _user.Get(type, field);

    private static string Board(PcDescription pc) => pc.IsMicrovm ? "microvm" : "pc";

    // A zero would end the string, and there is not room for a novel.
    private static string Name(string? name) => name?.Replace("\0", "", StringComparison.Ordinal) is { Length: > 0 } text ? text[..Math.Min(text.Length, MostName)] : "Standard PC";

    private void Processor(PcDescription pc)
    {
        const string UsualSpeed = "2000"; // MHz
        byte[] b = new byte[38];
        SmbiosTexts texts = new();
        (b[0], b[1], b[2], b[3]) = (texts.Add($"{User(4, "sock_pfx") ?? "CPU"} 0"), 3, 1, texts.Add(User(4, "manufacturer") ?? "Suite")); // central processor, family other
        b[12] = texts.Add(User(4, "version") ?? "pc");
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(16), ushort.Parse(User(4, "max-speed") ?? UsualSpeed));
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(18), ushort.Parse(User(4, "current-speed") ?? UsualSpeed));
        (b[20], b[21]) = (0x41, 1); // populated and enabled
        for (int i = 22; i < 28; i++)
            b[i] = 0xFF; // no cache structures
        (b[28], b[29], b[30]) = (texts.Add(User(4, "serial")), texts.Add(User(4, "asset")), texts.Add(User(4, "part")));
        byte cores = (byte)Math.Min(pc.Cpus, 255);
        (b[31], b[32], b[33]) = (cores, cores, cores);
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(34), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(36), 1);
        Add(4, 0x400, b, texts);
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
        Add(16, FirstMemoryHandle, array, new SmbiosTexts());
        for (int i = 0; i < devices; i++)
        {
            byte[] b = new byte[36];
            SmbiosTexts texts = new();
            long size = Math.Min(mebibytes - (long)i * MostDevice, MostDevice);
            BinaryPrimitives.WriteUInt16LittleEndian(b, FirstMemoryHandle);
            BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(2), 0xFFFE);
            BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(4), 0xFFFF);
            BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(6), 0xFFFF);
            BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(8), (ushort)size);
            (b[10], b[12], b[13], b[14]) = (9, texts.Add($"{User(17, "loc_pfx") ?? "DIMM"} {i}"), texts.Add(User(17, "bank")), 7); // DIMM, RAM
            b[15] = 2;
            BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(17), ushort.Parse(User(17, "speed") ?? "0"));
            (b[19], b[20], b[21], b[22]) = (texts.Add(User(17, "manufacturer") ?? "Suite"), texts.Add(User(17, "serial")), texts.Add(User(17, "asset")), texts.Add(User(17, "part")));
            Add(17, (ushort)(FirstDeviceHandle + i), b, texts);
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
        Add(19, (ushort)(FirstMapHandle + index), b, new SmbiosTexts());
    }

    private void Add(byte type, ushort handle, byte[] body, SmbiosTexts texts) => Add([type, (byte)(body.Length + 4), (byte)handle, (byte)(handle >> 8), .. body, .. texts.Bytes]);

    private void Add(byte[] structure)
    {
        _tables.Write(structure);
        _count++;
        _largest = Math.Max(_largest, structure.Length);
    }
}
