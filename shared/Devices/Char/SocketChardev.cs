using Suite.Devices.Core;
using Suite.Host;

namespace Suite.Devices.Char;

/// <summary>A TCP or Unix-domain socket, as server (one client at a time) or as client, with the telnet protocol when asked.</summary>
public sealed class SocketChardev : DescriptorChardev
{
    private const byte Iac = 255, Will = 251, Do = 253, Dont = 254, SubBegin = 250, SubEnd = 240, BreakCommand = 243, EchoOption = 1, GoAheadOption = 3, BinaryOption = 0;

    private const short PollIn = 1, PollOut = 4;

    private readonly bool _isTelnet, _isServer;
    private readonly HostEndpoint _endpoint;
    private readonly HostTimer? _reconnect;
    private readonly int _reconnectSeconds;
    private int _listener = -1;
    private HostWatch? _listenerWatch, _connecting;
    private TelnetState _telnet;
    private Action? _awaiting;

    /// <summary>Opens it.</summary>
    /// <param name="endpoint">Where to listen, or to connect to.</param>
    /// <param name="isServer">Listen.</param>
    /// <param name="isTelnet">Speak telnet.</param>
    /// <param name="reconnectSeconds">A client tries again so long after the connection was lost; 0 for never.</param>
    /// <param name="loop">The thread that waits.</param>
    /// <exception cref="IOException">It cannot be opened; with the cause.</exception>
    public SocketChardev(HostEndpoint endpoint, bool isServer, bool isTelnet, int reconnectSeconds, HostLoop loop)
        : base(loop)
    {
        IsSocket = true;
        (_endpoint, _isServer, _isTelnet, _reconnectSeconds) = (endpoint, isServer, isTelnet, reconnectSeconds);
        if (isServer)
        {
            Listen();
            return;
        }

        if (reconnectSeconds > 0)
            _reconnect = loop.NewTimer(() => Connect());
        int error = Connect();
        if (error != 0 && reconnectSeconds == 0)
            throw new IOException($"cannot connect to {endpoint}: {Cause(error)}");
    }

    private enum TelnetState
    {
        Data,
        Command,
        Option,
        Sub,
        SubCommand,
    }

    /// <summary>Where it listens; with the port the kernel chose when none was given.</summary>
    public HostEndpoint Endpoint => _listener >= 0 ? HostSocket.Local(_listener) : _endpoint;

    /// <summary>Whoever made it wants to go on only when a client has come (wait=on).</summary>
    public bool IsAwaited { get; init; }

    /// <summary>Calls something as soon as a client is there, or this is closed. Under the machine's lock.</summary>
    public void WhenConnected(Action action)
    {
        _awaiting += action;
        if (IsOpen)
            TellAwaiting();
    }

