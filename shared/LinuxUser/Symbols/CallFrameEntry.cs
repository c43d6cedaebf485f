namespace Suite.LinuxUser.Symbols;

/// <summary>A frame description entry with its common information entry (DWARF 5, section 6.4.1).</summary>
internal sealed record CallFrameEntry
{
    /// <summary>First guest address it describes.</summary>
    public required ulong Start { get; init; }

    /// <summary>Bytes of code it describes.</summary>
    public required ulong Length { get; init; }

    public required ulong CodeAlignment { get; init; }

    public required long DataAlignment { get; init; }

    /// <summary>The column that stands for the return address.</summary>
    public required ulong ReturnColumn { get; init; }

    /// <summary>The frame was made by the kernel to call a signal handler: its pc is exact, not a return address.</summary>
    public required bool IsSignalFrame { get; init; }

    /// <summary>Encoding of DW_CFA_set_loc's operand.</summary>
    public required int PointerEncoding { get; init; }

    /// <summary>Instructions that hold for all entries of the CIE.</summary>
    public required byte[] InitialProgram { get; init; }

    /// <summary>The entry's own instructions, and the guest address they lie at.</summary>
    public required byte[] Program { get; init; }

    /// <inheritdoc cref="Program"/>
    public required ulong ProgramAddress { get; init; }
}
