using Suite.Devices.Dma;
using Suite.Devices.Floppy;

namespace Suite.Tests.Devices;

public sealed class FloppyTests
{
    private const int DataAt = 0x2_1000;

    private readonly DeviceBench _bench = new();
    private readonly BenchMemory _memory = new(1 << 20);
    private readonly MemoryMedium _disk = new(new byte[1440 << 10]);
    private readonly Dma8237 _dma;
    private readonly FloppyController _fdc;

    public FloppyTests()
    {
        new Random(1).NextBytes(_disk.Bytes);
        _dma = new Dma8237(_memory);
        _dma.Attach(_bench.Io);
        _fdc = new FloppyController(_bench.Wire("IRQ6"), _dma, _disk, null);
        _fdc.Attach(_bench.Io);
        _dma.Reset();
        _fdc.Reset();
        _bench.Out(0x3F2, 0);
        _bench.Out(0x3F2, 0x1C);
    }

    [Fact]
    public void After_a_reset_four_drives_report()
    {
        Assert.Equal(["IRQ6 1"], _bench.Events);
        for (int i = 0; i < 4; i++)
            Assert.Equal([(byte)(0xC0 | i), 0], Command(2, 8));
        Assert.Equal([0x80], Command(1, 8));
        Assert.Equal("IRQ6 0", _bench.Events[^1]);
        Assert.Equal([0x90], Command(1, 0x10));
        Assert.Equal([0x80], Command(1, 0x1F));
    }

    [Fact]
    public void Seeking_clears_the_change_line_and_is_sensed()
    {
        Drain();
        Assert.Equal(0x80, _bench.In(0x3F7));
        Command(0, 0x0F, 0, 7);
        Assert.Equal([0x20, 7], Command(2, 8));
        Assert.Equal(0, _bench.In(0x3F7));
        Command(0, 0x07, 0);
        Assert.Equal([0x20, 0], Command(2, 8));
        Assert.Equal([0x38], Command(1, 4, 0)); // ready, two sides, track 0
        Command(0, 0x07, 2);
        Assert.Equal(0x70, Command(2, 8)[0] & 0xF0); // no such drive
        _fdc.Both[0].Insert(_disk);
        Assert.Equal(0x80, _bench.In(0x3F7));
    }

    [Fact]
    public void Sectors_are_read_by_DMA_over_both_sides()
    {
        Drain();
        Seek(3);
        SetDma(toMemory: true, 18 * 2 * 512);
        byte[] result = Command(7, 0xE6, 0, 3, 0, 1, 2, 18, 27, 255);
        Assert.Equal([0x00, 0, 0, 4, 0, 1, 2], result);
        Assert.Equal(_disk.Bytes.AsSpan(3 * 36 * 512, 36 * 512).ToArray(), _memory.At(DataAt, 36 * 512).ToArray());
        Assert.Equal(4, _bench.In(8) & 4); // the count has run out
        SetDma(toMemory: true, 512);
        Assert.Equal([0x04, 0, 0, 3, 1, 6, 2], Command(7, 0x66, 4, 3, 1, 5, 2, 18, 27, 255));
        Assert.Equal(_disk.Bytes.AsSpan((3 * 36 + 18 + 4) * 512, 512).ToArray(), _memory.At(DataAt, 512).ToArray());
    }

    [Fact]
    public void Sectors_are_written_by_DMA_and_the_channel_may_come_later()
    {
        Drain();
        Seek(0);
        new Random(2).NextBytes(_memory.At(DataAt, 1024));
        foreach (byte b in new byte[] { 0x45, 0, 0, 0, 2, 2, 18, 27, 255 })
            _bench.Out(0x3F5, b);
        Assert.Equal(0x10, _bench.In(0x3F4) & 0xD0); // busy, and nothing to do by FIFO
        SetDma(toMemory: false, 1024);
        Assert.Equal([0, 0, 0, 0, 0, 4, 2], Results(7));
        Assert.Equal(_memory.At(DataAt, 1024).ToArray(), _disk.Bytes[512..1536]);
    }

    [Fact]
    public void Sectors_pass_the_FIFO_without_DMA()
    {
        Drain();
        Command(0, 0x03, 0xDF, 0x03);
        Seek(0);
        foreach (byte b in new byte[] { 0x46, 0, 0, 0, 17, 2, 18, 27, 255 })
            _bench.Out(0x3F5, b);
        byte[] data = new byte[1024];
        for (int i = 0; i < data.Length; i++)
        {
            Assert.Equal(0xF0, _bench.In(0x3F4));
            data[i] = _bench.In(0x3F5);
        }

        Assert.Equal(_disk.Bytes[(16 * 512)..(18 * 512)], data);
        Assert.Equal([0x40, 0x80, 0, 1, 0, 1, 2], Results(7)); // nobody has ended it: the track has
    }

