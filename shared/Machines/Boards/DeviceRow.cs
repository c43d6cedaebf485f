using Suite.Machines.Backends;
using Suite.Machines.Options;

namespace Suite.Machines.Boards;

/// <summary>A property of a device, for -device NAME,help and to find mistyped ones.</summary>
/// <param name="Name">In -device.</param>
/// <param name="Type">str, bool, OnOffAuto, uint8 to uint64, int32, size, drive, chr, netdev, macaddr.</param>
/// <param name="Description">One line, with the default.</param>
public sealed record DeviceProperty(string Name, string Type, string Description)
{
    /// <summary>A value must be one of its type, also where the property has no effect here.</summary>
    /// <exception cref="OptionException">It is none.</exception>
    public void Check(KeyValues given)
    {
        switch (Type)
        {
            case "bool":
                given.GetBool(Name, false);
                break;
            case "OnOffAuto":
                if (given.Get(Name) is not "auto")
                    given.GetBool(Name, false);
                break;
            case "uint8" or "uint16" or "uint32":
                given.GetNumber(Name, 0, 0, (1L << int.Parse(Type.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture)) - 1);
                break;
            case "int32":
                given.GetNumber(Name, 0, int.MinValue, int.MaxValue);
                break;
            case "uint64":
                given.GetNumber(Name, 0);
                break;
            default:
                break;
        }
    }
}

/// <summary>A device that -device can add: one row for each.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bus">PCI, ISA, virtio-bus.</param>
/// <param name="Category">Heading in -device help.</param>
/// <param name="Description">One line.</param>
/// <param name="Properties">Its own; those every device of its bus has are added.</param>
/// <param name="Create">Makes one and puts it in its place.</param>
public sealed record DeviceRow(string Name, string Bus, string Category, string Description, DeviceProperty[] Properties, Func<DeviceRequest, PluggedDevice> Create)
{
    /// <summary>Other names.</summary>
    public string[] Aliases { get; init; } = [];

    /// <summary>It can be added and removed while the machine runs.</summary>
    public bool CanHotplug { get; init; }
}

/// <summary>A device to be made.</summary>
/// <param name="Board">Where it goes.</param>
/// <param name="Row">What it is.</param>
/// <param name="Properties">What the user said of it, -global's included.</param>
public sealed record DeviceRequest(Board Board, DeviceRow Row, KeyValues Properties)
{
    /// <summary>id=.</summary>
    public string? Id => Properties.Get("id");

    /// <summary>What it takes of the host's side.</summary>
    public DeviceClaims Claims { get; } = new(Board.Backends, Properties.Get("id") ?? $"-device {Row.Name}");

    /// <summary>Its place, addr=SLOT[.FUNCTION], and its option ROM.</summary>
    /// <param name="bootRom">Name of the ROM that boots from the device, taken when it is asked to and romfile= names no other; null for none.</param>
    /// <exception cref="OptionException">It is no place, or there is no such ROM.</exception>
    public DevicePlace Place(string? bootRom = null)
    {
        Properties.Ignore("bus", "multifunction");
        int? bootIndex = bootRom is not null && Properties.Get("bootindex") is not null ? (int)Properties.GetNumber("bootindex", 0, 0, int.MaxValue) : null;
        return Slot() with { Rom = Rom(bootRom, bootIndex), BootIndex = bootIndex };
    }

    private byte[]? Rom(string? bootRom, int? bootIndex)
    {
        bool isOff = Properties.GetNumber("rombar", 1, 0, 1) == 0;
        string? name = Properties.Get("romfile");
        if (isOff || name is { Length: 0 })
            return null;
        if (name is not null)
            return Board.FindRom(name) ?? throw new OptionException($"-device {Row.Name}: there is no option ROM {name}", "a path, or a name in a folder of -L; romfile= without a name is none");
        if (bootRom is null || (bootIndex is null && !BootsFromNetwork))
            return null;
        return Board.FindRom(bootRom) ?? throw new OptionException($"-device {Row.Name}: booting from the network needs the option ROM {bootRom}, which is not there", "install the package ipxe-qemu, or name another with romfile=");
    }

    private bool BootsFromNetwork
    {
        get
        {
            string letters = Board.Options.Boot.Get("order") + Board.Options.Boot.Get("once");
            return letters.AsSpan().ContainsAnyInRange('n', 'p');
        }
    }

    private DevicePlace Slot()
    {
        string? addr = Properties.Get("addr");
        if (addr is null)
            return new DevicePlace(Row.Name, Id);
        string[] parts = addr.Split('.');
        int function = 0;
        if (parts.Length > 2 || !TryHex(parts[0], out int slot) || slot > 31 || (parts.Length == 2 && (!TryHex(parts[1], out function) || function > 7)))
            throw new OptionException($"-device {Row.Name}: '{addr}' is not a PCI address", "slot.function in hexadecimal, as in addr=05.0");
        return new DevicePlace(Row.Name, Id, slot, function);
    }

    private static bool TryHex(string text, out int value) => int.TryParse(
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out value);
}
