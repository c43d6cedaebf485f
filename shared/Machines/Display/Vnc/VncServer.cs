using Suite.Devices.Core;
using Suite.Devices.Display;
using Suite.Host;

namespace Suite.Machines.Display.Vnc;

/// <summary>
/// A display by the remote framebuffer protocol (RFC 6143): versions 3.3 to 3.8, without or with a password. Nothing is rendered while no client asks.
/// </summary>
public sealed class VncServer : IDisposable
{
    /// <summary>Display 0 listens at this port.</summary>
    public const int FirstPort = 5900;

    private const int UnixFamily = 1;
    private const int FastMilliseconds = 33, SlowMilliseconds = 200, MostClients = 16, PatientFrames = 30;

    private readonly IDisplaySource _source;
    private readonly HostTimer _timer;
    private readonly List<VncClient> _clients = [];
    private readonly List<Area> _dirty = [];
    private readonly int _listener;
    private readonly HostWatch _watch;
    private int _quietFrames;

    /// <summary>Listens.</summary>
    /// <param name="endpoint">Where; port 0 lets the kernel choose.</param>
    /// <param name="source">What is shown.</param>
    /// <param name="input">Where keys and the mouse go.</param>
    /// <param name="loop">The thread that waits.</param>
    /// <param name="name">What clients show as title.</param>
    /// <exception cref="IOException">It cannot listen; with the cause.</exception>
    public VncServer(HostEndpoint endpoint, IDisplaySource source, IDisplayInput input, HostLoop loop, string name)
    {
        (_source, Input, Loop, Name) = (source, input, loop, name);
        if (endpoint.Family == UnixFamily)
            File.Delete(endpoint.ToString()); // what an earlier run left
        int socket = HostSocket.Open(endpoint.Family, HostSocket.Stream);
        int error = socket < 0 ? socket : HostSocket.Bind(socket, endpoint);
        if (error >= 0)
            error = HostSocket.Listen(socket);
        if (error < 0)
        {
            HostSocket.Close(socket);
            throw new IOException($"VNC cannot listen at {endpoint} (errno {-error}): choose another display, as in -vnc :1");
        }

        _listener = socket;
        Endpoint = HostSocket.Local(socket);
        _timer = loop.NewTimer(Refresh);
        _watch = loop.Watch(socket, HostEvents.Read, _ => Accept());
    }

    /// <summary>Where it listens.</summary>
    public HostEndpoint Endpoint { get; }

    /// <summary>What a client must know; null lets everybody in, empty nobody (`change vnc password`).</summary>
    public string? Password { get; set; }

    /// <summary>Connections, for `info vnc`.</summary>
    public IEnumerable<HostEndpoint> Clients => _clients.Select(c => c.Peer);

    internal IDisplayInput Input { get; }

    internal HostLoop Loop { get; }

    internal string Name { get; }

    internal Surface Surface { get; } = new();

    /// <summary>Disconnects everybody and closes.</summary>
    public void Dispose()
    {
        _timer.Cancel();
        while (_clients.Count != 0)
            _clients[^1].Close();
        _watch.Dispose();
        HostSocket.Close(_listener);
        if (Endpoint.Family == UnixFamily)
            File.Delete(Endpoint.ToString());
    }

    internal void Remove(VncClient client) => _clients.Remove(client);

    /// <summary>A client does not share: the others go.</summary>
    internal void CloseOthers(VncClient but)
    {
        for (int i = _clients.Count - 1; i >= 0; i--)
            if (_clients[i] != but)
                _clients[i].Close();
    }

    /// <summary>A client waits for changes.</summary>
    internal void Wanted()
    {
        if (!_timer.IsRunning)
            _timer.Set(0);
    }

    /// <summary>Brings <see cref="Surface"/> up to date and tells every client what changed.</summary>
    internal void Render()
    {
        int width = Surface.Width, height = Surface.Height;
        _source.Render(Surface);
        if (Surface.Width != width || Surface.Height != height)
            foreach (VncClient client in _clients)
                client.Resized();
        Surface.Dirty.Take(_dirty);
        foreach (VncClient client in _clients)
            foreach (Area area in _dirty)
                client.Changed(area);
        _quietFrames = _dirty.Count == 0 ? _quietFrames + 1 : 0;
    }

    private void Refresh()
    {
        if (!_clients.Exists(c => c.IsWaiting))
            return;
        Render();
        for (int i = _clients.Count - 1; i >= 0; i--)
            _clients[i].Update();
        _timer.Set(_quietFrames > PatientFrames ? SlowMilliseconds : FastMilliseconds);
    }

    private void Accept()
    {
        int socket = HostSocket.Accept(_listener, out HostEndpoint peer);
        if (socket < 0)
            return;
        if (_clients.Count == MostClients)
        {
            HostSocket.Close(socket);
            return;
        }

        _clients.Add(new VncClient(this, socket, peer));
    }
}
