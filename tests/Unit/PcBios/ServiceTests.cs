using System.Text;
using Suite.Devices.Core;
using Suite.PcBios;
using Suite.PcBios.Disks;
using Suite.PcBios.Services;

namespace Suite.Tests.PcBios;

/// <summary>BIOS services against memory and disks, without a processor.</summary>
public sealed class ServiceTests
{
    [Fact]
    public void Vectors_lead_into_the_rom_and_the_data_area_is_filled()
    {
        using BiosBench b = new([new MemoryDisk(FirmwareDiskKind.HardDisk, new byte[1 << 20])]);
        Assert.Equal(0xF000F065u, b.Dword(0x10 * 4));
        Assert.Equal(0xF000EFC7u, b.Dword(0x1E * 4));
        Assert.Equal(0u, b.Dword(0x60 * 4));
        Assert.Equal((0x9FC0, 639, 1), (b.Word(0x40E), b.Word(0x413), b.Ram[0x475]));
        Assert.Equal((byte)0xFC, b.Ram[0xFFFFE]);
        Assert.Equal(0xEA, b.Ram[0xFFFF0]);
    }

    [Fact]
    public void A_write_to_the_port_without_a_frame_does_nothing()
    {
        using BiosBench b = new();
        byte[] before = b.Ram.ToArray();
        foreach (ulong value in (ulong[])[0, 0xFFFF_FFFF, 0x9000_1234])
            b.Firmware.Write(0, 4, value);
        b.Firmware.Write(0, 1, 0);
        b.Firmware.Write(7, 1, 1);
        Assert.True(b.Ram.SequenceEqual(before));
    }

    [Fact]
    public void Every_service_takes_random_registers()
    {
        using BiosBench b = new([new MemoryDisk(FirmwareDiskKind.Floppy, new byte[1474560]), new MemoryDisk(FirmwareDiskKind.HardDisk, new byte[1 << 20]), new MemoryDisk(FirmwareDiskKind.Cd, new byte[1 << 20])]);
        Random random = new(3);
        byte[] vectors = [0x09, 0x0E, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x1A, 0x40, 0x70, 0x74, 0x76, 0x55];
        for (int i = 0; i < 4000; i++)
        {
            (b.A, b.B, b.C, b.D) = ((uint)random.Next(), (uint)random.Next(), (uint)random.Next(), (uint)random.Next());
            (b.Si, b.Di, b.Bp, b.DsSegment, b.EsSegment) = ((uint)random.Next(), (uint)random.Next(), (uint)random.Next(), (ushort)random.Next(), (ushort)random.Next());
            if (i % 3 == 0)
                b.D = (uint)(random.Next(4) switch { 0 => 0, 1 => 0x80, 2 => 0xE0, _ => 1 });
            b.Call(vectors[i % vectors.Length]);
        }
    }

    [Fact]
    public void The_memory_map_is_walked_by_its_continuation()
    {
        using BiosBench b = new();
        List<string> lines = [];
        b.EsSegment = 0x800;
        b.B = 0;
        do
        {
            (b.A, b.C, b.D, b.Di) = (0xE820, 20, 0x534D4150, 0);
            b.Call(0x15);
            Assert.False(b.Carry);
            Assert.Equal(0x534D4150u, b.A);
            lines.Add($"{b.Dword(0x8000):x}+{b.Dword(0x8008):x}:{b.Dword(0x8010)}");
        }
        while (b.B != 0);
        Assert.Equal(["0+9fc00:1", "9fc00+400:2", "f0000+10000:2", "100000+2ff000:1", "3ff000+1000:3", "fffc0000+40000:2"], lines);
        (b.A, b.B, b.C, b.D) = (0xE820, 77, 20, 0x534D4150);
        Assert.True(b.Call(0x15).Carry);
        b.Int(0x15, 0xE801);
        Assert.Equal((0xBFCu, 0u), (b.A & 0xFFFF, b.B & 0xFFFF));
        Assert.Equal(0xBFCu, b.Int(0x15, 0x8800).A & 0xFFFF);
    }

