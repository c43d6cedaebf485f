using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Suite.Devices.Block;
using Suite.Devices.Net;
using Suite.Devices.Virtio;

namespace Suite.Tests.Devices;

public sealed class VirtioTests
{
    public static TheoryData<string> Transports => ["mmio", "pci", "pci-legacy"];

    [Theory, MemberData(nameof(Transports))]
    public void Random_bytes_come_in_the_buffers_given(string transport)
    {
        VirtioRng rng = new(bytes => bytes.Fill(0xA5));
        using VirtioDriver driver = VirtioDriver.Create(transport, rng);
        driver.Start(1);
        ulong first = driver.Buffer(10), second = driver.Buffer(6);
        Assert.Equal(14u, driver.Do(0, (first, 8, true), (second, 6, true)));
        Assert.Equal(Enumerable.Repeat((byte)0xA5, 8), driver.Memory.Bytes.Slice((int)first, 8).ToArray());
        Assert.Equal(0, driver.Memory.Bytes[(int)first + 8]);
        Assert.Equal(1, driver.Interrupts);
        Assert.Equal((1, 0), (driver.TakeIsr(), driver.TakeIsr()));
    }

    [Theory, MemberData(nameof(Transports))]
    public void A_disk_reads_writes_flushes_and_tells_its_serial(string transport)
    {
        MemoryDisk disk = new(1 << 20);
        using VirtioDriver driver = VirtioDriver.Create(transport, new VirtioBlock(disk, "SN123"));
        driver.Start(1, 1 << 9);
        Assert.Equal((ulong)(1 << 20) / 512, driver.Config(0, 4));
        Assert.Equal(512UL, driver.Config(20, 4));
        byte[] data = Encoding.ASCII.GetBytes(new string('x', 512) + new string('y', 512));
        Assert.Equal(0, Request(driver, 1, 3, data, 0).Status);
        Assert.Equal(data, disk.Bytes.AsSpan(3 * 512, 1024).ToArray());
        Assert.Equal(0, disk.Flushes);
        Assert.Equal(0, Request(driver, 4, 0, [], 0).Status);
        Assert.Equal(1, disk.Flushes);
        (byte status, byte[] read) = Request(driver, 0, 4, [], 512);
        Assert.Equal((0, (byte)'y'), (status, read[0]));
        (status, read) = Request(driver, 8, 0, [], 20);
        Assert.Equal((0, "SN123"), (status, Encoding.ASCII.GetString(read).TrimEnd('\0')));
        Assert.Equal(2, Request(driver, 77, 0, [], 0).Status);
    }

    [Fact]
    public void A_disk_refuses_what_lies_outside_or_cannot_be()
    {
        MemoryDisk disk = new(1 << 20);
        using VirtioDriver driver = VirtioDriver.Create("mmio", new VirtioBlock(disk));
        driver.Start(1, 1 << 9);
        const ulong sectors = (1 << 20) / 512;
        Assert.Equal(1, Request(driver, 0, sectors, [], 512).Status);
        Assert.Equal(1, Request(driver, 0, sectors - 1, [], 1024).Status);
        Assert.Equal(1, Request(driver, 0, ulong.MaxValue, [], 512).Status);
        Assert.Equal(1, Request(driver, 0, ulong.MaxValue / 512, [], 512).Status);
        Assert.Equal(1, Request(driver, 0, 0, [], 511).Status);
        Assert.Equal(1, Request(driver, 1, 0, new byte[5], 0).Status);
        disk.IsFailing = true;
        Assert.Equal(1, Request(driver, 0, 0, [], 512).Status);
        disk.IsFailing = false;
        Assert.Equal(0, Request(driver, 0, sectors - 1, [], 512).Status);
    }

    [Fact]
    public void A_disk_clears_ranges_and_flushes_for_drivers_that_cannot()
    {
        MemoryDisk disk = new(1 << 20);
        Array.Fill(disk.Bytes, (byte)1);
        using VirtioDriver driver = VirtioDriver.Create("mmio", new VirtioBlock(disk));
        driver.Start(1, 1 << 14 | 1 << 13);
        byte[] range = new byte[16];
        (range[0], range[8]) = (2, 3); // 3 sectors from 2
        Assert.Equal(0, Request(driver, 13, 0, range, 0).Status);
        Assert.Equal(1, disk.Flushes);
        Assert.Equal((1, 0, 0, 1), (disk.Bytes[1023], disk.Bytes[1024], disk.Bytes[5 * 512 - 1], disk.Bytes[5 * 512]));
        range[12] = 2;
        Assert.Equal(2, Request(driver, 13, 0, range, 0).Status);
        (range[12], range[3]) = (0, 0xFF);
        Assert.Equal(1, Request(driver, 11, 0, range, 0).Status);
        Assert.Equal(1, Request(driver, 11, 0, [], 0).Status);
    }

