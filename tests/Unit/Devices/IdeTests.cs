using System.Buffers.Binary;
using Suite.Devices.Core;

namespace Suite.Tests.Devices;

public sealed class IdeTests
{
    private const int Sectors = 20_000, Busy = 0x80, Ready = 0x50, Request = 8, Failed = 1;

    private readonly MemoryMedium _medium = new(new byte[Sectors * 512]);
    private readonly IdeBench _ide;

    public IdeTests()
    {
        new Random(1).NextBytes(_medium.Bytes);
        _ide = new IdeBench(_medium, null);
    }

    [Fact]
    public void Both_units_show_what_they_are_and_an_empty_cable_is_silent()
    {
        DeviceBench bench = _ide.Bench;
        bench.Out(0x3F6, 4);
        Assert.Equal(Busy, bench.In(0x3F6) & Busy);
        bench.Out(0x3F6, 0);
        Assert.Equal((1, 1, 0, 0), (bench.In(0x1F2), bench.In(0x1F3), bench.In(0x1F4), bench.In(0x1F5)));
        Assert.Equal(Ready, _ide.Status);
        bench.Out(0x1F6, 0xB0);
        Assert.Equal((0x14, 0xEB, 0), (bench.In(0x1F4), bench.In(0x1F5), _ide.Status));
        Assert.Equal(0, bench.In(0x177)); // no drive: no status
        bench.Out(0x172, 0x55);
        Assert.Equal(0, bench.In(0x172));
    }

