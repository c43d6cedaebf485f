using System.Text.Json;
using Suite.Devices.Char;
using Suite.Devices.Net;
using Suite.Machines.Backends;
using Suite.Machines.Options;

namespace Suite.Machines.Control;

/// <summary>Back ends that come and go while the machine runs: the commands of both monitors. A device is then plugged into them by device_add.</summary>
internal static class BackendCommands
{
    /// <summary>The human monitor's.</summary>
    public static IReadOnlyList<MonitorCommand> Human { get; } =
    [
        new(["netdev_add"], "type,id=name[,prop=value]", "make a network back end", static (c, a) => Make(c, a, "netdev_add", "type", static (b, given) => b.Nets.Add(given))),
        new(["netdev_del"], "id", "take one away", static (c, a) => Locked(c, () => RemoveNetwork(c.Control, MonitorCommands.Need(a, 0, "an id")))),
        new(["object_add"], "type,id=name[,prop=value]", "make an object", static (c, a) => Make(c, a, "object_add", "qom-type", static (b, given) => b.Objects.Add(given))),
        new(["object_del"], "id", "take one away", static (c, a) => Locked(c, () => Backends(c).Objects.Remove(MonitorCommands.Need(a, 0, "an id")))),
        new(["chardev-add"], "type,id=name[,prop=value]", "make a character back end", static (c, a) =>
        {
            AddChardev(c, KeyValues.Parse("chardev-add", MonitorCommands.Need(a, 0, "backend= and id="), "backend"));
            return "";
        }),
        new(["chardev-remove"], "id", "take one away", static (c, a) => Locked(c, () => Backends(c).Chars.Remove(MonitorCommands.Need(a, 0, "an id")))),
        new(["drive_add"], "0 if=none,id=name,file=image[,prop=value]", "make a drive for device_add", AddDrive),
        new(["drive_del"], "id", "take a drive away that no device has", static (c, a) => Locked(c, () => Backends(c).Blocks.RemoveDrive(MonitorCommands.Need(a, 0, "an id")))),
        new(["hostfwd_add"], "[netdev] tcp|udp:[address]:port-[guest]:port", "forward a port of the host", AddForward),
        new(["hostfwd_remove"], "[netdev] tcp|udp:[address]:port", "stop forwarding it", RemoveForward),
    ];

    /// <summary>QMP's.</summary>
    public static IReadOnlyList<QmpCommand> Qmp { get; } =
    [
        new("netdev_add", null, static (c, a) => Make(c, a.AsKeyValues("netdev_add"), static (b, given) => b.Nets.Add(given))),
        new("netdev_del", ["id"], static (c, a) => With(c, a.NeedText("id"), static (control, id) => RemoveNetwork(control, id))),
        new("object-add", null, static (c, a) => Make(c, a.AsKeyValues("object-add"), static (b, given) => b.Objects.Add(given))),
        new("object-del", ["id"], static (c, a) => With(c, a.NeedText("id"), static (control, id) => control.Board.Backends.Objects.Remove(id))),
        new("chardev-add", null, AddChardev),
        new("chardev-remove", ["id"], static (c, a) => With(c, a.NeedText("id"), static (control, id) => control.Board.Backends.Chars.Remove(id))),
        new("blockdev-add", null, static (c, a) => Make(c, a.AsKeyValues("blockdev-add"), static (b, given) => b.Blocks.AddNode(given))),
        new("blockdev-del", ["node-name"], static (c, a) => With(c, a.NeedText("node-name"), static (control, name) => control.Board.Backends.Blocks.RemoveNode(name))),
    ];

    private static MachineBackends Backends(MonitorContext c) => c.Control.Board.Backends;

    private static string Locked(MonitorContext c, Action action)
    {
        lock (c.Control.Machine.Lock)
            action();
        return "";
    }

    private static string Make(MonitorContext c, string[] a, string what, string first, Action<MachineBackends, KeyValues> make) =>
        Locked(c, () => make(Backends(c), KeyValues.Parse(what, MonitorCommands.Need(a, 0, $"{first}= and id="), first)));

    private static Action<Utf8JsonWriter> Make(MonitorContext c, KeyValues given, Action<MachineBackends, KeyValues> make)
    {
        Locked(c, () => make(Backends(c), given));
        return QmpCommands.Empty;
    }

