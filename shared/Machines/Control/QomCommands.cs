using System.Text;
using System.Text.Json;

namespace Suite.Machines.Control;

/// <summary>qom-list and qom-get of both monitors.</summary>
internal static class QomCommands
{
    /// <summary>The human monitor's.</summary>
    public static IReadOnlyList<MonitorCommand> Human { get; } =
    [
        new(["qom-list"], "path", "properties of an object", static (c, a) => a.Length == 0 ? "/\n" : string.Concat(Properties(c, a[0]).Select(p => $"{p.Name} ({p.Type})\n"))),
        new(["qom-get"], "path property", "a property's value", static (c, a) => Text(Property(c, MonitorCommands.Need(a, 0, "a path"), MonitorCommands.Need(a, 1, "a property")))),
    ];

    /// <summary>QMP's.</summary>
    public static IReadOnlyList<QmpCommand> Qmp { get; } =
    [
        new("qom-list", ["path"], static (c, a) =>
        {
            IReadOnlyList<QomProperty> properties = Properties(c, a.NeedText("path"));
            return w =>
            {
                w.WriteStartArray();
                foreach (QomProperty p in properties)
                    QmpCommands.Object(w, o =>
                    {
                        o.WriteString("name", p.Name);
                        o.WriteString("type", p.Type);
                    });
                w.WriteEndArray();
            };
        }),
        new("qom-get", ["path", "property"], static (c, a) => Property(c, a.NeedText("path"), a.NeedText("property")).Write),
    ];

    private static IReadOnlyList<QomProperty> Properties(MonitorContext c, string path)
    {
        lock (c.Control.Machine.Lock)
            return QomTree.Find(c.Control, path).Properties;
    }

    private static QomProperty Property(MonitorContext c, string path, string name)
    {
        lock (c.Control.Machine.Lock)
        {
            QomNode node = QomTree.Find(c.Control, path);
            return node.Properties.FirstOrDefault(p => p.Name == name) ?? throw new ControlException($"Property '{node.Type}.{name}' not found");
        }
    }

    private static string Text(QomProperty property)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text))
            property.Write(writer);
        return Encoding.UTF8.GetString(text.ToArray()) + "\n";
    }
}
