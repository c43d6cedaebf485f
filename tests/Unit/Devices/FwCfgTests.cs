using System.Buffers.Binary;
using System.Text;
using Suite.Devices.FwCfg;

namespace Suite.Tests.Devices;

public sealed class FwCfgTests
{
    private readonly DeviceBench _bench = new();
    private readonly BenchMemory _memory = new(0x10000);
    private readonly FwCfgDevice _device;

    public FwCfgTests()
    {
        _device = new FwCfgDevice(_memory);
        _device.Attach(_bench.Io);
        _device.AddFile("etc/table-loader", "loader"u8.ToArray());
        _device.AddFile("bootorder", () => "disk"u8.ToArray());
        _device.AddNumber(FwCfgKey.CpuCount, 3, 2);
        _device.Reset();
    }

    [Fact]
    public void It_is_found_by_its_signature_and_has_DMA()
    {
        Assert.Equal("QEMU", Encoding.ASCII.GetString(Item(FwCfgKey.Signature, 4)));
        Assert.Equal([3, 0, 0, 0], Item(FwCfgKey.Id, 4));
        Assert.Equal([3, 0, 0], Item(FwCfgKey.CpuCount, 3)); // behind its end: zeros
        Assert.Equal(0x554D4551UL, _bench.Io.Read(0x514, 4));
        Assert.Equal(0x47464320UL, _bench.Io.Read(0x518, 4));
        Assert.Equal([0, 0], Item(0x7777, 2));
    }

    [Fact]
    public void Files_stand_in_the_directory_by_name()
    {
        byte[] directory = Item(FwCfgKey.FileDirectory, 4 + 2 * 64);
        Assert.Equal(2, BinaryPrimitives.ReadInt32BigEndian(directory));
        Assert.Equal("bootorder", Encoding.ASCII.GetString(directory, 12, 9));
        Assert.Equal(4, BinaryPrimitives.ReadInt32BigEndian(directory.AsSpan(4)));
        ushort key = BinaryPrimitives.ReadUInt16BigEndian(directory.AsSpan(4 + 64 + 4));
        Assert.Equal("loader", Encoding.ASCII.GetString(Item(key, 6)));
    }

    [Fact]
    public void DMA_selects_reads_skips_and_fills_with_zeros()
    {
        _memory.At(0x2000, 16).Fill(0xEE);
        Assert.Equal(0u, Dma(0x0021_000A, 3, 0x2000)); // select and read; 21h is the second file
        Assert.Equal(0u, Dma(4, 1, 0));
        Assert.Equal(0u, Dma(2, 8, 0x2003));
        Assert.Equal("loaer\0\0\0\0\0\0", Encoding.ASCII.GetString(_memory.At(0x2000, 11)));
        Assert.Equal(0xEE, _memory.Bytes[0x200B]);
    }

    [Fact]
    public void DMA_outside_of_memory_is_an_error_and_harms_nobody()
    {
        Assert.Equal(1u, Dma(0x0021_000A, 6, 0xFFFF_FFFF_FFFF_FFF0));
        Assert.Equal(1u, Dma(0x0021_000A, uint.MaxValue, 0x3000));
        Assert.Equal(1u, Dma(0x0021_0018, 1, 0x3000)); // it cannot be written
        _bench.Io.Write(0x518, 4, 0xFFFFFFFF); // the command itself is nowhere
    }

    [Fact]
    public void What_may_be_written_is_written_within_its_bounds()
    {
        byte[]? seen = null;
        _device.AddWritableFile("etc/ramfb", 8, bytes => seen = bytes.ToArray());
        "\u0001\u0002\u0003"u8.CopyTo(_memory.At(0x3000, 3));
        Assert.Equal(0u, Dma(0x0021_0018, 3, 0x3000));
        Assert.Equal([1, 2, 3, 0, 0, 0, 0, 0], seen!);
        Assert.Equal(1u, Dma(0x0021_0018, 9, 0x3000));
    }

    [Fact]
    public void Random_DMA_is_survived()
    {
        Random random = new(5);
        for (int i = 0; i < 2000; i++)
            Dma((uint)random.Next(64) | (uint)random.Next(0x40) << 16, (uint)random.Next(0x4000) << random.Next(18), (ulong)random.NextInt64() >> random.Next(64));
    }

    private byte[] Item(ushort key, int length)
    {
        _bench.Io.Write(0x510, 2, key);
        return [.. Enumerable.Range(0, length).Select(_ => _bench.In(0x511))];
    }

    private uint Dma(uint control, uint length, ulong address)
    {
        const int at = 0x1000;
        Span<byte> command = _memory.At(at, 16);
        BinaryPrimitives.WriteUInt32BigEndian(command, control);
        BinaryPrimitives.WriteUInt32BigEndian(command[4..], length);
        BinaryPrimitives.WriteUInt64BigEndian(command[8..], address);
        _bench.Io.Write(0x514, 4, 0);
        _bench.Io.Write(0x518, 4, BinaryPrimitives.ReverseEndianness((uint)at));
        return BinaryPrimitives.ReadUInt32BigEndian(command);
    }
}
