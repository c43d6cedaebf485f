namespace Suite.Gdb;

/// <summary>Files for vFile packets. Errors are negative numbers of the protocol's File-I/O (<see cref="FileErrno"/>).</summary>
public interface IGdbFiles
{
    /// <summary>Opens a file with flags and mode of the protocol; the result is a descriptor or an error.</summary>
    long Open(string path, int flags, int mode);

    /// <summary>Closes a descriptor.</summary>
    long Close(int descriptor);

    /// <summary>Reads at an offset; the result is the number of bytes.</summary>
    long Read(int descriptor, long offset, Span<byte> into);

    /// <summary>Writes at an offset.</summary>
    long Write(int descriptor, long offset, ReadOnlySpan<byte> data);

    /// <summary>The file's facts, as struct stat of the protocol.</summary>
    long Status(int descriptor, Span<byte> stat);

    /// <summary>Removes a file.</summary>
    long Unlink(string path);

    /// <summary>Where a symbolic link leads.</summary>
    long ReadLink(string path, out byte[] target);
}

/// <summary>Error numbers and sizes of the protocol's File-I/O (gdb manual, "Errno Values", "struct stat").</summary>
public static class FileErrno
{
    /// <summary>Bytes of a struct stat: 16 big-endian fields of 4 or 8 bytes.</summary>
    public const int StatBytes = 64;

    public const int EPERM = 1, ENOENT = 2, EINTR = 4, EBADF = 9, EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17, ENODEV = 19, ENOTDIR = 20, EISDIR = 21,
        EINVAL = 22, ENFILE = 23, EMFILE = 24, EFBIG = 27, ENOSPC = 28, ESPIPE = 29, EROFS = 30, ENOSYS = 88, ENAMETOOLONG = 91, EUNKNOWN = 9999;

    /// <summary>An error number of Linux as the protocol has it.</summary>
    public static int FromLinux(int errno) => errno switch
    {
        EPERM or ENOENT or EINTR or EBADF or EACCES or EFAULT or EBUSY or EEXIST or ENODEV or ENOTDIR or EISDIR or EINVAL or ENFILE or EMFILE or EFBIG
            or ENOSPC or ESPIPE or EROFS => errno,
        38 => ENOSYS,
        36 => ENAMETOOLONG,
        _ => EUNKNOWN,
    };
}
