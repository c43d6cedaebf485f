using System.Buffers.Binary;
using Suite.Gdb;
using Suite.Host;
using Suite.LinuxUser.Loader;
using Suite.LinuxUser.Proc;
using Suite.LinuxUser.Process;

namespace Suite.UserMode.Debugging;

/// <summary>
/// The debugger's view of files: the guest's. Descriptors it has open are kept at high numbers, where no guest looks.
/// </summary>
/// <param name="process">The guest process.</param>
/// <param name="anyThread">A thread of it, for what /proc tells; null when there is none.</param>
internal sealed unsafe class DebugFiles(GuestProcess process, Func<GuestThread?> anyThread) : IGdbFiles
{
    private const int F_DUPFD_CLOEXEC = 1030, FirstDescriptor = 200, TextDescriptor = 0x4000_0000;

    private readonly HashSet<int> _open = [];
    private readonly Dictionary<int, byte[]> _texts = [];
    private int _lastText;

    /// <inheritdoc/>
    public long Open(string path, int flags, int mode)
    {
        const int Known = 0x1 | 0x2 | 0x8 | 0x200 | 0x400 | 0x800;
        if ((flags & ~Known) != 0)
            return -FileErrno.EINVAL;
        // Flags of the protocol: WRONLY 1, RDWR 2, APPEND 8, CREAT 200h, TRUNC 400h, EXCL 800h.
        int host = (flags & 3) | ((flags & 0x8) != 0 ? 0x400 : 0) | ((flags & 0x200) != 0 ? 0x40 : 0) | ((flags & 0x400) != 0 ? 0x200 : 0) | ((flags & 0x800) != 0 ? 0x80 : 0);
        GuestThread? t = anyThread();
        if (t is not null && (flags & 3) == 0 && GuestPaths.Text(t, path) is { } text)
        {
            int number = TextDescriptor + _lastText++;
            _texts[number] = text;
            return number;
        }

        fixed (byte* p = Terminated(t is null ? path : GuestPaths.Resolve(t, path)))
        {
            long fd = Sys.Call(Nr.open, (long)p, host | Linux.O_CLOEXEC, mode);
            if (Sys.IsError(fd))
                return Error(fd);
            long high = Sys.Call(Nr.fcntl, fd, F_DUPFD_CLOEXEC, FirstDescriptor);
            if (!Sys.IsError(high))
                Sys.Call(Nr.close, fd);
            int kept = (int)(Sys.IsError(high) ? fd : high);
            _open.Add(kept);
            return kept;
        }
    }

    /// <inheritdoc/>
    public long Close(int descriptor)
    {
        if (_texts.Remove(descriptor))
            return 0;
        return _open.Remove(descriptor) ? Error(Sys.Call(Nr.close, descriptor)) : -FileErrno.EBADF;
    }

    /// <inheritdoc/>
    public long Read(int descriptor, long offset, Span<byte> into)
    {
        if (_texts.TryGetValue(descriptor, out byte[]? text))
        {
            int count = (int)Math.Clamp(text.Length - offset, 0, into.Length);
            text.AsSpan((int)Math.Min(offset, text.Length), count).CopyTo(into);
            return count;
        }

        if (!_open.Contains(descriptor))
            return -FileErrno.EBADF;
        fixed (byte* p = into)
        {
            long got = Sys.Call(Nr.pread64, descriptor, (long)p, into.Length, offset);
            if (got == -29) // ESPIPE: a pipe or a terminal, and many files of /proc
                got = Sys.Call(Nr.read, descriptor, (long)p, into.Length);
            return Error(got);
        }
    }

    /// <inheritdoc/>
    public long Write(int descriptor, long offset, ReadOnlySpan<byte> data)
    {
        if (!_open.Contains(descriptor))
            return -FileErrno.EBADF;
        fixed (byte* p = data)
            return Error(Sys.Call(Nr.pwrite64, descriptor, (long)p, data.Length, offset));
    }

    /// <inheritdoc/>
    public long Status(int descriptor, Span<byte> stat)
    {
        stat.Clear();
        if (_texts.TryGetValue(descriptor, out byte[]? text))
        {
            const uint RegularReadable = 0x8124;
            BinaryPrimitives.WriteUInt32BigEndian(stat[8..], RegularReadable);
            BinaryPrimitives.WriteUInt64BigEndian(stat[28..], (ulong)text.Length);
            return 0;
        }

        if (!_open.Contains(descriptor))
            return -FileErrno.EBADF;
        byte* host = stackalloc byte[144];
        long error = Sys.Call(Nr.fstat, descriptor, (long)host);
        if (Sys.IsError(error))
            return Error(error);

        // dev ino mode nlink uid gid rdev (4 bytes each), size blksize blocks (8 each), atime mtime ctime (4 each).
        ReadOnlySpan<(int Host, int Bytes)> fields = [(0, 8), (8, 8), (24, 4), (16, 8), (28, 4), (32, 4), (40, 8), (48, 8), (56, 8), (64, 8), (72, 8), (88, 8), (104, 8)];
        int at = 0;
        for (int i = 0; i < fields.Length; i++)
        {
            ulong value = fields[i].Bytes == 4 ? *(uint*)(host + fields[i].Host) : *(ulong*)(host + fields[i].Host);
            bool isWide = i is 7 or 8 or 9;
            if (isWide)
                BinaryPrimitives.WriteUInt64BigEndian(stat[at..], value);
            else
                BinaryPrimitives.WriteUInt32BigEndian(stat[at..], (uint)value);
            at += isWide ? 8 : 4;
        }

        return 0;
    }

    /// <inheritdoc/>
    public long Unlink(string path)
    {
        fixed (byte* p = Terminated(anyThread() is { } t ? GuestPaths.Resolve(t, path) : path))
            return Error(Sys.Call(Nr.unlink, (long)p));
    }

    /// <inheritdoc/>
    public long ReadLink(string path, out byte[] target)
    {
        target = [];
        if (anyThread() is { } t && GuestPaths.Link(t, path) is { } known)
        {
            target = known;
            return known.Length;
        }

        string below = new HostFiles(process.Prefixes).Resolve(path);
        byte* buffer = stackalloc byte[4096];
        fixed (byte* p = Terminated(below))
        {
            long length = Sys.Call(Nr.readlink, (long)p, (long)buffer, 4096);
            if (Sys.IsError(length))
                return Error(length);
            target = new ReadOnlySpan<byte>(buffer, (int)length).ToArray();
            return length;
        }
    }

    private static long Error(long result) => Sys.IsError(result) ? -FileErrno.FromLinux((int)-result) : result;

    private static byte[] Terminated(string path) => [.. GuestText.ToBytes(path), 0];
}
