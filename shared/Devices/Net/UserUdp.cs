using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>UDP of a user-mode network: each port of a guest has a socket on the host while it is used; forwarded ports have theirs always.</summary>
internal sealed class UserUdp : IDisposable
{
    private const int HeaderBytes = 8, MostFlows = 256, LargestDatagram = 65535;
    private const long Idle = 240 * VirtualClock.Second, IdleDns = 10 * VirtualClock.Second;

    private readonly UserNetwork _network;
    private readonly List<Flow> _flows = [];
    private readonly byte[] _datagram = new byte[LargestDatagram];

    public UserUdp(UserNetwork network) => _network = network;

    public void Listen(HostForward forward)
    {
        int socket = HostSocket.Open(forward.Listen.Family, HostSocket.Datagram);
        int error = socket < 0 ? socket : HostSocket.Bind(socket, forward.Listen);
        if (error < 0)
        {
            HostSocket.Close(socket);
            throw new IOException($"cannot listen at udp {forward.Listen} (errno {-error}): choose another port for hostfwd=");
        }

        _flows.Add(new Flow(this, forward.GuestAddress, forward.GuestPort, socket) { Forward = forward });
    }

    public bool Unlisten(HostEndpoint listen)
    {
        Flow? flow = _flows.Find(f => f.Forward is { } forward && forward.Listen.Raw.AsSpan().SequenceEqual(listen.Raw));
        if (flow is null)
            return false;
        Remove(flow);
        return true;
    }

    public IEnumerable<string> Describe() => _flows.Select(f =>
        f.Forward is { } forward ? $"UDP[HOST_FORWARD] {forward.Listen} -> {UserNetwork.Text(f.Guest)}:{f.Port}" : $"UDP[{UserNetwork.Text(f.Guest)}:{f.Port}]");

    public void Receive(uint from, uint to, ReadOnlySpan<byte> packet)
    {
        if (packet.Length < HeaderBytes)
            return;
        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        if (length < HeaderBytes || length > packet.Length)
            return;
        packet = packet[..length];
        if (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) != 0 && UserNetwork.Checksum(from, to, UserNetwork.Udp, packet) != 0)
            return;
        int port = BinaryPrimitives.ReadUInt16BigEndian(packet), toPort = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        Flow? flow = _flows.Find(f => f.Guest == from && f.Port == port);
        bool isAnswer = flow?.Forward is not null && to == _network.Options.Gateway;
        HostEndpoint? outside = isAnswer ? HostEndpoint.Internet(System.Net.IPAddress.Loopback, toPort) : _network.Outside(to, toPort);
        if (outside is not { } target)
            return;
        if (flow is null || (flow.Forward is null && flow.Family != target.Family))
        {
            if (flow is not null)
                Remove(flow);
            flow = Open(from, port, target.Family);
        }

        if (flow is null)
            return;
        flow.DnsServer = to == _network.Options.Dns ? target : flow.DnsServer;
        flow.LastUsed = _network.Clock.Now;
        HostSocket.SendTo(flow.Socket, packet[HeaderBytes..], target);
    }

    public void Dispose()
    {
        while (_flows.Count != 0)
            Remove(_flows[^1]);
    }

    // The one unused longest goes when there are too many, and those that have been idle.
    private Flow? Open(uint guest, int port, int family)
    {
        long now = _network.Clock.Now;
        Flow? oldest = null;
        int count = 0;
        for (int i = _flows.Count - 1; i >= 0; i--)
        {
            Flow flow = _flows[i];
            if (flow.Forward is not null)
                continue;
            if (now - flow.LastUsed > (flow.DnsServer is null ? Idle : IdleDns))
            {
                Remove(flow);
                continue;
            }

            count++;
            if (oldest is null || flow.LastUsed < oldest.LastUsed)
                oldest = flow;
        }

        if (count >= MostFlows)
            Remove(oldest!);
        int socket = HostSocket.Open(family, HostSocket.Datagram);
        if (socket < 0)
            return null;
        Flow opened = new(this, guest, port, socket) { Family = family };
        _flows.Add(opened);
        return opened;
    }

    private void Remove(Flow flow)
    {
        _flows.Remove(flow);
        flow.Close();
    }

    private sealed class Flow
    {
        private readonly UserUdp _owner;
        private readonly HostWatch _watch;

        public Flow(UserUdp owner, uint guest, int port, int socket)
        {
            (_owner, Guest, Port, Socket) = (owner, guest, port, socket);
            _watch = owner._network.Loop.Watch(socket, HostEvents.Read, _ => Arrive());
        }

        public uint Guest { get; }

        public int Port { get; }

        public int Socket { get; }

        public int Family { get; init; }

        public HostForward? Forward { get; init; }

        public HostEndpoint? DnsServer { get; set; }

        public long LastUsed { get; set; }

        public void Close()
        {
            _watch.Dispose();
            HostSocket.Close(Socket);
        }

        private void Arrive()
        {
            UserNetwork network = _owner._network;
            const int room = LargestDatagram - UserNetwork.IpBytes;
            Span<byte> packet = _owner._datagram.AsSpan(0, room);
            int length = HostSocket.ReceiveFrom(Socket, packet[HeaderBytes..], out HostEndpoint from);
            if (length < 0)
                return;
            LastUsed = network.Clock.Now;
            packet = packet[..(HeaderBytes + length)];
            uint source = network.Inside(from, DnsServer is { } dns && dns.Raw.AsSpan().SequenceEqual(from.Raw));
            BinaryPrimitives.WriteUInt16BigEndian(packet, (ushort)from.Port);
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)Port);
            BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)packet.Length);
            BinaryPrimitives.WriteUInt16BigEndian(packet[6..], 0);
            ushort sum = UserNetwork.Checksum(source, Guest, UserNetwork.Udp, packet);
            BinaryPrimitives.WriteUInt16BigEndian(packet[6..], sum == 0 ? (ushort)0xFFFF : sum);
            network.TransmitLarge(source, Guest, UserNetwork.Udp, packet);
        }
    }
}
