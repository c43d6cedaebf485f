using Suite.Devices.Core;

namespace Suite.PcBios;

/// <summary>What the firmware is wired to. It reaches chips through their ports, as real firmware does; only disks have a shorter way.</summary>
public sealed record FirmwareParts
{
    /// <summary>The machine's ports.</summary>
    public required Bus Io { get; init; }

    /// <summary>Memory-mapped devices (the VGA's window, BARs).</summary>
    public required Bus Mmio { get; init; }

    /// <summary>Guest memory.</summary>
    public required IGuestMemory Memory { get; init; }

    public required VirtualClock Clock { get; init; }

    /// <summary>In the order in which they get their numbers (floppies 00h, 01h; hard disks 80h, 81h, ...).</summary>
    public IReadOnlyList<IFirmwareDisk> Disks { get; init; } = [];

    public BootOrder Boot { get; init; } = new();

    /// <summary>Option ROMs of the user and of the network cards, each a whole image; offered in this order after the PCI functions' own.</summary>
    public IReadOnlyList<byte[]> OptionRoms { get; init; } = [];

    /// <summary>The place in the boot order of a PCI function that is booted by its option ROM; null for none.</summary>
    public Func<int, int?> BootIndexOf { get; init; } = static _ => null;

    /// <summary>Where a linear address of the vCPU that called the firmware lies physically; null: paging is off.</summary>
    public Func<ulong, ulong?>? Translate { get; init; }

    /// <summary>Lines the firmware has to say besides the screen: what it tried to boot and why it did not work.</summary>
    public Action<string>? Log { get; init; }
}

/// <summary>-boot.</summary>
public sealed record BootOrder
{
    /// <summary>Letters: a, b floppies; c hard disk; d CD; n to p network cards.</summary>
    public string Order { get; set; } = "cad";

    /// <summary>The order of the first boot only.</summary>
    public string? Once { get; set; }

    /// <summary>A menu is shown.</summary>
    public bool Menu { get; init; }

    /// <summary>How long the menu waits, in milliseconds.</summary>
    public int MenuTimeout { get; init; } = 2500;
}
