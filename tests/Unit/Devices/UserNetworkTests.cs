using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CsCheck;
using Suite.Devices.Core;
using Suite.Devices.Net;

namespace Suite.Tests.Devices;

public sealed class UserNetworkTests : IDisposable
{
    private const ushort Port = 40000;

    private const TcpFlags Ack = TcpFlags.Acknowledge, Syn = TcpFlags.Syn, Fin = TcpFlags.Fin, Rst = TcpFlags.Reset, Push = TcpFlags.Push;

    private readonly GuestStack _guest = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private uint _ours = 1000, _theirs;

    public UserNetworkTests()
    {
        _listener.Start();
        _guest.SendArp(GuestStack.Gateway);
        _guest.Next();
    }

    private ushort HostPort => (ushort)((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _guest.Dispose();
        _listener.Dispose();
    }

    [Theory]
    [InlineData(GuestStack.Gateway)]
    [InlineData(GuestStack.Dns)]
    public void ARP_is_answered_for_the_network_s_own(uint address)
    {
        _guest.SendArp(address);
        byte[] reply = _guest.Next()!;
        Assert.Equal(GuestStack.Mac, reply.AsSpan(0, 6).ToArray());
        Assert.Equal((2, address), (reply[21], BinaryPrimitives.ReadUInt32BigEndian(reply.AsSpan(28))));
        _guest.SendArp(0x0A000263);
        Assert.Null(_guest.Next(50));
    }

    // -nic user,guestfwd= and ipv6=off were unknown.
    [Fact]
    public void An_address_of_the_network_leads_to_a_socket_of_the_host_also_when_nothing_else_leads_out()
    {
        const uint Server = 0x0A000264;
        UserNetworkOptions options = new() { IsRestricted = true };
        Assert.True(options.TrySet("guestfwd", $"tcp:10.0.2.100:80-tcp:127.0.0.1:{HostPort}"));
        Assert.True(options.TrySet("ipv6", "off"));
        Assert.Throws<FormatException>(() => options.TrySet("ipv6", "on"));
        foreach (string wrong in (string[])["", "tcp:10.0.2.100:80", "udp:10.0.2.100:80-tcp:127.0.0.1:1", "tcp:nix:80-tcp:127.0.0.1:1", "tcp:10.0.2.100:80-cmd:cat", "tcp:10.0.2.100:80-tcp:host:1", "tcp:10.0.2.100:80-tcp:1"])
            Assert.Contains("guestfwd", Assert.Throws<FormatException>(() => options.TrySet("guestfwd", wrong)).Message, StringComparison.Ordinal);
        using GuestStack guest = new(options);
        guest.SendArp(Server);
        Assert.NotNull(guest.Next());
        guest.SendTcp(Port, Server, 80, _ours, 0, Syn);
        (uint sequence, uint acknowledged, TcpFlags flags, _) = guest.NextTcp();
        Assert.Equal((_ours + 1, Syn | Ack), (acknowledged, flags));
        guest.SendTcp(Port, Server, 80, acknowledged, sequence + 1, Ack | Push, "hello"u8);
        using Socket host = _listener.AcceptSocket();
        Assert.Equal("hello", ReadHost(host, 5));
    }

    [Fact]
    public void DHCP_gives_the_address_the_routes_and_the_name()
    {
        UserNetworkOptions options = new() { HostName = "box", DomainName = "lan" };
        using GuestStack guest = new(options);
        Dictionary<int, byte[]> offer = Dhcp(guest, 1, out byte[] message);
        Assert.Equal(GuestStack.Guest, BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(16)));
        Assert.Equal((2, "0A000202", "FFFFFF00", "0A000202", "0A000203"),
            (offer[53][0], Convert.ToHexString(offer[54]), Convert.ToHexString(offer[1]), Convert.ToHexString(offer[3]), Convert.ToHexString(offer[6])));
        Assert.Equal(("box", "lan"), (Encoding.ASCII.GetString(offer[12]), Encoding.ASCII.GetString(offer[15])));
        Assert.Equal(5, Dhcp(guest, 3, out _, 50, 4, 10, 0, 2, 15)[53][0]);
        Assert.Equal(6, Dhcp(guest, 3, out _, 50, 4, 10, 0, 2, 99)[53][0]);
    }