    private static Action<Utf8JsonWriter> With(MonitorContext c, string id, Action<MachineControl, string> action)
    {
        Locked(c, () => action(c.Control, id));
        return QmpCommands.Empty;
    }

    private static void RemoveNetwork(MachineControl control, string id)
    {
        if (control.Board.Backends.Nets.Remove(id))
            control.Board.Plugged.FirstOrDefault(d => d.Netdev == id)?.SetLink?.Invoke(false);
    }

    // The first word named a PCI slot once; it is there for old habits.
    private static string AddDrive(MonitorContext c, string[] a)
    {
        string[] words = [.. a.Where(w => w != "-n")];
        KeyValues given = KeyValues.Parse("drive_add", MonitorCommands.Need(words, 1, "the drive's description (drive_add 0 if=none,id=...)"));
        if (given.GetWord("if", "ide", "ide", "virtio", "floppy", "none") != "none")
            throw new ControlException("Can't hot-add drive to that interface (if=none, then device_add)");
        Locked(c, () => Backends(c).Blocks.AddDrive(given));
        return "OK\n";
    }

    private static string AddForward(MonitorContext c, string[] a) => Locked(c, () =>
    {
        UserNetwork network = Backends(c).Nets.FindUser("hostfwd_add", a.Length > 1 ? a[0] : null);
        try
        {
            network.AddForward(HostForward.Parse(MonitorCommands.Need(a, a.Length > 1 ? 1 : 0, "what to forward")));
        }
        catch (FormatException e)
        {
            throw new ControlException(e.Message);
        }
    });

    private static string RemoveForward(MonitorContext c, string[] a)
    {
        string text = MonitorCommands.Need(a, a.Length > 1 ? 1 : 0, "the host's side of a forwarded port");
        HostForward wanted;
        try
        {
            // The guest's side does not matter here.
            wanted = HostForward.Parse(text + "-:1");
        }
        catch (FormatException e)
        {
            throw new ControlException(e.Message);
        }

        bool isFound = false;
        Locked(c, () => isFound = Backends(c).Nets.FindUser("hostfwd_remove", a.Length > 1 ? a[0] : null).RemoveForward(wanted.IsUdp, wanted.Listen));
        return $"host forwarding rule for {text} {(isFound ? "removed" : "not found")}\n";
    }

    // One that waits for its client is answered when that has come.
    private static NamedChardev AddChardev(MonitorContext c, KeyValues given)
    {
        lock (c.Control.Machine.Lock)
        {
            NamedChardev made = Backends(c).Chars.Add(given, isHotplug: true);
            if (made.Host is SocketChardev { IsAwaited: true } socket)
                c.AnswerAfter = socket.WhenConnected;
            return made;
        }
    }

    private static Action<Utf8JsonWriter> AddChardev(MonitorContext c, QmpArguments a)
    {
        KeyValues given = a.AsKeyValues("chardev-add"), flat = KeyValues.Of("chardev-add");
        foreach ((string key, string value) in given.Items)
            if (key != "backend.data.addr.type") // inet or unix: its members tell
                flat.Append(FlatName(key) ?? throw new QmpException("GenericError", $"Parameter '{key}' is unexpected"), value);
        if (flat.Items.Any(i => i is { Key: "backend", Value: "socket" }))
            flat.Default("server", "on"); // as QAPI has it; -chardev has it the other way round
        NamedChardev made = AddChardev(c, flat);
        return w => QmpCommands.Object(w, o =>
        {
            const string Pty = "pty:";
            if (made.Description.StartsWith(Pty, StringComparison.Ordinal))
                o.WriteString("pty", made.Description[Pty.Length..]);
        });
    }

    // ChardevBackend of QAPI: {"type": kind, "data": {...}}, a socket's address in it as {"type": "inet", "data": {...}}.
    private static string? FlatName(string key)
    {
        const string Data = "backend.data.", AddressData = "addr.data.";
        if (key is "id" or "backend.type")
            return key == "id" ? "id" : "backend";
        if (!key.StartsWith(Data, StringComparison.Ordinal))
            return null;
        string name = key[Data.Length..];
        return name switch
        {
            "out" or "device" => "path",
            "in" => "input-path",
            _ when name.StartsWith(AddressData, StringComparison.Ordinal) => name[AddressData.Length..],
            _ => name,
        };
    }
}
