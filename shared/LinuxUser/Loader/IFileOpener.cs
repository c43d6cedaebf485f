namespace Suite.LinuxUser.Loader;

/// <summary>
/// The file system as the loader sees it. Paths come from <see cref="GuestText.FromBytes"/>; an implementation turns them back
/// with <see cref="GuestText.ToBytes"/>, so that names that are not UTF-8 work too.
/// </summary>
public interface IFileOpener
{
    /// <summary>Opens for reading; null with a positive <paramref name="errno"/> when that fails.</summary>
    IProgramFile? Open(string path, out int errno);

    /// <summary>
    /// What execve(2) demands of a file: regular, and access(2) X_OK. Otherwise false with EACCES (also for directories),
    /// ENOENT, ENOTDIR, ELOOP or ENAMETOOLONG.
    /// </summary>
    bool IsExecutable(string path, out int errno);

    /// <summary>True for a directory; only asked to word a refusal.</summary>
    bool IsDirectory(string path);
}
