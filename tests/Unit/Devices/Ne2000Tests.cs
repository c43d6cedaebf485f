using CsCheck;
using Suite.Devices.Net;

namespace Suite.Tests.Devices;

public sealed class Ne2000Tests
{
    private const ushort Base = 0x300;
    private const byte FirstPage = 0x46, LastPage = 0x80;

    private readonly DeviceBench _bench = new();
    private readonly WireEnd _wire = new();
    private readonly Ne2000Isa _card;

    public Ne2000Tests()
    {
        _card = new Ne2000Isa("net0", _wire, [0x52, 0x54, 0, 0x12, 0x34, 0x56], _bench.Wire("IRQ9"));
        _card.Attach(_bench.Io, Base);
        _card.Reset();
    }

    [Fact]
    public void The_address_stands_in_the_PROM_twice()
    {
        _bench.In(Base + 0x1F);
        Assert.Equal(0x80, _bench.In(Base + 7));
        Out(0xE, 0x48);
        StartDma(0, 32, 0x0A);
        byte[] prom = [.. Enumerable.Range(0, 32).Select(_ => _bench.In(Base + 0x10))];
        Assert.Equal("52525454000012123434565600", Convert.ToHexString(prom)[..26]);
        Assert.Equal((0x57, 0x57), (prom[28], prom[31]));
        Assert.Equal(0x40, _bench.In(Base + 7) & 0x40); // the DMA is done
    }

    [Fact]
    public void A_card_set_to_words_moves_two_bytes_where_one_is_read()
    {
        Start(); // and Linux's ne2k-pci.c then reads the address by bytes
        StartDma(0, 32, 0x0A);
        Assert.Equal("525400123456", Convert.ToHexString([.. Enumerable.Range(0, 6).Select(_ => _bench.In(Base + 0x10))]));
    }

    [Fact]
    public void Memory_is_written_and_read_by_words()
    {
        Start();
        byte[] data = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        WriteMemory(0x4000, data);
        Assert.Equal(data, ReadMemory(0x4000, 100));
        WriteMemory(0xC000, [1, 2]); // beyond the memory
        Assert.Equal(new byte[] { 0xFF, 0xFF }, ReadMemory(0xC000, 2));
    }

    [Fact]
    public void A_frame_goes_out()
    {
        Start();
        byte[] frame = [.. Enumerable.Range(0, 64).Select(i => (byte)(i * 3))];
        WriteMemory(0x4000, frame);
        Out(4, 0x40);
        Out(5, 64);
        Out(6, 0);
        Out(0, 0x26);
        Assert.Equal(frame, _wire.Sent.Single());
        Assert.Equal(2, _bench.In(Base + 7) & 2);
        Assert.Contains("IRQ9 1", _bench.Events);
        Out(7, 0x42);
        Assert.Equal("IRQ9 0", _bench.Events[^1]);
    }

    [Fact]
    public void Frames_go_around_the_ring()
    {
        Start();
        byte[] frame = new byte[1000];
        new byte[] { 0x52, 0x54, 0, 0x12, 0x34, 0x56 }.CopyTo(frame, 0);
        INetReceiver receiver = _wire.Receiver!;
        int page = FirstPage + 1;
        for (int i = 0; i < 50; i++)
        {
            Assert.True(receiver.CanReceive);
            frame[^1] = (byte)i;
            receiver.Receive(frame);
            byte[] header = ReadMemory(page << 8, 4);
            Assert.Equal((1, 1004), (header[0], header[2] | header[3] << 8));
            int next = page + 4 >= LastPage ? page + 4 - LastPage + FirstPage : page + 4;
            Assert.Equal(next, header[1]);
            int last = (page << 8) + 1003;
            if (last >= LastPage << 8)
                last -= LastPage - FirstPage << 8;
            Assert.Equal(i, ReadMemory(last, 1)[0]);
            page = next;
            Out(3, page == FirstPage ? LastPage - 1 : page - 1); // all of it was read
        }

        while (receiver.CanReceive)
            receiver.Receive(frame);
        frame = new byte[1514];
        new byte[] { 0x52, 0x54, 0, 0x12, 0x34, 0x56 }.CopyTo(frame, 0);
        receiver.Receive(frame);
        Assert.Equal(0x10, _bench.In(Base + 7) & 0x10);
    }

