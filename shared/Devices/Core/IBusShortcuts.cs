namespace Suite.Devices.Core;

/// <summary>What whoever runs the vCPUs offers a bus: some writes need not stop a vCPU. Called under the machine's lock, or before it runs.</summary>
public interface IBusShortcuts
{
    /// <summary>A range answers at its place from now on; its deferred parts and doorbells may be taken over.</summary>
    void Add(BusRange range);

    /// <summary>A range ceases to answer where it does, or is about to change.</summary>
    void Remove(BusRange range);

    /// <summary>What was taken over reaches its device now.</summary>
    void Settle();
}

/// <summary>A place where a driver writes to say that there is something to do.</summary>
/// <param name="Offset">In its range.</param>
/// <param name="Size">Width of the write in bytes; 0 for any.</param>
/// <param name="Value">The value that is meant; null for any.</param>
/// <param name="Ring">What the write does; called under the machine's lock.</param>
public sealed record Doorbell(ulong Offset, int Size, ulong? Value, Action Ring);
