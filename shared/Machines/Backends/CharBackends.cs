using Suite.Devices.Char;
using Suite.Devices.Core;
using Suite.Host;
using Suite.Machines.Options;

namespace Suite.Machines.Backends;

/// <summary>The character back ends of a machine by their ids: made from -chardev and the short forms.</summary>
/// <param name="loop">Waits for their descriptors.</param>
public sealed class CharBackends(HostLoop loop)
{
    private readonly List<NamedChardev> _all = [];

    /// <summary>For `info chardev`.</summary>
    public IReadOnlyList<NamedChardev> All => _all;

    /// <summary>The descriptor loop.</summary>
    public HostLoop Loop => loop;

    /// <summary>Makes one of -chardev.</summary>
    /// <exception cref="OptionException">It cannot be made.</exception>
    public IChardev Add(KeyValues given)
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
        Create(given, label);
        return _all[^1] with { HasMonitor = hasMonitor };
    }

    /// <summary>The one of an id.</summary>
    /// <exception cref="OptionException">There is none.</exception>
    public NamedChardev Find(string id) => _all.Find(c => c.Id == id) ?? throw OptionException.Unknown("chardev", id, _all.Select(c => c.Id));

    private IChardev Create(KeyValues given, string id)
    {
        string kind = given.Need("backend");
        IChardev made = kind switch
        {
            "stdio" => new TerminalOutput(),
            "null" or "vc" => new NullChardev(),
            _ => throw OptionException.Unknown($"{given.What}: back end", kind, CharSpec.Kinds),
        };
        given.Ignore("id", "mux", "signal", "logfile", "logappend");
        given.Finish();
        _all.Add(new NamedChardev(id, kind, made));
        return made;
    }

    private sealed class TerminalOutput : IChardev
    {
        public ICharReceiver? Receiver { get; set; }

        public void Write(ReadOnlySpan<byte> bytes) => HostText.Write(1, bytes);
    }

    private sealed class NullChardev : IChardev
    {
        public ICharReceiver? Receiver { get; set; }

        public void Write(ReadOnlySpan<byte> bytes)
        {
        }
    }
}

/// <summary>A back end with its id.</summary>
/// <param name="Id">chardev id.</param>
/// <param name="Description">For `info chardev`.</param>
/// <param name="Chardev">The back end.</param>
public sealed record NamedChardev(string Id, string Description, IChardev Chardev)
{
    /// <summary>A monitor shares it (mon:stdio).</summary>
    public bool HasMonitor { get; init; }
}
