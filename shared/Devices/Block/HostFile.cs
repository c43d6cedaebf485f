using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Suite.Host;

namespace Suite.Devices.Block;

/// <summary>A file, or a block device, of the host. Every failure is an IOException that names it.</summary>
public sealed unsafe class HostFile : IDisposable
{
    private const int MaxVectors = 1024;

    private readonly bool _ignoresFlush;
    private readonly BlockOptions _options;
    private long _fd;

    private HostFile(string path, long fd, BlockOptions options)
    {
        (Path, _fd, _options) = (path, fd, options);
        (IsReadOnly, _ignoresFlush, WritesThrough) = (options.IsReadOnly, options.IgnoresFlush, options.WritesThrough);
    }

    /// <summary>Its path, as it was given.</summary>
    public string Path { get; }

    /// <summary>Writing is refused.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Every write reaches the disk before it is done.</summary>
    public bool WritesThrough { get; }

    /// <summary>Bytes; grows when something is written behind the end.</summary>
    public long Length { get; private set; }

    /// <summary>A block device of the host: its length is fixed.</summary>
    public bool IsDevice { get; private set; }

    /// <summary>Bytes of the host's disk it takes; fewer than its length where it has holes.</summary>
    public long AllocatedBytes
    {
        get
        {
            const int statBytes = 144, blocksAt = 64, blockBytes = 512; // struct stat
            byte* stat = stackalloc byte[statBytes];
            return Sys.IsError(Sys.Call(Nr.fstat, _fd, (long)stat)) ? 0 : *(long*)(stat + blocksAt) * blockBytes;
        }
    }

    internal int Descriptor => (int)_fd;

    /// <summary>Opens a file that exists.</summary>
    /// <exception cref="IOException">It cannot be opened, or another process uses it.</exception>
    public static HostFile Open(BlockOptions options) => Open(options, options.IsReadOnly ? Linux.O_RDONLY : Linux.O_RDWR);

    /// <summary>Makes a file; one that exists is emptied, once nobody else uses it.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static HostFile Create(string path)
    {
        HostFile file = Open(new BlockOptions(path), Linux.O_RDWR | Linux.O_CREAT);
        file.SetLength(0);
        return file;
    }

    /// <summary>A file without a name that lives as long as it is open.</summary>
    /// <param name="directory">Where its contents lie.</param>
    /// <exception cref="IOException">It cannot be made there.</exception>
    public static HostFile CreateTemporary(string directory)
    {
        const int temporary = 0x410000, mode = 0x180; // O_TMPFILE; rw for the owner
        BlockOptions options = new(directory) { IgnoresFlush = true };
        try
        {
            return new HostFile(directory, OpenDescriptor(directory, Linux.O_RDWR | temporary, mode), options);
        }
        catch (IOException)
        {
            // Not every file system can do that: a file that is unlinked at once is the same.
            string path = System.IO.Path.Combine(directory, System.IO.Path.GetRandomFileName());
            HostFile file = new(path, OpenDescriptor(path, Linux.O_RDWR | Linux.O_CREAT, mode), options);
            File.Delete(path);
            return file;
        }
    }

    /// <summary>Reads; what lies behind the end is zero.</summary>
    public void Read(long offset, Span<byte> into)
    {
        while (into.Length > 0)
        {
            long n;
            fixed (byte* p = into)
                n = Blocking(Nr.pread64, (long)p, into.Length, offset);
            if (n <= 0)
            {
                Check(n, "reading");
                into.Clear();
                return;
            }

            into = into[(int)n..];
            offset += n;
        }
    }

    /// <summary>Writes.</summary>
    public void Write(long offset, ReadOnlySpan<byte> from)
    {
        while (from.Length > 0)
        {
            long n;
            fixed (byte* p = from)
                n = Blocking(Nr.pwrite64, (long)p, from.Length, offset);
            Check(n, "writing");
            from = from[(int)n..];
            offset += n;
        }

        Wrote(offset);
    }

    /// <summary>Reads into several pieces.</summary>
    public void Read(long offset, ReadOnlySpan<IoVector> into)
    {
        while (into.Length > 0)
        {
            ReadOnlySpan<IoVector> part = into[..Math.Min(into.Length, MaxVectors)];
            long n, wanted = VectorCursor.Sum(part);
            fixed (IoVector* p = part)
                n = Blocking(Nr.preadv, (long)p, part.Length, offset);
            Check(n, "reading");
            if (n < wanted)
                Resume(part, n, offset, static (file, at, bytes) => file.Read(at, bytes)); // up to a file's end, or a signal came
            into = into[part.Length..];
            offset += wanted;
        }
    }

