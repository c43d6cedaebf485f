using Suite.Devices.Block;

namespace Suite.Machines.Backends;

/// <summary>A drive as -drive or -blockdev describe it: a medium, and what the device it goes to needs to know.</summary>
/// <param name="Id">Its id or node name.</param>
/// <param name="Interface">ide, virtio, floppy, none.</param>
/// <param name="Index">Which of its interface; -1: the next free one.</param>
/// <param name="IsCdrom">media=cdrom.</param>
public sealed record Drive(string Id, string Interface, int Index, bool IsCdrom)
{
    /// <summary>The medium; null for an empty drive.</summary>
    public BlockNode? Medium { get; set; }

    /// <summary>How the medium was opened, to open another one like it.</summary>
    public BlockOptions? Options { get; set; }

    /// <summary>serial=, for the guest.</summary>
    public string Serial { get; init; } = "";

    /// <summary>bootindex= of the device it is in; null: none given.</summary>
    public int? BootIndex { get; set; }

    /// <summary>The device it is in, for `info block`; null while it is in none.</summary>
    public string? AttachedTo { get; set; }

    /// <summary>It is a node of -blockdev, which stays when its device is taken out; a -drive goes with it.</summary>
    public bool IsNode { get; init; }

    /// <summary>Its place at the IDE controller: channel * 2 + unit; null when it is not there.</summary>
    public int? IdePlace { get; set; }

    /// <summary>It is behind a virtio device.</summary>
    public bool IsVirtio { get; set; }

    /// <summary>Puts a medium in, or takes it out (null); null for a drive whose medium is fixed. Under the machine's lock.</summary>
    public Action<IBlockDevice?>? SetMedium { get; set; }

    /// <summary>No device has it any more.</summary>
    public void Detach() => (AttachedTo, IsVirtio, IdePlace, SetMedium, BootIndex) = (null, false, null, null, OwnBootIndex);

    /// <summary>bootindex= of the drive itself; a device's takes its place as long as it has the drive.</summary>
    public int? OwnBootIndex { get; init; }
}
