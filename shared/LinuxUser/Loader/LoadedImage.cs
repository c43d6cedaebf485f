namespace Suite.LinuxUser.Loader;

/// <summary>A program in guest memory: where it is, where it starts, and what its auxiliary vector and /proc entries need. Guest addresses.</summary>
public sealed class LoadedImage
{
    /// <summary>Entry point of the program itself (AT_ENTRY).</summary>
    public required ulong Entry { get; init; }

    /// <summary>First program counter: the interpreter's entry, or <see cref="Entry"/> without one.</summary>
    public required ulong InterpreterEntry { get; init; }

    /// <summary>Load bias of the interpreter (AT_BASE); 0 without one or when it is ET_EXEC.</summary>
    public required ulong InterpreterBase { get; init; }

    /// <summary>The interpreter's file as opened; null for a static program.</summary>
    public required string? InterpreterPath { get; init; }

    /// <summary>What was added to the addresses in the file; 0 for ET_EXEC.</summary>
    public required ulong LoadBias { get; init; }

    /// <summary>Program headers in memory (AT_PHDR).</summary>
    public required ulong PhdrAddress { get; init; }

    /// <summary>Number of program headers (AT_PHNUM).</summary>
    public required int PhNum { get; init; }

    /// <summary>Size of a program header in bytes (AT_PHENT).</summary>
    public required int PhEnt { get; init; }

    /// <summary>End of the last segment, page aligned. The kernel moves the heap of a static-PIE program elsewhere; that is the mapper owner's choice.</summary>
    public required ulong BrkStart { get; init; }

    /// <summary>ET_DYN: placed by the mapper.</summary>
    public required bool IsPositionIndependent { get; init; }

    /// <summary>The stack was mapped executable.</summary>
    public required bool ExecutableStack { get; init; }

    /// <summary>Personality READ_IMPLIES_EXEC: every readable mapping the program makes is executable.</summary>
    public required bool ReadImpliesExec { get; init; }

    /// <summary>start_code and end_code of /proc/PID/stat; both the load bias when no segment is executable.</summary>
    public required ulong CodeStart { get; init; }

    /// <inheritdoc cref="CodeStart"/>
    public required ulong CodeEnd { get; init; }

    /// <summary>start_data and end_data of /proc/PID/stat: start of the highest segment, end of the highest file bytes.</summary>
    public required ulong DataStart { get; init; }

    /// <inheritdoc cref="DataStart"/>
    public required ulong DataEnd { get; init; }

    /// <summary>Lowest address of the main stack.</summary>
    public required ulong StackBase { get; init; }

    /// <summary>End of the main stack (exclusive).</summary>
    public required ulong StackTop { get; init; }
}
