namespace Suite.LinuxUser.Proc;

/// <summary>What /proc says about the running program, and what calls tell of the process that the host does not know.</summary>
public sealed record ProgramIdentity
{
    /// <summary>Absolute path of the program, as /proc/self/exe shows it.</summary>
    public required string Path { get; init; }

    /// <summary>Where the argument strings lie in guest memory.</summary>
    public ulong ArgStart { get; init; }

    /// <summary>End of the argument strings; the environment strings start here.</summary>
    public ulong ArgEnd { get; init; }

    public ulong EnvEnd { get; init; }

    public ulong AuxAddress { get; init; }

    public int AuxLength { get; init; }

    public ulong StackPointer { get; init; }

    public ulong CodeStart { get; init; }

    public ulong CodeEnd { get; init; }

    /// <summary>start_data of /proc/PID/stat; 0 when it was not told.</summary>
    public ulong DataStart { get; init; }

    /// <inheritdoc cref="DataStart"/>
    public ulong DataEnd { get; init; }

    /// <summary>Descriptors of the emulator that the guest neither sees nor closes.</summary>
    public InternalDescriptors Descriptors { get; init; } = new();

    /// <summary>What the guest set for itself that must not reach the host.</summary>
    public GuestSettings Settings { get; init; } = new();
}