    [Fact]
    public void A_read_only_disk_says_so_and_refuses()
    {
        MemoryDisk disk = new(4096) { IsReadOnly = true };
        using VirtioDriver driver = VirtioDriver.Create("pci", new VirtioBlock(disk));
        driver.Start(1);
        Assert.Equal(1UL << 5, driver.Offered & (1 << 5 | 1 << 13));
        Assert.Equal(1, Request(driver, 1, 0, new byte[512], 0).Status);
        Assert.Equal(0, Request(driver, 0, 0, [], 512).Status);
    }

    [Fact]
    public void Indirect_descriptors_are_followed()
    {
        using VirtioDriver driver = VirtioDriver.Create("mmio", new VirtioRng(bytes => bytes.Fill(7)));
        driver.Start(1, VirtioDriver.Indirect);
        ulong table = driver.Buffer(32), buffer = driver.Buffer(64);
        driver.WriteDescriptor(table, buffer, 20, 3, 1);
        driver.WriteDescriptor(table + 16, buffer + 32, 30, 2, 0);
        driver.WriteDescriptor(0x1000, table, 32, 4, 0);
        driver.OfferHead(0, 0);
        driver.Notify(0);
        Assert.Equal((0u, 50u), driver.Take(0));
        Assert.Equal((7, 0, 7), (driver.Memory.Bytes[(int)buffer + 19], driver.Memory.Bytes[(int)buffer + 20], driver.Memory.Bytes[(int)buffer + 61]));
    }

    [Fact]
    public void The_event_index_spares_interrupts_and_notifications()
    {
        using VirtioDriver driver = VirtioDriver.Create("mmio", new VirtioRng(bytes => bytes.Clear()));
        driver.Start(1, VirtioDriver.EventIndex);
        ulong buffer = driver.Buffer(16);
        driver.SetUsedEvent(0, 1); // interrupt after the second
        driver.Do(0, (buffer, 16, true));
        driver.TakeIsr();
        int first = driver.Interrupts; // the very first is not known to be seen, and interrupts
        driver.SetUsedEvent(0, 2);
        driver.Do(0, (buffer, 16, true));
        Assert.Equal(first, driver.Interrupts);
        driver.Do(0, (buffer, 16, true));
        Assert.Equal(first + 1, driver.Interrupts);
        Assert.Equal(3, driver.AvailableEvent(0));
    }

    [Fact]
    public void A_driver_that_polls_is_not_interrupted()
    {
        using VirtioDriver driver = VirtioDriver.Create("pci", new VirtioRng());
        driver.Start(1);
        driver.SetNoInterrupt(0);
        driver.Do(0, (driver.Buffer(16), 16, true));
        Assert.Equal(0, driver.Interrupts);
    }

    [Fact]
    public void Nothing_runs_before_the_driver_is_ready()
    {
        VirtioRng rng = new();
        using VirtioDriver driver = VirtioDriver.Create("mmio", rng);
        driver.Notify(0);
        driver.Start(1);
        driver.Offer(0, (driver.Buffer(16), 16, true));
        driver.Status = 0;
        driver.Notify(0);
        rng.Queues[0].Kick();
        Assert.Null(driver.Take(0));
        driver.Notify(99);
    }

    public static TheoryData<string> Attacks => ["loop", "number", "head", "length", "indirect in indirect", "indirect and next", "odd indirect", "far indirect", "far rings", "too many", "order"];

