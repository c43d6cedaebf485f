using Suite.Devices.Virtio;

namespace Suite.Machines.Boards;

/// <summary>The virtio devices, each in three forms: -pci, -device (for boards that have them by MMIO), and without ending, which takes what the board has.</summary>
public static class VirtioDevices
{
    private static readonly DeviceProperty[] Ignored =
    [
        new("disable-legacy", "str", "accepted and ignored: drivers of both ages are served"), new("disable-modern", "bool", "accepted and ignored"),
        new("vectors", "uint32", "accepted and ignored: one for each queue and one more"), new("iommu_platform", "bool", "accepted and ignored"),
        new("ioeventfd", "bool", "accepted and ignored"), new("event_idx", "bool", "accepted and ignored"), new("packed", "bool", "accepted and ignored"),
    ];

    /// <summary>Rows of the catalogue.</summary>
    public static IEnumerable<DeviceRow> Rows() =>
    [
        .. Forms("virtio-rng", "Misc", "random numbers", [new("rng", "str", "an rng-random object (default: the host's own)"), new("max-bytes", "uint64", "accepted and ignored"), new("period", "uint32", "accepted and ignored")],
            static r => new VirtioRng()),
        .. Forms("virtio-balloon", "Misc", "gives memory back to the host", [new("deflate-on-oom", "bool", "accepted and ignored"), new("free-page-reporting", "bool", "accepted and ignored")],
            static r => new VirtioBalloon(r.Board.Options.Memory ?? 128UL << 20, (_, _) => { })),
        .. Forms("virtio-serial", "Input", "a console by virtio", [new("chardev", "chr", "its other end"), new("max_ports", "uint32", "accepted and ignored")],
            static r => new VirtioConsole(r.Board.Backends.Chars.Find(r.Properties.Need("chardev")).Chardev)),
    ];

    /// <summary>The forms of a device.</summary>
    public static IEnumerable<DeviceRow> Forms(string name, string category, string description, DeviceProperty[] properties, Func<DeviceRequest, VirtioDevice> create)
    {
        DeviceProperty[] all = [.. properties, .. Ignored];
        PluggedDevice Create(DeviceRequest request) => request.Board.AddVirtio(create(request), request.Place());
        yield return new DeviceRow(name + "-pci", "PCI", category, description, all, Create)
        {
            Aliases = [name + "-pci-transitional", name + "-pci-non-transitional"],
            CanHotplug = true,
        };
        yield return new DeviceRow(name + "-device", "virtio-bus", category, description, all, Create) { Aliases = [name] };
    }
}