    /// <summary>Blocks until a client has come.</summary>
    public void WaitForClient()
    {
        while (!IsOpen && _listener >= 0)
        {
            Wait(_listener, PollIn);
            Accept();
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> bytes)
    {
        if (!_isTelnet || bytes.IndexOf(Iac) < 0)
        {
            base.Write(bytes);
            return;
        }

        foreach (byte b in bytes)
            base.Write(b == Iac ? [Iac, Iac] : [b]);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _reconnect?.Cancel();
        _connecting?.Dispose();
        _listenerWatch?.Dispose();
        TellAwaiting();
        if (_listener < 0)
            return;
        HostSocket.Close(_listener);
        _listener = -1;
        const int unixFamily = 1;
        if (_endpoint.Family == unixFamily)
            File.Delete(_endpoint.ToString());
    }

    /// <inheritdoc/>
    protected override void Ended()
    {
        Detach();
        Receiver?.Closed();
        if (_listenerWatch is not null)
            _listenerWatch.Events = HostEvents.Read;
        else
            _reconnect?.Set(_reconnectSeconds * 1000L);
    }

    /// <inheritdoc/>
    protected override int WriteSome(ReadOnlySpan<byte> bytes)
    {
        int written = base.WriteSome(bytes);
        if (!IsOpen)
            Ended();
        return written;
    }

    /// <inheritdoc/>
    protected override int Decode(Span<byte> bytes)
    {
        if (!_isTelnet)
            return bytes.Length;
        int kept = 0;
        foreach (byte b in bytes)
        {
            switch (_telnet)
            {
                case TelnetState.Data when b == Iac:
                    _telnet = TelnetState.Command;
                    break;
                case TelnetState.Data:
                    bytes[kept++] = b;
                    break;
                case TelnetState.Command when b == Iac:
                    bytes[kept++] = b;
                    _telnet = TelnetState.Data;
                    break;
                case TelnetState.Command:
                    if (b == BreakCommand)
                        Receiver?.Break();
                    _telnet = b switch { >= Will and <= Dont => TelnetState.Option, SubBegin => TelnetState.Sub, _ => TelnetState.Data };
                    break;
                case TelnetState.Option:
                    _telnet = TelnetState.Data;
                    break;
                case TelnetState.Sub when b == Iac:
                    _telnet = TelnetState.SubCommand;
                    break;
                case TelnetState.SubCommand:
                    _telnet = b == SubEnd ? TelnetState.Data : TelnetState.Sub;
                    break;
            }
        }

        return kept;
    }

    private static string Cause(int error) => error switch
    {
        HostSocket.ECONNREFUSED => "nobody listens there; start the other side first, or use server=on",
        2 => "there is no such socket; start the other side first, or use server=on",
        98 => "it is in use; choose another, or end who uses it",
        13 => "permission denied",
        _ => $"errno {error}",
    };

    private void Listen()
    {
        const int unixFamily = 1;
        if (_endpoint.Family == unixFamily)
            File.Delete(_endpoint.ToString()); // what an earlier run left
        int socket = HostSocket.Open(_endpoint.Family, HostSocket.Stream);
        int error = socket < 0 ? socket : HostSocket.Bind(socket, _endpoint);
        if (error >= 0)
            error = HostSocket.Listen(socket, 1);
        if (error < 0)
        {
            HostSocket.Close(socket);
            throw new IOException($"cannot listen at {_endpoint}: {Cause(-error)}");
        }

        _listener = socket;
        _listenerWatch = Loop.Watch(socket, HostEvents.Read, _ => Accept());
    }

    private void Accept()
    {
        int socket = HostSocket.Accept(_listener, out _);
        if (socket < 0)
            return;
        _listenerWatch!.Events = HostEvents.None; // one at a time; the next waits
        Join(socket);
    }

    private int Connect()
    {
        int socket = HostSocket.Open(_endpoint.Family, HostSocket.Stream);
        if (socket < 0)
            return -socket;
        int error = HostSocket.Connect(socket, _endpoint);
        if (error == -HostSocket.EINPROGRESS && _reconnect is null)
        {
            // Without a second try the machine does not start before it is known that this one succeeds.
            Wait(socket, PollOut);
            error = -HostSocket.Error(socket);
        }
        else if (error == -HostSocket.EINPROGRESS)
        {
            _connecting = Loop.Watch(socket, HostEvents.Write, _ => FinishConnect(socket));
            return 0;
        }

        if (error == 0)
        {
            Join(socket);
            return 0;
        }

        HostSocket.Close(socket);
        _reconnect?.Set(_reconnectSeconds * 1000L);
        return -error;
    }

    private void FinishConnect(int socket)
    {
        _connecting?.Dispose();
        _connecting = null;
        int error = HostSocket.Error(socket);
        if (error == 0)
        {
            Join(socket);
            return;
        }

        HostSocket.Close(socket);
        _reconnect!.Set(_reconnectSeconds * 1000L);
    }

    private static unsafe void Wait(int socket, short events)
    {
        long poll = (uint)socket | (long)events << 32; // struct pollfd
        Sys.Blocking(Nr.poll, (long)&poll, 1, -1);
    }

    private void Join(int socket)
    {
        HostSocket.SetNoDelay(socket);
        _telnet = TelnetState.Data;
        Attach(socket, socket);
        if (_isTelnet && _isServer)
            base.Write([Iac, Will, EchoOption, Iac, Will, GoAheadOption, Iac, Will, BinaryOption, Iac, Do, BinaryOption]);
        Receiver?.Opened();
        TellAwaiting();
    }

    private void TellAwaiting()
    {
        Action? awaiting = _awaiting;
        _awaiting = null;
        awaiting?.Invoke();
    }
}
