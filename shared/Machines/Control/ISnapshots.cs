namespace Suite.Machines.Control;

/// <summary>A saved machine.</summary>
/// <param name="Id">Number in its disk image.</param>
/// <param name="Tag">Name.</param>
/// <param name="StateBytes">Size of the machine's state.</param>
/// <param name="Date">When it was made.</param>
/// <param name="MachineNanoseconds">The machine's time.</param>
public sealed record SnapshotInfo(string Id, string Tag, ulong StateBytes, DateTime Date, ulong MachineNanoseconds);

/// <summary>savevm, loadvm, delvm.</summary>
public interface ISnapshots
{
    /// <summary>Those there are.</summary>
    IReadOnlyList<SnapshotInfo> List();

    /// <summary>Saves machine and disks; one of the same name is replaced.</summary>
    /// <exception cref="ControlException">It cannot be done; the message says which disk stands in the way and what to do.</exception>
    void Save(string name);

    /// <summary>Takes machine and disks back to a snapshot.</summary>
    /// <exception cref="ControlException">It does not exist, or does not fit.</exception>
    void Load(string name);

    /// <summary>Deletes one.</summary>
    void Delete(string name);
}
