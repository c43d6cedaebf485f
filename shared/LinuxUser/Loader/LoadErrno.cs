namespace Suite.LinuxUser.Loader;

/// <summary>The errnos execve(2) and this loader answer with; the numbers are common to Linux on x86 and PowerPC.</summary>
public static class LoadErrno
{
    public const int ENOENT = 2;
    public const int EIO = 5;
    public const int E2BIG = 7;
    public const int ENOEXEC = 8;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EFAULT = 14;
    public const int EEXIST = 17;
    public const int ENOTDIR = 20;
    public const int EINVAL = 22;
    public const int ENAMETOOLONG = 36;
    public const int ELOOP = 40;
    public const int ELIBBAD = 80;

    /// <summary>A few words for people.</summary>
    public static string Text(int errno) => errno switch
    {
        ENOENT => "no such file or directory",
        EIO => "read error",
        E2BIG => "argument list too long",
        ENOEXEC => "not a program",
        ENOMEM => "out of memory or address space",
        EACCES => "permission denied (not executable, or not a regular file)",
        EEXIST => "address range already in use",
        ENOTDIR => "a part of the path is not a directory",
        EINVAL => "invalid argument",
        ENAMETOOLONG => "file name too long",
        ELOOP => "too many levels of symbolic links or scripts",
        _ => $"error {errno}",
    };
}