    [Fact]
    public void The_map_has_a_hole_below_4_gib_and_goes_on_above()
    {
        PcDescription pc = new() { RamBytes = 6UL << 30 };
        IReadOnlyList<MemoryRange> map = MemoryMap.Of(pc, 0x10000);
        Assert.Contains(new MemoryRange(0x10_0000, 0xBFEF_0000, MemoryKind.Usable), map);
        Assert.Contains(new MemoryRange(1UL << 32, 3UL << 30, MemoryKind.Usable), map);
        Assert.Equal(map.OrderBy(r => r.Start), map);
    }

    [Fact]
    public void A_block_is_moved_by_descriptors()
    {
        using BiosBench b = new();
        "moved"u8.CopyTo(b.Ram[0x20_0000..]);
        byte[] table = new byte[0x30];
        (table[0x14], table[0x1C]) = (0x20, 0x30);
        table.CopyTo(b.Ram[0x8000..]);
        (b.EsSegment, b.Si, b.C) = (0x800, 0, 3);
        Assert.False(b.Int(0x15, 0x8700).Carry);
        Assert.Equal("moved", Encoding.ASCII.GetString(b.Ram.Slice(0x30_0000, 5)));
        table[0x1F] = 0x80; // to 2 GiB, where there is nothing
        table.CopyTo(b.Ram[0x8000..]);
        Assert.True(b.Int(0x15, 0x8700).Carry);
    }

    [Fact]
    public void A_wait_polls_until_its_time_has_come()
    {
        using BiosBench b = new();
        (b.C, b.D) = (1, 0);
        b.Int(0x15, 0x8600);
        Assert.Equal(4, b.Action);
        b.Advance(60_000_000);
        b.Call(0x15, again: true);
        Assert.Equal(4, b.Action);
        b.Advance(10_000_000);
        b.Call(0x15, again: true);
        Assert.Equal((0, false), (b.Action, b.Carry));
    }

    [Fact]
    public void Time_and_date_come_from_the_clock()
    {
        using BiosBench b = new();
        b.Int(0x1A, 0x0200);
        Assert.Equal((0x1234u, 0x5600u), (b.C & 0xFFFF, b.D & 0xFFFF));
        b.Int(0x1A, 0x0400);
        Assert.Equal((0x2026u, 0x1123u), (b.C & 0xFFFF, b.D & 0xFFFF));
        b.Int(0x1A, 0x0000);
        Assert.Equal(824680u, (b.C & 0xFFFF) << 16 | b.D & 0xFFFF); // 12:34:56 in ticks of 1800B0h a day
        (b.C, b.D) = (0x0102, 0x0300);
        b.Int(0x1A, 0x0300);
        b.Int(0x1A, 0x0200);
        Assert.Equal(0x0102u, b.C & 0xFFFF);
    }

    [Fact]
    public void Keys_wait_in_their_ring()
    {
        using BiosBench b = new();
        Assert.True(b.Int(0x16, 0x0100).Zero);
        Assert.Equal(1, b.Int(0x16, 0x0000).Action);
        for (int i = 0; i < 15; i++)
        {
            b.C = (uint)(0x1E61 + i);
            Assert.Equal(0u, b.Int(0x16, 0x0500).A & 0xFF);
        }

        Assert.Equal(1u, b.Int(0x16, 0x0500).A & 0xFF); // full
        for (int i = 0; i < 15; i++)
            Assert.Equal((uint)(0x1E61 + i), b.Int(0x16, 0x0000).A);
        Assert.True(b.Int(0x16, 0x1100).Zero);
        b.C = 0x48E0;
        b.Int(0x16, 0x0500);
        Assert.Equal(0x4800u, b.Int(0x16, 0x0100).A); // the old interface does not show which of the two keys
        Assert.Equal(0x48E0u, b.Int(0x16, 0x1000).A);
    }

    [Theory]
    [InlineData(0x1E, false, false, false, 0x1E61)]
    [InlineData(0x1E, true, false, false, 0x1E41)]
    [InlineData(0x1E, false, true, false, 0x1E01)]
    [InlineData(0x1E, false, false, true, 0x1E00)]
    [InlineData(0x03, true, false, false, 0x0340)]
    [InlineData(0x1C, false, false, false, 0x1C0D)]
    [InlineData(0x3B, false, false, false, 0x3B00)]
    [InlineData(0x3B, true, false, false, 0x5400)]
    [InlineData(0x3B, false, true, false, 0x5E00)]
    [InlineData(0x3B, false, false, true, 0x6800)]
    [InlineData(0x57, false, false, false, 0x8500)]
    [InlineData(0x35, false, false, false, 0x352F)]
    [InlineData(0x2B, true, false, false, 0x2B7C)]
    [InlineData(0x33, false, false, false, 0x332C)]
    [InlineData(0x47, false, false, false, 0x4700)]
    [InlineData(0x0F, true, false, false, 0x0F00)]
    public void Scan_codes_have_the_values_of_the_technical_reference(int key, bool shift, bool ctrl, bool alt, int expected) =>
        Assert.Equal((ushort)expected, KeyTable.Find(key, false, shift, ctrl, alt, caps: false, num: false));

