namespace Suite.LinuxUser.Loader;

/// <summary>Why a program cannot be started: the kernel's answer for the guest, and a sentence for people.</summary>
/// <param name="Errno">Positive errno, as execve(2) would give it.</param>
/// <param name="Message">One sentence (several lines for a missing interpreter) that starts with the file's name.</param>
/// <param name="Offset">Where in the file the offending field is, or -1 when the complaint is about no place in particular.</param>
/// <param name="KernelKills">
/// The kernel notices only after the old program is gone, and then kills the process with SIGSEGV: an execve inside a guest never returns this errno.
/// </param>
public sealed record LoadError(int Errno, string Message, long Offset = -1, bool KernelKills = false)
{
    /// <summary>Exit status for a shell: 127 when something was not found, 126 when it was found and cannot run.</summary>
    public int ExitCode => Errno is LoadErrno.ENOENT or LoadErrno.ENOTDIR or LoadErrno.ENAMETOOLONG ? 127 : 126;

    /// <inheritdoc/>
    public override string ToString() => Message;
}