    /// <summary>Writes from several pieces.</summary>
    public void Write(long offset, ReadOnlySpan<IoVector> from)
    {
        while (from.Length > 0)
        {
            ReadOnlySpan<IoVector> part = from[..Math.Min(from.Length, MaxVectors)];
            long n, wanted = VectorCursor.Sum(part);
            fixed (IoVector* p = part)
                n = Blocking(Nr.pwritev, (long)p, part.Length, offset);
            Check(n, "writing");
            if (n < wanted)
                Resume(part, n, offset, static (file, at, bytes) => file.Write(at, bytes));
            from = from[part.Length..];
            offset += wanted;
        }

        Wrote(offset);
    }

    /// <summary>Makes what was written survive a crash of the host.</summary>
    public void Flush()
    {
        if (!_ignoresFlush && !IsReadOnly)
            Check(Blocking(Nr.fdatasync), "flushing");
    }

    /// <summary>Cuts it off, or makes it longer by zeros.</summary>
    public void SetLength(long length)
    {
        Check(Blocking(Nr.ftruncate, length), "resizing");
        Length = length;
    }

    /// <summary>Gives the room of bytes back to the host; they read as zero. False when the host's file system cannot do that.</summary>
    public bool TryPunch(long offset, long length)
    {
        const int punchHole = 2, keepSize = 1;
        return !Sys.IsError(Blocking(Nr.fallocate, punchHole | keepSize, offset, length));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_fd < 0)
            return;
        SetLocks(false); // a process that is just being started may have a copy of the descriptor, which would keep them
        Sys.Call(Nr.close, _fd);
        _fd = -1;
    }

    /// <summary>As <see cref="IBlockDevice.SetLocks"/>.</summary>
    internal void SetLocks(bool held)
    {
        if (!_options.Locks)
            return;
        if (held)
            ImageLock.Set(this, _options);
        else
            ImageLock.GiveUp(this);
    }

    internal IOException Error(string what, long result) => new($"{Path}: {what}: {ErrorText(result)}");

    private static HostFile Open(BlockOptions options, int flags)
    {
        const int mode = 0x1A4; // rw-r--r--
        HostFile file = new(options.File, OpenDescriptor(options.File, flags, mode), options);
        try
        {
            file.Measure();
            if (options.Locks)
                ImageLock.Take(file, options);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static long OpenDescriptor(string path, int flags, int mode)
    {
        byte[] name = Encoding.UTF8.GetBytes(path + "\0");
        long fd;
        fixed (byte* p = name)
            fd = Sys.Blocking(Nr.open, (long)p, flags | Linux.O_CLOEXEC, mode);
        return Sys.IsError(fd) ? throw new IOException($"{path}: {ErrorText(fd)}{Advice(fd, flags)}") : fd;
    }

    private static string Advice(long result, int flags)
    {
        const int accessDenied = -13, readOnlyFileSystem = -30;
        bool writes = (flags & 3) != Linux.O_RDONLY;
        return writes && result is accessDenied or readOnlyFileSystem ? " (a disk that is only read can be given with readonly=on)" : "";
    }

    private static string ErrorText(long result) => Marshal.GetPInvokeErrorMessage((int)-result);

    private void Measure()
    {
        const int typeMask = 0xF000, directory = 0x4000, blockDevice = 0x6000, modeOffset = 24, sizeOffset = 48;
        const uint blockDeviceLength = 0x80081272; // BLKGETSIZE64
        Span<byte> stat = stackalloc byte[144];
        fixed (byte* p = stat)
            Check(Sys.Blocking(Nr.fstat, _fd, (long)p), "asking its size");
        int type = BinaryPrimitives.ReadInt32LittleEndian(stat[modeOffset..]) & typeMask;
        if (type == directory)
            throw new IOException($"{Path}: is a directory");
        Length = BinaryPrimitives.ReadInt64LittleEndian(stat[sizeOffset..]);
        IsDevice = type == blockDevice;
        if (!IsDevice)
            return;
        long bytes = 0;
        Check(Sys.Blocking(Nr.ioctl, _fd, blockDeviceLength, (long)&bytes), "asking its size");
        Length = bytes;
    }

    private void Wrote(long end)
    {
        Length = Math.Max(Length, end);
        if (WritesThrough)
            Flush();
    }

    private void Resume(ReadOnlySpan<IoVector> pieces, long done, long offset, TransferAction transfer)
    {
        foreach (IoVector piece in pieces)
        {
            if (done < piece.Length)
                transfer(this, offset + done, piece.Bytes[(int)done..]);
            done = Math.Max(done - piece.Length, 0);
            offset += piece.Length;
        }
    }

    private long Blocking(long number, long a2 = 0, long a3 = 0, long a4 = 0)
    {
        const long interrupted = -4;
        while (true)
        {
            long result = Sys.Blocking(number, _fd, a2, a3, a4);
            if (result != interrupted)
                return result;
        }
    }

    private void Check(long result, string doing)
    {
        if (Sys.IsError(result))
            throw Error(doing, result);
    }

    private delegate void TransferAction(HostFile file, long offset, Span<byte> bytes);
}