    [Fact]
    public void Floppies_tell_their_geometry_and_missing_ones_that_they_are_missing()
    {
        using BiosBench b = new([new MemoryDisk(FirmwareDiskKind.Floppy, new byte[1474560])], new PcDescription { RamBytes = BiosBench.RamBytes, Floppies = (4, 0) });
        b.D = 0;
        b.Int(0x13, 0x0800);
        Assert.Equal((false, 4u, 0x4F12u, 0x0101u), (b.Carry, b.B & 0xFF, b.C & 0xFFFF, b.D & 0xFFFF));
        b.D = 1;
        Assert.True(b.Int(0x13, 0x0201).Carry);
        b.D = 0x81;
        Assert.True(b.Int(0x13, 0x0800).Carry);
    }

    [Theory]
    [InlineData(1000L * 16 * 63, 1000, 16, 63, 1000, 16, 63)] // small enough: the drive's own
    [InlineData(1L << 20, 0, 0, 0, 520, 32, 63)] // 512 MiB
    [InlineData(4L << 21, 8322, 16, 63, 522, 255, 63)] // 4 GiB
    [InlineData(1L << 32, 16383, 16, 63, 1024, 255, 63)] // 2 TiB
    [InlineData(1, 0, 0, 0, 1, 16, 63)]
    public void Large_disks_are_translated(long sectors, int cylinders, int heads, int perTrack, int expectedCylinders, int expectedHeads, int expectedSectors) =>
        Assert.Equal(new DiskGeometry(expectedCylinders, expectedHeads, expectedSectors), DiskGeometry.OfHardDisk(sectors, (cylinders, heads, perTrack)));

    [Fact]
    public void Reads_that_fail_or_leave_the_disk_say_so()
    {
        using BiosBench b = new([new MemoryDisk(FirmwareDiskKind.HardDisk, new byte[1 << 20]) { BadFrom = 100 }]);
        (b.B, b.C, b.D, b.EsSegment) = (0, 1, 0x80, 0x1000);
        Assert.Equal((false, 1u), (b.Int(0x13, 0x0201).Carry, b.A & 0xFFFF));
        (b.C, b.D) = (0x0027, 0x0180);
        Assert.Equal((true, 4u), (b.Int(0x13, 0x0201).Carry, b.A >> 8 & 0xFF)); // sector 101: bad
        (b.C, b.D) = (0xFFFF, 0xFE80);
        Assert.Equal((true, 4u), (b.Int(0x13, 0x0201).Carry, b.A >> 8 & 0xFF)); // outside
        b.D = 0x80;
        Assert.Equal(4u, b.Int(0x13, 0x0100).A >> 8 & 0xFF); // the last status
    }

    [Fact]
    public void Answers_in_ah_survive_the_end_of_the_call()
    {
        using BiosBench b = new([new MemoryDisk(FirmwareDiskKind.HardDisk, new byte[1 << 20]), new MemoryDisk(FirmwareDiskKind.Floppy, new byte[1474560])]);
        (b.B, b.D) = (0x55AA, 0x80);
        b.Int(0x13, 0x4100);
        Assert.Equal((false, 0xAA55u, 0x30u), (b.Carry, b.B & 0xFFFF, b.A >> 8 & 0xFF));
        Assert.Equal((3u, 2048u), (b.Int(0x13, 0x1500).A >> 8 & 0xFF, b.D & 0xFFFF));
        b.D = 0;
        Assert.Equal(2u, b.Int(0x13, 0x1500).A >> 8 & 0xFF);
    }