    [Theory, MemberData(nameof(Attacks))]
    public void A_driver_that_breaks_the_rules_breaks_its_device_only(string attack)
    {
        VirtioRng rng = new(bytes => bytes.Fill(1));
        using VirtioDriver driver = VirtioDriver.Create("mmio", rng);
        driver.Start(1, VirtioDriver.Indirect);
        ulong buffer = driver.Buffer(64);
        const ulong table = 0x1000;
        ushort head = 0;
        switch (attack)
        {
            case "loop":
                driver.WriteDescriptor(table, buffer, 4, 3, 1);
                driver.WriteDescriptor(table + 16, buffer, 4, 3, 0);
                break;
            case "number":
                driver.WriteDescriptor(table, buffer, 4, 3, 16);
                break;
            case "head":
                head = 9999;
                break;
            case "length":
                driver.WriteDescriptor(table, 0, uint.MaxValue, 3, 1);
                driver.WriteDescriptor(table + 16, 0, uint.MaxValue, 2, 0);
                break;
            case "indirect in indirect":
                driver.WriteDescriptor(table, buffer, 16, 4, 0);
                driver.WriteDescriptor(buffer, buffer, 16, 4, 0);
                break;
            case "indirect and next":
                driver.WriteDescriptor(table, buffer, 16, 5, 0);
                break;
            case "odd indirect":
                driver.WriteDescriptor(table, buffer, 17, 4, 0);
                break;
            case "far indirect":
                driver.WriteDescriptor(table, ulong.MaxValue - 7, 16, 4, 0);
                break;
            case "far rings":
                driver.Start(0);
                rng.Queues[0].SetAddress(VirtioRing.Used, 0xFFFF_FFFF_FFFF_F000, ulong.MaxValue);
                rng.Queues[0].SetReady(true);
                break;
            case "too many":
                BinaryPrimitives.WriteUInt16LittleEndian(driver.Memory.Bytes[(0x1000 + 16 * 8 + 2)..], 200);
                break;
            case "order":
                driver.WriteDescriptor(table, buffer, 4, 3, 1);
                driver.WriteDescriptor(table + 16, buffer, 4, 0, 0);
                break;
        }

        if (attack != "too many")
            driver.OfferHead(0, head);
        driver.Notify(0);
        Assert.Null(driver.Take(0));
        Assert.True(rng.IsBroken, attack);
        Assert.NotNull(rng.BrokenBecause);
        Assert.Equal(0x40, driver.Status & 0x40);
        driver.Start(1);
        Assert.Equal(16u, driver.Do(0, (buffer, 16, true)));
    }

    [Fact]
    public void A_buffer_that_is_no_memory_is_answered_with_nothing_written()
    {
        using VirtioDriver driver = VirtioDriver.Create("mmio", new VirtioRng());
        driver.Start(1);
        Assert.Equal(0u, driver.Do(0, (0xFFFF_FFFF_0000, 16, true)));
        using VirtioDriver disk = VirtioDriver.Create("mmio", new VirtioBlock(new MemoryDisk(1 << 20)));
        disk.Start(1);
        ulong header = disk.Buffer(new byte[16]), status = disk.Buffer([0xFF]);
        disk.Do(0, (header, 16, false), (0xFFFF_FFFF_0000, 512, true), (status, 1, true));
        Assert.Equal(1, disk.Memory.Bytes[(int)status]);
    }

    [Fact]
    public void Random_rings_never_throw()
    {
        Gen.Byte.Array[512].Sample(noise =>
        {
            using VirtioDriver driver = VirtioDriver.Create("mmio", new VirtioBlock(new MemoryDisk(1 << 16)));
            driver.Start(1, VirtioDriver.Indirect | VirtioDriver.EventIndex);
            for (int i = 0; i < 8; i++)
            {
                // Plausible addresses and lengths, so that walks go somewhere.
                driver.WriteDescriptor(0x1000 + (ulong)i * 16, BitConverter.ToUInt32(noise, i * 16) & 0x1FFFFF, BitConverter.ToUInt32(noise, i * 16 + 4) >> (noise[i * 16 + 8] & 31),
                    (ushort)(noise[i * 16 + 9] & 7), (ushort)(noise[i * 16 + 10] & 7));
                driver.OfferHead(0, (ushort)(noise[i * 16 + 11] & 7));
            }

            driver.Notify(0);
            for (int i = 256; i + 8 < noise.Length; i += 8)
                driver.SetConfig(noise[i], 1 << (noise[i + 1] & 1), noise[i + 2]);
        }, iter: 200);
    }

