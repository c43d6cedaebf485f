namespace Suite.LinuxUser.Loader;

/// <summary>Where and for whom <see cref="ElfLoader"/> loads a program.</summary>
public sealed class LoadRequest
{
    /// <summary>What the tool runs.</summary>
    public required ElfTarget Target { get; init; }

    /// <summary>The guest address space.</summary>
    public required IImageMapper Mapper { get; init; }

    /// <summary>Opens the ELF interpreter.</summary>
    public required IFileOpener Opener { get; init; }

    /// <summary>Turns the name in PT_INTERP into the file to open (the -L prefixes); null takes the name as it is.</summary>
    public Func<string, string>? ResolveInterpreter { get; init; }

    /// <summary>The -L prefixes, in order; only for the message about a missing interpreter.</summary>
    public IReadOnlyList<string> InterpreterPrefixes { get; init; } = [];

    /// <summary>Size of the main stack in bytes (RLIMIT_STACK or -s).</summary>
    public ulong StackSize { get; init; } = 8 << 20;

    /// <summary>Load a file whose segments reach beyond its end, as the kernel does; see <see cref="ElfFile.TryParse"/>.</summary>
    public bool AllowTruncated { get; init; }
}
