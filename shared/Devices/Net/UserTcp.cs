using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>Both ends of a TCP connection as the guest sees it.</summary>
internal readonly record struct TcpKey(uint Guest, ushort GuestPort, uint Remote, ushort RemotePort);

/// <summary>TCP of a user-mode network: the connections, the forwarded ports, and their timer.</summary>
internal sealed class UserTcp : IDisposable
{
    private const int MostConnections = 512, OptionsBytes = 8;
    private const ushort OurMss = UserNetwork.LargestPayload - TcpSegment.HeaderBytes;

    private readonly UserNetwork _network;
    private readonly Dictionary<TcpKey, TcpConnection> _connections = [];
    private readonly List<TcpConnection> _stalled = [], _due = [];
    private readonly List<(HostForward Forward, HostWatch Watch)> _listeners = [];
    private readonly ClockTimer _timer;
    private uint _sequence = (uint)Random.Shared.Next();

    public UserTcp(UserNetwork network)
    {
        _network = network;
        _timer = network.Clock.NewTimer(Expire);
    }

    public UserNetwork Network => _network;

    /// <summary>A first sequence number.</summary>
    public uint NextSequence => _sequence += 64_001;

    public void Listen(HostForward forward)
    {
        int socket = HostSocket.Open(forward.Listen.Family, HostSocket.Stream);
        int error = socket < 0 ? socket : HostSocket.Bind(socket, forward.Listen);
        if (error >= 0)
            error = HostSocket.Listen(socket);
        if (error < 0)
        {
            HostSocket.Close(socket);
            throw new IOException($"cannot listen at tcp {forward.Listen} (errno {-error}): choose another port for hostfwd=");
        }

        forward = forward with { Listen = HostSocket.Local(socket) };
        _listeners.Add((forward, _network.Loop.Watch(socket, HostEvents.Read, _ => Accept(socket, forward))));
    }

    public bool Unlisten(HostEndpoint listen)
    {
        int index = _listeners.FindIndex(l => l.Forward.Listen.Raw.AsSpan().SequenceEqual(listen.Raw));
        if (index < 0)
            return false;
        CloseListener(_listeners[index].Watch);
        _listeners.RemoveAt(index);
        return true;
    }

    public IEnumerable<string> Describe() =>
        _listeners.Select(l => $"TCP[HOST_FORWARD] {l.Forward.Listen} -> {UserNetwork.Text(l.Forward.GuestAddress)}:{l.Forward.GuestPort}")
            .Concat(_connections.Values.Select(c => c.Describe()));

    public void Receive(uint from, uint to, ReadOnlySpan<byte> packet)
    {
        if (!TcpSegment.TryRead(packet, out TcpSegment segment) || UserNetwork.Checksum(from, to, UserNetwork.Tcp, packet) != 0)
            return;
        TcpKey key = new(from, segment.SourcePort, to, segment.DestinationPort);
        _connections.TryGetValue(key, out TcpConnection? connection);
        if (connection is not null && connection.IsReplacedBy(segment))
        {
            connection.Abort(tellGuest: false);
            connection = null;
        }

        if (connection is not null)
        {
            connection.Receive(segment);
            return;
        }

        if (segment.Has(TcpFlags.Reset))
            return;
        if (segment.Has(TcpFlags.Syn) && !segment.Has(TcpFlags.Acknowledge) && Open(key, segment))
            return;
        Refuse(key, segment);
    }

    /// <summary>The guest takes frames again.</summary>
    public void Resume()
    {
        while (_stalled.Count != 0 && _network.CanTransmit)
        {
            TcpConnection next = _stalled[^1];
            _stalled.RemoveAt(_stalled.Count - 1);
            next.Output();
        }
    }

    /// <summary>A connection could not send and wants to be told when it can.</summary>
    public void Stall(TcpConnection connection)
    {
        if (!_stalled.Contains(connection))
            _stalled.Add(connection);
    }

    /// <summary>A connection wants its timer looked at.</summary>
    public void Arm(long deadline)
    {
        if (!_timer.IsRunning || deadline < _timer.Deadline)
            _timer.Set(deadline);
    }

    public void Remove(TcpConnection connection)
    {
        _connections.Remove(connection.Key);
        _stalled.Remove(connection);
    }

