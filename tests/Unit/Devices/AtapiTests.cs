using System.Buffers.Binary;

namespace Suite.Tests.Devices;

public sealed class AtapiTests
{
    private const int Sectors = 300;

    private readonly MemoryMedium _disc = new(new byte[Sectors * 2048]);
    private readonly IdeBench _ide;

    public AtapiTests()
    {
        new Random(1).NextBytes(_disc.Bytes);
        _ide = new IdeBench(new MemoryMedium(new byte[512 * 100]), _disc);
    }

    [Fact]
    public void It_is_identified_as_a_packet_device_only()
    {
        Assert.Equal(1, _ide.Command(0xEC, unit: 1) & 1);
        Assert.Equal((4, 0x14, 0xEB), (_ide.Error, _ide.Bench.In(0x1F4), _ide.Bench.In(0x1F5)));
        _ide.Command(0xA1, unit: 1);
        byte[] page = _ide.ReadData(512);
        Assert.Equal(0x85C0, page[0] | page[1] << 8);
        Assert.Equal("QEMU DVD-ROM", IdeBench.Text(page.AsSpan(54, 40)));
        byte[] inquiry = _ide.Packet(0xFFFF, 0x12, 0, 0, 0, 36);
        Assert.Equal((36, 5, 0x80), (inquiry.Length, inquiry[0], inquiry[1]));
    }

    [Fact]
    public void Capacity_and_sectors_by_PIO_in_parts_of_the_size_the_guest_wants()
    {
        byte[] capacity = _ide.Packet(8, 0x25);
        Assert.Equal((Sectors - 1, 2048), (BinaryPrimitives.ReadInt32BigEndian(capacity), BinaryPrimitives.ReadInt32BigEndian(capacity.AsSpan(4))));
        _ide.Bench.Events.Clear();
        byte[] read = _ide.Packet(2048, 0x28, 0, 0, 0, 0, 10, 0, 0, 5);
        Assert.Equal(_disc.Bytes[(10 * 2048)..(15 * 2048)], read);
        Assert.Equal(6, _ide.Bench.Events.Count(e => e == "IRQ14 1")); // five parts and the end
        Assert.Equal(3, _ide.Bench.In(0x1F2));
        Assert.Equal(_disc.Bytes[..(64 * 2048)], _ide.Packet(0xFFFF, 0xA8, 0, 0, 0, 0, 0, 0, 0, 0, 64));
        Assert.Equal(_disc.Bytes[2048..4096], _ide.Packet(3, 0x28, 0, 0, 0, 0, 1, 0, 0, 1)); // an odd limit
    }

    [Fact]
    public void Sectors_by_DMA()
    {
        _ide.Describe((IdeBench.DataAt, 3000), (0x10000, 8 * 2048 - 3000));
        _ide.Command(0xA0, 0, 0, features: 1, unit: 1);
        _ide.WriteData([0x28, 0, 0, 0, 0, 100, 0, 0, 8, 0, 0, 0]);
        Assert.Equal(4, _ide.RunMaster(toMemory: true));
        Assert.Equal(0x50, _ide.Status);
        Assert.Equal(_disc.Bytes.AsSpan(100 * 2048, 3000).ToArray(), _ide.Memory.At(IdeBench.DataAt, 3000).ToArray());
        Assert.Equal(_disc.Bytes.AsSpan(100 * 2048 + 3000, 8 * 2048 - 3000).ToArray(), _ide.Memory.At(0x10000, 8 * 2048 - 3000).ToArray());
    }

    [Fact]
    public void Errors_leave_their_sense()
    {
        _ide.Packet(8, 0x28, 0, 0, 0, 1, 44, 0, 0, 1);
        Assert.Equal((0x51, 0x54), (_ide.Status, _ide.Error));
        byte[] sense = _ide.Packet(18, 3, 0, 0, 0, 18);
        Assert.Equal((0x70, 5, 0x21), (sense[0], sense[2], sense[12]));
        _ide.Packet(8, 0xF7);
        Assert.Equal(0x20, _ide.Packet(18, 3, 0, 0, 0, 18)[12]);
        Assert.Equal(0, _ide.Packet(18, 3, 0, 0, 0, 18)[2]); // it is told once
        _disc.Fails = true;
        _ide.Packet(2048, 0x28, 0, 0, 0, 0, 1, 0, 0, 1);
        Assert.Equal(3, _ide.Packet(18, 3, 0, 0, 0, 18)[2]);
    }

