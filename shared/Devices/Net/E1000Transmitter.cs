using System.Buffers.Binary;
using Suite.Devices.Core;

namespace Suite.Devices.Net;

/// <summary>
/// The transmit side of an 82540EM (manual, section 3.3): puts the buffers of descriptors together into packets, inserts checksums, and cuts large TCP
/// packets into segments.
/// </summary>
internal sealed class E1000Transmitter
{
    /// <summary>Takes a finished frame.</summary>
    public delegate void Sink(ReadOnlySpan<byte> frame);

    private const int LargestPacket = 128 << 10;
    private const byte CommandEnd = 1, CommandInsert = 4, CommandSegment = 4, CommandReport = 8, CommandExtended = 0x20, ContextTcp = 1, ContextIp = 2, OptionIp = 1, OptionTcp = 2;

    private readonly IGuestMemory _memory;
    private readonly Sink _send;
    private readonly Register _ipStart, _ipOffset, _ipEnd, _tcpStart, _tcpOffset, _tcpEnd, _headerLength, _segmentSize, _contextCommand, _length, _options, _isSegmented;
    private readonly byte[] _packet;
    private readonly byte[] _segment = new byte[16 << 10];
    private bool _isTooLong;

    public E1000Transmitter(DeviceState state, IGuestMemory memory, Sink send)
    {
        (_memory, _send) = (memory, send);
        (_ipStart, _ipOffset, _ipEnd) = (state.Register("IPCSS", 8), state.Register("IPCSO", 8), state.Register("IPCSE", 16));
        (_tcpStart, _tcpOffset, _tcpEnd) = (state.Register("TUCSS", 8), state.Register("TUCSO", 8), state.Register("TUCSE", 16));
        (_headerLength, _segmentSize, _contextCommand) = (state.Register("HDRLEN", 8), state.Register("MSS", 16), state.Register("TUCMD", 8));
        (_length, _options, _isSegmented) = (state.Register("packet length", 18), state.Register("POPTS", 8), state.Register("packet is segmented", 1));
        _packet = state.Bytes("packet", LargestPacket);
    }

    public void Reset() => (_length.Value, _options.Value, _isSegmented.IsSet, _isTooLong) = (0, 0, false, false);