    [Fact]
    public void Identification()
    {
        Assert.Equal(Ready | Request, _ide.Command(0xEC));
        byte[] page = _ide.ReadData(512);
        Assert.Equal(Ready, _ide.Status);
        Assert.Equal("QEMU HARDDISK", IdeBench.Text(page.AsSpan(54, 40)));
        Assert.Equal("QM00001", IdeBench.Text(page.AsSpan(20, 20)));
        Assert.Equal((19, 16, 63), (Word(page, 1), Word(page, 3), Word(page, 6)));
        Assert.Equal((uint)Sectors, BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(120)));
        Assert.Equal((ulong)Sectors, BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(200)));
        Assert.Equal(0x203F, Word(page, 88)); // UDMA 5 is chosen
        _ide.Command(0xEF, count: 0x42, features: 3);
        _ide.Command(0xEC);
        Assert.Equal(0x043F, Word(_ide.ReadData(512), 88));
    }

    [Fact]
    public void Sectors_by_PIO_interrupt_once_each()
    {
        Assert.Equal(Ready | Request, _ide.Command(0x20, lba: 1234, count: 3));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(_medium.Bytes.AsSpan((1234 + i) * 512, 512).ToArray(), _ide.ReadData(512));
            Assert.Equal(i < 2 ? Ready | Request : Ready, _ide.Status);
        }

        Assert.Equal(6, _ide.Bench.Events.Count); // up and, by reading the status, down
        byte[] data = Pattern(1024, 2);
        Assert.Equal(Ready | Request, _ide.Command(0x30, lba: 77, count: 2));
        Assert.Equal(6, _ide.Bench.Events.Count); // no interrupt before the first block of a write
        _ide.WriteData(data);
        Assert.Equal(data, _medium.Bytes[(77 * 512)..(79 * 512)]);
        Assert.Equal("IRQ14 1", _ide.Bench.Events[^1]);
    }

    [Fact]
    public void Several_sectors_make_a_block_when_the_guest_says_so()
    {
        Assert.Equal(Ready, _ide.Command(0xC6, count: 8));
        _ide.Bench.Events.Clear();
        _ide.Command(0xC4, lba: 10, count: 20);
        Assert.Equal(_medium.Bytes[(10 * 512)..(30 * 512)], Enumerable.Range(0, 3).SelectMany(i =>
        {
            Assert.Equal(Ready | Request, _ide.Status);
            return _ide.ReadData(512 * (i < 2 ? 8 : 4));
        }));
        Assert.Equal(3, _ide.Bench.Events.Count(e => e == "IRQ14 1"));
        Assert.Equal(Ready | Failed, _ide.Command(0xC6, count: 3));
        byte[] data = Pattern(512 * 17, 3);
        _ide.ExtendedCommand(0x39, 19_000, 17);
        _ide.WriteData(data);
        Assert.Equal(Ready, _ide.Status);
        Assert.Equal(data, _medium.Bytes[(19_000 * 512)..(19_017 * 512)]);
    }

    [Fact]
    public void Cylinders_heads_and_sectors()
    {
        _ide.Command(0x91, lba: 7u << 24, count: 32); // 8 heads, 32 sectors
        DeviceBench bench = _ide.Bench;
        bench.Out(0x1F6, 0xA0 | 5);
        bench.Out(0x1F2, 1);
        bench.Out(0x1F3, 9);
        bench.Out(0x1F4, 3);
        bench.Out(0x1F5, 0);
        bench.Out(0x1F7, 0x20);
        Assert.Equal(_medium.Bytes.AsSpan(((3 * 8 + 5) * 32 + 8) * 512, 512).ToArray(), _ide.ReadData(512));
        bench.Out(0x1F3, 0);
        bench.Out(0x1F7, 0x20);
        Assert.Equal(Failed, _ide.Status & Failed);
    }

    [Fact]
    public void DMA_scatters_and_gathers()
    {
        _ide.Describe((IdeBench.DataAt, 1000), (0x8000, 0x10000 - 0x400), (0x40000, 0x10000), (0x60000, 24));
        Assert.Equal(Ready | Request, _ide.Command(0xC8, lba: 500, count: 0)); // 256 sectors
        Assert.Equal(4, _ide.RunMaster(toMemory: true));
        Assert.Equal(Ready, _ide.Status);
        byte[] expected = _medium.Bytes[(500 * 512)..(756 * 512)];
        Assert.Equal(expected[..1000], _ide.Memory.At(IdeBench.DataAt, 1000).ToArray());
        Assert.Equal(expected[1000..(1000 + 0xFC00)], _ide.Memory.At(0x8000, 0xFC00).ToArray());
        Assert.Equal(expected[^24..], _ide.Memory.At(0x60000, 24).ToArray());

        Pattern(4096, 4).CopyTo(_ide.Memory.At(IdeBench.DataAt, 4096));
        _ide.Describe((IdeBench.DataAt, 2), (IdeBench.DataAt + 2, 4094));
        _ide.ExtendedCommand(0x35, 19_990, 8);
        Assert.Equal(4, _ide.RunMaster(toMemory: false));
        Assert.Equal(Pattern(4096, 4), _medium.Bytes[(19_990 * 512)..(19_998 * 512)]);
    }

    [Fact]
    public void A_large_transfer_by_the_smallest_regions()
    {
        const int count = 2048;
        _ide.Describe([.. Enumerable.Range(0, count).Select(i => (0x20000 + i * 4, 2))]);
        _ide.Command(0xC8, lba: 1, count: count * 2 / 512);
        Assert.Equal(4, _ide.RunMaster(toMemory: true));
        for (int i = 0; i < count * 2; i++)
            Assert.Equal(_medium.Bytes[512 + i], _ide.Memory.Bytes[0x20000 + i / 2 * 4 + i % 2]);
    }

    [Fact]
    public void Tables_that_are_too_short_too_long_or_nowhere()
    {
        _ide.Describe((IdeBench.DataAt, 1024));
        _ide.Command(0xC8, lba: 0, count: 8);
        Assert.Equal(0, _ide.RunMaster(toMemory: true) & 1);
        Assert.Equal(Failed, _ide.Status & Failed);
        _ide.Describe((IdeBench.DataAt, 8192));
        _ide.Command(0xC8, lba: 0, count: 8);
        Assert.Equal(5, _ide.RunMaster(toMemory: true)); // interrupt, and still active
        Assert.Equal(Ready, _ide.Status);
        _ide.Describe((0x7FFFFF00, 4096));
        _ide.Command(0xC8, lba: 0, count: 8);
        Assert.Equal(2, _ide.RunMaster(toMemory: true) & 3);
        Assert.Equal(Failed, _ide.Status & Failed);
        _ide.Bench.Io.Write(IdeBench.MasterPort + 4, 4, 0xFFFFFFF0);
        _ide.Command(0xC8, lba: 0, count: 8);
        Assert.Equal(2, _ide.RunMaster(toMemory: true) & 3);
        Assert.Equal(0, _ide.RunMaster(toMemory: true) & 6); // nothing to do
    }

    [Fact]
    public void What_lies_outside_is_not_found_and_a_broken_medium_is_told()
    {
        Assert.Equal(Ready | Failed, _ide.Command(0x20, lba: Sectors - 1, count: 2));
        Assert.Equal(0x10, _ide.Error);
        Assert.Equal(Ready | Failed, _ide.ExtendedCommand(0x25, 0xFFFF_FFFF_FFFF, 1));
        _medium.Fails = true;
        Assert.Equal(Ready | Failed, _ide.Command(0x20, lba: 5));
        Assert.Equal(0x40, _ide.Error);
        _medium.Fails = false;
        Assert.Equal(Ready | Request, _ide.Command(0x20, lba: 5));
        _ide.ReadData(512);
        Assert.Equal(Ready | Failed, _ide.Command(0xFE));
    }

    [Fact]
    public void Flush_cache_modes_and_trim()
    {
        _ide.Command(0xE7);
        _ide.Command(0xEA);
        Assert.Equal(2, _medium.Flushes);
        _ide.Command(0xEF, features: 0x82);
        _ide.Command(0x30, lba: 3);
        _ide.WriteData(new byte[512]);
        Assert.Equal(4, _medium.Flushes);
        BinaryPrimitives.WriteUInt64LittleEndian(_ide.Memory.At(IdeBench.DataAt, 8), 100 | 50UL << 48);
        BinaryPrimitives.WriteUInt64LittleEndian(_ide.Memory.At(IdeBench.DataAt + 8, 8), 0xFFFF_FFFF_FFFF | 50UL << 48);
        _ide.Describe((IdeBench.DataAt, 512));
        _ide.Command(0x06, count: 1, features: 1);
        Assert.Equal(4, _ide.RunMaster(toMemory: false));
        Assert.Equal([(51_200L, 25_600L)], _medium.Discards);
    }

    [Fact]
    public void Last_address_power_and_SMART()
    {
        _ide.Command(0x27);
        Assert.Equal(Sectors - 1, _ide.Bench.In(0x1F3) | _ide.Bench.In(0x1F4) << 8);
        _ide.Command(0xE5);
        Assert.Equal(0xFF, _ide.Bench.In(0x1F2));
        Assert.Equal(Ready, _ide.Command(0xB0, lba: 0xC24F00, features: 0xDA));
        Assert.Equal((0x4F, 0xC2), (_ide.Bench.In(0x1F4), _ide.Bench.In(0x1F5)));
        _ide.Command(0xB0, lba: 0xC24F00, features: 0xD0);
        Assert.Equal(0, (byte)_ide.ReadData(512).Sum(b => b));
        Assert.Equal(Ready | Failed, _ide.Command(0xB0, lba: 0, features: 0xD0));
    }

    [Fact]
    public void Interrupts_can_be_held_back()
    {
        _ide.Bench.Out(0x3F6, 2);
        _ide.Command(0xE7);
        Assert.Empty(_ide.Bench.Events);
        _ide.Bench.Out(0x1F7, 0xE7);
        _ide.Bench.Out(0x3F6, 0);
        Assert.Equal(["IRQ14 1"], _ide.Bench.Events);
        Assert.Equal(Ready, _ide.Bench.In(0x3F6));
        Assert.Single(_ide.Bench.Events); // the alternate status leaves it
        _ = _ide.Status;
        Assert.Equal(2, _ide.Bench.Events.Count);
    }

    [Fact]
    public void A_snapshot_in_the_middle_of_a_transfer_goes_on_elsewhere()
    {
        _ide.Command(0xC6, count: 4);
        _ide.Command(0xC4, lba: 40, count: 12);
        byte[] first = _ide.ReadData(1000);
        MemoryStream snapshot = new();
        _ide.Controller.State.Save(snapshot);
        snapshot.Position = 0;
        IdeBench other = new(_medium, null);
        other.Controller.Load(snapshot);
        byte[] rest = other.ReadData(12 * 512 - 1000);
        Assert.Equal(_medium.Bytes[(40 * 512)..(52 * 512)], first.Concat(rest));
        Assert.Equal(Ready, other.Status);
    }

    [Fact]
    public void Random_accesses_are_survived()
    {
        Random random = new(9);
        _ide.Describe((IdeBench.DataAt, 0x8000));
        for (int i = 0; i < 200_000; i++)
        {
            int port = random.Next(3) == 0 ? IdeBench.MasterPort + random.Next(16) : random.Next(20) == 0 ? 0x3F6 : IdeBench.Port + random.Next(8);
            int size = 1 << random.Next(3);
            if (random.Next(3) == 0)
                _ide.Bench.Io.Read((ulong)port, size);
            else
                _ide.Bench.Io.Write((ulong)port, size, (ulong)random.NextInt64());
            if (i % 1000 == 0)
                _ide.Describe((IdeBench.DataAt, 0x8000));
        }

        _ide.Controller.Reset();
        Assert.Equal(Ready, _ide.Status);
    }

    private static int Word(byte[] page, int word) => BinaryPrimitives.ReadUInt16LittleEndian(page.AsSpan(word * 2));

    private static byte[] Pattern(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
