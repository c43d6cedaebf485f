namespace Suite.LinuxUser.Loader;

/// <summary>Where <see cref="InitialStack"/> put things; guest addresses. The ranges are what /proc/self/cmdline, environ and auxv show.</summary>
public sealed class StackLayout
{
    /// <summary>The first stack pointer; argc is there. 16-byte aligned.</summary>
    public required ulong StackPointer { get; init; }

    /// <summary>argv[0] (the pointer).</summary>
    public required ulong ArgvAddress { get; init; }

    /// <summary>envp[0] (the pointer).</summary>
    public required ulong EnvpAddress { get; init; }

    /// <summary>The argument strings, each with its NUL, up to <see cref="ArgEnd"/>.</summary>
    public required ulong ArgStart { get; init; }

    /// <summary>End of the argument strings, exclusive; the environment strings start here.</summary>
    public required ulong ArgEnd { get; init; }

    /// <summary>End of the environment strings, exclusive.</summary>
    public required ulong EnvEnd { get; init; }

    /// <summary>First entry of the auxiliary vector.</summary>
    public required ulong AuxAddress { get; init; }

    /// <summary>Its size in bytes, AT_NULL included.</summary>
    public required int AuxLength { get; init; }

    /// <summary>The file name string AT_EXECFN points to.</summary>
    public required ulong ExecFnAddress { get; init; }
}
