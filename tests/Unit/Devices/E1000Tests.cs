using System.Buffers.Binary;
using CsCheck;
using Suite.Devices.Core;
using Suite.Devices.Net;
using Suite.Devices.Pci;

namespace Suite.Tests.Devices;

public sealed class E1000Tests : IDisposable
{
    private const ulong Registers = 0xF000_0000;
    private const uint TxRing = 0x10000, RxRing = 0x11000, Buffers = 0x20000;
    private const int RingEntries = 8;

    private readonly DeviceBench _bench = new();
    private readonly Bus _mmio = new("memory", 1UL << 32);
    private readonly RingMemory _memory = new(1 << 20);
    private readonly WireEnd _wire = new();
    private readonly List<bool> _irq = [];
    private readonly E1000 _card;
    private uint _tail;

    public E1000Tests()
    {
        _memory.Bytes.Clear();
        _card = new E1000("net0", _wire, [0x52, 0x54, 0, 0x12, 0x34, 0x56], _bench.Clock);
        PciBus bus = new(_bench.Io, _mmio, _memory, (_, high) => _irq.Add(high), (_, _) => { });
        bus.Add(_card, 3);
        _card.Reset();
        _card.WriteConfiguration(0x10, 4, (uint)Registers);
        _card.WriteConfiguration(0x14, 4, 0xC000);
        _card.WriteConfiguration(4, 2, 7);
    }

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void The_EEPROM_is_read_bit_by_bit_and_by_EERD()
    {
        ushort sum = 0;
        for (int word = 0; word < 64; word++)
        {
            ushort value = ReadEeprom(word);
            Out(0x14, (uint)(word << 8 | 1));
            Assert.Equal((uint)value << 16 | 0x10, In(0x14) & 0xFFFF0010);
            sum += value;
        }

        Assert.Equal(0xBABA, sum);
        Assert.Equal((0x5452, 0x1200, 0x5634), (ReadEeprom(0), ReadEeprom(1), ReadEeprom(2)));
        Assert.Equal((0x12005452u, 0x80005634u), (In(0x5400), In(0x5404)));
    }

    [Fact]
    public void The_PHY_has_a_gigabit_link()
    {
        Assert.Equal((0x0141u, 0x0C20u), (ReadPhy(2), ReadPhy(3)));
        Assert.Equal(0x24u, ReadPhy(1) & 0x24);
        Assert.Equal(0xAC00u, ReadPhy(17));
        Assert.Equal(0x83u, In(8) & 0x83);
        _card.SetLink(false);
        Assert.Equal(0u, ReadPhy(1) & 4);
        Assert.Equal(4u, In(0xC0) & 4);
        Out(0x20, 2u << 26 | 5 << 21);
        Assert.Equal(1u << 30, In(0x20) & (1 << 30)); // no PHY of that number
    }

    [Fact]
    public void Frames_go_out_by_old_descriptors_with_a_checksum()
    {
        StartTransmitter();
        byte[] frame = [.. Enumerable.Range(0, 60).Select(i => (byte)i)];
        (frame[20], frame[21]) = (0, 0);
        frame.CopyTo(_memory.Bytes[(int)Buffers..]);
        Transmit(Buffers, 30, 0x00000000, 0);
        Transmit(Buffers + 30, 30, 0x0F000000 | 20 << 16, 14 << 8); // end, insert checksum from 14 at 20, report
        Assert.Equal(60, _wire.Sent.Single().Length);
        Assert.Equal(0, InternetChecksum.Of(_wire.Sent[0].AsSpan(14)));
        Assert.Equal(0, _memory.Bytes[(int)TxRing + 12] & 1);
        Assert.Equal(1, _memory.Bytes[(int)TxRing + 16 + 12] & 1);
        Assert.Equal(3u, In(0xC0) & 3);
        Assert.Equal((1u, 60u), (In(0x4080), In(0x4090)));
        Assert.Equal(0u, In(0x4080));
    }