    [Fact]
    public void A_write_reaches_the_disk_unless_it_is_protected()
    {
        MemoryDisk disk = new(FirmwareDiskKind.HardDisk, new byte[1 << 20]), locked = new(FirmwareDiskKind.HardDisk, new byte[1 << 20]) { IsReadOnly = true };
        using BiosBench b = new([disk, locked]);
        "written"u8.CopyTo(b.Ram[0x8000..]);
        (b.B, b.C, b.D, b.EsSegment) = (0, 2, 0x80, 0x800);
        Assert.False(b.Int(0x13, 0x0301).Carry);
        Assert.Equal("written", Encoding.ASCII.GetString(disk.Bytes, 512, 7));
        (b.C, b.D) = (2, 0x81);
        Assert.Equal((true, 3u), (b.Int(0x13, 0x0301).Carry, b.A >> 8 & 0xFF));
    }

    [Fact]
    public void A_cd_without_emulation_is_read_by_packets_of_2048_bytes()
    {
        byte[] cd = Cd(0, out _);
        using BiosBench b = new([new MemoryDisk(FirmwareDiskKind.Cd, cd)]);
        b.Call(0x7E);
        Assert.Equal(((ushort)0, (ushort)0x7C00), b.Return);
        Assert.Equal((0xE0u, (byte)0x42), (b.D & 0xFF, b.Ram[0x7C00]));
        byte[] packet = [16, 0, 1, 0, 0, 0, 0, 0x10, 19, 0, 0, 0, 0, 0, 0, 0];
        packet.CopyTo(b.Ram[0x8000..]);
        (b.DsSegment, b.Si, b.D) = (0x800, 0, 0xE0);
        Assert.False(b.Int(0x13, 0x4200).Carry);
        Assert.Equal(0x42, b.Ram[0x10000]);
        (b.Ram[0x8000], b.Ram[0x8001]) = (26, 0);
        (b.DsSegment, b.Si) = (0x800, 0);
        Assert.False(b.Int(0x13, 0x4800).Carry);
        Assert.Equal(2048, b.Word(0x8018));
        b.Int(0x13, 0x4B01);
        Assert.Equal((0x13, (byte)0, (byte)0xE0), (b.Ram[0x8000], b.Ram[0x8001], b.Ram[0x8002]));
    }

    [Fact]
    public void An_emulated_floppy_becomes_drive_0_and_pushes_the_real_one_up()
    {
        byte[] cd = Cd(2, out int image);
        cd[image + 512] = 0x77;
        byte[] floppy = new byte[1474560];
        floppy[512] = 0x88;
        using BiosBench b = new([new MemoryDisk(FirmwareDiskKind.Floppy, floppy), new MemoryDisk(FirmwareDiskKind.Cd, cd)], boot: new BootOrder { Order = "d" });
        b.Call(0x7E);
        Assert.Equal(0u, b.D & 0xFF);
        (b.B, b.C, b.D, b.EsSegment) = (0, 2, 0, 0x1000);
        Assert.False(b.Int(0x13, 0x0201).Carry);
        Assert.Equal(0x77, b.Ram[0x10000]);
        b.D = 1;
        b.Int(0x13, 0x0201);
        Assert.Equal(0x88, b.Ram[0x10000]);
        b.D = 0;
        Assert.Equal(3u, b.Int(0x13, 0x0301).A >> 8 & 0xFF);
        (b.D, b.DsSegment, b.Si) = (0, 0x800, 0);
        b.Int(0x13, 0x4B00); // ends it
        (b.B, b.C, b.D, b.EsSegment) = (0, 2, 0, 0x1000);
        b.Int(0x13, 0x0201);
        Assert.Equal(0x88, b.Ram[0x10000]);
    }

