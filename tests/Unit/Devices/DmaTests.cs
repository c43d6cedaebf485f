using Suite.Devices.Dma;

namespace Suite.Tests.Devices;

public sealed class DmaTests
{
    private readonly DeviceBench _bench = new();
    private readonly BenchMemory _memory = new(1 << 20);
    private readonly Dma8237 _dma;

    public DmaTests()
    {
        _dma = new Dma8237(_memory);
        _dma.Attach(_bench.Io);
        _dma.Reset();
    }

    [Fact]
    public void Bytes_move_until_the_count_runs_out_and_then_the_channel_is_masked()
    {
        Program(1, 0x45, 0x3000, 5, page: 0x83);
        byte[] bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        Assert.Equal(4, _dma.Transfer(1, bytes.AsSpan(0, 4), toMemory: true, out bool ended));
        Assert.False(ended);
        Assert.Equal(2, _dma.Transfer(1, bytes.AsSpan(4), toMemory: true, out ended));
        Assert.True(ended);
        Assert.Equal([1, 2, 3, 4, 5, 6, 0], _memory.At(0x13000, 7).ToArray());
        Assert.Equal(0, _dma.Transfer(1, bytes, toMemory: true, out _));
        Assert.Equal(2, _bench.In(0x08));
        Assert.Equal(0, _bench.In(0x08));
        Assert.Equal(0xFF, _bench.In(0x0F));
    }

    [Fact]
    public void Automatic_channels_start_anew()
    {
        Program(1, 0x59, 0x3000, 3, page: 0x83);
        _memory.At(0x13000, 4).Fill(9);
        byte[] bytes = new byte[4];
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(4, _dma.Transfer(1, bytes, toMemory: false, out bool ended));
            Assert.True(ended);
        }

        Assert.Equal([9, 9, 9, 9], bytes);
    }

    [Fact]
    public void The_wrong_direction_does_not_move()
    {
        Program(1, 0x45, 0x3000, 3, page: 0x83);
        Assert.Equal(0, _dma.Transfer(1, new byte[4], toMemory: false, out _));
    }

    [Fact]
    public void Addresses_stay_in_their_page()
    {
        Program(1, 0x45, 0xFFFE, 3, page: 0x83);
        _dma.Transfer(1, new byte[] { 1, 2, 3, 4 }, toMemory: true, out _);
        Assert.Equal([1, 2], _memory.At(0x1FFFE, 2).ToArray());
        Assert.Equal([3, 4], _memory.At(0x10000, 2).ToArray());
    }

    [Fact]
    public void Words_move_on_the_second_controller()
    {
        _bench.Out(0xD8, 0);
        _bench.Out(0xD6, 0x45);
        foreach (int b in new[] { 0x00, 0x10 })
            _bench.Out(0xC4, b); // word address 1000h
        foreach (int b in new[] { 1, 0 })
            _bench.Out(0xC6, b);
        _bench.Out(0x8B, 0x03); // its lowest bit is no address
        _bench.Out(0xD4, 1);
        Assert.Equal(4, _dma.Transfer(5, new byte[] { 1, 2, 3, 4, 5 }, toMemory: true, out bool ended));
        Assert.True(ended);
        Assert.Equal([1, 2, 3, 4], _memory.At(0x22000, 4).ToArray());
    }

    [Fact]
    public void Memory_that_is_not_there_reads_as_ones()
    {
        Program(1, 0x49, 0x0000, 3, page: 0x83);
        _bench.Out(0x83, 0xFF);
        byte[] bytes = new byte[4];
        Assert.Equal(4, _dma.Transfer(1, bytes, toMemory: false, out _));
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF], bytes);
    }

    private void Program(int channel, int mode, int address, int count, ushort page)
    {
        _bench.Out(0x0A, 4 | channel);
        _bench.Out(0x0C, 0);
        _bench.Out(0x0B, mode);
        ushort port = (ushort)(channel * 2);
        _bench.Out(port, address & 0xFF);
        _bench.Out(port, address >> 8);
        _bench.Out((ushort)(port + 1), count & 0xFF);
        _bench.Out((ushort)(port + 1), count >> 8);
        _bench.Out(page, 1);
        _bench.Out(0x0A, channel);
    }
}
