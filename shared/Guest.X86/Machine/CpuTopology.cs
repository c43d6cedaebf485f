namespace Suite.Guest.X86.Machine;

/// <summary>How a machine's processors are arranged (-smp); APIC ids count threads, then cores, then sockets.</summary>
/// <param name="Sockets">Packages.</param>
/// <param name="Cores">Cores of a package.</param>
/// <param name="Threads">Threads of a core.</param>
public readonly record struct CpuTopology(int Sockets, int Cores, int Threads)
{
    /// <summary>Logical processors of all packages.</summary>
    public int Count => Sockets * PerSocket;

    /// <summary>Logical processors of a package.</summary>
    public int PerSocket => Cores * Threads;

    /// <summary>Bits of an APIC id that number the threads of a core, and those that number the processors of a package.</summary>
    public int ThreadBits => Bits(Threads);

    /// <inheritdoc cref="ThreadBits"/>
    public int SocketBits => ThreadBits + Bits(Cores);

    /// <summary>The APIC id of a processor.</summary>
    /// <param name="index">From 0.</param>
    public uint ApicId(int index)
    {
        int thread = index % Threads, core = index / Threads % Cores, socket = index / PerSocket;
        return (uint)(socket << SocketBits | core << ThreadBits | thread);
    }

    private static int Bits(int count) => count <= 1 ? 0 : 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)count - 1);
}