    [Fact]
    public void Damaged_boot_catalogs_are_named()
    {
        foreach ((int at, byte value, string expected) in ((int, byte, string)[])
            [
                (17 * 2048 + 1, 0, "no boot record"), (17 * 2048 + 0x4A, 0x7F, "boot catalog"), (18 * 2048 + 4, 1, "damaged"), (18 * 2048 + 32, 0, "not bootable"),
                (18 * 2048 + 33, 9, "media type"), (18 * 2048 + 35, 0xFF, "no room"), (18 * 2048 + 42, 0x7F, "cannot be read"),
            ])
        {
            byte[] cd = Cd(0, out _);
            cd[at] = value;
            using BiosBench b = new([new MemoryDisk(FirmwareDiskKind.Cd, cd)]);
            b.Call(0x7E);
            Assert.Equal(1, b.Action);
            Assert.Contains(b.Log, line => line.Contains(expected, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Devices_are_tried_in_the_order_asked_for()
    {
        byte[] bootable = new byte[1474560];
        (bootable[0], bootable[510], bootable[511]) = (0x11, 0x55, 0xAA);
        byte[] disk = (byte[])bootable.Clone();
        disk[0] = 0x22;
        MemoryDisk[] disks = [new(FirmwareDiskKind.Floppy, bootable), new(FirmwareDiskKind.HardDisk, disk), new(FirmwareDiskKind.HardDisk, new byte[4096])];
        using (BiosBench b = new(disks))
            Assert.Equal(0x22, b.Call(0x7E).Ram[0x7C00]);
        using (BiosBench b = new(disks, boot: new BootOrder { Order = "ac" }))
        {
            Assert.Equal(0x11, b.Call(0x7E).Ram[0x7C00]);
            b.Call(0x18); // it gives up: the next
            Assert.Equal((0x22, 0x80u), (b.Ram[0x7C00], b.D & 0xFF));
            b.Call(0x18);
            Assert.Equal(1, b.Action);
            Assert.Contains(b.Log, line => line.Contains("no boot signature", StringComparison.Ordinal));
        }

        using BiosBench once = new(disks, boot: new BootOrder { Order = "c", Once = "a" });
        Assert.Equal(0x11, once.Call(0x7E).Ram[0x7C00]);
        once.Firmware.Reset();
        once.Firmware.PowerOn();
        Assert.Equal(0x22, once.Call(0x7E).Ram[0x7C00]);
    }

    [Fact]
    public void A_boot_index_goes_before_the_order()
    {
        byte[] bootable = new byte[4096];
        (bootable[510], bootable[511]) = (0x55, 0xAA);
        MemoryDisk[] disks = [new(FirmwareDiskKind.HardDisk, bootable), new(FirmwareDiskKind.HardDisk, bootable) { BootIndex = 1 }];
        using BiosBench b = new(disks);
        Assert.Equal(0x81u, b.Call(0x7E).D & 0xFF);
    }

    [Fact]
    public void A_snapshot_keeps_the_emulated_disk()
    {
        byte[] cd = Cd(2, out int image);
        cd[image + 512] = 0x77;
        MemoryDisk[] disks = [new(FirmwareDiskKind.Cd, cd)];
        using BiosBench b = new(disks);
        b.Call(0x7E);
        MemoryStream saved = new();
        b.Firmware.State.Save(saved);
        using BiosBench other = new(disks);
        saved.Position = 0;
        other.Firmware.Load(saved);
        (other.B, other.C, other.D, other.EsSegment) = (0, 2, 0, 0x1000);
        Assert.False(other.Int(0x13, 0x0201).Carry);
        Assert.Equal(0x77, other.Ram[0x10000]);
    }

    [Fact]
    public void Pci_functions_get_addresses_ports_and_interrupts_and_are_found()
    {
        using BiosBench b = new();
        FakePci pci = new();
        b.Io.Attach(pci, "pci", 0xCF8, 8, 4);
        b.Firmware.PowerOn();
        Assert.Equal((0xC000_0000u, 0xC001u, 11), (pci.Register(3 << 3, 0x10), pci.Register(3 << 3, 0x14), (byte)pci.Register(3 << 3, 0x3C)));
        Assert.Equal(3u, pci.Register(3 << 3, 4) & 3);
        b.Int(0x1A, 0xB101);
        Assert.Equal((0x2049_4350u, 0x0210u, false), (b.D, b.B & 0xFFFF, b.Carry));
        (b.C, b.D, b.Si) = (0x100E, 0x8086, 0);
        b.Int(0x1A, 0xB102);
        Assert.Equal((false, 0x18u), (b.Carry, b.B & 0xFFFF));
        b.Si = 1;
        Assert.True(b.Int(0x1A, 0xB102).Carry);
        (b.B, b.Di) = (0x18, 0x10);
        Assert.Equal(0xC000_0000u, b.Int(0x1A, 0xB10A).C);
        // The 32-bit entry hands over eax ebx ecx esi edi edx and takes ebx ecx edx flags eax.
        b.Firmware.Write(4, 1, 0);
        foreach (uint register in (uint[])[0xB10A, 0x18, 0, 0, 0x10, 0])
            b.Firmware.Write(4, 4, register);
        Assert.Equal([0x18UL, 0xC000_0000, 0, 0, 0x0A], Enumerable.Range(0, 5).Select(_ => b.Firmware.Read(4, 4) & 0xFFFF_FFFF));
    }

    [Fact]
    public void A_long_string_is_written_in_portions()
    {
        using BiosBench b = new();
        for (int i = 0; i < 100; i++)
            b.Ram[0x8000 + i] = (byte)('a' + i % 26);
        (b.B, b.C, b.D, b.EsSegment, b.Bp) = (7, 100, 0, 0x800, 0);
        b.Int(0x10, 0x1301);
        int calls = 1;
        for (; b.Action == 4; calls++)
            b.Call(0x10, again: true);
        Assert.Equal(4, calls);
        Assert.Equal(0x0114, b.Word(0x450)); // row 1, column 20
    }

    [Fact]
    public void A_name_of_any_length_and_little_memory_are_no_obstacle()
    {
        using BiosBench b = new(pc: new PcDescription { RamBytes = 1 << 20, Name = new string('n', 100_000) + "\0" });
        Assert.Equal(0UL, b.Firmware.AcpiRsdp);
        Assert.All(b.Firmware.Map, range => Assert.True(range.Kind != MemoryKind.Usable || range.Start + range.Length <= 1 << 20));
    }

    [Fact]
    public void The_serial_console_speaks_to_a_terminal_and_takes_keys()
    {
        using BiosBench b = new(pc: new PcDescription { RamBytes = BiosBench.RamBytes, HasVga = false, HasSerialConsole = true });
        FakeUart uart = new();
        b.Io.Attach(uart, "uart", 0x3F8, 8);
        (b.B, b.D) = (0, 0x0205);
        b.Int(0x10, 0x0200);
        (b.B, b.C) = (0x1F, 2);
        b.Int(0x10, 0x09C4);
        Assert.Equal("\e[3;6H\e[1;37;44m──", Encoding.UTF8.GetString([.. uart.Sent]));
        foreach (char c in "A\e[A\r")
            uart.Received.Enqueue((byte)c);
        Assert.Equal((0x1E41u, 0x4800u, 0x1C0Du), (b.Int(0x16, 0).A, b.Int(0x16, 0).A, b.Int(0x16, 0).A));
    }

    /// <summary>A card in slot 3 with 128 KiB of memory and 64 ports.</summary>
    private sealed class FakePci : Suite.Devices.Core.IBusDevice
    {
        private readonly byte[] _space = new byte[256];
        private uint _address;

        public FakePci()
        {
            BitConverter.GetBytes(0x100E_8086u).CopyTo(_space, 0);
            (_space[0x0B], _space[0x14], _space[0x3D]) = (2, 1, 1);
        }

        public uint Register(int _, int register) => BitConverter.ToUInt32(_space, register & 0xFC) >> (8 * (register & 3));

        public ulong Read(ulong offset, int size)
        {
            if (offset < 4)
                return _address;
            return (_address >> 8 & 0xFFFF) == 3 << 3 ? BitConverter.ToUInt32(_space, (int)(_address & 0xFC)) >> (8 * (int)(offset & 3)) : ulong.MaxValue;
        }

        public void Write(ulong offset, int size, ulong value)
        {
            if (offset < 4)
            {
                _address = (uint)value;
                return;
            }

            int at = (int)(_address & 0xFC) + (int)(offset & 3);
            if ((_address >> 8 & 0xFFFF) != 3 << 3 || at is < 4 or (>= 0x18 and not 0x3C))
                return;
            for (int i = 0; i < size; i++)
                _space[at + i] = (byte)(value >> (8 * i));
            uint memory = BitConverter.ToUInt32(_space, 0x10) & 0xFFFE_0000, ports = (BitConverter.ToUInt32(_space, 0x14) & 0xFFFF_FFC0) | 1;
            BitConverter.GetBytes(memory).CopyTo(_space, 0x10);
            BitConverter.GetBytes(ports).CopyTo(_space, 0x14);
        }
    }

    private sealed class FakeUart : Suite.Devices.Core.IBusDevice
    {
        public List<byte> Sent { get; } = [];

        public Queue<byte> Received { get; } = [];

        public ulong Read(ulong offset, int size) => offset == 5 ? (ulong)(0x60 | (Received.Count > 0 ? 1 : 0)) : offset == 0 && Received.Count > 0 ? Received.Dequeue() : 0UL;

        public void Write(ulong offset, int size, ulong value) => Sent.Add((byte)value);
    }

    /// <summary>A CD with a boot record in sector 17, a catalog in 18 and a boot image from 19 on, whose first byte is 42h.</summary>
    private static byte[] Cd(byte mediaType, out int image)
    {
        byte[] cd = new byte[(19 + 800) * 2048];
        Span<byte> record = cd.AsSpan(17 * 2048), catalog = cd.AsSpan(18 * 2048);
        "CD001"u8.CopyTo(record[1..]);
        "EL TORITO SPECIFICATION"u8.CopyTo(record[7..]);
        record[0x47] = 18;
        (catalog[0], catalog[30], catalog[31]) = (1, 0x55, 0xAA);
        ushort sum = unchecked((ushort)-(1 + 0xAA55));
        (catalog[28], catalog[29]) = ((byte)sum, (byte)(sum >> 8));
        (catalog[32], catalog[33], catalog[38], catalog[40]) = (0x88, mediaType, 4, 19);
        image = 19 * 2048;
        cd[image] = 0x42;
        return cd;
    }

    [Fact]
    public void The_monitor_tells_of_itself_by_vbe()
    {
        using BiosBench b = new(pc: new PcDescription { RamBytes = BiosBench.RamBytes, HasVga = true });
        FakeAdapter adapter = new(b);
        b.B = 0;
        Assert.Equal((0x004Fu, 0x0102u), (b.Int(0x10, 0x4F15).A & 0xFFFF, b.B & 0xFFFF)); // a second a block, DDC2
        (b.B, b.C, b.D, b.EsSegment, b.Di) = (1, 0, 0, 0x2000, 0x10);
        Assert.Equal(0x004Fu, b.Int(0x10, 0x4F15).A & 0xFFFF);
        Assert.Equal(adapter.Edid, b.Ram.Slice(0x20010, 128).ToArray());
        b.D = 1;
        Assert.Equal(0x014Fu, b.Int(0x10, 0x4F15).A & 0xFFFF); // there is no second block
        adapter.Edid[0] = 0xFF;
        b.D = 0;
        Assert.Equal(0x014Fu, b.Int(0x10, 0x4F15).A & 0xFFFF); // edid=off
    }

    // What the firmware looks for of a display adapter: PCI function 2.0 of class 3, a VBE that answers, an EDID where BAR 2 points to.
    private sealed class FakeAdapter : IBusDevice
    {
        private const uint Registers = 0xFEB0_0000;
        private uint _address;

        public FakeAdapter(BiosBench bench)
        {
            bench.Io.Attach(this, "pci", 0xCF8, 8, widest: 4);
            bench.Io.Attach(new Vbe(), "vbe", 0x1CE, 3, widest: 2);
            bench.Mmio.Attach(new Monitor(this), "edid", Registers, 128, widest: 8);
        }

        public byte[] Edid { get; } = [.. Enumerable.Range(0, 128).Select(i => (byte)(i is 0 or 7 ? 0 : i < 8 ? 0xFF : i))];

        public ulong Read(ulong offset, int size)
        {
            if (_address >> 8 != 0x80_0010)
                return ulong.MaxValue;
            uint value = (_address & 0xFC) switch { 0x08 => 0x0300_0000, 0x18 => Registers, _ => 0 };
            return value >> (int)(8 * (offset & 3));
        }

        public void Write(ulong offset, int size, ulong value) => _address = offset == 0 ? (uint)value : _address;

        private sealed class Vbe : IBusDevice
        {
            public ulong Read(ulong offset, int size) => 0xB0C5;

            public void Write(ulong offset, int size, ulong value)
            {
            }
        }

        private sealed class Monitor(FakeAdapter adapter) : IBusDevice
        {
            public ulong Read(ulong offset, int size) => Enumerable.Range(0, size).Aggregate(0UL, (all, i) => all | (ulong)adapter.Edid[(int)offset + i] << (8 * i));

            public void Write(ulong offset, int size, ulong value)
            {
            }
        }
    }
}
