namespace Suite.LinuxUser.Proc;

/// <summary>What /proc says about the running program.</summary>
public sealed record ProgramIdentity
{
    /// <summary>Absolute path of the program, as /proc/self/exe shows it.</summary>
    public required string Path { get; init; }

    /// <summary>Where the argument strings lie in guest memory.</summary>
    public ulong ArgStart { get; init; }

    public ulong ArgEnd { get; init; }

    public ulong EnvEnd { get; init; }

    public ulong AuxAddress { get; init; }

    public int AuxLength { get; init; }

    public ulong StackPointer { get; init; }

    public ulong CodeStart { get; init; }

    public ulong CodeEnd { get; init; }
}