    [Fact]
    public void Echo_requests_to_the_gateway_come_back()
    {
        byte[] request = [8, 0, 0, 0, 1, 2, 3, 4, .. "hello"u8];
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(2), InternetChecksum.Of(request));
        _guest.SendIp(1, GuestStack.Gateway, request);
        byte[] reply = _guest.NextIp(1, out uint from);
        Assert.Equal((GuestStack.Gateway, 0, 0), (from, reply[0], InternetChecksum.Of(reply)));
        Assert.Equal(request.AsSpan(4).ToArray(), reply.AsSpan(4).ToArray());
    }

    [Fact]
    public void Datagrams_reach_the_host_and_answers_come_back_whole()
    {
        using UdpClient host = new(new IPEndPoint(IPAddress.Loopback, 0));
        ushort port = (ushort)((IPEndPoint)host.Client.LocalEndPoint!).Port;
        _guest.SendIp(17, GuestStack.Gateway, GuestStack.Udp(Port, port, "ping"u8));
        IPEndPoint? from = null;
        Assert.Equal("ping"u8.ToArray(), host.Receive(ref from));
        byte[] large = [.. Enumerable.Range(0, 4000).Select(i => (byte)i)];
        host.Send(large, from);
        byte[] whole = new byte[4008];
        int got = 0;
        while (got < whole.Length)
        {
            byte[] frame = _guest.Next()!;
            int at = (BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(20)) & 0x1FFF) * 8, length = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16)) - 20;
            frame.AsSpan(34, length).CopyTo(whole.AsSpan(at));
            got += length;
        }

        Assert.Equal(large, whole.AsSpan(8).ToArray());
        Assert.Equal((port, Port), (BinaryPrimitives.ReadUInt16BigEndian(whole), BinaryPrimitives.ReadUInt16BigEndian(whole.AsSpan(2))));
    }

    [Fact]
    public void Fragments_are_put_together()
    {
        using UdpClient host = new(new IPEndPoint(IPAddress.Loopback, 0));
        ushort port = (ushort)((IPEndPoint)host.Client.LocalEndPoint!).Port;
        byte[] data = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 3))], packet = GuestStack.Udp(Port, port, data);
        _guest.SendIp(17, GuestStack.Gateway, packet.AsSpan(1480), fragment: 1480 / 8);
        _guest.SendIp(17, GuestStack.Gateway, packet.AsSpan(0, 1480), fragment: 0x2000);
        IPEndPoint? from = null;
        host.Client.ReceiveTimeout = 3000;
        Assert.Equal(data, host.Receive(ref from));
        for (ushort id = 0; id < 100; id++) // never completed: nothing grows
            _guest.SendIp(17, GuestStack.Gateway, packet.AsSpan(0, 1480), fragment: 0x2000, id: id);
    }

    [Fact]
    public void A_connection_carries_both_directions_and_closes_each_by_itself()
    {
        using Socket host = Connect();
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack | Push, "to the host"u8);
        _ours += 11;
        Assert.Equal((_theirs, _ours, Ack), Head(_guest.NextTcp()));
        Assert.Equal("to the host", ReadHost(host, 11));
        host.Send("to the guest"u8);
        (uint sequence, _, TcpFlags flags, byte[] data) = _guest.NextTcp();
        Assert.Equal((_theirs, Ack | Push, "to the guest"), (sequence, flags, Encoding.ASCII.GetString(data)));
        _theirs += 12;
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack);
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack | Fin);
        Assert.Equal(++_ours, _guest.NextTcp().Acknowledged);
        Assert.Equal(0, host.Receive(new byte[1])); // the guest is done, the host is not
        host.Send("more"u8);
        Assert.Equal("more", Encoding.ASCII.GetString(_guest.NextTcp().Data));
        _theirs += 4;
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack);
        host.Shutdown(SocketShutdown.Send);
        Assert.Equal((_theirs, _ours, Ack | Fin), Head(_guest.NextTcp()));
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs + 1, Ack);
        Assert.Single(_guest.Network.Connections());
        _guest.Advance(3);
        Assert.Empty(_guest.Network.Connections());
    }

    [Fact]
    public void What_is_not_acknowledged_is_sent_again_and_given_up_at_last()
    {
        using Socket host = Connect();
        host.Send("lost"u8);
        (uint Sequence, uint, TcpFlags, byte[] Data) first = _guest.NextTcp();
        Assert.Null(_guest.Next(30));
        _guest.Advance(1.1);
        (uint Sequence, uint, TcpFlags, byte[] Data) again = _guest.NextTcp();
        Assert.Equal((first.Sequence, "lost"), (again.Sequence, Encoding.ASCII.GetString(again.Data)));
        for (int i = 0; i < 3; i++)
            _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack);
        Assert.Equal(first.Sequence, _guest.NextTcp().Sequence); // three duplicates say it sooner
        for (int i = 0; i < 20; i++)
            _guest.Advance(20);
        byte[]? last = null;
        while (_guest.Next(10) is { } frame)
            last = frame;
        Assert.Equal((byte)(Rst | Ack), last![14 + 20 + 13]);
        Assert.Empty(_guest.Network.Connections());
        Assert.Throws<SocketException>(() => host.Receive(new byte[1]));
    }

    [Fact]
    public void The_guest_s_window_and_the_card_s_room_are_kept()
    {
        using Socket host = Connect(window: 10);
        host.Send("0123456789abcdef"u8);
        Assert.Equal("0123456789", Encoding.ASCII.GetString(_guest.NextTcp().Data));
        Assert.Null(_guest.Next(30));
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs + 10, Ack, window: 0);
        Assert.Null(_guest.Next(30));
        _guest.Advance(1.1);
        Assert.Equal("a", Encoding.ASCII.GetString(_guest.NextTcp().Data)); // is the window still closed?
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs + 10, Ack, window: 100);
        Assert.Equal("abcdef", Encoding.ASCII.GetString(_guest.NextTcp().Data));
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs + 16, Ack);
        _guest.CanReceive = false;
        host.Send("later"u8);
        Assert.Null(_guest.Next(30));
        _guest.CanReceive = true;
        _guest.Network.ReceiverReady();
        Assert.Equal("later", Encoding.ASCII.GetString(_guest.NextTcp().Data));
    }

    [Fact]
    public void Old_and_early_segments_are_answered_and_not_taken()
    {
        using Socket host = Connect();
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours + 5, _theirs, Ack, "early"u8);
        Assert.Equal(_ours, _guest.NextTcp().Acknowledged);
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack | Push, "hello"u8);
        Assert.Equal(_ours + 5, _guest.NextTcp().Acknowledged);
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack | Push, "hello, you"u8); // half of it again
        Assert.Equal(_ours + 10, _guest.NextTcp().Acknowledged);
        Assert.Equal("hello, you", ReadHost(host, 10));
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours + 10, _theirs + 9999, Ack); // of what was never sent
        Assert.Equal(_ours + 10, _guest.NextTcp().Acknowledged);
    }

    [Fact]
    public void Nobody_listening_is_a_reset()
    {
        ushort port = HostPort;
        _listener.Stop();
        _guest.SendTcp(Port, GuestStack.Gateway, port, 1000, 0, Syn);
        Assert.Equal((0u, 1001u, Rst | Ack), Head(_guest.NextTcp()));
        _guest.SendTcp(Port, GuestStack.Gateway, port, 1000, 77, Ack, "x"u8); // of no connection
        Assert.Equal((77u, Rst), (Head(_guest.NextTcp()) is var (s, _, f) ? (s, f) : default));
    }

    [Fact]
    public void A_reset_goes_through_either_way_and_a_new_SYN_replaces_the_old_connection()
    {
        using (Socket host = Connect())
            host.LingerState = new LingerOption(true, 0);
        Assert.Equal(Rst | Ack, _guest.NextTcp().Flags);
        using Socket second = Connect();
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Rst);
        Assert.Throws<SocketException>(() => second.Receive(new byte[1]));
        using Socket third = Connect();
        _ours = 777_000;
        using Socket fourth = Connect();
        Assert.Throws<SocketException>(() => third.Receive(new byte[1]));
        Assert.Single(_guest.Network.Connections());
    }

    [Fact]
    public void A_megabyte_arrives_as_it_was_sent()
    {
        using Socket host = Connect();
        byte[] data = new byte[1 << 20];
        new Random(1).NextBytes(data);
        Thread sender = new(() => host.Send(data));
        sender.Start();
        MemoryStream got = new();
        while (got.Length < data.Length)
        {
            (uint sequence, _, _, byte[] part) = _guest.NextTcp();
            Assert.Equal(_theirs, sequence);
            got.Write(part);
            _theirs += (uint)part.Length;
            _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack);
        }

        sender.Join();
        Assert.Equal(data, got.ToArray());
    }

    [Fact]
    public void What_the_host_does_not_take_fills_the_window_and_no_more()
    {
        using Socket host = Connect();
        byte[] part = new byte[1460];
        uint acknowledged = _ours;
        for (int i = 0; i < 10_000; i++)
        {
            _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack | Push, part);
            uint now = _guest.NextTcp().Acknowledged;
            _ours = now;
            if (now == acknowledged)
                break;
            acknowledged = now;
            Assert.True(i < 9_000, "it took all of 13 MB without the host reading");
        }

        uint sent = _ours - 1001;
        byte[] buffer = new byte[1 << 16];
        uint read = 0;
        for (int i = 0; i < 10_000 && read < sent; i++)
        {
            _guest.Loop.RunOnce(0);
            if (host.Poll(1000, SelectMode.SelectRead))
                read += (uint)host.Receive(buffer);
        }

        Assert.Equal(sent, read);
    }

    [Fact]
    public void A_forwarded_port_leads_to_the_guest()
    {
        UserNetworkOptions options = new();
        Assert.True(options.TrySet("hostfwd", "tcp:127.0.0.1:0-:22"));
        using GuestStack guest = new(options);
        guest.SendArp(GuestStack.Gateway);
        guest.Next();
        string line = guest.Network.Connections().Single();
        int port = int.Parse(line.Split("127.0.0.1:")[1].Split(' ')[0]);
        using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        client.Connect(IPAddress.Loopback, port);
        byte[] syn = guest.NextIp(6, out uint from);
        Assert.True(TcpSegment.TryRead(syn, out TcpSegment segment));
        Assert.Equal((GuestStack.Gateway, 22, Syn), (from, segment.DestinationPort, segment.Flags));
        (uint sequence, ushort clientPort) = (segment.Sequence, segment.SourcePort);
        guest.SendTcp(22, GuestStack.Gateway, clientPort, 5000, sequence + 1, Syn | Ack);
        Assert.Equal((sequence + 1, 5001u, Ack), Head(guest.NextTcp()));
        guest.SendTcp(22, GuestStack.Gateway, clientPort, 5001, sequence + 1, Ack | Push, "SSH-2.0"u8);
        guest.NextTcp();
        byte[] greeting = new byte[7];
        Assert.Equal(7, client.Receive(greeting));
        Assert.Equal("SSH-2.0", Encoding.ASCII.GetString(greeting));
        using Socket refused = new(SocketType.Stream, ProtocolType.Tcp);
        refused.Connect(IPAddress.Loopback, port);
        Assert.True(TcpSegment.TryRead(guest.NextIp(6, out _), out segment));
        guest.SendTcp(22, GuestStack.Gateway, segment.SourcePort, 0, segment.Sequence + 1, Rst | Ack);
        Assert.Throws<SocketException>(() => refused.Receive(new byte[1]));
    }

    [Fact]
    public void A_forwarded_datagram_port_leads_to_the_guest_and_back()
    {
        using UdpClient probe = new(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)probe.Client.LocalEndPoint!).Port;
        probe.Close();
        UserNetworkOptions options = new();
        options.TrySet("hostfwd", $"udp:127.0.0.1:{port}-:69");
        using GuestStack guest = new(options);
        guest.SendArp(GuestStack.Gateway);
        guest.Next();
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        client.Send("request"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, port));
        byte[] packet = guest.NextIp(17, out uint from);
        Assert.Equal((GuestStack.Gateway, "request"), (from, Encoding.ASCII.GetString(packet, 8, packet.Length - 8)));
        guest.SendIp(17, GuestStack.Gateway, GuestStack.Udp(69, BinaryPrimitives.ReadUInt16BigEndian(packet), "answer"u8));
        IPEndPoint? answerer = null;
        client.Client.ReceiveTimeout = 3000;
        Assert.Equal("answer"u8.ToArray(), client.Receive(ref answerer));
        Assert.Equal(port, answerer.Port);
    }

    [Fact]
    public void Restricted_networks_lead_nowhere()
    {
        UserNetworkOptions options = new();
        options.TrySet("restrict", "on");
        using GuestStack guest = new(options);
        guest.SendArp(GuestStack.Gateway);
        guest.Next();
        guest.SendTcp(Port, GuestStack.Gateway, HostPort, 1000, 0, Syn);
        Assert.Equal(Rst | Ack, guest.NextTcp().Flags);
        Assert.False(Dhcp(guest, 1, out _).ContainsKey(3));
    }

    [Theory]
    [InlineData("hostfwd", "tcp::80")]
    [InlineData("hostfwd", "sctp::80-:80")]
    [InlineData("hostfwd", "tcp::80-:0")]
    [InlineData("hostfwd", "tcp:nowhere:80-:80")]
    [InlineData("hostfwd", "tcp::99999-:80")]
    [InlineData("net", "10.0.0.0/33")]
    [InlineData("net", "10.0.0.0/255.0.255.0")]
    [InlineData("net", "ten")]
    [InlineData("dns", "1.2.3.4")]
    [InlineData("restrict", "maybe")]
    public void Wrong_options_say_why(string name, string value)
    {
        FormatException error = Assert.Throws<FormatException>(() => new UserNetworkOptions().TrySet(name, value));
        Assert.StartsWith($"{name}={value}: ", error.Message);
    }

    [Fact]
    public void Networks_move_as_a_whole()
    {
        UserNetworkOptions options = new();
        Assert.True(options.TrySet("net", "192.168.76.9/255.255.255.0"));
        Assert.Equal((0xC0A84C02u, 0xC0A84C03u, 0xC0A84C0Fu), (options.Gateway, options.Dns, options.FirstGuest));
        Assert.True(options.TrySet("dhcpstart", "192.168.76.100"));
        Assert.Equal(0xC0A84C64u, options.FirstGuest);
        Assert.False(options.TrySet("nonsense", "1"));
    }

    [Fact]
    public void Random_frames_never_throw()
    {
        Gen.Byte.Array[0, 200].Sample(
            noise =>
            {
                _guest.Network.Send(noise);
                if (noise.Length < 60)
                    return;
                byte protocol = (byte)(noise[0] % 3 == 0 ? 1 : noise[0] % 3 == 1 ? 6 : 17);
                _guest.SendIp(protocol, GuestStack.Gateway, noise, fragment: (ushort)(noise[1] > 200 ? noise[2] << 5 : 0), id: noise[3]);
                if (protocol == 6)
                    _guest.SendTcp(noise[1], GuestStack.Gateway, HostPort, noise[2], noise[3], (TcpFlags)noise[4], noise.AsSpan(20), noise[5]);
                _guest.Loop.RunOnce(0);
            },
            iter: 2000,
            threads: 1);
        _guest.Advance(500);
    }

    private static (uint, uint, TcpFlags) Head((uint Sequence, uint Acknowledged, TcpFlags Flags, byte[] Data) segment) => (segment.Sequence, segment.Acknowledged, segment.Flags);

    private static string ReadHost(Socket host, int length)
    {
        byte[] bytes = new byte[length];
        host.ReceiveTimeout = 3000;
        for (int got = 0; got < length;)
            got += host.Receive(bytes, got, length - got, SocketFlags.None);
        return Encoding.ASCII.GetString(bytes);
    }

    private Socket Connect(ushort window = 0xFFFF)
    {
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, 0, Syn, window: window);
        (uint sequence, uint acknowledged, TcpFlags flags, _) = _guest.NextTcp();
        Assert.Equal((_ours + 1, Syn | Ack), (acknowledged, flags));
        (_ours, _theirs) = (acknowledged, sequence + 1);
        _guest.SendTcp(Port, GuestStack.Gateway, HostPort, _ours, _theirs, Ack, window: window);
        return _listener.AcceptSocket();
    }

    private static Dictionary<int, byte[]> Dhcp(GuestStack guest, byte type, out byte[] message, params byte[] options)
    {
        byte[] request = new byte[300];
        (request[0], request[1], request[2]) = (1, 1, 6);
        GuestStack.Mac.CopyTo(request, 28);
        ((byte[])[0x63, 0x82, 0x53, 0x63, 53, 1, type, .. options, 255]).CopyTo(request, 236);
        guest.SendIp(17, uint.MaxValue, GuestStack.Udp(68, 67, request), from: 0);
        message = guest.NextIp(17, out _).AsSpan(8).ToArray();
        Dictionary<int, byte[]> found = [];
        for (int at = 240; message[at] != 255; at += 2 + message[at + 1])
            found.Add(message[at], message.AsSpan(at + 2, message[at + 1]).ToArray());
        return found;
    }
}
