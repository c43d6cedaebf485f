using Suite.Gdb;

namespace Suite.Machines.Control;

/// <summary>A guest's processors as gdb knows them. Called while no vCPU runs, under the machine's lock.</summary>
public interface IGdbRegisters
{
    /// <summary>The registers.</summary>
    GdbDescription Description { get; }

    /// <summary>All registers of a processor, in the description's order.</summary>
    void Read(int cpu, Span<byte> all);

    /// <summary>Sets them.</summary>
    void Write(int cpu, ReadOnlySpan<byte> all);

    /// <summary>Where the processor is, as breakpoints count.</summary>
    ulong ProgramCounter(int cpu);

    /// <summary>Sets what the processors stop for.</summary>
    /// <param name="stepping">The one that executes a single instruction; -1 for none.</param>
    /// <param name="breakpoints">Addresses of instructions.</param>
    /// <param name="watchpoints">Data: address, bytes, also reads.</param>
    /// <returns>False when the processor cannot watch so much.</returns>
    bool TrySetDebug(int stepping, IReadOnlyList<ulong> breakpoints, IReadOnlyList<(ulong Address, int Length, bool OnRead)> watchpoints);

    /// <summary>The watched address that stopped a processor; null when it was something else.</summary>
    ulong? WatchHit(int cpu);
}
