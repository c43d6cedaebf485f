using System.Text;
using Suite.PcBios;
using Suite.PcBios.FwCfg;
using Suite.PcBios.Tables;

namespace Suite.Tests.PcBios;

/// <summary>ACPI, SMBIOS, MP and PIRQ tables, read back.</summary>
public sealed class TableTests
{
    private const ulong Base = 0x1FFE_0000;

    private static PcDescription Pc { get; } = new() { RamBytes = 512 << 20, Cpus = 3, MaxCpus = 4, Floppies = (4, 0), Uuid = new Guid("00112233-4455-6677-8899-aabbccddeeff"), Name = "guest", HotPlugSlots = ~7u };

    [Fact]
    public void Every_acpi_table_is_reached_from_the_root_and_sums_to_zero()
    {
        AcpiTables tables = AcpiTables.Make(Pc);
        byte[] all = tables.At(Base), root = tables.RootPointer(Base);
        Assert.Equal((0, 0), (Sum(root.AsSpan(0, 20)), Sum(root)));
        foreach (bool is64 in (bool[])[false, true])
        {
            byte[] list = Table(all, is64 ? BitConverter.ToUInt64(root, 24) : BitConverter.ToUInt32(root, 16));
            List<string> names = [];
            for (int at = 36; at < list.Length; at += is64 ? 8 : 4)
            {
                byte[] table = Table(all, is64 ? BitConverter.ToUInt64(list, at) : BitConverter.ToUInt32(list, at));
                names.Add(Signature(table));
                if (Signature(table) != "FACP")
                    continue;
                Assert.Equal("DSDT", Signature(Table(all, BitConverter.ToUInt32(table, 40))));
                Assert.Equal("FACS", Encoding.ASCII.GetString(all, (int)(BitConverter.ToUInt64(table, 132) - Base), 4));
                Assert.Equal(0u, BitConverter.ToUInt32(table, 36) & 63);
            }

            Assert.Equal(["FACP", "APIC", "HPET", "WAET"], names);
        }
    }

    [Fact]
    public void The_madt_lists_processors_and_overrides()
    {
        byte[] madt = Find(AcpiTables.Make(Pc).At(Base), "APIC");
        List<string> entries = [];
        for (int at = 44; at < madt.Length; at += madt[at + 1])
            entries.Add(madt[at] switch { 0 => $"cpu{madt[at + 3]}:{madt[at + 4]}", 1 => "ioapic", 2 => $"{madt[at + 3]}->{madt[at + 4]}:{madt[at + 8]:x}", var other => $"type{other}" });
        Assert.Equal(["cpu0:1", "cpu1:1", "cpu2:1", "cpu3:2", "ioapic", "0->2:0", "5->5:d", "9->9:d", "10->10:d", "11->11:d", "type4"], entries);
    }

    [Fact]
    public void Package_lengths_have_one_to_four_bytes()
    {
        foreach (int length in (int[])[10, 61, 62, 63, 64, 4090, 4094, 4096, 70000, 1 << 20])
        {
            byte[] term = Aml.Scope("A", new byte[length]);
            int bytes = (term[1] >> 6) + 1, value = bytes == 1 ? term[1] & 63 : term[1] & 15;
            for (int i = 1; i < bytes; i++)
                value |= term[1 + i] << (4 + 8 * (i - 1));
            Assert.Equal(term.Length - 1, value);
        }
    }

    [Fact]
    public void Names_and_ids_are_encoded_as_the_specification_has_them()
    {
        Assert.Equal("\\_SB_", Encoding.ASCII.GetString(Aml.Name(@"\_SB")));
        Assert.Equal([(byte)'\\', 0x2E, .. "_SB_PCI0"u8], Aml.Name(@"\_SB.PCI0"));
        Assert.Equal([0x2F, 3, .. "PCI0ISA_P40C"u8], Aml.Name("PCI0.ISA.P40C"));
        Assert.Equal([0x0C, 0x41, 0xD0, 0x0A, 0x03], Aml.EisaId("PNP0A03"));
        Assert.Equal([0x0B, 0x34, 0x12], Aml.Integer(0x1234));
    }