    [Fact]
    public void Large_TCP_packets_are_cut_into_segments()
    {
        StartTransmitter();
        byte[] packet = new byte[54 + 2500];
        packet[12] = 8;
        packet[14] = 0x45;
        (packet[18], packet[19]) = (0x10, 0x00); // identification
        (packet[23], packet[26], packet[30]) = (6, 10, 10);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(38), 1_000_000);
        (packet[46], packet[47]) = (0x50, 0x19); // ACK, PSH, FIN
        for (int i = 54; i < packet.Length; i++)
            packet[i] = (byte)(i * 5);
        // The driver leaves the sum of addresses and protocol in the field.
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(50), (ushort)(0x0A00 + 0x0A00 + 6));
        packet.CopyTo(_memory.Bytes[(int)Buffers..]);
        // Context: IP 14, checksum at 24, to 33; TCP 34, checksum at 50; header 54, segments of 1000.
        _memory.Bytes[(int)TxRing + (int)(_tail * 16)] = 14;
        WriteContext(14, 24, 33, 34, 50, 0, 0x27000000 | 2500, 54 << 8 | 1000 << 16);
        Transmit(Buffers, 54, 0x26100000, 0x0300);
        Transmit(Buffers + 54, 2500, 0x2F100000, 0);
        Assert.Equal([1054, 1054, 554], _wire.Sent.Select(f => f.Length));
        for (int i = 0; i < 3; i++)
        {
            byte[] frame = _wire.Sent[i];
            Assert.Equal(0, InternetChecksum.Of(frame.AsSpan(14, 20)));
            Assert.Equal(frame.Length - 14, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16)));
            Assert.Equal(0x1000 + i, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(18)));
            Assert.Equal(1_000_000u + (uint)(i * 1000), BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(38)));
            Assert.Equal(i == 2 ? 0x19 : 0x10, frame[47]);
            Assert.Equal(0, UserNetwork.Checksum(0x0A000000, 0x0A000000, 6, frame.AsSpan(34)));
            Assert.Equal(packet.AsSpan(54 + i * 1000, frame.Length - 54).ToArray(), frame.AsSpan(54).ToArray());
        }
    }

    [Fact]
    public void Frames_come_in_while_there_are_descriptors()
    {
        Assert.False(_card.CanReceive);
        StartReceiver();
        Assert.True(_card.CanReceive);
        Out(0xD0, 0x80);
        byte[] frame = Frame(100);
        _card.Receive(frame);
        Assert.Equal([true], _irq);
        ReadOnlySpan<byte> descriptor = _memory.Bytes.Slice((int)RxRing, 16);
        Assert.Equal((104, 7), (BinaryPrimitives.ReadUInt16LittleEndian(descriptor[8..]), descriptor[12])); // with CRC; done, end, no checksum
        Assert.Equal(frame, _memory.Bytes.Slice((int)Buffers, 100).ToArray());
        Assert.Equal(0x80000080u, In(0xC0) & 0x80000080);
        Assert.Equal([true, false], _irq);
        for (int i = 0; i < RingEntries; i++)
            _card.Receive(frame);
        Assert.False(_card.CanReceive);
        Assert.Equal((uint)RingEntries - 1, In(0x2810));
        int readies = _wire.Readies;
        Out(0x2818, 3);
        Assert.Equal(readies + 1, _wire.Readies);
        Assert.True(_card.CanReceive);
    }

    [Fact]
    public void Long_frames_take_several_descriptors_and_short_ones_are_padded()
    {
        StartReceiver(0x04008022 | 3 << 16); // buffers of 256, CRC stripped, long frames
        _card.Receive(Frame(600));
        ReadOnlySpan<byte> ring = _memory.Bytes.Slice((int)RxRing, 48);
        Assert.Equal((256, 256, 88), (BinaryPrimitives.ReadUInt16LittleEndian(ring[8..]), BinaryPrimitives.ReadUInt16LittleEndian(ring[24..]), BinaryPrimitives.ReadUInt16LittleEndian(ring[40..])));
        Assert.Equal((1, 1, 7), (ring[12], ring[28], ring[44]));
        _card.Receive(Frame(42));
        Assert.Equal(60, BinaryPrimitives.ReadUInt16LittleEndian(_memory.Bytes[((int)RxRing + 48 + 8)..]));
    }

    [Fact]
    public void Only_frames_for_this_card_are_taken()
    {
        StartReceiver();
        byte[] other = Frame(60);
        other[5] = 0x99;
        _card.Receive(other);
        Assert.Equal(0u, In(0x2810));
        byte[] multicast = Frame(60);
        new byte[] { 1, 0, 0x5E, 0, 0, 0xFB }.CopyTo(multicast, 0);
        _card.Receive(multicast);
        Assert.Equal(0u, In(0x2810));
        int hash = (0xFB << 8) >> 4 & 0xFFF;
        Out(0x5200 + (hash >> 5) * 4, 1u << (hash & 31));
        _card.Receive(multicast);
        Assert.Equal(1u, In(0x2810));
        Out(0x100, In(0x100) | 8);
        _card.Receive(other);
        Assert.Equal(2u, In(0x2810));
    }

    [Fact]
    public void Interrupts_keep_their_distance()
    {
        Out(0xC4, 1000); // 256 us
        Out(0xD0, 4);
        Out(0xC8, 4);
        Assert.Equal([true], _irq);
        In(0xC0);
        Out(0xC8, 4);
        Assert.Equal([true, false], _irq);
        _bench.Advance(300_000);
        Assert.Equal([true, false, true], _irq);
        Out(0xD8, 4);
        Assert.Equal([true, false, true, false], _irq);
    }

    [Fact]
    public void A_reset_through_the_ports_clears_the_registers()
    {
        StartReceiver();
        _bench.Io.Write(0xC000, 4, 0);
        _bench.Io.Write(0xC004, 4, 1 << 26);
        Assert.Equal((0u, 0u), (In(0x100), In(0) & (1 << 26)));
        Assert.Equal(0x12005452u, In(0x5400));
    }

    [Fact]
    public void A_snapshot_keeps_the_rings()
    {
        StartReceiver();
        MemoryStream saved = new();
        _card.State.Save(saved);
        _card.Reset();
        saved.Position = 0;
        _card.Load(saved);
        Assert.True(_card.CanReceive);
    }

    [Fact]
    public void Random_registers_and_descriptors_never_throw()
    {
        Gen.Select(Gen.Int[0, 0x1800], Gen.UInt).Array[60].Sample(
            writes =>
            {
                new Random(writes[0].Item1).NextBytes(_memory.Bytes[(int)TxRing..(int)Buffers]);
                foreach ((int register, uint value) in writes)
                    Out(register * 4, value);
                Out(0x2800, RxRing);
                Out(0x3800, TxRing);
                Out(0x3804, 0);
                Out(0x3808, 4096);
                Out(0x400, 2);
                Out(0x3818, writes[0].Item2 & 0xFF);
                _card.Receive(Frame(1000));
                for (int i = 0; i < 0x6000; i += 4)
                    In(i);
            },
            iter: 100,
            threads: 1);
    }

    private static byte[] Frame(int length)
    {
        byte[] frame = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        new byte[] { 0x52, 0x54, 0, 0x12, 0x34, 0x56 }.CopyTo(frame, 0);
        return frame;
    }

    private uint In(int register) => (uint)_mmio.Read(Registers + (ulong)register, 4);

    private void Out(int register, uint value) => _mmio.Write(Registers + (ulong)register, 4, value);

    private uint ReadPhy(int register)
    {
        Out(0x20, 2u << 26 | 1 << 21 | (uint)register << 16);
        Assert.Equal(1u << 28, In(0x20) & (1 << 28 | 1 << 30));
        return In(0x20) & 0xFFFF;
    }

    private ushort ReadEeprom(int word)
    {
        const uint clock = 1, select = 2, data = 4, request = 0x40, grant = 0x80;
        Out(0x10, request);
        Assert.Equal(grant, In(0x10) & grant);
        uint control = request | select;
        Out(0x10, control);
        int command = 6 << 6 | word;
        for (int bit = 8; bit >= 0; bit--)
        {
            uint with = control | ((command >> bit & 1) != 0 ? data : 0);
            Out(0x10, with);
            Out(0x10, with | clock);
            Out(0x10, with);
        }

        int value = 0;
        for (int bit = 0; bit < 16; bit++)
        {
            Out(0x10, control | clock);
            value = value << 1 | (int)(In(0x10) >> 3 & 1);
            Out(0x10, control);
        }

        Out(0x10, 0);
        return (ushort)value;
    }

    private void StartTransmitter()
    {
        Out(0x3800, TxRing);
        Out(0x3808, RingEntries * 16);
        Out(0x400, 2);
    }

    private void StartReceiver(uint control = 0x8002)
    {
        for (int i = 0; i < RingEntries; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(_memory.Bytes[((int)RxRing + i * 16)..], Buffers + (uint)i * 2048);
        Out(0x2800, RxRing);
        Out(0x2808, RingEntries * 16);
        Out(0x2818, RingEntries - 1);
        Out(0x100, control);
    }

    private void Transmit(ulong address, int length, uint command, uint high)
    {
        Span<byte> descriptor = _memory.Bytes.Slice((int)TxRing + (int)_tail * 16, 16);
        BinaryPrimitives.WriteUInt64LittleEndian(descriptor, address);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[8..], command | (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[12..], high);
        Out(0x3818, _tail = (_tail + 1) % RingEntries);
    }

    private void WriteContext(byte ipStart, byte ipOffset, ushort ipEnd, byte tcpStart, byte tcpOffset, ushort tcpEnd, uint low, uint high)
    {
        Span<byte> descriptor = _memory.Bytes.Slice((int)TxRing + (int)_tail * 16, 16);
        (descriptor[0], descriptor[1], descriptor[4], descriptor[5]) = (ipStart, ipOffset, tcpStart, tcpOffset);
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor[2..], ipEnd);
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor[6..], tcpEnd);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[8..], low);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[12..], high);
        Out(0x3818, _tail = (_tail + 1) % RingEntries);
    }
}
