namespace Suite.Devices.Block;

/// <summary>A snapshot inside an image.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">As the user called it.</param>
/// <param name="Date">When it was made, UTC.</param>
/// <param name="ClockNanoseconds">The machine's clock then.</param>
/// <param name="MachineLength">Bytes of the machine's state in it; 0 for a snapshot of the disk alone.</param>
/// <param name="DiskSize">Bytes of the disk then.</param>
public sealed record ImageSnapshot(string Id, string Name, DateTime Date, long ClockNanoseconds, long MachineLength, long DiskSize);

/// <summary>An image that can hold snapshots of itself, and the state of a machine with them. Every member may throw IOException.</summary>
public interface ISnapshotStore
{
    /// <summary>The snapshots, oldest first.</summary>
    IReadOnlyList<ImageSnapshot> Snapshots { get; }

    /// <summary>The one of an id, of a name, or of both where both are given; null when there is none.</summary>
    ImageSnapshot? Find(string? id, string? name) => Snapshots.FirstOrDefault(s => (id is null || s.Id == id) && (name is null || s.Name == name));

    /// <summary>Makes a snapshot of the disk as it is.</summary>
    /// <param name="name">Its name: 1 to 255 bytes.</param>
    /// <param name="date">Now, UTC.</param>
    /// <param name="clockNanoseconds">The machine's clock.</param>
    /// <param name="writeMachine">Writes the state of the machine; null for none.</param>
    void CreateSnapshot(string name, DateTime date, long clockNanoseconds, Action<Stream>? writeMachine);

    /// <summary>Makes the disk as it was; the snapshot stays.</summary>
    void LoadSnapshot(ImageSnapshot info);

    /// <summary>The state of the machine in a snapshot, to be read from its beginning to its end.</summary>
    Stream OpenMachine(ImageSnapshot info);

    /// <summary>Takes a snapshot away; what only it used is free.</summary>
    void DeleteSnapshot(ImageSnapshot info);
}
