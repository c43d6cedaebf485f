using Suite.Devices.Block;
using Suite.Machines.Backends;

namespace Suite.Machines.Control;

/// <summary>A drive, for `info block` and query-block.</summary>
/// <param name="Name">"ide0-hd0".</param>
/// <param name="QomPath">Where it is attached.</param>
/// <param name="IsRemovable">A CD-ROM or floppy drive.</param>
/// <param name="File">The image; null for an empty drive.</param>
/// <param name="Format">raw, qcow2.</param>
/// <param name="Bytes">Size of the medium.</param>
/// <param name="IsReadOnly">Writing is refused.</param>
public sealed record MachineDrive(string Name, string QomPath, bool IsRemovable, string? File, string? Format, long Bytes, bool IsReadOnly)
{
    /// <summary>A node of -blockdev.</summary>
    public bool IsNode { get; init; }

    public ImageDetails Details { get; init; } = ImageDetails.Plain;

    public BlockCounts Counts { get; init; } = new();

    /// <summary>cache=writethrough.</summary>
    public bool WritesThrough { get; init; }

    /// <summary>cache=unsafe.</summary>
    public bool IgnoresFlush { get; init; }
}

/// <summary>Drives, and media that can be changed. Without the lock.</summary>
public interface IMedia
{
    /// <summary>All drives.</summary>
    IReadOnlyList<MachineDrive> Drives();

    /// <summary>Takes the medium out.</summary>
    /// <exception cref="ControlException">There is no such drive, or its medium is fixed.</exception>
    void Eject(string drive, bool isForced);

    /// <summary>Puts another medium in.</summary>
    void Change(string drive, string file, string? format);

    /// <summary>The drive of a name, whose medium can be written. Under the lock, as long as the drive is used.</summary>
    /// <exception cref="ControlException">There is none, or it cannot.</exception>
    Drive Writable(string name);

    /// <summary>Puts a qcow2 image over a drive's image, which is only read from then on. Under the lock.</summary>
    /// <returns>Takes it away again, as long as the lock is held.</returns>
    /// <exception cref="ControlException">There is no such drive.</exception>
    Action PutOver(string name, string file, bool exists);

    /// <summary>Writes what a drive's image has into the one it stands on (with -snapshot: the file that was given). Under the lock.</summary>
    /// <param name="name">The drive; null for all that stand on another one.</param>
    /// <exception cref="ControlException">It stands on none.</exception>
    void Commit(string? name);
}
