using Suite.Devices.Block;
using Suite.Devices.Virtio;
using Suite.Machines.Backends;
using Suite.Machines.Options;

namespace Suite.Machines.Boards;

/// <summary>The virtio devices, each in three forms: -pci, -device (for boards that have them by MMIO), and without ending, which takes what the board has.</summary>
public static class VirtioDevices
{
    private static readonly DeviceProperty[] Ignored =
    [
        new("disable-legacy", "OnOffAuto", "accepted and ignored: drivers of both ages are served"), new("disable-modern", "bool", "accepted and ignored"),
        new("vectors", "uint32", "accepted and ignored: one for each queue and one more"), new("iommu_platform", "bool", "accepted and ignored"),
        new("ioeventfd", "bool", "accepted and ignored"), new("event_idx", "bool", "accepted and ignored"), new("packed", "bool", "accepted and ignored"),
    ];

    /// <summary>Rows of the catalogue.</summary>
    public static IEnumerable<DeviceRow> Rows() =>
    [
        .. Forms("virtio-blk", "Storage", "a disk by virtio",
        [
            new("drive", "drive", "id of the drive or node"), new("serial", "str", "up to 20 characters"), new("logical_block_size", "uint32", "bytes, a power of two (default 512)"),
            new("physical_block_size", "uint32", "bytes (default 512)"), new("bootindex", "int32", "place in the boot order"), new("write-cache", "OnOffAuto", "accepted and ignored"),
            new("num-queues", "uint16", "accepted: there is one"), new("queue-size", "uint16", "accepted: the queue has its own length"), new("scsi", "bool", "accepted and ignored"), new("config-wce", "bool", "accepted and ignored"), new("discard", "bool", "accepted and ignored"),
            new("share-rw", "bool", "accepted and ignored"), new("iothread", "str", "accepted and ignored"),
        ], Block),
        .. Forms("virtio-rng", "Misc", "random numbers", [new("rng", "str", "an rng-random or rng-builtin object (default: the host's own)"), new("max-bytes", "uint64", "accepted and ignored"), new("period", "uint32", "accepted and ignored")],
            static VirtioDevice (DeviceRequest r) => new VirtioRng(r.Board.Backends.Objects.RandomSource(r.Properties.Get("rng")))),
        .. Forms("virtio-balloon", "Misc", "gives memory back to the host", [new("deflate-on-oom", "bool", "accepted and ignored"), new("free-page-reporting", "bool", "accepted and ignored")],
            static VirtioDevice (DeviceRequest r) => new VirtioBalloon(r.Board.Options.Memory ?? 128UL << 20, (_, _) => { })),
        .. Forms("virtio-serial", "Input", "a console by virtio", [new("chardev", "chr", "its other end"), new("max_ports", "uint32", "accepted and ignored")],
            static VirtioDevice (DeviceRequest r) => new VirtioConsole(r.Claims.Line(r.Properties.Need("chardev")))),
    ];

    private static VirtioDevice Block(DeviceRequest r)
    {
        const int Smallest = 512, Largest = 32768, LargestQueue = 1024;
        string what = $"-device {r.Row.Name}";
        Drive drive = r.Claims.Drive(r.Properties.Need("drive"));
        IBlockDevice medium = drive.Medium ?? throw new OptionException($"{what}: drive '{drive.Id}' has no medium", "give it one with file=");
        int logical = (int)r.Properties.GetNumber("logical_block_size", Smallest, Smallest, Largest), physical = (int)r.Properties.GetNumber("physical_block_size", logical, Smallest, Largest);
        if (!int.IsPow2(logical) || !int.IsPow2(physical) || physical < logical)
            throw new OptionException($"{what}: blocks of {logical} and {physical} bytes are not possible", "powers of two, the physical one not smaller");
        _ = r.Properties.GetNumber("num-queues", 1, 1, LargestQueue);
        if (!long.IsPow2(r.Properties.GetNumber("queue-size", LargestQueue, 2, LargestQueue)))
            throw new OptionException($"{what}: '{r.Properties.Get("queue-size")}' is not a value of queue-size", $"a power of two from 2 to {LargestQueue}");
        if (r.Properties.Get("bootindex") is not null)
            drive.BootIndex = (int)r.Properties.GetNumber("bootindex", 0);
        drive.IsVirtio = true;
        return new VirtioBlock(medium, r.Properties.Get("serial") ?? drive.Serial, logical, physical);
    }

    /// <summary>The forms of a device.</summary>
    public static IEnumerable<DeviceRow> Forms(string name, string category, string description, DeviceProperty[] properties, Func<DeviceRequest, VirtioDevice> create) =>
        Forms(name, category, description, properties, request => request.Board.AddVirtio(create(request), request.Place()));

    /// <summary>The forms of a device that is put in its place by its maker.</summary>
    public static IEnumerable<DeviceRow> Forms(string name, string category, string description, DeviceProperty[] properties, Func<DeviceRequest, PluggedDevice> create)
    {
        DeviceProperty[] all = [.. properties, .. Ignored];
        yield return new DeviceRow(name + "-pci", "PCI", category, description, all, create)
        {
            Aliases = [name + "-pci-transitional", name + "-pci-non-transitional"],
            CanHotplug = true,
        };
        yield return new DeviceRow(name + "-device", "virtio-bus", category, description, all, create) { Aliases = [name] };
    }
}
