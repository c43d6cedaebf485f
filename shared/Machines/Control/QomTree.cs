using System.Text.Json;
using Suite.Machines.Boards;
using Suite.Machines.Options;

namespace Suite.Machines.Control;

/// <summary>A property of an object.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">string, bool, int, child&lt;TYPE&gt;...</param>
/// <param name="Write">Writes its value.</param>
internal sealed record QomProperty(string Name, string Type, Action<Utf8JsonWriter> Write);

/// <summary>An object of QEMU's object model as far as there is something like it here: the machine, its processors, devices and back ends.</summary>
internal sealed class QomNode
{
    private readonly Dictionary<string, QomNode> _children = new(StringComparer.Ordinal);

    private readonly List<QomProperty> _properties = [];

    /// <summary>An object without anything but its type.</summary>
    public QomNode(string type, string path)
    {
        (Type, Path) = (type, path);
        Text("type", type);
    }

    /// <summary>Its type.</summary>
    public string Type { get; }

    /// <summary>Its place: "/machine/peripheral/disk0".</summary>
    public string Path { get; }

    /// <summary>Its properties; objects it has are among them.</summary>
    public IReadOnlyList<QomProperty> Properties => _properties;

    /// <summary>The objects it has.</summary>
    public IReadOnlyDictionary<string, QomNode> Children => _children;

    /// <summary>Adds an object.</summary>
    public QomNode Child(string name, string type)
    {
        QomNode child = new(type, $"{(Path == "/" ? "" : Path)}/{name}");
        _children.Add(name, child);
        _properties.Add(new QomProperty(name, $"child<{type}>", w => w.WriteStringValue(child.Path)));
        return child;
    }

    /// <summary>Adds a property that is a text.</summary>
    public void Text(string name, string value) => _properties.Add(new QomProperty(name, "string", w => w.WriteStringValue(value)));

    /// <summary>Adds one that is yes or no.</summary>
    public void Flag(string name, bool value) => _properties.Add(new QomProperty(name, "bool", w => w.WriteBooleanValue(value)));

    /// <summary>Adds one that is a number.</summary>
    public void Number(string name, string type, long value) => _properties.Add(new QomProperty(name, type, w => w.WriteNumberValue(value)));
}

/// <summary>The tree of objects, made anew for each question. Under the machine's lock.</summary>
internal static class QomTree
{
    /// <summary>The object of a path: from the root, or the only one whose path ends so.</summary>
    /// <exception cref="ControlException">There is none, or several.</exception>
    public static QomNode Find(MachineControl control, string path)
    {
        QomNode root = Make(control);
        if (path.StartsWith('/'))
        {
            QomNode? at = root;
            foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
                at = at?.Children.GetValueOrDefault(name);
            return at ?? throw new ControlException($"Device '{path}' not found", isNotFound: true);
        }

        QomNode[] fits = [.. All(root).Where(n => n.Path.EndsWith("/" + path, StringComparison.Ordinal))];
        return fits.Length == 1 ? fits[0] : throw new ControlException(fits.Length == 0 ? $"Device '{path}' not found" : $"Path '{path}' is ambiguous", isNotFound: fits.Length == 0);
    }

    private static IEnumerable<QomNode> All(QomNode node) => node.Children.Values.SelectMany(All).Prepend(node);

    private static QomNode Make(MachineControl control)
    {
        const string Container = "container";
        Board board = control.Board;
        QomNode root = new(Container, "/");
        root.Child("backend", Container);
        QomNode objects = root.Child("objects", Container);
        foreach ((string id, KeyValues given) in board.Backends.Objects.All)
        {
            QomNode made = objects.Child(id, given.Get("qom-type")!);
            foreach ((string key, string value) in given.Items)
                if (key is not ("qom-type" or "id"))
                    made.Text(key, value);
        }

        QomNode lines = root.Child("chardevs", Container);
        foreach (Backends.NamedChardev line in board.Backends.Chars.All)
            lines.Child(line.Id, $"chardev-{line.Description.Split(':')[0]}");
        AddMachine(root.Child("machine", board.Name + "-machine"), control);
        return root;
    }

    private static void AddMachine(QomNode machine, MachineControl control)
    {
        const string Container = "container";
        MachineOptions options = control.Board.Options;
        machine.Text("kernel", options.Kernel ?? "");
        machine.Text("initrd", options.Initrd ?? "");
        machine.Text("append", options.Append ?? "");
        machine.Text("firmware", options.Bios ?? "");
        QomNode unattached = machine.Child("unattached", Container), named = machine.Child("peripheral", Container), others = machine.Child("peripheral-anon", Container);
        string model = (options.Cpu?.Split(',')[0] ?? "max") + "-" + control.Inspector.Architecture + "-cpu";
        foreach (IVcpu vcpu in control.Machine.Vcpus)
            unattached.Child($"device[{vcpu.Index}]", model);
        int own = control.Machine.Vcpus.Count, anonymous = 0;
        foreach (PluggedDevice device in control.Board.Plugged)
            AddDevice(device.Id is { } id ? named.Child(id, device.Driver) : device.Properties is null ? unattached.Child($"device[{own++}]", device.Driver) : others.Child($"device[{anonymous++}]", device.Driver), device, control.Catalogue);
    }

    private static void AddDevice(QomNode node, PluggedDevice device, DeviceCatalogue catalogue)
    {
        node.Flag("realized", true);
        node.Flag("hotplugged", device.IsHotplugged);
        node.Flag("hotpluggable", device.CanUnplug);
        if (device.Function is { } function)
        {
            node.Number("addr", "int32", function.Slot << 3 | function.Function);
            node.Text("legacy-addr", $"{function.Slot:x2}.{function.Function}");
        }

        if (device.Properties is not { } given)
            return;
        foreach (DeviceProperty property in DeviceCatalogue.PropertiesOf(catalogue.Find(device.Driver)))
        {
            if (property.Name is "addr" || !given.Has(property.Name))
                continue;
            if (property.Type == "bool")
                node.Flag(property.Name, given.GetBool(property.Name, false));
            else if (property.Type.Contains("int", StringComparison.Ordinal))
                node.Number(property.Name, property.Type, given.GetNumber(property.Name, 0, long.MinValue));
            else
                node.Text(property.Name, given.Get(property.Name)!);
        }
    }
}
