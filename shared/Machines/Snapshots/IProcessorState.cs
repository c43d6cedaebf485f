namespace Suite.Machines.Snapshots;

/// <summary>Processors, and chips the accelerator has instead of the board, in the form of snapshots. Called while no vCPU runs, under the lock.</summary>
public interface IProcessorState
{
    /// <summary>Sections: "cpu0" and so on; chips under the names their devices have, in their form.</summary>
    IEnumerable<(string Name, byte[] Bytes)> Save();

    /// <summary>Takes a section; false when it is none of its.</summary>
    /// <exception cref="InvalidDataException">It does not fit.</exception>
    bool TryLoad(string name, byte[] bytes);

    /// <summary>All sections were read.</summary>
    void Complete();
}
