using Suite.Host;
using Suite.LinuxUser.Loader;

namespace Suite.LinuxUser.Proc;

/// <summary>Small files of the host, read with raw calls: nothing of the guest's is touched and no descriptor stays open.</summary>
internal static unsafe class HostFile
{
    /// <summary>The whole file, or null when it cannot be read. Sizes are not known beforehand in /proc.</summary>
    public static byte[]? Read(string path)
    {
        fixed (byte* name = Terminated(path))
        {
            long fd = Sys.Call(Nr.open, (long)name, Linux.O_RDONLY | Linux.O_CLOEXEC);
            if (Sys.IsError(fd))
                return null;
            byte[] buffer = new byte[4096];
            int length = 0;
            long got;
            while (true)
            {
                if (length == buffer.Length)
                    Array.Resize(ref buffer, length * 2);
                fixed (byte* into = buffer)
                    got = Sys.Call(Nr.read, fd, (long)(into + length), buffer.Length - length);
                if (got <= 0)
                    break;
                length += (int)got;
            }

            Sys.Call(Nr.close, fd);
            return got < 0 ? null : buffer[..length];
        }
    }

    /// <summary>The first bytes of a regular file, enough for a #! line; null when there is none. Never waits on a pipe or a device.</summary>
    public static byte[]? ReadHead(string path)
    {
        const int O_NONBLOCK = 0x800, LineBytes = 256, ModeOffset = 24, S_IFMT = 0xF000, S_IFREG = 0x8000;
        byte[] head = new byte[LineBytes];
        byte* stat = stackalloc byte[144];
        fixed (byte* name = Terminated(path), into = head)
        {
            if (Sys.Call(Nr.stat, (long)name, (long)stat) != 0 || (*(uint*)(stat + ModeOffset) & S_IFMT) != S_IFREG)
                return null;
            long fd = Sys.Call(Nr.open, (long)name, Linux.O_RDONLY | Linux.O_CLOEXEC | O_NONBLOCK);
            if (Sys.IsError(fd))
                return null;
            long got = Sys.Call(Nr.pread64, fd, (long)into, LineBytes, 0);
            Sys.Call(Nr.close, fd);
            return Sys.IsError(got) ? null : head[..(int)got];
        }
    }

    /// <summary>The entries of a directory whose names are numbers, such as the processes in /proc.</summary>
    public static List<int> Numbers(string directory)
    {
        List<int> numbers = [];
        byte[] entries = new byte[8192];
        fixed (byte* name = Terminated(directory), buffer = entries)
        {
            long list = Sys.Call(Nr.open, (long)name, Linux.O_RDONLY | Linux.O_CLOEXEC);
            if (Sys.IsError(list))
                return numbers;
            long got;
            while ((got = Sys.Call(Nr.getdents64, list, (long)buffer, entries.Length)) > 0)
            {
                DirectoryEntries reader = new(entries.AsSpan(0, (int)got), DirectoryEntries.NameOffset64);
                while (reader.Next())
                    if (ProcName.TryNumber(reader.Name, out int number) && !(number == list && directory.EndsWith("/fd", StringComparison.Ordinal)))
                        numbers.Add(number);
            }

            Sys.Call(Nr.close, list);
        }

        return numbers;
    }

    /// <summary>As <see cref="Read"/>, as text that gives its bytes back.</summary>
    public static string? ReadText(string path) => Read(path) is { } bytes ? GuestText.FromBytes(bytes) : null;

    /// <summary>Device and inode of the file a path leads to; false when there is none.</summary>
    public static bool TryIdentify(string path, out (ulong Device, ulong Inode) id)
    {
        byte* stat = stackalloc byte[144];
        fixed (byte* name = Terminated(path))
        {
            bool good = Sys.Call(Nr.stat, (long)name, (long)stat) == 0;
            id = good ? (*(ulong*)stat, *(ulong*)(stat + 8)) : default;
            return good;
        }
    }

    /// <summary>
    /// What /proc/self/fd says of an open file, found without it where that can be: looking into a process's
    /// folder in /proc for the first time is dear (docs/adr/018).
    /// </summary>
    /// <param name="fd">The open file.</param>
    /// <param name="openedAs">The path it was opened by.</param>
    public static string PathOf(int fd, string openedAs)
    {
        byte* stat = stackalloc byte[144];
        return Sys.Call(Nr.fstat, fd, (long)stat) == 0 && HostPath.Resolve(Terminated(openedAs)) is { } path && GuestText.FromBytes(path) is var text
            && !text.StartsWith("/proc/", StringComparison.Ordinal) && TryIdentify(text, out (ulong, ulong) found) && found == (*(ulong*)stat, *(ulong*)(stat + 8))
            ? text
            : Memory.GuestMemory.DescriptorPath(fd);
    }

    /// <summary>The absolute path of an existing file, without links; null when there is none.</summary>
    public static byte[]? RealPath(string path)
    {
        fixed (byte* name = Terminated(path))
        {
            long fd = Sys.Call(Nr.open, (long)name, Linux.O_PATH | Linux.O_CLOEXEC);
            if (Sys.IsError(fd))
                return null;
            byte[]? real = ReadLink($"/proc/self/fd/{fd}");
            Sys.Call(Nr.close, fd);
            return real;
        }
    }

    /// <summary>What a symbolic link holds; null when it is none.</summary>
    public static byte[]? ReadLink(string path)
    {
        byte[] target = new byte[4096];
        fixed (byte* name = Terminated(path), into = target)
        {
            long got = Sys.Call(Nr.readlink, (long)name, (long)into, target.Length);
            return Sys.IsError(got) ? null : target[..(int)got];
        }
    }

    /// <summary>A new nameless file that holds <paramref name="content"/>, at its start; its descriptor or -errno.</summary>
    public static long Serve(string name, byte[] content, bool closeOnExec)
    {
        const int MFD_CLOEXEC = 1;
        fixed (byte* label = Terminated(name), data = content)
        {
            long fd = Sys.Call(Nr.memfd_create, (long)label, closeOnExec ? MFD_CLOEXEC : 0);
            if (Sys.IsError(fd))
                return fd;
            for (int done = 0; done < content.Length;)
            {
                long put = Sys.Call(Nr.write, fd, (long)(data + done), content.Length - done);
                if (put <= 0)
                {
                    Sys.Call(Nr.close, fd);
                    return put == 0 ? -Abi.Errno.EIO : put;
                }

                done += (int)put;
            }

            return ReadOnly(fd, closeOnExec);
        }
    }

    // The same file opened once more, in the place of the first: what may only be read must not be taken for a place to write to.
    private static long ReadOnly(long fd, bool closeOnExec)
    {
        const int SEEK_SET = 0, O_LARGEFILE = 0x8000;
        int flags = Linux.O_RDONLY | O_LARGEFILE | (closeOnExec ? Linux.O_CLOEXEC : 0);
        fixed (byte* self = Terminated($"/proc/self/fd/{fd}"))
        {
            long again = Sys.Call(Nr.open, (long)self, flags);
            if (Sys.IsError(again))
            {
                Sys.Call(Nr.lseek, fd, 0, SEEK_SET);
                return fd;
            }

            Sys.Call(Nr.dup3, again, fd, flags & Linux.O_CLOEXEC);
            Sys.Call(Nr.close, again);
            return fd;
        }
    }

    /// <summary>The bytes of a path with a NUL behind them.</summary>
    public static byte[] Terminated(string path) => [.. GuestText.ToBytes(path), 0];
}
