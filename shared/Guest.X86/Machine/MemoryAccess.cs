namespace Suite.Guest.X86.Machine;

/// <summary>What an access to memory wants.</summary>
public enum MemoryAccess
{
    Read,

    /// <summary>Writes, and reads that will be followed by a write.</summary>
    Write,

    /// <summary>Instructions.</summary>
    Fetch,
}

/// <summary>
/// What a translated page may be used for without asking again, by accesses of the same privilege in the same mode.
/// Size bits tell how far the translation reaches.
/// </summary>
[Flags]
public enum PageRights
{
    None = 0,

    /// <summary>Data may be read.</summary>
    Read = 1,

    /// <summary>Data may be written, and the dirty bit is set already.</summary>
    Write = 2,

    /// <summary>Instructions may be fetched.</summary>
    Fetch = 4,

    /// <summary>A page of user mode (U/S set at every level).</summary>
    User = 8,

    /// <summary>Survives changes of CR3.</summary>
    Global = 16,

    /// <summary>2 MiB (4 MiB without PAE).</summary>
    Large = 32,

    /// <summary>1 GiB.</summary>
    Huge = 64,
}
