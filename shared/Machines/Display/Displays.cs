using System.Net;
using Suite.Devices.Char;
using Suite.Devices.Display;
using Suite.Host;
using Suite.Machines.Boards;
using Suite.Machines.Control;
using Suite.Machines.Display.Vnc;
using Suite.Machines.Options;

namespace Suite.Machines.Display;

/// <summary>The displays of a command line: VNC servers, the screen in the terminal.</summary>
public sealed class Displays : IDisposable
{
    private const int MostDisplays = 99;

    private readonly List<VncServer> _servers = [];
    private readonly Board _board;
    private TerminalDisplay? _terminal;
    private StdioChardev? _stdio;

    /// <summary>Opens them. Under the machine's lock or before it runs.</summary>
    /// <exception cref="OptionException">One cannot be had.</exception>
    public Displays(Board board, MachineControl control)
    {
        _board = board;
        if (board.Display is { } source)
            control.Screendump = (file, format) => Screendump(source, file, format);
        foreach (KeyValues given in board.Options.Displays)
            Open(given, control);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _terminal?.Dispose();
        _stdio?.Dispose();
        foreach (VncServer server in _servers)
            server.Dispose();
    }

    private void Open(KeyValues given, MachineControl control)
    {
        string? address = given.Get("vnc");
        string type = address is null ? given.Get("type") ?? "none" : "vnc";
        switch (type)
        {
            case "none":
                break;
            case "curses":
                given.Ignore("charset");
                _stdio = new StdioChardev(withSignals: false, _board.Backends.Loop);
                _terminal = new TerminalDisplay(Source(given), _stdio, new BoardInput(_board), _board.Backends.Loop);
                break;
            case "vnc":
                if (address is not null and not "none")
                    Serve(given, address, control);
                break;
            default:
                throw OptionException.Unknown($"{given.What}: display", type, ["none", "curses", "vnc"]);
        }

        given.Finish();
    }

    private IDisplaySource Source(KeyValues given) => _board.Display ?? throw new OptionException($"{given.What}: this machine has no display adapter", "-vga std gives it one");

    private void Serve(KeyValues given, string address, MachineControl control)
    {
        bool hasPassword = given.GetBool("password", false);
        given.Ignore("to", "websocket", "share", "lossy", "non-adaptive", "ipv4", "ipv6", "power-control", "key-delay-ms", "connections");
        VncServer server;
        try
        {
            server = new VncServer(Endpoint(given.What, address), Source(given), new BoardInput(_board), _board.Backends.Loop, _board.Options.Name is { } name ? $"QEMU ({name})" : "QEMU")
            {
                Password = hasPassword ? "" : null,
            };
        }
        catch (IOException e)
        {
            throw new OptionException($"{given.What}: {e.Message}");
        }

        _servers.Add(server);
        control.VncServers = Describe;
        control.SetVncPassword = password =>
        {
            lock (_board.Machine.Lock)
            {
                if (_servers.TrueForAll(s => s.Password is null))
                    throw new ControlException("Could not set password: the VNC server asks for none (-vnc ...,password=on)");
                foreach (VncServer each in _servers)
                    if (each.Password is not null)
                        each.Password = password;
            }
        };
    }

    private static HostEndpoint Endpoint(string what, string address)
    {
        const string UnixPrefix = "unix:";
        if (address.StartsWith(UnixPrefix, StringComparison.Ordinal))
            return HostEndpoint.Unix(address[UnixPrefix.Length..]);
        int colon = address.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(address.AsSpan(colon + 1), out int display) || display is < 0 or > MostDisplays)
            throw new OptionException($"{what}: '{address}' is not a display", $"HOST:DISPLAY with a display from 0 to {MostDisplays}, as in :0 or 127.0.0.1:1, or unix:PATH");
        string host = address[..colon];
        IPAddress at = host.Length == 0 ? IPAddress.Any : host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? parsed) ? parsed : throw new OptionException($"{what}: '{host}' is not an address");
        return HostEndpoint.Internet(at, VncServer.FirstPort + display);
    }

    private IReadOnlyList<VncDescription> Describe()
    {
        lock (_board.Machine.Lock)
            return [.. _servers.Select(s => new VncDescription(s.Endpoint, s.Password is null ? "none" : "vnc", [.. s.Clients]))];
    }

    private void Screendump(IDisplaySource source, string file, string format)
    {
        lock (_board.Machine.Lock)
            Screenshot.Save(source, file, format);
    }
}