    [Theory]
    [InlineData(251, 1)]
    [InlineData(252, 2)]
    [InlineData(508, 3)]
    public void A_frame_s_checksum_takes_room_in_the_ring(int length, int pages)
    {
        Start(); // 8390.c drops everything when the next page is not where it expects it: one further than the length says, or two
        byte[] frame = new byte[length];
        new byte[] { 0x52, 0x54, 0, 0x12, 0x34, 0x56 }.CopyTo(frame, 0);
        _wire.Receiver!.Receive(frame);
        byte next = ReadMemory(FirstPage + 1 << 8, 4)[1];
        Assert.InRange(next, FirstPage + 2 + (length + 4 >> 8), FirstPage + 3 + (length + 4 >> 8));
        Assert.InRange(next - FirstPage - 1, pages, pages + 1);
    }

    [Fact]
    public void A_driver_that_acknowledges_before_it_has_read_everything_is_interrupted_again()
    {
        Start();
        byte[] frame = new byte[100];
        new byte[] { 0x52, 0x54, 0, 0x12, 0x34, 0x56 }.CopyTo(frame, 0);
        _wire.Receiver!.Receive(frame);
        _wire.Receiver.Receive(frame);
        Out(3, FirstPage + 1); // 8390.c reads nine frames at most, then acknowledges
        Out(7, 1);
        Assert.Equal((1, "IRQ9 1"), (_bench.In(Base + 7) & 1, _bench.Events[^1]));
        Out(3, FirstPage + 2);
        Out(7, 1);
        Assert.Equal((0, "IRQ9 0"), (_bench.In(Base + 7) & 1, _bench.Events[^1]));
    }

    [Fact]
    public void Only_frames_for_this_card_are_taken()
    {
        Start();
        byte[] frame = new byte[60];
        frame[0] = 2;
        _wire.Receiver!.Receive(frame);
        Assert.Equal(0, _bench.In(Base + 7) & 1);
        frame.AsSpan(0, 6).Fill(0xFF);
        _wire.Receiver.Receive(frame);
        Assert.Equal(1, _bench.In(Base + 7) & 1);
    }

    [Fact]
    public void Random_ports_never_throw()
    {
        Gen.Select(Gen.Int[0, 31], Gen.UShort).Array[300].Sample(
            writes =>
            {
                foreach ((int port, ushort value) in writes)
                {
                    _bench.Io.Write((ulong)(Base + port), (value & 1) + 1, value);
                    _bench.Io.Read((ulong)(Base + (value & 31)), 4);
                    _wire.Receiver!.Receive(new byte[1 + value % 1514]);
                }
            },
            iter: 100,
            threads: 1);
    }

    private void Out(int register, int value) => _bench.Out((ushort)(Base + register), value);

    // As Linux's ne.c does it.
    private void Start()
    {
        Out(0, 0x21);
        Out(0xE, 0x49);
        Out(0xC, 0x04);
        Out(0xD, 0);
        Out(1, FirstPage);
        Out(2, LastPage);
        Out(3, FirstPage);
        Out(7, 0xFF);
        Out(0xF, 0x3F);
        Out(0, 0x61);
        byte[] mac = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
        for (int i = 0; i < 6; i++)
            Out(1 + i, mac[i]);
        Out(7, FirstPage + 1);
        Out(0, 0x22);
    }

    private void StartDma(int address, int length, int command)
    {
        Out(0, 0x22);
        Out(8, address & 0xFF);
        Out(9, address >> 8);
        Out(0xA, length & 0xFF);
        Out(0xB, length >> 8);
        Out(0, command);
    }

    private void WriteMemory(int address, byte[] data)
    {
        StartDma(address, data.Length, 0x12);
        for (int i = 0; i < data.Length; i += 2)
            _bench.Io.Write(Base + 0x10, 2, (ulong)(data[i] | data[i + 1] << 8));
    }

    private byte[] ReadMemory(int address, int length)
    {
        StartDma(address, length, 0x0A);
        byte[] data = new byte[length + 1];
        for (int i = 0; i < length; i += 2)
            BitConverter.TryWriteBytes(data.AsSpan(i), (ushort)_bench.Io.Read(Base + 0x10, 2));
        return data[..length];
    }
}
