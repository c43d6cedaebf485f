namespace Suite.LinuxUser.Loader;

/// <summary>What a file is being loaded as; the kernel reports the same fault with other errnos for an interpreter.</summary>
public enum ElfRole
{
    /// <summary>The program named by execve.</summary>
    Program,

    /// <summary>The dynamic linker named by PT_INTERP.</summary>
    Interpreter,
}
