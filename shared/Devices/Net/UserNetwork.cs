using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>
/// A network that needs no privilege: a router, DHCP and name server at the other end of the guest's cable, which turn its connections into
/// sockets of this process. The gateway's address leads to the host itself.
/// </summary>
public sealed class UserNetwork : INetBackend, IDisposable
{
    internal const int EtherBytes = 14, IpBytes = 20, LargestPayload = 1500 - IpBytes, MacBytes = 6;
    internal const byte Icmp = 1, Tcp = 6, Udp = 17;

    private const ushort EtherIp = 0x0800, EtherArp = 0x0806;
    private const int ArpBytes = 28, MostWaiting = 64, MostGuests = 16;
    private const uint Broadcast = uint.MaxValue;

    private readonly byte[] _frame = new byte[EtherBytes + IpBytes + LargestPayload], _arp = new byte[EtherBytes + ArpBytes];
    private readonly Queue<byte[]> _waiting = [];
    private readonly List<(uint Address, byte[] Mac)> _guests = [];
    private readonly UserTcp _tcp;
    private readonly UserUdp _udp;
    private readonly UserIcmp _icmp;
    private readonly UserDhcp _dhcp;
    private readonly UserTftp? _tftp;
    private readonly IpReassembly _fragments;
    private ushort _identification;

    /// <summary>A network; ports of the host are opened at once.</summary>
    /// <param name="options">Its addresses and forwarded ports.</param>
    /// <param name="loop">The thread that waits for sockets.</param>
    /// <param name="clock">The machine's time, for retransmission.</param>
    /// <exception cref="IOException">A forwarded port cannot be opened; with the cause.</exception>
    public UserNetwork(UserNetworkOptions options, HostLoop loop, VirtualClock clock)
    {
        (Options, Loop, Clock) = (options, loop, clock);
        _tcp = new UserTcp(this);
        _udp = new UserUdp(this);
        _icmp = new UserIcmp(this);
        _dhcp = new UserDhcp(this);
        _tftp = options.TftpRoot is { } root ? new UserTftp(this, root) : null;
        _fragments = new IpReassembly(clock);
        try
        {
            foreach (HostForward forward in options.Forwards)
                AddForward(forward);
        }
        catch
        {
            Dispose(); // those that were opened before the one that cannot be
            throw;
        }
    }

    /// <inheritdoc/>
    public string Description => $"user net={Text(Options.Network)} restrict={(Options.IsRestricted ? "on" : "off")}";

    /// <inheritdoc/>
    public bool TakesLargeSegments => true;

    /// <inheritdoc/>
    public INetReceiver? Receiver { get; set; }

    internal UserNetworkOptions Options { get; }

    internal HostLoop Loop { get; }

    internal VirtualClock Clock { get; }

    /// <summary>Frames can go to the guest without waiting.</summary>
    internal bool CanTransmit => _waiting.Count == 0 && Receiver is { CanReceive: true };

    /// <summary>Opens a port of the host (`hostfwd_add`).</summary>
    /// <exception cref="IOException">It cannot be opened; with the cause.</exception>
    public void AddForward(HostForward forward)
    {
        if (forward.GuestAddress == 0)
            forward = forward with { GuestAddress = Options.FirstGuest };
        if (forward.IsUdp)
            _udp.Listen(forward);
        else
            _tcp.Listen(forward);
    }

    /// <summary>Closes a port of the host (`hostfwd_remove`). False when it was not open.</summary>
    public bool RemoveForward(bool isUdp, HostEndpoint listen) => isUdp ? _udp.Unlisten(listen) : _tcp.Unlisten(listen);

