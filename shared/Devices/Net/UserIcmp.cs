using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>Echo requests: the network's own addresses answer themselves, others are asked where the host allows unprivileged echo sockets.</summary>
internal sealed class UserIcmp : IDisposable
{
    private const byte EchoReply = 0, EchoRequest = 8, Unreachable = 3, NetUnreachable = 0;
    private const int HeaderBytes = 8, MostFlows = 32, LargestEcho = 8192;

    private readonly UserNetwork _network;
    private readonly List<Flow> _flows = [];

    public UserIcmp(UserNetwork network) => _network = network;

    public void Receive(uint from, uint to, ReadOnlySpan<byte> packet)
    {
        if (packet.Length is < HeaderBytes or > LargestEcho || packet[0] != EchoRequest || InternetChecksum.Of(packet) != 0)
            return;
        if (_network.IsOwn(to))
            Reply(from, to, packet);
        else if (!TryForward(from, to, packet))
            Refuse(from, to, packet);
    }

    public void Dispose()
    {
        foreach (Flow flow in _flows)
            flow.Close();
        _flows.Clear();
    }

    private void Reply(uint guest, uint from, ReadOnlySpan<byte> request)
    {
        byte[] reply = request.ToArray();
        (reply[0], reply[2], reply[3]) = (EchoReply, 0, 0);
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(2), InternetChecksum.Of(reply));
        _network.TransmitLarge(from, guest, UserNetwork.Icmp, reply);
    }

    private bool TryForward(uint from, uint to, ReadOnlySpan<byte> packet)
    {
        if (_network.Outside(to, 0) is not { } outside)
            return false;
        ushort id = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        Flow? flow = _flows.Find(f => f.Guest == from && f.Id == id);
        if (flow is null)
        {
            int socket = HostSocket.OpenPing();
            if (socket < 0)
                return false;
            if (_flows.Count == MostFlows)
            {
                _flows[0].Close();
                _flows.RemoveAt(0);
            }

            flow = new Flow(this, from, id, socket);
            _flows.Add(flow);
        }

        return HostSocket.SendTo(flow.Socket, packet, outside) >= 0;
    }

    private void Refuse(uint from, uint to, ReadOnlySpan<byte> request)
    {
        Span<byte> packet = _network.Payload[..(HeaderBytes + UserNetwork.IpBytes + HeaderBytes)];
        packet.Clear();
        (packet[0], packet[1]) = (Unreachable, NetUnreachable);
        Span<byte> original = packet[HeaderBytes..];
        (original[0], original[9]) = (0x45, UserNetwork.Icmp);
        BinaryPrimitives.WriteUInt16BigEndian(original[2..], (ushort)(UserNetwork.IpBytes + request.Length));
        BinaryPrimitives.WriteUInt32BigEndian(original[12..], from);
        BinaryPrimitives.WriteUInt32BigEndian(original[16..], to);
        request[..HeaderBytes].CopyTo(original[UserNetwork.IpBytes..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], InternetChecksum.Of(packet));
        _network.Transmit(_network.Options.Gateway, from, UserNetwork.Icmp, packet.Length);
    }

    private sealed class Flow
    {
        private readonly UserIcmp _owner;
        private readonly HostWatch _watch;

        public Flow(UserIcmp owner, uint guest, ushort id, int socket)
        {
            (_owner, Guest, Id, Socket) = (owner, guest, id, socket);
            _watch = owner._network.Loop.Watch(socket, HostEvents.Read, _ => Arrive());
        }

        public uint Guest { get; }

        public ushort Id { get; }

        public int Socket { get; }

        public void Close()
        {
            _watch.Dispose();
            HostSocket.Close(Socket);
        }

        // The kernel gave the request another number; the guest wants its own.
        private void Arrive()
        {
            byte[] reply = new byte[LargestEcho];
            int length = HostSocket.ReceiveFrom(Socket, reply, out HostEndpoint from);
            if (length < HeaderBytes)
                return;
            BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(4), Id);
            BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(2), 0);
            BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(2), InternetChecksum.Of(reply.AsSpan(0, length)));
            _owner._network.TransmitLarge(_owner._network.Inside(from), Guest, UserNetwork.Icmp, reply.AsSpan(0, length));
        }
    }
}