    /// <summary>Sends a segment to the guest whose payload lies in the network's packet behind the header already.</summary>
    /// <returns>Where the payload begins, for whoever has yet to put it there: see <see cref="PayloadAt"/>.</returns>
    public void Transmit(in TcpKey key, uint sequence, uint acknowledged, TcpFlags flags, int window, int payload, int shift = -1)
    {
        int header = PayloadAt(flags);
        Span<byte> packet = _network.Payload[..(header + payload)];
        BinaryPrimitives.WriteUInt16BigEndian(packet, key.RemotePort);
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], key.GuestPort);
        BinaryPrimitives.WriteUInt32BigEndian(packet[4..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet[8..], acknowledged);
        (packet[12], packet[13]) = ((byte)(header / 4 << 4), (byte)flags);
        BinaryPrimitives.WriteUInt16BigEndian(packet[14..], (ushort)window);
        packet.Slice(16, 4).Clear();
        if ((flags & TcpFlags.Syn) != 0)
        {
            // Maximum segment size, then window scale or nothing.
            ReadOnlySpan<byte> options = [2, 4, OurMss >> 8, OurMss & 0xFF, shift >= 0 ? (byte)3 : (byte)1, shift >= 0 ? (byte)3 : (byte)1, (byte)Math.Max(shift, 1), shift >= 0 ? (byte)0 : (byte)1];
            options.CopyTo(packet[TcpSegment.HeaderBytes..]);
        }

        BinaryPrimitives.WriteUInt16BigEndian(packet[16..], UserNetwork.Checksum(key.Remote, key.Guest, UserNetwork.Tcp, packet));
        _network.Transmit(key.Remote, key.Guest, UserNetwork.Tcp, packet.Length);
    }

    /// <summary>Where the payload of a segment lies in the network's packet.</summary>
    public static int PayloadAt(TcpFlags flags) => TcpSegment.HeaderBytes + ((flags & TcpFlags.Syn) != 0 ? OptionsBytes : 0);

    public void Dispose()
    {
        foreach (TcpConnection connection in _connections.Values.ToArray())
            connection.Abort(tellGuest: false);
        foreach ((_, HostWatch watch) in _listeners)
            CloseListener(watch);
        _listeners.Clear();
        _timer.Cancel();
    }

    private static void CloseListener(HostWatch watch)
    {
        watch.Dispose();
        HostSocket.Close(watch.Descriptor);
    }

    private bool Open(in TcpKey key, in TcpSegment segment)
    {
        if (_connections.Count >= MostConnections || (_network.Forwarded(key.Remote, key.RemotePort) ?? _network.Outside(key.Remote, key.RemotePort)) is not { } outside)
            return false;
        int socket = HostSocket.Open(outside.Family, HostSocket.Stream);
        if (socket < 0)
            return false;
        int result = HostSocket.Connect(socket, outside);
        if (result < 0 && result != -HostSocket.EINPROGRESS)
        {
            HostSocket.Close(socket);
            return false;
        }

        HostSocket.SetNoDelay(socket);
        _connections.Add(key, new TcpConnection(this, key, socket, segment));
        return true;
    }

    private void Accept(int listener, in HostForward forward)
    {
        int socket = HostSocket.Accept(listener, out HostEndpoint from);
        if (socket < 0)
            return;
        TcpKey key = new(forward.GuestAddress, (ushort)forward.GuestPort, _network.Inside(from), (ushort)from.Port);
        if (_connections.Count >= MostConnections || _connections.ContainsKey(key))
        {
            HostSocket.Close(socket, withReset: true);
            return;
        }

        HostSocket.SetNoDelay(socket);
        TcpConnection connection = new(this, key, socket);
        _connections.Add(key, connection);
        connection.Output();
    }

    private void Refuse(in TcpKey key, in TcpSegment segment)
    {
        if (segment.Has(TcpFlags.Acknowledge))
            Transmit(key, segment.Acknowledged, 0, TcpFlags.Reset, 0, 0);
        else
            Transmit(key, 0, segment.Sequence + segment.Length, TcpFlags.Reset | TcpFlags.Acknowledge, 0, 0);
    }

    private void Expire()
    {
        long now = _network.Clock.Now, next = long.MaxValue;
        _due.Clear();
        foreach (TcpConnection connection in _connections.Values)
            if (connection.Deadline <= now)
                _due.Add(connection);
        foreach (TcpConnection connection in _due)
            connection.Expire(now);
        foreach (TcpConnection connection in _connections.Values)
            next = Math.Min(next, connection.Deadline);
        if (next != long.MaxValue)
            Arm(next);
    }
}
