using System.Diagnostics.CodeAnalysis;

namespace Suite.LinuxUser.Loader;

/// <summary>Finds the program a tool was asked to run, as a shell would.</summary>
public static class ProgramFinder
{
    /// <summary>What execvp(3) searches when PATH is unset.</summary>
    public const string DefaultPath = "/bin:/usr/bin";

    /// <summary>
    /// The file to execute for <paramref name="name"/>. A name with a slash is taken as it is. A bare name that is an executable file of the
    /// current directory is that file, since QEMU opens it so (<c>qemu-x86_64 a.out</c>); otherwise it is searched for in <paramref name="pathVariable"/>.
    /// </summary>
    /// <param name="name">The word from the command line.</param>
    /// <param name="pathVariable">Value of PATH, or null when unset; an empty element is the current directory.</param>
    /// <param name="opener">The file system.</param>
    /// <param name="path">The file; for a bare name in the current directory the name itself.</param>
    /// <param name="error">Exit code 127 when nothing was found, 126 when something was that may not be executed.</param>
    public static bool TryFind(string name, string? pathVariable, IFileOpener opener, [NotNullWhen(true)] out string? path, [NotNullWhen(false)] out LoadError? error)
    {
        path = null;
        error = null;
        if (name.Length == 0)
        {
            error = new LoadError(LoadErrno.ENOENT, "'': no program named");
            return false;
        }
        if (opener.IsExecutable(name, out int errno))
        {
            path = name;
            return true;
        }
        if (name.Contains('/'))
        {
            error = new LoadError(errno, opener.IsDirectory(name) ? $"{name}: is a directory, not a program" : $"{name}: {LoadErrno.Text(errno)}");
            return false;
        }

        string? refused = errno == LoadErrno.EACCES ? name : null;
        string list = pathVariable ?? DefaultPath;
        foreach (Range element in list.AsSpan().Split(':'))
        {
            ReadOnlySpan<char> directory = list.AsSpan()[element];
            string candidate = directory.IsEmpty ? name : directory[^1] == '/' ? $"{directory}{name}" : $"{directory}/{name}";
            if (opener.IsExecutable(candidate, out errno))
            {
                path = candidate;
                return true;
            }
            if (errno == LoadErrno.EACCES)
                refused ??= candidate;
        }
        error = refused is not null
            ? new LoadError(LoadErrno.EACCES, $"{refused}: {LoadErrno.Text(LoadErrno.EACCES)}")
            : new LoadError(LoadErrno.ENOENT, $"{name}: not found in the current directory or in PATH ({list})");
        return false;
    }
}