    /// <summary>Takes a descriptor; true when the driver wants it reported as done.</summary>
    public bool Process(ReadOnlySpan<byte> descriptor)
    {
        uint low = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[8..]), high = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[12..]);
        byte command = (byte)(low >> 24);
        ulong address = BinaryPrimitives.ReadUInt64LittleEndian(descriptor);
        if ((command & CommandExtended) == 0)
        {
            Append(address, (int)(low & 0xFFFF));
            if ((command & CommandEnd) != 0)
            {
                if ((command & CommandInsert) != 0)
                    InsertChecksum(Packet, (int)(high >> 8 & 0xFF), (int)(low >> 16 & 0xFF), 0);
                Finish();
            }
        }
        else if ((low >> 20 & 0xF) == 0)
        {
            SetContext(descriptor, low, high);
        }
        else
        {
            if (_length.Value == 0)
                (_options.Value, _isSegmented.IsSet) = (high >> 8, (command & CommandSegment) != 0);
            Append(address, (int)(low & 0xFFFFF));
            if ((command & CommandEnd) != 0)
                Finish();
        }

        return (command & CommandReport) != 0;
    }

    private Span<byte> Packet => _packet.AsSpan(0, _length.Int);

    private void SetContext(ReadOnlySpan<byte> descriptor, uint low, uint high)
    {
        (_ipStart.Value, _ipOffset.Value, _ipEnd.Value) = (descriptor[0], descriptor[1], BinaryPrimitives.ReadUInt16LittleEndian(descriptor[2..]));
        (_tcpStart.Value, _tcpOffset.Value, _tcpEnd.Value) = (descriptor[4], descriptor[5], BinaryPrimitives.ReadUInt16LittleEndian(descriptor[6..]));
        (_contextCommand.Value, _headerLength.Value, _segmentSize.Value) = (low >> 24, high >> 8, high >> 16);
    }

    private void Append(ulong address, int length)
    {
        if (length > LargestPacket - _length.Int || !_memory.TryRead(address, _packet.AsSpan(_length.Int, length)))
        {
            _isTooLong = true; // or not in memory: the packet is not sent
            return;
        }

        _length.Value += (ulong)length;
    }

    private void Finish()
    {
        if (!_isTooLong && _length.Value != 0)
        {
            if (_isSegmented.IsSet)
                SendSegments();
            else
                SendWhole();
        }

        Reset();
    }

    private void SendWhole()
    {
        if (_options.Has(OptionTcp))
            InsertChecksum(Packet, _tcpStart.Int, _tcpOffset.Int, _tcpEnd.Int);
        if (_options.Has(OptionIp))
            InsertChecksum(Packet, _ipStart.Int, _ipOffset.Int, _ipEnd.Int);
        _send(Packet);
    }

    // Each segment has the headers, with lengths, IP identification, sequence number, flags and checksums set for it (manual, section 3.5).
    private void SendSegments()
    {
        const int ipLengthOffset = 2, ipIdOffset = 4, ip6LengthOffset = 4, ip6Header = 40, tcpSequence = 4, tcpFlags = 13, udpLength = 4, smallestTcp = 20, smallestIp = 20;
        const byte finAndPush = 9;
        int header = _headerLength.Int, size = _segmentSize.Int, ip = _ipStart.Int, tcp = _tcpStart.Int;
        bool isTcp = _contextCommand.Has(ContextTcp), isIp4 = _contextCommand.Has(ContextIp);
        if (size == 0 || header + size > _segment.Length || header > _length.Int || tcp + (isTcp ? smallestTcp : 8) > header || ip + smallestIp > header)
            return;
        uint sequence = isTcp ? BinaryPrimitives.ReadUInt32BigEndian(_packet.AsSpan(tcp + tcpSequence)) : 0;
        ushort identification = BinaryPrimitives.ReadUInt16BigEndian(_packet.AsSpan(ip + ipIdOffset));
        ushort partial = _tcpOffset.Int + 2 <= header ? BinaryPrimitives.ReadUInt16BigEndian(_packet.AsSpan(_tcpOffset.Int)) : (ushort)0;
        int total = _length.Int - header;
        for (int done = 0; done < total;)
        {
            int part = Math.Min(size, total - done);
            Span<byte> frame = _segment.AsSpan(0, header + part);
            _packet.AsSpan(0, header).CopyTo(frame);
            _packet.AsSpan(header + done, part).CopyTo(frame[header..]);
            if (isIp4)
            {
                BinaryPrimitives.WriteUInt16BigEndian(frame[(ip + ipLengthOffset)..], (ushort)(frame.Length - ip));
                BinaryPrimitives.WriteUInt16BigEndian(frame[(ip + ipIdOffset)..], identification++);
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(frame[(ip + ip6LengthOffset)..], (ushort)(frame.Length - ip - ip6Header));
            }

            if (isTcp)
            {
                BinaryPrimitives.WriteUInt32BigEndian(frame[(tcp + tcpSequence)..], sequence + (uint)done);
                if (done + part < total)
                    frame[tcp + tcpFlags] &= unchecked((byte)~finAndPush);
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(frame[(tcp + udpLength)..], (ushort)(frame.Length - tcp));
            }

            // The driver left the pseudo header's sum there without the length, which differs from segment to segment.
            if (_options.Has(OptionTcp) && _tcpOffset.Int + 2 <= header)
            {
                int sum = partial + (frame.Length - tcp);
                BinaryPrimitives.WriteUInt16BigEndian(frame[_tcpOffset.Int..], (ushort)((sum & 0xFFFF) + (sum >> 16)));
                InsertChecksum(frame, tcp, _tcpOffset.Int, _tcpEnd.Int);
            }

            if (_options.Has(OptionIp))
                InsertChecksum(frame, ip, _ipOffset.Int, _ipEnd.Int);
            _send(frame);
            done += part;
        }
    }

    // An end of 0 means the packet's end.
    private static void InsertChecksum(Span<byte> packet, int start, int offset, int end)
    {
        int stop = end == 0 || end >= packet.Length ? packet.Length : end + 1;
        if (start >= stop || offset + 2 > packet.Length)
            return;
        BinaryPrimitives.WriteUInt16BigEndian(packet[offset..], InternetChecksum.Of(packet[start..stop]));
    }
}
