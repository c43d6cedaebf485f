using System.Globalization;
using Suite.Devices.Core;
using Suite.Devices.Net;
using Suite.Host;
using Suite.Machines.Options;

namespace Suite.Machines.Backends;

/// <summary>A network back end with its id.</summary>
/// <param name="Id">netdev id.</param>
/// <param name="Network">The back end.</param>
public sealed record NamedNetwork(string Id, INetBackend Network)
{
    /// <summary>The card it is plugged into; null for none.</summary>
    public string? Card { get; set; }

    /// <summary>It was deleted (netdev_del) and goes with its card.</summary>
    public bool IsLeaving { get; set; }
}

/// <summary>The network back ends of a machine: made from -netdev and -nic.</summary>
/// <param name="loop">Waits for their descriptors.</param>
/// <param name="clock">The machine's time.</param>
public sealed class NetBackends(HostLoop loop, VirtualClock clock) : IDisposable
{
    private const int MacBytes = 6;
    private static readonly string[] Types = ["user", "tap", "socket", "none"];

    private readonly List<NamedNetwork> _all = [];
    private int _cards;

    /// <summary>All of them.</summary>
    public IReadOnlyList<NamedNetwork> All => _all;

    /// <summary>The text of -netdev help.</summary>
    public static string Help() => $"Available netdev backend types:\n{string.Concat(Types.Where(t => t != "none").Select(t => $"  {t}\n"))}";

    /// <summary>Makes one of -netdev, or the back end of -nic.</summary>
    /// <param name="given">type=, and what belongs to it.</param>
    /// <param name="id">Its id; null takes id=.</param>
    /// <exception cref="OptionException">It cannot be made.</exception>
    public NamedNetwork Add(KeyValues given, string? id = null)
    {
        id ??= given.Need("id");
        if (_all.Exists(n => n.Id == id))
            throw new OptionException($"{given.What}: there is a netdev '{id}' already");
        string type = given.Need("type");
        NamedNetwork named;
        try
        {
            // All that is given is read before anything is opened.
            Func<INetBackend> open = type switch
            {
                "user" => User(given),
                "tap" => Tap(given),
                "socket" => Socket(given),
                "none" => static () => new NullNetwork(),
                _ => throw OptionException.Unknown($"{given.What}: type", type, Types),
            };
            given.Finish();
            named = new NamedNetwork(id, open());
        }
        catch (Exception e) when (e is FormatException or IOException)
        {
            throw new OptionException($"{given.What} {type}: {e.Message}");
        }

        _all.Add(named);
        return named;
    }

    /// <summary>The back end of an id, for the card that asks for it.</summary>
    /// <exception cref="OptionException">There is none, or another card has it.</exception>
    public NamedNetwork Claim(string what, string id)
    {
        NamedNetwork found = Find(what, id);
        if (found.Card is { } other)
            throw new OptionException($"{what}: netdev '{id}' is in use by {other}");
        found.Card = what;
        return found;
    }

    /// <summary>Takes one away (netdev_del); one that a card has stays until the card goes. Under the machine's lock.</summary>
    /// <returns>True when a card has it: its cable is to be pulled.</returns>
    /// <exception cref="OptionException">There is none of that id.</exception>
    public bool Remove(string id)
    {
        NamedNetwork found = Find("netdev_del", id);
        found.IsLeaving = true;
        Drop(found);
        return found.Card is not null;
    }

    /// <summary>A card was taken out: its network is free for another, or gone.</summary>
    public void Release(NamedNetwork network)
    {
        (network.Card, network.Network.Receiver) = (null, null);
        Drop(network);
    }

    /// <summary>The user-mode network whose ports hostfwd_add and hostfwd_remove change.</summary>
    /// <param name="what">The command.</param>
    /// <param name="id">Its id; null: the only one, or the first.</param>
    /// <exception cref="OptionException">There is none.</exception>
    public UserNetwork FindUser(string what, string? id)
    {
        INetBackend? found = id is null ? _all.Select(n => n.Network).FirstOrDefault(n => n is UserNetwork) : Find(what, id).Network;
        return found as UserNetwork ?? throw new OptionException(id is null ? $"{what}: the machine has no user-mode network" : $"{what}: netdev '{id}' is no user-mode network");
    }