    [Fact]
    public void What_is_not_there_is_not_found()
    {
        Drain();
        Seek(0);
        SetDma(toMemory: true, 512);
        Assert.Equal((0x40, 0x04), Status(Command(7, 0x46, 0, 0, 0, 19, 2, 18, 27, 255)));
        Assert.Equal((0x40, 0x04), Status(Command(7, 0x46, 0, 5, 0, 1, 2, 18, 27, 255))); // the head is elsewhere
        Assert.Equal((0x41, 0x01), Status(Command(7, 0x46, 1, 0, 0, 1, 2, 18, 27, 255))); // an empty drive
        _bench.Out(0x3F7, 2);
        Assert.Equal((0x40, 0x01), Status(Command(7, 0x4A, 0))); // another data rate
        _bench.Out(0x3F7, 0);
        Assert.Equal((0x00, 0x00), Status(Command(7, 0x4A, 0)));
        _fdc.Both[0].Insert(new MemoryMedium(new byte[1440 << 10], isReadOnly: true));
        Assert.Equal((0x40, 0x02), Status(Command(7, 0x45, 0, 0, 0, 1, 2, 18, 27, 255)));
        _fdc.Both[0].Insert(_disk);
        _disk.Fails = true;
        Assert.Equal((0x40, 0x20), Status(Command(7, 0x46, 0, 0, 0, 1, 2, 18, 27, 255)));
    }

    [Fact]
    public void A_track_is_formatted()
    {
        Drain();
        Seek(2);
        for (int i = 0; i < 18; i++)
            new byte[] { 2, 1, (byte)(i + 1), 2 }.CopyTo(_memory.At(DataAt + 4 * i, 4));
        SetDma(toMemory: false, 18 * 4);
        Assert.Equal(0x04, Command(7, 0x4D, 4, 2, 18, 84, 0xF6)[0]);
        Assert.All(_disk.Bytes[((2 * 36 + 18) * 512)..((2 * 36 + 36) * 512)], b => Assert.Equal(0xF6, b));
        Assert.NotEqual(0xF6F6F6F6, BitConverter.ToUInt32(_disk.Bytes, (2 * 36 + 17) * 512));
    }

    [Theory]
    [InlineData(720, 80, 2, 9, 3)]
    [InlineData(1200, 80, 2, 15, 2)]
    [InlineData(1440, 80, 2, 18, 4)]
    [InlineData(2880, 80, 2, 36, 5)]
    [InlineData(360, 40, 2, 9, 1)]
    public void The_size_of_an_image_says_its_layout(int kilobytes, int cylinders, int heads, int sectors, int type)
    {
        FloppyGeometry geometry = FloppyGeometry.Of(kilobytes << 10);
        Assert.Equal((cylinders, heads, sectors), (geometry.Cylinders, geometry.Heads, geometry.Sectors));
        Assert.Equal(type, Suite.Devices.Misc.CmosSetup.FloppyType(kilobytes << 10));
    }

    [Fact]
    public void Random_accesses_are_survived()
    {
        Random random = new(3);
        for (int i = 0; i < 100_000; i++)
        {
            int port = random.Next(10) == 0 ? random.Next(0x10) : 0x3F0 + random.Next(8);
            if (port == 0x3F2 && random.Next(20) != 0)
                continue;
            if (random.Next(3) == 0)
                _bench.In((ushort)port);
            else
                _bench.Out((ushort)port, random.Next(256));
        }
    }

    private static (int, int) Status(byte[] result) => (result[0], result[1]);

    private void Drain()
    {
        for (int i = 0; i < 4; i++)
            Command(2, 8);
        _bench.Events.Clear();
    }

    private void Seek(byte track)
    {
        Command(0, 0x0F, 0, track);
        Command(2, 8);
    }

    private void SetDma(bool toMemory, int bytes)
    {
        _bench.Out(0x0A, 6);
        _bench.Out(0x0C, 0);
        _bench.Out(0x0B, toMemory ? 0x46 : 0x4A);
        _bench.Out(0x04, DataAt & 0xFF);
        _bench.Out(0x04, DataAt >> 8 & 0xFF);
        _bench.Out(0x81, DataAt >> 16);
        _bench.Out(0x05, (bytes - 1) & 0xFF);
        _bench.Out(0x05, (bytes - 1) >> 8);
        _bench.Out(0x0A, 2);
    }

    private byte[] Command(int results, params byte[] bytes)
    {
        foreach (byte b in bytes)
            _bench.Out(0x3F5, b);
        return Results(results);
    }

    private byte[] Results(int count)
    {
        byte[] results = new byte[count];
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(0xD0, _bench.In(0x3F4));
            results[i] = _bench.In(0x3F5);
        }

        Assert.Equal(0x80, _bench.In(0x3F4));
        return results;
    }
}
