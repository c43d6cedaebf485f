using Suite.Devices.Net;
using Suite.Devices.Virtio;

namespace Suite.Machines.Boards;

/// <summary>Network cards.</summary>
public static class NetworkCards
{
    private static readonly DeviceProperty[] Properties =
    [
        new("netdev", "str", "id of the network back end"), new("mac", "macaddr", "its address (default: 52:54:00:12:34:56, and so on)"),
    ];

    /// <summary>Rows of the catalogue.</summary>
    public static IEnumerable<DeviceRow> Rows() =>
    [
        .. VirtioDevices.Forms("virtio-net", "Network", "a network card by virtio",
            [.. Properties, new("mq", "bool", "accepted and ignored"), new("csum", "bool", "accepted and ignored"), new("gso", "bool", "accepted and ignored")], Virtio),
        new("e1000", "PCI", "Network", "Intel 82540EM gigabit Ethernet", Properties, IntelGigabit) { Aliases = ["e1000-82540em"], CanHotplug = true },
        new("ne2k_pci", "PCI", "Network", "RTL8029, an NE2000 on PCI", Properties, Realtek) { CanHotplug = true },
    ];

    /// <summary>The back end a card asks for.</summary>
    public static INetBackend Backend(DeviceRequest r) => r.Properties.Get("netdev") is { } id ? r.Claims.Network(id) : new NullNetwork();

    /// <summary>Its address.</summary>
    public static byte[] Mac(DeviceRequest r) => r.Board.Backends.Nets.Mac($"-device {r.Row.Name}", r.Properties.Get("mac"));

    // It has an image for either kind of firmware: for a BIOS and for UEFI.
    private static string? BootRom(DeviceRequest r, string card) => r.Board.Pci is null ? null : $"efi-{card}.rom";

    private static PluggedDevice Virtio(DeviceRequest r)
    {
        VirtioNet net = new(Backend(r), Mac(r));
        return Finish(r, r.Board.AddVirtio(net, r.Place(BootRom(r, "virtio"))), net.SetLink);
    }

    private static PluggedDevice IntelGigabit(DeviceRequest r)
    {
        E1000 card = new(r.Id ?? "e1000", Backend(r), Mac(r), r.Board.Machine.Clock);
        return Finish(r, r.Board.AddPci(card, r.Place(BootRom(r, "e1000"))), card.SetLink);
    }

    private static PluggedDevice Realtek(DeviceRequest r) => Finish(r, r.Board.AddPci(new Ne2000Pci(r.Id ?? "ne2k_pci", Backend(r), Mac(r)), r.Place(BootRom(r, "ne2k_pci"))), null);

    private static PluggedDevice Finish(DeviceRequest r, PluggedDevice made, Action<bool>? setLink)
    {
        (made.SetLink, made.Netdev) = (setLink, r.Properties.Get("netdev"));
        return made;
    }
}