    [Fact]
    public void A_console_talks_both_ways_and_waits_for_buffers()
    {
        MemoryLine line = new();
        VirtioConsole console = new(line);
        using VirtioDriver driver = VirtioDriver.Create("pci", console);
        driver.Start(2);
        driver.Do(1, (driver.Buffer("hel"u8), 3, false), (driver.Buffer("lo"u8), 2, false));
        Assert.Equal("hello"u8.ToArray(), line.Sent);
        Assert.Equal(0, console.Room);
        ulong buffer = driver.Buffer(4), more = driver.Buffer(4);
        driver.Offer(0, (buffer, 4, true));
        driver.Offer(0, (more, 4, true));
        driver.Notify(0);
        Assert.NotEqual(0, console.Room);
        console.Receive("abcdef"u8);
        Assert.Equal((0u, 4u), driver.Take(0));
        Assert.Equal((1u, 2u), driver.Take(0));
        Assert.Equal("abcd"u8.ToArray(), driver.Memory.Bytes.Slice((int)buffer, 4).ToArray());
        console.Resize(132, 43);
        Assert.Equal((132UL, 43UL), (driver.Config(0, 2), driver.Config(2, 2)));
        Assert.Equal(2, driver.TakeIsr() & 2);
    }

    [Fact]
    public void The_balloon_gives_runs_of_pages()
    {
        List<(ulong, int)> released = [];
        VirtioBalloon balloon = new(256 << 20, (address, length) => released.Add((address, length)));
        using VirtioDriver driver = VirtioDriver.Create("mmio", balloon);
        driver.Start(2);
        balloon.SetTarget(255 << 20);
        Assert.Equal(256UL, driver.Config(0, 4));
        byte[] pages = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(pages, 5);
        BinaryPrimitives.WriteUInt32LittleEndian(pages.AsSpan(4), 6);
        BinaryPrimitives.WriteUInt32LittleEndian(pages.AsSpan(8), 9);
        BinaryPrimitives.WriteUInt32LittleEndian(pages.AsSpan(12), uint.MaxValue);
        driver.Do(0, (driver.Buffer(pages), 16, false));
        Assert.Equal([(5UL << 12, 8192), (9UL << 12, 4096), ((ulong)uint.MaxValue << 12, 4096)], released);
        driver.SetConfig(4, 4, 256);
        Assert.Equal(255UL << 20, balloon.Actual);
    }

    [Theory, MemberData(nameof(Transports))]
    public void A_card_sends_and_receives(string transport)
    {
        WireEnd wire = new();
        VirtioNet card = new(wire, [0x52, 0x54, 0, 0x12, 0x34, 0x56]);
        using VirtioDriver driver = VirtioDriver.Create(transport, card);
        Assert.False(card.CanReceive);
        driver.Start(2);
        int header = driver.IsLegacy ? 10 : 12;
        Assert.Equal((0x52UL, 0x56UL), (driver.Config(0, 1), driver.Config(5, 1)));
        byte[] frame = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        driver.Do(1, (driver.Buffer(new byte[header]), header, false), (driver.Buffer(frame), 100, false));
        Assert.Equal(frame, wire.Sent.Single());
        Assert.False(card.CanReceive);
        ulong buffer = driver.Buffer(200);
        driver.Offer(0, (buffer, 200, true));
        int before = wire.Readies;
        driver.Notify(0);
        Assert.Equal(before + 1, wire.Readies);
        Assert.True(card.CanReceive);
        card.Receive(frame);
        Assert.Equal((0u, (uint)(header + 100)), driver.Take(0));
        Assert.Equal(frame, driver.Memory.Bytes.Slice((int)buffer + header, 100).ToArray());
        driver.Offer(0, (buffer, 50, true)); // too small: the frame is lost, the buffer stays
        card.Receive(frame);
        Assert.Null(driver.Take(0));
        card.Receive(frame.AsSpan(0, 30));
        Assert.NotNull(driver.Take(0));
    }

