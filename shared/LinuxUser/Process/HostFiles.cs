using Suite.Host;
using Suite.LinuxUser.Abi;
using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Process;

/// <summary>The host's file system as the loader wants it, with -L prefixes in front of absolute paths.</summary>
public sealed unsafe class HostFiles(IReadOnlyList<string> prefixes) : IFileOpener
{
    private const uint S_IFMT = 0xF000, S_IFREG = 0x8000;
    private const int X_OK = 1, R_OK = 4, ModeOffset = 24, SizeOffset = 48;

    /// <summary>The path below the first prefix that has it, or the path itself.</summary>
    public string Resolve(string path)
    {
        if (prefixes.Count == 0 || !path.StartsWith('/'))
            return path;
        foreach (string prefix in prefixes)
        {
            string candidate = prefix.TrimEnd('/') + path;
            if (Access(candidate, 0) == 0)
                return candidate;
        }

        return path;
    }

    /// <inheritdoc/>
    public IProgramFile? Open(string path, out int errno)
    {
        byte* stat = stackalloc byte[144];
        long fd;
        fixed (byte* p = Terminated(Resolve(path)))
            fd = Sys.Call(Nr.open, (long)p, Linux.O_RDONLY | Linux.O_CLOEXEC);
        if (Sys.IsError(fd))
        {
            errno = (int)-fd;
            return null;
        }

        Sys.Call(Nr.fstat, fd, (long)stat);
        if ((*(uint*)(stat + ModeOffset) & S_IFMT) != S_IFREG)
        {
            Sys.Call(Nr.close, fd);
            errno = Errno.EACCES;
            return null;
        }

        errno = 0;
        return new HostFile((int)fd, path, *(long*)(stat + SizeOffset));
    }

    /// <summary>A program that somebody has opened; the descriptor is taken over.</summary>
    public static IProgramFile Adopt(int descriptor, string path)
    {
        byte* stat = stackalloc byte[144];
        Sys.Call(Nr.fstat, descriptor, (long)stat);
        return new HostFile(descriptor, path, *(long*)(stat + SizeOffset));
    }

    /// <inheritdoc/>
    public bool IsExecutable(string path, out int errno)
    {
        byte* stat = stackalloc byte[144];
        byte[] name = Terminated(Resolve(path));
        fixed (byte* p = name)
        {
            long error = Sys.Call(Nr.stat, (long)p, (long)stat);
            if (error == 0)
                error = (*(uint*)(stat + ModeOffset) & S_IFMT) == S_IFREG ? Sys.Call(Nr.access, (long)p, X_OK) : -Errno.EACCES;
            errno = (int)-error;
            return error == 0;
        }
    }

    /// <inheritdoc/>
    public bool IsDirectory(string path)
    {
        byte* stat = stackalloc byte[144];
        const uint S_IFDIR = 0x4000;
        fixed (byte* p = Terminated(Resolve(path)))
            return Sys.Call(Nr.stat, (long)p, (long)stat) == 0 && (*(uint*)(stat + ModeOffset) & S_IFMT) == S_IFDIR;
    }

    /// <summary>True when the file may be read: a program that may only be executed cannot be emulated.</summary>
    public bool IsReadable(string path) => Access(Resolve(path), R_OK) == 0;

    private static long Access(string path, int mode)
    {
        fixed (byte* p = Terminated(path))
            return Sys.Call(Nr.access, (long)p, mode);
    }

    private static byte[] Terminated(string path) => [.. GuestText.ToBytes(path), 0];

    private sealed class HostFile(int fd, string path, long length) : IProgramFile
    {
        public long Length { get; } = length;

        public int Fd { get; } = fd;

        public string Path { get; } = path;

        public int ReadAt(long offset, Span<byte> into)
        {
            fixed (byte* p = into)
                return (int)Sys.Call(Nr.pread64, Fd, (long)p, into.Length, offset);
        }

        public void Dispose() => Sys.Call(Nr.close, Fd);
    }
}