    [Fact]
    public void The_table_of_contents_in_all_formats()
    {
        byte[] toc = _ide.Packet(100, 0x43, 0, 0, 0, 0, 0, 0, 0, 100);
        Assert.Equal((20, 18, 1, 0xAA, Sectors), (toc.Length, toc[1], toc[6], toc[14], BinaryPrimitives.ReadInt32BigEndian(toc.AsSpan(16))));
        byte[] msf = _ide.Packet(100, 0x43, 2, 0, 0, 0, 0, 0, 0, 12);
        Assert.Equal((12, 0, 2, 0), (msf.Length, msf[9], msf[10], msf[11])); // cut to the room there is
        Assert.Equal(12, _ide.Packet(100, 0x43, 0, 1, 0, 0, 0, 0, 0, 100).Length);
        Assert.Equal(48, _ide.Packet(100, 0x43, 0, 2, 0, 0, 0, 0, 0, 100).Length);
        Assert.Empty(_ide.Packet(100, 0x43, 0, 0, 0, 0, 0, 5, 0, 100));
    }

    [Fact]
    public void Another_medium_is_noticed_and_a_locked_one_stays()
    {
        _ide.Packet(8, 0x1E, 0, 0, 0, 1);
        Assert.False(_ide.Cd.PressEject());
        Assert.Equal(1, _ide.Packet(8, 0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8)[4]); // the guest is asked
        _ide.Packet(8, 0x1B, 0, 0, 0, 2);
        Assert.Equal(0x53, _ide.Packet(18, 3, 0, 0, 0, 18)[12]);
        _ide.Packet(8, 0x1E);
        List<bool> moves = [];
        _ide.Cd.TrayMoved = moves.Add;
        _ide.Packet(8, 0x1B, 0, 0, 0, 2);
        Assert.Equal([true], moves);
        _ide.Packet(8, 0);
        Assert.Equal(0x3A, _ide.Packet(18, 3, 0, 0, 0, 18)[12]);

        _ide.Cd.ChangeMedium(new MemoryMedium(new byte[10 * 2048]));
        Assert.Equal((2, 2), (_ide.Packet(8, 0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8)[4], _ide.Packet(8, 0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8)[5]));
        _ide.Packet(8, 0);
        Assert.Equal((2, 0x3A), Sense());
        _ide.Packet(8, 0);
        Assert.Equal((6, 0x28), Sense());
        Assert.Equal(9, _ide.Packet(8, 0x25)[3]);
    }

    [Fact]
    public void Configuration_modes_and_raw_sectors()
    {
        byte[] configuration = _ide.Packet(200, 0x46, 0, 0, 0, 0, 0, 0, 0, 200);
        Assert.Equal((40, 8), (configuration.Length, configuration[7]));
        byte[] mode = _ide.Packet(200, 0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 200);
        Assert.Equal((28, 26, 0x2A, 18), (mode.Length, mode[1], mode[8], mode[9]));
        Assert.Empty(_ide.Packet(200, 0x5A, 0, 0xC1, 0, 0, 0, 0, 0, 200));
        byte[] raw = _ide.Packet(0xFFFE, 0xBE, 0, 0, 0, 0, 16, 0, 0, 2, 0xF8);
        Assert.Equal(2 * 2352, raw.Length);
        Assert.Equal([0, 2, 0x17, 1], raw[2364..2368]); // 00:02:17 in BCD, mode 1
        Assert.Equal(_disc.Bytes[(17 * 2048)..(18 * 2048)], raw[2368..(2368 + 2048)]);
    }

    [Fact]
    public void Random_packets_are_survived()
    {
        Random random = new(4);
        byte[] packet = new byte[12];
        for (int i = 0; i < 3000; i++)
        {
            random.NextBytes(packet);
            if (random.Next(2) == 0)
                packet[0] = new byte[] { 0x28, 0xA8, 0xBE, 0x43, 0x46, 0x4A, 0x5A, 0x1B, 0xAD }[random.Next(9)];
            _ide.Command(0xA0, (uint)random.Next(1 << 24), 0, (byte)random.Next(2), unit: 1);
            _ide.WriteData(packet);
            if (random.Next(2) == 0)
                _ide.RunMaster(toMemory: true);
            for (int n = random.Next(200); n > 0; n--)
                _ide.ReadData(2);
            _ide.Bench.Out(0x1F7, 0x08);
            if (i % 100 == 0)
                _ide.Cd.ChangeMedium(random.Next(3) == 0 ? null : _disc);
        }
    }

    private (int Key, int Code) Sense()
    {
        byte[] sense = _ide.Packet(18, 3, 0, 0, 0, 18);
        return (sense[2], sense[12]);
    }
}
