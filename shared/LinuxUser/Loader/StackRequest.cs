namespace Suite.LinuxUser.Loader;

/// <summary>What goes onto the initial stack of a program.</summary>
public sealed class StackRequest
{
    /// <summary>Word size and byte order.</summary>
    public required ElfTarget Target { get; init; }

    /// <summary>The loaded program; its stack is written, its addresses become AT_PHDR, AT_BASE, AT_ENTRY and so on.</summary>
    public required LoadedImage Image { get; init; }

    /// <summary>Arguments without NULs; an empty list becomes one empty argument.</summary>
    public required byte[][] Argv { get; init; }

    /// <summary>Environment, NAME=VALUE without NULs.</summary>
    public required byte[][] Envp { get; init; }

    /// <summary>The file name given to execve (AT_EXECFN).</summary>
    public required byte[] ExecFn { get; init; }

    /// <summary>16 random bytes (AT_RANDOM).</summary>
    public required byte[] Random { get; init; }

    /// <summary>AT_PLATFORM, for instance "x86_64"; null leaves the entry out.</summary>
    public byte[]? Platform { get; init; }

    /// <summary>AT_BASE_PLATFORM; null leaves the entry out.</summary>
    public byte[]? BasePlatform { get; init; }

    /// <summary>
    /// All entries the builder does not know itself: AT_HWCAP, AT_HWCAP2, AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SYSINFO_EHDR, AT_MINSIGSTKSZ ...
    /// AT_PAGESZ, AT_CLKTCK, AT_FLAGS and AT_SECURE default to the page size, 100, 0 and 0.
    /// </summary>
    public IReadOnlyList<AuxEntry> Aux { get; init; } = [];

    /// <summary>RLIMIT_STACK in bytes: a quarter of it, at most 6 MiB and at least 128 KiB, is what strings and pointers may take.</summary>
    public ulong StackLimit { get; init; } = 8 << 20;

    /// <summary>Bytes to move the stack pointer down by, below 8192 (arch_align_stack); 0 for a reproducible start.</summary>
    public ulong Shift { get; init; }
}
