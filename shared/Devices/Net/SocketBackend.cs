using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Net;

/// <summary>
/// A cable to another machine through TCP (`-netdev socket,listen=` and `connect=`): each frame with its length before it, 32 bits, big endian; what
/// QEMU speaks too.
/// </summary>
public sealed class SocketBackend : INetBackend, IDisposable
{
    private const int LengthBytes = 4, LargestFrame = 68 << 10, MostUnsent = 256 << 10;

    private readonly HostLoop _loop;
    private readonly int _listener = -1;
    private readonly HostWatch? _listenerWatch;
    private readonly byte[] _incoming = new byte[LengthBytes + LargestFrame];
    private readonly ByteRing _unsent = new(MostUnsent);
    private readonly HostEndpoint _endpoint;
    private int _socket = -1, _have;
    private HostWatch? _watch;

    /// <summary>Opens the cable.</summary>
    /// <param name="endpoint">Where to listen or to connect to.</param>
    /// <param name="listens">Wait for the other machine.</param>
    /// <param name="loop">The thread that waits for frames.</param>
    /// <exception cref="IOException">It cannot be opened; with the cause.</exception>
    public SocketBackend(HostEndpoint endpoint, bool listens, HostLoop loop)
    {
        (_loop, _endpoint) = (loop, endpoint);
        int socket = HostSocket.Open(endpoint.Family, HostSocket.Stream);
        int error = socket < 0 ? socket : listens ? HostSocket.Bind(socket, endpoint) : HostSocket.Connect(socket, endpoint);
        if (error >= 0 && listens)
            error = HostSocket.Listen(socket, 1);
        if (error < 0 && error != -HostSocket.EINPROGRESS)
        {
            HostSocket.Close(socket);
            throw new IOException($"-netdev socket: cannot {(listens ? "listen at" : "connect to")} {endpoint} (errno {-error})");
        }

        if (listens)
        {
            _listener = socket;
            _endpoint = HostSocket.Local(socket);
            _listenerWatch = loop.Watch(socket, HostEvents.Read, _ => Accept());
        }
        else
        {
            Join(socket);
        }
    }

    /// <inheritdoc/>
    public string Description => $"socket {(_listener >= 0 ? "listen" : "connect")}={_endpoint}{(_socket < 0 ? " (not connected)" : "")}";

    /// <inheritdoc/>
    public INetReceiver? Receiver { get; set; }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
        if (_socket < 0 || _unsent.Free < LengthBytes + frame.Length)
            return;
        Span<byte> length = stackalloc byte[LengthBytes];
        BinaryPrimitives.WriteInt32BigEndian(length, frame.Length);
        _unsent.Write(length);
        _unsent.Write(frame);
        Flush();
    }

    /// <inheritdoc/>
    public void ReceiverReady() => UpdateEvents();

    /// <summary>Closes the cable.</summary>
    public void Dispose()
    {
        Leave();
        _listenerWatch?.Dispose();
        if (_listener >= 0)
            HostSocket.Close(_listener);
    }

    private void Accept()
    {
        int socket = HostSocket.Accept(_listener, out _);
        if (socket < 0)
            return;
        if (_socket >= 0)
            HostSocket.Close(socket); // one cable has two ends
        else
            Join(socket);
    }

    private void Join(int socket)
    {
        HostSocket.SetNoDelay(socket);
        (_socket, _have) = (socket, 0);
        _watch = _loop.Watch(socket, HostEvents.Read, OnSocket);
    }

    private void Leave()
    {
        if (_socket < 0)
            return;
        _watch!.Dispose();
        HostSocket.Close(_socket);
        _socket = -1;
        _unsent.Drop(_unsent.Count);
    }

    private void OnSocket(HostEvents events)
    {
        if ((events & HostEvents.Write) != 0)
            Flush();
        if (_socket >= 0 && (events & ~HostEvents.Write) != 0)
            Arrive();
        UpdateEvents();
    }

    private void UpdateEvents()
    {
        if (_socket >= 0)
            _watch!.Events = (Receiver is { CanReceive: true } ? HostEvents.Read : HostEvents.None) | (_unsent.Count > 0 ? HostEvents.Write : HostEvents.None);
    }

    private void Flush()
    {
        while (_unsent.Count > 0)
        {
            int sent = HostSocket.Send(_socket, _unsent.Readable());
            if (sent is -HostSocket.EAGAIN or -HostSocket.EINTR)
                break;
            if (sent < 0)
            {
                Leave();
                return;
            }

            _unsent.Drop(sent);
        }

        UpdateEvents();
    }

    private void Arrive()
    {
        int wanted = _have < LengthBytes ? LengthBytes : LengthBytes + BinaryPrimitives.ReadInt32BigEndian(_incoming);
        int read = HostSocket.Receive(_socket, _incoming.AsSpan(_have, wanted - _have));
        if (read is -HostSocket.EAGAIN or -HostSocket.EINTR)
            return;
        if (read <= 0)
        {
            Leave();
            return;
        }

        _have += read;
        if (_have == LengthBytes && (uint)BinaryPrimitives.ReadInt32BigEndian(_incoming) is 0 or > LargestFrame)
        {
            Leave(); // not our language
            return;
        }

        if (_have < LengthBytes || _have < LengthBytes + BinaryPrimitives.ReadInt32BigEndian(_incoming))
            return;
        Receiver?.Receive(_incoming.AsSpan(LengthBytes, _have - LengthBytes));
        _have = 0;
    }
}
