using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Host;
using Suite.Machines.Options;

namespace Suite.Machines.Backends;

/// <summary>The character back ends of a machine by their ids: made from -chardev and the short forms.</summary>
/// <param name="loop">Waits for their descriptors.</param>
public sealed class CharBackends(HostLoop loop) : IDisposable
{
    private readonly List<NamedChardev> _all = [];
    private NamedChardev? _stdio;

    /// <summary>For `info chardev`.</summary>
    public IReadOnlyList<NamedChardev> All => _all;

    /// <summary>Ctrl-A x on a terminal that is shared.</summary>
    public Action? Quit { get; set; }

    /// <summary>What guests wrote, before it goes out: --exit-on string:.</summary>
    public Func<string, IChardev, IChardev>? Filter { get; set; }

    /// <summary>Makes one of -chardev.</summary>
    /// <exception cref="OptionException">It cannot be made.</exception>
    public NamedChardev Add(KeyValues given)
    {
        string id = given.Need("id");
        if (_all.Exists(c => c.Id == id))
            throw new OptionException($"{given.What}: there is a chardev '{id}' already");
        return Create(given, id);
    }

    /// <summary>Makes one of a short form; null for none.</summary>
    /// <param name="what">The option.</param>
    /// <param name="text">Its value.</param>
    /// <param name="label">Its id: "serial0".</param>
    /// <exception cref="OptionException">It cannot be made.</exception>
    public NamedChardev? Open(string what, string text, string label)
    {
        if (CharSpec.Expand(what, text) is not { } given)
            return null;
        if (given.Get("backend") == "chardev")
            return Find(given.Need("id"));
        bool hasMonitor = given.GetBool("monitor", false);
        NamedChardev made = Create(given, label);
        made.WantsMonitor |= hasMonitor;
        return made;
    }

    /// <summary>The one of an id.</summary>
    /// <exception cref="OptionException">There is none.</exception>
    public NamedChardev Find(string id) => _all.Find(c => c.Id == id) ?? throw OptionException.Unknown("chardev", id, _all.Select(c => c.Id));

    /// <summary>Takes one away (chardev-remove). Under the machine's lock.</summary>
    /// <exception cref="OptionException">There is none, or something uses it.</exception>
    public void Remove(string id)
    {
        NamedChardev found = Find(id);
        if (found.IsUsed)
            throw new OptionException($"Chardev '{id}' is busy", "take out the device that has it first");
        _all.Remove(found);
        if (found == _stdio)
            _stdio = null;
        (found.Host as IDisposable)?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NamedChardev named in _all)
            (named.Host as IDisposable)?.Dispose();
    }

    private NamedChardev Create(KeyValues given, string id)
    {
        string kind = given.Need("backend");
        bool isShared = given.GetBool("mux", false);
        if (kind == "stdio" && _stdio is { } before)
            return before.Mux is not null ? before : throw new OptionException($"{given.What}: the terminal is in use by {before.Id} already", "share it: -chardev stdio,id=x,mux=on, then -serial chardev:x -mon chardev=x; or mon:stdio");
        NamedChardev made;
        try
        {
            IChardev host = Open(kind, given, out string description);
            made = new NamedChardev(id, description, host, isShared, Filter) { Quit = Quit };
        }
        catch (IOException e)
        {
            throw new OptionException($"{given.What} {kind}: {e.Message}");
        }

        given.Ignore("id", "logfile", "logappend", "size");
        given.Finish();
        if (kind == "stdio")
            _stdio = made;
        _all.Add(made);
        return made;
    }

    private IChardev Open(string kind, KeyValues given, out string description)
    {
        description = kind;
        switch (kind)
        {
            case "stdio":
                return new StdioChardev(given.GetBool("signal", false), loop);
            case "null" or "vc" or "ringbuf" or "msmouse":
                given.Ignore("width", "height", "cols", "rows");
                return new NullChardev();
            case "file":
                description = $"file:{given.Need("path")}";
                return new FileChardev(given.Need("path"), given.GetBool("append", false), given.Get("input-path"), loop);
            case "serial" or "tty" or "parallel" or "parport":
                description = $"{kind}:{given.Need("path")}";
                return new DeviceChardev(given.Need("path"), loop);
            case "pipe":
                description = $"pipe:{given.Need("path")}";
                return new PipeChardev(given.Need("path"), loop);
            case "pty":
                PtyChardev pty = new(loop);
                description = $"pty:{pty.Path}";
                HostText.WriteOut($"char device redirected to {pty.Path} (label {given.Get("id") ?? "pty"})\n");
                return pty;
            case "socket":
                return Socket(given, out description);
            default:
                throw OptionException.Unknown($"{given.What}: back end", kind, CharSpec.Kinds);
        }
    }

    private SocketChardev Socket(KeyValues given, out string description)
    {
        bool isServer = given.GetBool("server", false), waits = given.GetBool("wait", isServer), isTelnet = given.GetBool("telnet", false);
        int reconnect = (int)given.GetNumber("reconnect", 0, 0, 3600);
        given.Ignore("delay", "nodelay", "ipv4", "ipv6", "to", "abstract", "tight", "websocket");
        HostEndpoint endpoint = given.Get("path") is { } path ? HostEndpoint.Unix(path) : HostEndpoint.Parse(given.Get("host") ?? "", (int)given.GetNumber("port", 0, 0, ushort.MaxValue));
        SocketChardev socket = new(endpoint, isServer, isTelnet, reconnect, loop);
        description = $"{(given.Has("path") ? "unix" : isTelnet ? "telnet" : "tcp")}:{socket.Endpoint}{(isServer ? ",server=on" : "")}";
        if (isServer && waits)
        {
            HostText.WriteError($"info: {given.What}: waiting for a connection at {socket.Endpoint} (wait=off goes on without)\n");
            socket.WaitForClient();
        }

        return socket;
    }
}

/// <summary>A back end with its id. Several devices may share it when it was made with mux=on.</summary>
public sealed class NamedChardev
{
    private readonly Func<string, IChardev, IChardev>? _filter;
    private bool _isTaken;

    internal NamedChardev(string id, string description, IChardev host, bool isShared, Func<string, IChardev, IChardev>? filter)
    {
        (Id, Description, Host, _filter) = (id, description, host, filter);
        if (isShared)
            Mux = new CharMux(host, dropsWhenFull: host is StdioChardev { IsTerminal: true }) { Quit = () => Quit?.Invoke() };
    }

    /// <summary>chardev id.</summary>
    public string Id { get; }

    /// <summary>For `info chardev`.</summary>
    public string Description { get; }

    /// <summary>The host's side.</summary>
    public IChardev Host { get; }

    /// <summary>Between several devices; null when it is not shared.</summary>
    public CharMux? Mux { get; }

    /// <summary>Ctrl-A x.</summary>
    public Action? Quit { get; set; }

    /// <summary>A monitor shall share it (mon:stdio).</summary>
    public bool WantsMonitor { get; set; }

    /// <summary>True when something on the machine's side uses it.</summary>
    public bool IsUsed => _isTaken;

    /// <summary>The end for a device.</summary>
    /// <exception cref="OptionException">Another device has it, and it is not shared.</exception>
    public IChardev Take() => _filter is { } filter ? filter(Id, TakePlain()) : TakePlain();

    /// <summary>The end for a monitor.</summary>
    /// <exception cref="OptionException">A device has it, and it is not shared.</exception>
    public IChardev TakePlain()
    {
        if (Mux is null && _isTaken)
            throw new OptionException($"chardev '{Id}' is in use already", $"mux=on shares it between several devices");
        _isTaken = true;
        return Mux?.Add() ?? Host;
    }
}
