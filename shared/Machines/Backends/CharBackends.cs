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

    /// <summary>Ctrl-A s there.</summary>
    public Action? Commit { get; set; }

    /// <summary>What guests wrote, before it goes out: --exit-on string:.</summary>
    public Func<string, IChardev, IChardev>? Filter { get; set; }

    /// <summary>Makes one of -chardev.</summary>
    /// <param name="given">backend=, id=, and what belongs to it.</param>
    /// <param name="isHotplug">The machine runs: a socket that is to wait for its client (wait=on) does not do so here, since the machine would stand still.</param>
    /// <exception cref="OptionException">It cannot be made.</exception>
    public NamedChardev Add(KeyValues given, bool isHotplug = false)
    {
        string id = given.Need("id");
        return Create(given, id, isHotplug);
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

    private NamedChardev Create(KeyValues given, string id, bool isHotplug = false)
    {
        string kind = given.Need("backend");
        bool isShared = given.GetBool("mux", false);
        if (kind == "stdio" && _stdio is { } before)
            return before.Mux is not null ? before : throw new OptionException($"{given.What}: the terminal is in use by {before.Id} already", "share it: -chardev stdio,id=x,mux=on, then -serial chardev:x -mon chardev=x; or mon:stdio");
        if (_all.Exists(c => c.Id == id))
            throw new OptionException($"{given.What}: there is a chardev '{id}' already", "give the other one another id");
        // All that is given is read before anything is opened.
        Func<(IChardev Host, string Description)> open = Plan(kind, given, isHotplug);
        given.Ignore("id", "logfile", "logappend", "size", "monitor");
        given.Finish();
        NamedChardev made;
        try
        {
            (IChardev host, string description) = open();
            made = new NamedChardev(id, description, host, isShared, Filter) { Quit = Quit, Commit = Commit };
        }
        catch (IOException e)
        {
            throw new OptionException($"{given.What} {kind}: {e.Message}");
        }

        if (kind == "stdio")
            _stdio = made;
        _all.Add(made);
        return made;
    }

    private Func<(IChardev Host, string Description)> Plan(string kind, KeyValues given, bool isHotplug)
    {
        switch (kind)
        {
            case "stdio":
                bool hasSignals = given.GetBool("signal", false);
                return () => (new StdioChardev(hasSignals, loop), kind);
            case "null" or "vc" or "ringbuf" or "msmouse":
                given.Ignore("width", "height", "cols", "rows");
                return () => (new NullChardev(), kind);
            case "file":
                string file = given.Need("path");
                bool appends = given.GetBool("append", false);
                string? input = given.Get("input-path");
                return () => (new FileChardev(file, appends, input, loop), $"file:{file}");
            case "serial" or "tty" or "parallel" or "parport":
                string device = given.Need("path");
                return () => (new DeviceChardev(device, loop), $"{kind}:{device}");
            case "pipe":
                string pipe = given.Need("path");
                return () => (new PipeChardev(pipe, loop), $"pipe:{pipe}");
            case "pty":
                string label = given.Get("id") ?? "pty";
                return () =>
                {
                    PtyChardev pty = new(loop);
                    HostText.WriteOut($"char device redirected to {pty.Path} (label {label})\n");
                    return (pty, $"pty:{pty.Path}");
                };
            case "socket":
                return Socket(given, isHotplug);
            default:
                throw OptionException.Unknown($"{given.What}: back end", kind, CharSpec.Kinds);
        }
    }

    private Func<(IChardev Host, string Description)> Socket(KeyValues given, bool isHotplug)
    {
        bool isServer = given.GetBool("server", false), waits = given.GetBool("wait", isServer && !isHotplug) && isServer, isTelnet = given.GetBool("telnet", false);
        int reconnect = (int)given.GetNumber("reconnect", 0, 0, 3600);
        given.Ignore("delay", "nodelay", "ipv4", "ipv6", "to", "abstract", "tight", "websocket");
        HostEndpoint endpoint = given.Get("path") is { } path ? HostEndpoint.Unix(path) : HostEndpoint.Parse(given.Get("host") ?? "", (int)given.GetNumber("port", 0, 0, ushort.MaxValue));
        string kind = given.Has("path") ? "unix" : isTelnet ? "telnet" : "tcp";
        return () =>
        {
            SocketChardev socket = new(endpoint, isServer, isTelnet, reconnect, loop) { IsAwaited = waits };
            if (waits && !isHotplug)
            {
                HostText.WriteError($"info: {given.What}: waiting for a connection at {socket.Endpoint} (wait=off goes on without)\n");
                socket.WaitForClient();
            }

            return (socket, $"{kind}:{socket.Endpoint}{(isServer ? ",server=on" : "")}");
        };
    }
}

/// <summary>A back end with its id. Several devices may share it when it was made with mux=on.</summary>
public sealed class NamedChardev
{
    private readonly Func<string, IChardev, IChardev>? _filter;
    private int _users;

    internal NamedChardev(string id, string description, IChardev host, bool isShared, Func<string, IChardev, IChardev>? filter)
    {
        (Id, Description, Host, _filter) = (id, description, host, filter);
        if (isShared)
            Mux = new CharMux(host, dropsWhenFull: host is StdioChardev { IsTerminal: true }) { Quit = () => Quit?.Invoke(), Commit = () => Commit?.Invoke() };
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

    /// <summary>Ctrl-A s.</summary>
    public Action? Commit { get; set; }

    /// <summary>A monitor shall share it (mon:stdio).</summary>
    public bool WantsMonitor { get; set; }

    /// <summary>True when something on the machine's side uses it.</summary>
    public bool IsUsed => _users > 0;

    /// <summary>The end for a device.</summary>
    /// <exception cref="OptionException">Another device has it, and it is not shared.</exception>
    public IChardev Take() => Watched(TakePlain());

    /// <summary>An end as a device shall have it: what guests write is looked at.</summary>
    public IChardev Watched(IChardev end) => _filter is { } filter ? filter(Id, end) : end;

    /// <summary>The end for a monitor.</summary>
    /// <exception cref="OptionException">A device has it, and it is not shared.</exception>
    public IChardev TakePlain()
    {
        if (Mux is null && IsUsed)
            throw new OptionException($"chardev '{Id}' is in use already", $"mux=on shares it between several devices");
        _users++;
        return Mux?.Add() ?? Host;
    }

    /// <summary>Takes an end back, which nobody uses any more.</summary>
    public void GiveBack(IChardev end)
    {
        _users--;
        end.Receiver = null;
        Mux?.Remove(end);
    }
}
