using System.Text;
using Suite.Machines.Options;

namespace Suite.Machines.Boards;

/// <summary>The devices a tool offers.</summary>
/// <param name="rows">One for each.</param>
public sealed class DeviceCatalogue(IReadOnlyList<DeviceRow> rows)
{
    private static readonly DeviceProperty[] OfPci =
    [
        new("addr", "str", "slot and function on the PCI bus in hexadecimal, as in 05.0 (default: the first free slot)"),
        new("bus", "str", "accepted and ignored: there is one bus"), new("multifunction", "bool", "accepted and ignored: found by itself"),
        new("romfile", "str", "option ROM: a path, or a name in a folder of -L (default: iPXE's for network cards, if the network is booted from)"), new("rombar", "uint32", "0: no option ROM"), new("bootindex", "int32", "place in the boot order"),
    ];

    /// <summary>All of them.</summary>
    public IReadOnlyList<DeviceRow> Rows => rows;

    /// <summary>The device of a name.</summary>
    /// <param name="name">Its own or an alias.</param>
    /// <param name="what">The option that asks for it.</param>
    /// <exception cref="OptionException">There is none; the nearest is named.</exception>
    public DeviceRow Find(string name, string what = "-device")
    {
        foreach (DeviceRow row in rows)
            if (row.Name == name || Array.IndexOf(row.Aliases, name) >= 0)
                return row;
        throw OptionException.Unknown($"{what}: driver", name, rows.SelectMany(r => r.Aliases.Prepend(r.Name)), "-device help");
    }

    /// <summary>Makes a device.</summary>
    /// <param name="board">Where it goes.</param>
    /// <param name="given">driver=, and its properties.</param>
    /// <param name="isHotplug">The machine runs.</param>
    /// <exception cref="OptionException">It cannot be made as asked for.</exception>
    public PluggedDevice Create(Board board, KeyValues given, bool isHotplug = false)
    {
        string driver = given.Need("driver");
        DeviceRow row = Find(driver, given.What);
        given.What = $"-device {row.Name}";
        if (isHotplug && !row.CanHotplug)
            throw new OptionException($"{row.Name} cannot be added while the machine runs");
        if (given.Get("id") is { } id && board.Plugged.Any(d => d.Id == id))
            throw new OptionException($"-device {row.Name}: there is a device '{id}' already");
        foreach ((string target, string property, string value) in board.Options.Globals)
            if (target == row.Name || Array.IndexOf(row.Aliases, target) >= 0)
                given.Default(property, value);
        foreach (DeviceProperty property in PropertiesOf(row))
            given.Allow(property.Name);
        foreach ((string key, _) in given.Items)
            if (key is not ("driver" or "id"))
                (PropertiesOf(row).FirstOrDefault(p => p.Name == key) ?? throw OptionException.Unknown($"-device {row.Name}: property", key, PropertiesOf(row).Select(p => p.Name), $"-device {row.Name},help"))
                    .Check(given);
        DeviceRequest request = new(board, row, given);
        try
        {
            PluggedDevice made = row.Create(request);
            (made.CanUnplug, made.Claims, made.Properties, made.IsHotplugged) = (row.CanHotplug, request.Claims, given, isHotplug);
            return made;
        }
        catch
        {
            request.Claims.GiveBack();
            throw;
        }
    }

    /// <summary>The text of -device help.</summary>
    public string Help()
    {
        StringBuilder text = new();
        foreach (IGrouping<string, DeviceRow> category in rows.GroupBy(r => r.Category))
        {
            text.Append($"{category.Key} devices:\n");
            foreach (DeviceRow row in category)
                text.Append($"name \"{row.Name}\", bus {row.Bus}{string.Concat(row.Aliases.Select(a => $", alias \"{a}\""))}, desc \"{row.Description}\"\n");
            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The text of -device NAME,help.</summary>
    /// <exception cref="OptionException">There is no such device.</exception>
    public string Help(string name)
    {
        DeviceRow row = Find(name);
        return $"{row.Name} options:\n" + string.Concat(PropertiesOf(row).OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"  {$"{p.Name}=<{p.Type}>",-28} - {p.Description}\n"));
    }

    /// <summary>Its properties, those of its bus included.</summary>
    public static IEnumerable<DeviceProperty> PropertiesOf(DeviceRow row) => row.Bus is "PCI" ? row.Properties.Concat(OfPci) : row.Properties;
}
