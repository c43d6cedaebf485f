using System.Diagnostics.CodeAnalysis;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Compat;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Syscalls;

namespace Suite.UserMode;

/// <summary>
/// What a user-mode tool is before its CPU is chosen: the programs it runs and their system calls. A tool derives from this and from
/// <see cref="UserCpu"/>, and its Program.cs calls <see cref="UserModeTool.Start"/>.
/// </summary>
public abstract class UserTarget
{
    /// <summary>The programs this tool runs; also names the tool.</summary>
    public abstract ElfTarget Elf { get; }

    /// <summary>The tool's name in texts and in ps.</summary>
    public string ToolName => Elf.Tool;

    /// <summary>Where the libraries of the target's programs are when no -L is given; null when the root will do. Used only when it exists.</summary>
    public virtual string? DefaultPrefix => null;

    /// <summary>The text of `-cpu help`.</summary>
    public abstract string CpuHelp();

    /// <summary>Chooses the CPU. Called once in every run, so what only rare options need is not to be made here.</summary>
    /// <param name="spec">The value of -cpu; null for the default.</param>
    /// <param name="cpu">The CPU.</param>
    /// <param name="error">For the user: what is wrong with <paramref name="spec"/>.</param>
    public abstract bool TrySelectCpu(string? spec, [NotNullWhen(true)] out UserCpu? cpu, [NotNullWhen(false)] out string? error);

    /// <summary>Word size and byte order.</summary>
    public GuestAbi GuestAbi => Elf.Is64 ? GuestAbi.X64 : Elf.BigEndian ? GuestAbi.Ppc : GuestAbi.I386;

    /// <summary>How the calls of a 32-bit guest are served; null for a guest whose calls are the host's.</summary>
    public virtual CompatPersonality? MakeCompat() => null;

    /// <summary>How each call is served, by number.</summary>
    /// <param name="compat">What <see cref="MakeCompat"/> made.</param>
    public abstract SyscallEntry[] Syscalls(CompatPersonality? compat);

    /// <summary>Names and signatures by number, for -strace, -d unimp and --coverage; null where there is no call.</summary>
    public abstract SyscallRow?[] SyscallRows();
}