    [Fact]
    public void Frames_are_spread_over_merged_buffers_and_checksums_filled_in()
    {
        WireEnd wire = new();
        VirtioNet card = new(wire, [2, 0, 0, 0, 0, 1]);
        using VirtioDriver driver = VirtioDriver.Create("mmio", card);
        driver.Start(2, 1 << 15 | 1);
        ulong first = driver.Buffer(64), second = driver.Buffer(64);
        driver.Offer(0, (first, 64, true));
        byte[] frame = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        card.Receive(frame);
        Assert.Null(driver.Take(0));
        driver.Offer(0, (second, 64, true));
        card.Receive(frame);
        Assert.Equal([(0u, 64u), (1u, 48u)], new[] { driver.Take(0), driver.Take(0) }.Select(u => u!.Value));
        Assert.Equal(2, driver.Memory.Bytes[(int)first + 10]);
        byte[] header = new byte[12];
        (header[0], header[6], header[8]) = (1, 14, 2); // checksum of all from 14, to 16
        byte[] sent = new byte[60];
        (sent[14], sent[15], sent[20]) = (0x12, 0x34, 0x01);
        driver.Do(1, (driver.Buffer(header), 12, false), (driver.Buffer(sent), 60, false));
        Assert.Equal(0xFFFF - 0x1334, BinaryPrimitives.ReadUInt16BigEndian(wire.Sent[0].AsSpan(16)));
        header[8] = 200;
        driver.Do(1, (driver.Buffer(header), 12, false), (driver.Buffer(sent), 60, false));
        Assert.Equal(sent, wire.Sent[1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Large_segments_are_offered_where_the_back_end_takes_them(bool isLarge)
    {
        WireEnd wire = new() { TakesLargeSegments = isLarge };
        using VirtioDriver driver = VirtioDriver.Create("pci", new VirtioNet(wire, [2, 0, 0, 0, 0, 1]));
        Assert.Equal(isLarge, (driver.Offered & 1 << 11) != 0);
        driver.Start(2, 1 << 11);
        byte[] frame = new byte[60_000];
        driver.Do(1, (driver.Buffer(new byte[12]), 12, false), (driver.Buffer(frame), frame.Length, false));
        Assert.Equal(frame.Length, wire.Sent.Single().Length);
    }

    [Fact]
    public void The_control_queue_sets_filters_and_the_address()
    {
        WireEnd wire = new();
        VirtioNet card = new(wire, [2, 0, 0, 0, 0, 1]);
        using VirtioDriver driver = VirtioDriver.Create("mmio", card);
        driver.Start(3, 1 << 17 | 1 << 18 | 1 << 23);
        byte[] frame = new byte[60];
        frame[0] = 4;
        ulong buffer = driver.Buffer(200);
        driver.Offer(0, (buffer, 200, true));
        card.Receive(frame);
        Assert.Null(driver.Take(0));
        Assert.Equal(0, Command(driver, 0, 0, [1]));
        card.Receive(frame);
        Assert.NotNull(driver.Take(0));
        Assert.Equal(0, Command(driver, 1, 1, [2, 0, 0, 0, 0, 9]));
        Assert.Equal(9UL, driver.Config(5, 1));
        Assert.Equal(1, Command(driver, 4, 0, [1]));
        Assert.Equal(1, Command(driver, 1, 1, [1]));
        driver.Status = 0;
        Assert.Equal(1UL, driver.Config(5, 1));
    }

    [Theory, MemberData(nameof(Transports))]
    public void A_snapshot_goes_on_where_the_other_stopped(string transport)
    {
        using VirtioDriver driver = VirtioDriver.Create(transport, new VirtioRng(bytes => bytes.Fill(3)));
        driver.Start(1);
        ulong buffer = driver.Buffer(16);
        driver.Do(0, (buffer, 16, true));
        MemoryStream saved = new();
        driver.Transport.State.Save(saved);
        driver.Status = 0;
        driver.Transport.Reset();
        saved.Position = 0;
        driver.Transport.Load(saved);
        Assert.Equal(16u, driver.Do(0, (buffer, 16, true)));
        Assert.Equal(1, driver.TakeIsr());
    }

    [Fact]
    public void Messages_carry_the_interrupts_of_a_PCI_driver_that_enables_them()
    {
        VirtioRng rng = new();
        using VirtioDriver driver = VirtioDriver.Create("pci", rng);
        VirtioPci function = (VirtioPci)driver.Transport;
        driver.Start(1);
        int capability = function.ReadConfiguration(0x34, 1) is var at && function.ReadConfiguration((int)at, 1) == 0x11 ? (int)at : 0;
        Assert.NotEqual(0, capability);
        function.WriteConfiguration(capability + 2, 2, 0x8000);
        const ulong queueVector = 0xFE00_001A, none = 0xFFFF;
        Assert.Equal(none, function.Bus!.Memory.Read(queueVector, 2));
        function.Bus.Memory.Write(queueVector, 2, 1);
        Assert.Equal(1u, function.Bus.Memory.Read(queueVector, 2));
        function.Bus.Memory.Write(0xFD00_0010, 4, 0xFEE0_0000);
        function.Bus.Memory.Write(0xFD00_0018, 4, 0x41);
        function.Bus.Memory.Write(0xFD00_001C, 4, 0);
        driver.Do(0, (driver.Buffer(16), 16, true));
        Assert.Equal(1, driver.Interrupts);
        function.Bus.Memory.Write(queueVector, 2, 7);
        Assert.Equal(none, function.Bus.Memory.Read(queueVector, 2));
    }

    [Fact]
    public void The_window_in_configuration_space_reaches_the_registers()
    {
        using VirtioDriver driver = VirtioDriver.Create("pci", new VirtioRng());
        VirtioPci function = (VirtioPci)driver.Transport;
        int at = (int)function.ReadConfiguration(0x34, 1);
        while (function.ReadConfiguration(at, 1) != 9 || function.ReadConfiguration(at + 3, 1) != 5)
            at = (int)function.ReadConfiguration(at + 1, 1);
        function.WriteConfiguration(at + 4, 1, 4);
        function.WriteConfiguration(at + 8, 4, 18);
        function.WriteConfiguration(at + 12, 4, 2);
        Assert.Equal(1u, function.ReadConfiguration(at + 16, 4)); // num_queues
        function.WriteConfiguration(at + 8, 4, 20);
        function.WriteConfiguration(at + 12, 4, 1);
        function.WriteConfiguration(at + 16, 4, 1);
        Assert.Equal(1, driver.Status);
        function.WriteConfiguration(at + 8, 4, 0xFFFF_FFFF);
        Assert.Equal(0u, function.ReadConfiguration(at + 16, 4) & 0xFFFF_FF00);
    }

    private static byte Command(VirtioDriver driver, byte @class, byte command, byte[] data)
    {
        ulong answer = driver.Buffer([0xFF]);
        driver.Do(2, (driver.Buffer([@class, command]), 2, false), (driver.Buffer(data), data.Length, false), (answer, 1, true));
        return driver.Memory.Bytes[(int)answer];
    }

    private static (byte Status, byte[] Data) Request(VirtioDriver driver, uint type, ulong sector, byte[] outgoing, int incoming)
    {
        byte[] header = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), sector);
        ulong at = driver.Buffer(incoming + 1);
        driver.Memory.Bytes[(int)at + incoming] = 0xEE;
        driver.Do(0, (driver.Buffer(header), 16, false), (driver.Buffer(outgoing), outgoing.Length, false), (at, incoming, true), (at + (ulong)incoming, 1, true));
        return (driver.Memory.Bytes[(int)at + incoming], driver.Memory.Bytes.Slice((int)at, incoming).ToArray());
    }

    private sealed class MemoryDisk(int bytes) : IBlockDevice
    {
        public byte[] Bytes { get; } = new byte[bytes];

        public int Flushes { get; private set; }

        public bool IsFailing { get; set; }

        public long Length => Bytes.Length;

        public bool IsReadOnly { get; init; }

        public (string File, string Format) Description => ("memory", "raw");

        public void Read(long offset, Span<byte> into)
        {
            if (IsFailing)
                throw new IOException("memory: broken");
            Bytes.AsSpan((int)offset, into.Length).CopyTo(into);
        }

        public void Write(long offset, ReadOnlySpan<byte> from) => from.CopyTo(Bytes.AsSpan((int)offset));

        public void Flush() => Flushes++;

        public void Discard(long offset, long length) => WriteZeros(offset, length);

        public void WriteZeros(long offset, long length) => Array.Clear(Bytes, (int)offset, (int)length);

        public void Dispose()
        {
        }
    }
}

/// <summary>The other end of a network cable.</summary>
internal sealed class WireEnd : INetBackend
{
    public List<byte[]> Sent { get; } = [];

    public int Readies { get; private set; }

    public bool TakesLargeSegments { get; init; }

    public string Description => "test";

    public INetReceiver? Receiver { get; set; }

    public void Send(ReadOnlySpan<byte> frame) => Sent.Add(frame.ToArray());

    public void ReceiverReady() => Readies++;
}