    /// <summary>A card's address: the one given, or the next of 52:54:00:12:34:56 and so on.</summary>
    /// <exception cref="OptionException">It is no address.</exception>
    public byte[] Mac(string what, string? text)
    {
        const byte First = 0x56;
        if (text is null)
            return [0x52, 0x54, 0x00, 0x12, 0x34, (byte)(First + _cards++)];
        string[] parts = text.Split(':', '-');
        byte[] mac = new byte[MacBytes];
        for (int i = 0; i < MacBytes; i++)
            if (parts.Length != MacBytes || parts[i].Length != 2 || !byte.TryParse(parts[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out mac[i]))
                throw new OptionException($"{what}: '{text}' is not a MAC address", "as in 52:54:00:12:34:56");
        return (mac[0] & 1) == 0 ? mac : throw new OptionException($"{what}: {text} is a group address; a card's own has an even first byte");
    }

    /// <summary>The text of `info network`.</summary>
    public string Describe() => string.Concat(_all.Select(n => $"{n.Id}: {n.Network.Description}{(n.Card is null ? "" : $"\n \\ {n.Card}")}\n"));

    /// <summary>The text of `info usernet`.</summary>
    public string Connections() => string.Concat(_all.Where(n => n.Network is UserNetwork).Select(n => $"{n.Id}:\n{string.Concat(((UserNetwork)n.Network).Connections().Select(c => $"  {c}\n"))}"));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NamedNetwork named in _all)
            (named.Network as IDisposable)?.Dispose();
    }

    private NamedNetwork Find(string what, string id) => _all.Find(n => n.Id == id && !n.IsLeaving) ?? throw OptionException.Unknown($"{what}: netdev", id, _all.Where(n => !n.IsLeaving).Select(n => n.Id));

    private void Drop(NamedNetwork network)
    {
        if (!network.IsLeaving || network.Card is not null)
            return;
        _all.Remove(network);
        (network.Network as IDisposable)?.Dispose();
    }

    private Func<UserNetwork> User(KeyValues given)
    {
        UserNetworkOptions options = new();
        foreach ((string key, string value) in given.Items)
        {
            if (key is "type" or "id")
                continue;
            // In JSON a forwarded port is an object with the text as its only member.
            if (!options.TrySet(key is "hostfwd.str" or "guestfwd.str" ? key[..^".str".Length] : key, value))
                throw OptionException.Unknown($"{given.What} user: property", key, ["net", "host", "dns", "dhcpstart", "hostname", "domainname", "bootfile", "tftp", "tftp-server-name", "restrict", "hostfwd", "guestfwd", "ipv4", "ipv6", "id"]);
            given.Allow(key);
        }

        given.Ignore("id");
        return () => new UserNetwork(options, loop, clock);
    }

    private Func<TapBackend> Tap(KeyValues given)
    {
        given.Ignore("id", "vhost", "queues");
        foreach (string script in new[] { "script", "downscript" })
            if (given.Get(script) is not (null or "no"))
                throw new OptionException($"{given.What} tap: {script}= is not run here", $"set the interface up before (ip tuntap add dev tap0 mode tap) and give {script}=no");
        string name = given.Get("ifname") ?? "";
        return () => new TapBackend(name, loop);
    }

    private Func<SocketBackend> Socket(KeyValues given)
    {
        given.Ignore("id");
        string? listen = given.Get("listen"), connect = given.Get("connect");
        if ((listen is null) == (connect is null))
            throw new OptionException($"{given.What} socket: give either listen=[HOST]:PORT or connect=HOST:PORT");
        string place = listen ?? connect!;
        int colon = place.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(place.AsSpan(colon + 1), out ushort port))
            throw new OptionException($"{given.What} socket: '{place}' has no port");
        HostEndpoint endpoint = HostEndpoint.Internet(Address(place[..colon], listen is not null), port);
        return () => new SocketBackend(endpoint, listen is not null, loop);
    }

    private static System.Net.IPAddress Address(string host, bool listens) =>
        host.Length == 0 ? listens ? System.Net.IPAddress.Any : System.Net.IPAddress.Loopback
        : host == "localhost" ? System.Net.IPAddress.Loopback
        : System.Net.IPAddress.TryParse(host, out System.Net.IPAddress? address) ? address : throw new OptionException($"'{host}' is not an address", "write it in numbers, as 127.0.0.1");
}