    [Fact]
    public void The_disassembler_finds_nothing_wrong()
    {
        if (!File.Exists("/usr/bin/iasl"))
            return; // apt-get install acpica-tools
        foreach (PcDescription pc in (PcDescription[])[Pc, Microvm()])
        {
            string folder = Directory.CreateTempSubdirectory("suite-acpi-").FullName;
            try
            {
                File.WriteAllBytes(Path.Combine(folder, "DSDT.aml"), Find(AcpiTables.Make(pc).At(Base), "DSDT"));
                foreach (string[] arguments in (string[][])[["-d", "DSDT.aml"], ["-p", "again", "DSDT.dsl"]])
                {
                    using System.Diagnostics.Process iasl = System.Diagnostics.Process.Start(
                        new System.Diagnostics.ProcessStartInfo("iasl", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
                    _ = iasl.StandardOutput.ReadToEndAsync();
                    string errors = iasl.StandardError.ReadToEnd();
                    iasl.WaitForExit();
                    Assert.True(iasl.ExitCode == 0 && !errors.Contains("rror", StringComparison.Ordinal), errors);
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    [Fact]
    public void A_microvm_is_hardware_reduced_and_names_its_virtio_devices()
    {
        byte[] all = AcpiTables.Make(Microvm()).At(Base), fadt = Find(all, "FACP");
        Assert.Equal((5, 1u), (fadt[8], BitConverter.ToUInt32(fadt, 112) >> 20 & 1));
        Assert.Equal((0UL, 0xFEA0_0200UL, 0xFEA0_0201UL), (BitConverter.ToUInt64(fadt, 132), BitConverter.ToUInt64(fadt, 248), BitConverter.ToUInt64(fadt, 260)));
        Assert.Contains("LNRO0005", Encoding.ASCII.GetString(Find(all, "DSDT")), StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_of_the_user_are_appended()
    {
        byte[] own = AcpiTable.Make("SLIC", 1, [1, 2, 3]);
        Assert.Equal(39, Find(AcpiTables.Make(Pc with { ExtraAcpiTables = [own] }).At(Base), "SLIC").Length);
    }

    [Fact]
    public void The_smbios_tables_hold_what_the_entry_point_says()
    {
        Smbios smbios = Smbios.Make(Pc);
        byte[] entry = smbios.EntryPoint(0xF1234), tables = smbios.Tables;
        Assert.Equal((0, 0), (Sum(entry), Sum(entry.AsSpan(16))));
        Assert.Equal((tables.Length, 0xF1234u), (BitConverter.ToUInt16(entry, 22), BitConverter.ToUInt32(entry, 24)));
        List<int> types = [];
        for (int at = 0; at < tables.Length;)
        {
            types.Add(tables[at]);
            if (tables[at] == 1)
            {
                Assert.Equal("33221100554477668899AABBCCDDEEFF", Convert.ToHexString(tables, at + 8, 16));
                Assert.Contains("\0guest\0", Encoding.ASCII.GetString(tables, at + tables[at + 1] - 1, 40), StringComparison.Ordinal);
            }

            at += tables[at + 1];
            while (tables[at] != 0 || tables[at + 1] != 0)
                at++;
            at += 2;
        }

        Assert.Equal([0, 1, 3, 4, 16, 17, 19, 32, 127], types);
        Assert.Equal(types.Count, BitConverter.ToUInt16(entry, 28));
    }

    // dmidecode showed them under QEMU only; and a BIOS that is none said that it was UEFI.
    [Fact]
    public void What_the_user_says_is_in_the_smbios_tables()
    {
        SmbiosFields fields = new();
        fields.Set(0, "vendor", "ACME BIOS");
        fields.Set(0, "release", "3.7");
        fields.Set(1, "serial", "SN-1");
        fields.Set(1, "uuid", "550e8400-e29b-41d4-a716-446655440000");
        fields.Set(2, "asset", "TAG-2");
        fields.Set(17, "speed", "2666");
        fields.OemStrings.AddRange(["one", "two"]);
        fields.Structures.Add([200, 4, 0x34, 0x12, 0, 0]);
        byte[] tables = Smbios.Make(Pc with { Smbios = fields }).Tables;
        List<int> types = [];
        for (int at = 0; at < tables.Length;)
        {
            int type = tables[at], texts = at + tables[at + 1], end = texts;
            types.Add(type);
            while (tables[end] != 0 || tables[end + 1] != 0)
                end++;
            string[] all = Encoding.UTF8.GetString(tables, texts, end - texts).Split('\0');
            string Text(int offset) => all[tables[at + offset] - 1];
            switch (type)
            {
                case 0:
                    Assert.Equal(("ACME BIOS", 3, 7, 0), (Text(4), tables[at + 20], tables[at + 21], tables[at + 19] & 8));
                    break;
                case 1:
                    Assert.Equal(("SN-1", "00840E559BE2D441A716446655440000"), (Text(7), Convert.ToHexString(tables, at + 8, 16)));
                    break;
                case 2:
                    Assert.Equal(("TAG-2", 0), (Text(8), tables[at + 7]));
                    break;
                case 11:
                    Assert.Equal(["one", "two"], all);
                    break;
                case 17:
                    Assert.Equal(2666, BitConverter.ToUInt16(tables, at + 21));
                    break;
            }

            at = end + 2;
        }

        Assert.Equal([0, 1, 2, 3, 4, 11, 16, 17, 19, 200, 32, 127], types);
    }

    [Fact]
    public void The_mp_table_counts_and_sums_right()
    {
        byte[] mp = MpTable.Make(Pc, 0xF2000);
        Assert.Equal((0, 0xF2010u), (Sum(mp.AsSpan(0, 16)), BitConverter.ToUInt32(mp, 4)));
        Span<byte> table = mp.AsSpan(16);
        Assert.Equal((0, table.Length), (Sum(table), BitConverter.ToUInt16(table[4..])));
        int count = 0;
        for (int at = 44; at < table.Length; at += table[at] == 0 ? 20 : 8)
            count++;
        Assert.Equal(count, BitConverter.ToUInt16(table[34..]));
        Assert.Equal(0, Sum(MpTable.MakePirq()));
    }

    [Fact]
    public void Roots_lie_in_the_rom_where_systems_look()
    {
        using BiosBench b = new(pc: Pc with { RamBytes = BiosBench.RamBytes });
        Dictionary<string, int> found = [];
        for (int at = 0xF0000; at < 0x100000; at += 16)
            foreach (string root in (string[])["RSD PTR ", "_SM_", "_MP_", "$PIR", "_32_", "$PnP"])
                if (b.Ram.Slice(at, root.Length).SequenceEqual(Encoding.ASCII.GetBytes(root)))
                    found.Add(root, at);
        Assert.Equal(6, found.Count);
        Assert.Equal((ulong)found["RSD PTR "], b.Firmware.AcpiRsdp);
        Assert.Equal("RSDT", Encoding.ASCII.GetString(b.Ram.Slice((int)b.Dword(found["RSD PTR "] + 16), 4)));
        Assert.Equal(0, Sum(b.Ram.Slice(found["_32_"], 16)));
        Assert.Equal(0, Sum(b.Ram.Slice(found["$PnP"], 0x21)));
    }

    [Fact]
    public void A_loader_script_run_elsewhere_gives_the_same_tables()
    {
        Dictionary<string, byte[]> files = FirmwareFiles.Make(Pc).ToDictionary(f => f.Name, f => (byte[])f.Contents.Clone());
        Dictionary<string, ulong> places = new() { ["etc/acpi/tables"] = Base, ["etc/acpi/rsdp"] = 0xF5000 };
        byte[] script = files["etc/table-loader"];
        for (int at = 0; at < script.Length; at += 128)
        {
            string file = Text(script, at + 4);
            switch (BitConverter.ToInt32(script, at))
            {
                case 1:
                    Assert.Contains(file, places.Keys);
                    break;
                case 2:
                    int offset = BitConverter.ToInt32(script, at + 116), size = script[at + 120];
                    ulong value = (size == 8 ? BitConverter.ToUInt64(files[file], offset) : BitConverter.ToUInt32(files[file], offset)) + places[Text(script, at + 60)];
                    BitConverter.GetBytes(value).AsSpan(0, size).CopyTo(files[file].AsSpan(offset));
                    break;
                case 3:
                    int start = BitConverter.ToInt32(script, at + 64), length = BitConverter.ToInt32(script, at + 68);
                    files[file][BitConverter.ToInt32(script, at + 60)] -= (byte)Sum(files[file].AsSpan(start, length));
                    break;
                default:
                    Assert.Fail("an unknown command");
                    break;
            }
        }

        AcpiTables tables = AcpiTables.Make(Pc);
        Assert.Equal(tables.At(Base), files["etc/acpi/tables"]);
        Assert.Equal(tables.RootPointer(Base), files["etc/acpi/rsdp"]);
    }

    private static PcDescription Microvm() => Pc with
    {
        IsMicrovm = true,
        HasHpet = false,
        MicrovmEventBase = 0xFEA0_0000,
        MicrovmPowerBase = 0xFEA0_0200,
        VirtioMmio = [new(0xFEB0_0000, 16), new(0xFEB0_0200, 17)],
    };

    private static byte[] Table(byte[] all, ulong address)
    {
        int at = (int)(address - Base);
        byte[] table = all[at..(at + BitConverter.ToInt32(all, at + 4))];
        Assert.Equal(0, Sum(table));
        return table;
    }

    private static byte[] Find(byte[] all, string signature)
    {
        for (int at = 0; at < all.Length; at += 16)
            if (Encoding.ASCII.GetString(all, at, 4) == signature)
                return Table(all, Base + (ulong)at);
        throw new InvalidOperationException(signature);
    }

    private static string Signature(byte[] table) => Encoding.ASCII.GetString(table, 0, 4);

    private static string Text(byte[] bytes, int at) => Encoding.ASCII.GetString(bytes, at, Array.IndexOf(bytes, (byte)0, at) - at);

    private static int Sum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (byte b in bytes)
            sum += b;
        return sum;
    }
}