    /// <summary>One line for each connection and forwarded port, as `info usernet` shows them.</summary>
    public IEnumerable<string> Connections() => _tcp.Describe().Concat(_udp.Describe());

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EtherBytes)
            return;
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        if (type == EtherArp)
            ReceiveArp(frame[EtherBytes..]);
        else if (type == EtherIp)
            ReceiveIp(frame.Slice(MacBytes, MacBytes), frame[EtherBytes..]);
    }

    /// <inheritdoc/>
    public void ReceiverReady()
    {
        while (_waiting.Count != 0 && Receiver is { CanReceive: true } receiver)
            receiver.Receive(_waiting.Dequeue());
        if (CanTransmit)
            _tcp.Resume();
    }

    /// <summary>Closes everything.</summary>
    public void Dispose()
    {
        _tcp.Dispose();
        _udp.Dispose();
        _icmp.Dispose();
        _tftp?.Dispose();
    }

    internal static string Text(uint address) => $"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}";

    /// <summary>True for an address that this network itself answers.</summary>
    internal bool IsOwn(uint address) => address == Options.Gateway || address == Options.Dns || Options.GuestForwards.Exists(f => f.Address == address);

    /// <summary>Where guestfwd= leads a connection; null for where it would go anyhow.</summary>
    internal HostEndpoint? Forwarded(uint address, int port)
    {
        foreach (GuestForward forward in Options.GuestForwards)
            if (forward.Address == address && forward.Port == port)
                return forward.To;
        return null;
    }

    /// <summary>Where a packet of the guest goes on the host; null when it must not leave.</summary>
    internal HostEndpoint? Outside(uint address, int port)
    {
        if (Options.IsRestricted)
            return null;
        if (address == Options.Gateway || (address == Options.Dns && port != HostResolver.Port))
            return HostEndpoint.Internet(System.Net.IPAddress.Loopback, port);
        if (address == Options.Dns)
            return HostResolver.Find();
        if ((address & Options.Mask) == Options.Network || address >> 28 >= 0xE || address == 0)
            return null; // other guests, multicast, nothing
        return HostEndpoint.Internet(new System.Net.IPAddress(BinaryPrimitives.ReverseEndianness(address)), port);
    }

    /// <summary>The address under which the guest sees a host of the outside.</summary>
    internal uint Inside(HostEndpoint from, bool isDns = false)
    {
        if (isDns)
            return Options.Dns;
        System.Net.IPAddress address = from.Address ?? System.Net.IPAddress.Loopback;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        return System.Net.IPAddress.IsLoopback(address) || !address.TryWriteBytes(bytes, out int length) || length != 4
            ? Options.Gateway
            : BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    /// <summary>Where the payload of the next packet is put together; at most <see cref="LargestPayload"/> bytes.</summary>
    internal Span<byte> Payload => _frame.AsSpan(EtherBytes + IpBytes);

    /// <summary>Sends what is in <see cref="Payload"/> to a guest. Lost when its hardware address is unknown; it is then asked for.</summary>
    internal void Transmit(uint from, uint to, byte protocol, int length, ushort fragment = 0, ushort? identification = null)
    {
        const byte version4 = 0x45, timeToLive = 64;
        byte[]? mac = to == Broadcast ? null : FindMac(to);
        if (mac is null && to != Broadcast)
        {
            Ask(to);
            return;
        }

        Span<byte> frame = _frame.AsSpan(0, EtherBytes + IpBytes + length), ip = frame[EtherBytes..];
        WriteEther(frame, mac, EtherIp);
        (ip[0], ip[1]) = (version4, 0);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(IpBytes + length));
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], identification ?? _identification++);
        BinaryPrimitives.WriteUInt16BigEndian(ip[6..], fragment);
        (ip[8], ip[9], ip[10], ip[11]) = (timeToLive, protocol, 0, 0);
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], from);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], to);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Of(ip[..IpBytes]));
        Emit(frame);
    }

    /// <summary>Sends a datagram of any size, in fragments when it must be.</summary>
    internal void TransmitLarge(uint from, uint to, byte protocol, ReadOnlySpan<byte> datagram)
    {
        const int piece = LargestPayload & ~7, more = 0x2000;
        ushort identification = _identification++;
        for (int at = 0; at < datagram.Length;)
        {
            bool isLast = datagram.Length - at <= LargestPayload;
            int part = isLast ? datagram.Length - at : piece;
            datagram.Slice(at, part).CopyTo(Payload);
            Transmit(from, to, protocol, part, (ushort)(at / 8 | (isLast ? 0 : more)), identification);
            at += part;
        }
    }

    /// <summary>The checksum of a TCP or UDP packet with its pseudo header.</summary>
    internal static ushort Checksum(uint from, uint to, byte protocol, ReadOnlySpan<byte> packet)
    {
        ulong sum = InternetChecksum.Add(0, (ushort)(from >> 16));
        sum = InternetChecksum.Add(InternetChecksum.Add(sum, (ushort)from), (ushort)(to >> 16));
        sum = InternetChecksum.Add(InternetChecksum.Add(sum, (ushort)to), protocol);
        return InternetChecksum.Finish(InternetChecksum.Add(InternetChecksum.Add(sum, (ushort)packet.Length), packet));
    }

    /// <summary>The hardware address of a guest came to be known.</summary>
    internal void Learn(uint address, ReadOnlySpan<byte> mac)
    {
        const byte group = 1;
        if ((mac[0] & group) != 0 || (address & Options.Mask) != Options.Network || IsOwn(address))
            return;
        for (int i = 0; i < _guests.Count; i++)
        {
            if (_guests[i].Address != address)
                continue;
            if (!mac.SequenceEqual(_guests[i].Mac))
                _guests[i] = (address, mac.ToArray());
            return;
        }

        if (_guests.Count == MostGuests)
            _guests.RemoveAt(0);
        _guests.Add((address, mac.ToArray()));
    }

    private byte[]? FindMac(uint address)
    {
        foreach ((uint known, byte[] mac) in _guests)
            if (known == address)
                return mac;
        return null;
    }

    private void ReceiveIp(ReadOnlySpan<byte> mac, ReadOnlySpan<byte> packet)
    {
        const ushort moreFragments = 0x2000, offsetMask = 0x1FFF;
        if (packet.Length < IpBytes || packet[0] >> 4 != 4)
            return;
        int header = (packet[0] & 15) * 4, length = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (header < IpBytes || length < header || length > packet.Length || InternetChecksum.Of(packet[..header]) != 0)
            return;
        uint from = BinaryPrimitives.ReadUInt32BigEndian(packet[12..]), to = BinaryPrimitives.ReadUInt32BigEndian(packet[16..]);
        byte protocol = packet[9];
        ReadOnlySpan<byte> payload = packet[header..length];
        Learn(from, mac);
        ushort fragment = BinaryPrimitives.ReadUInt16BigEndian(packet[6..]);
        if ((fragment & (moreFragments | offsetMask)) != 0
            && !_fragments.TryComplete((from, to, BinaryPrimitives.ReadUInt16BigEndian(packet[4..]), protocol), (fragment & offsetMask) * 8, (fragment & moreFragments) == 0, ref payload))
            return;
        switch (protocol)
        {
            case Udp when payload.Length >= 8 && BinaryPrimitives.ReadUInt16BigEndian(payload[2..]) == UserDhcp.ServerPort:
                _dhcp.Receive(mac, payload[8..]);
                break;
            case Udp when payload.Length >= 8 && _tftp is not null && IsOwn(to) && BinaryPrimitives.ReadUInt16BigEndian(payload[2..]) == UserTftp.ServerPort:
                _tftp.Receive(from, to, payload);
                break;
            case Udp:
                _udp.Receive(from, to, payload);
                break;
            case Tcp:
                _tcp.Receive(from, to, payload);
                break;
            case Icmp:
                _icmp.Receive(from, to, payload);
                break;
        }
    }

    private void ReceiveArp(ReadOnlySpan<byte> arp)
    {
        const ushort request = 1, reply = 2;
        if (arp.Length < ArpBytes)
            return;
        uint from = BinaryPrimitives.ReadUInt32BigEndian(arp[14..]), to = BinaryPrimitives.ReadUInt32BigEndian(arp[24..]);
        ReadOnlySpan<byte> mac = arp.Slice(8, MacBytes);
        if (from != 0)
            Learn(from, mac);
        if (BinaryPrimitives.ReadUInt16BigEndian(arp[6..]) == request && IsOwn(to))
            SendArp(reply, to, from, mac.ToArray());
    }

    private void Ask(uint address) => SendArp(1, Options.Gateway, address, null);

    private void SendArp(ushort operation, uint from, uint to, byte[]? mac)
    {
        ReadOnlySpan<byte> fixedPart = [0, 1, 8, 0, MacBytes, 4, 0, (byte)operation];
        WriteEther(_arp, mac, EtherArp);
        Span<byte> arp = _arp.AsSpan(EtherBytes);
        fixedPart.CopyTo(arp);
        WriteMac(arp[8..], from);
        BinaryPrimitives.WriteUInt32BigEndian(arp[14..], from);
        arp.Slice(18, MacBytes).Clear();
        mac?.CopyTo(arp[18..]);
        BinaryPrimitives.WriteUInt32BigEndian(arp[24..], to);
        Emit(_arp);
    }

    private void WriteEther(Span<byte> frame, byte[]? to, ushort type)
    {
        if (to is null)
            frame[..MacBytes].Fill(0xFF);
        else
            to.CopyTo(frame);
        WriteMac(frame[MacBytes..], Options.Gateway);
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], type);
    }

    // Locally administered: 52:55 and the address.
    private static void WriteMac(Span<byte> to, uint address)
    {
        (to[0], to[1]) = (0x52, 0x55);
        BinaryPrimitives.WriteUInt32BigEndian(to[2..], address);
    }

    private void Emit(ReadOnlySpan<byte> frame)
    {
        if (CanTransmit)
            Receiver!.Receive(frame);
        else if (_waiting.Count < MostWaiting && Receiver is not null)
            _waiting.Enqueue(frame.ToArray());
    }
}
