using System.Text;
using Suite.Host;

namespace Suite.Jit.Memory;

/// <summary>A piece of a machine's memory, zeroed, on shared pages of its own; where a guest sees it is decided by <see cref="PhysicalMemory.Map"/>.</summary>
public sealed unsafe class RamBlock : IDisposable
{
    internal const int PageBits = 12;

    private const int MFD_CLOEXEC = 1, O_TMPFILE = 0x410000, SEEK_END = 2;

    /// <summary>Reserves memory; the host provides pages when they are touched.</summary>
    /// <param name="name">For `info mtree` and snapshots.</param>
    /// <param name="bytes">A multiple of 4096.</param>
    /// <exception cref="EngineException">The host has no room.</exception>
    /// <param name="file">A file that keeps it, longer or made longer; or a folder, for a file without a name there. Null for memory of its own.</param>
    /// <param name="isShared">What is written reaches the file.</param>
    public RamBlock(string name, ulong bytes, string? file = null, bool isShared = true)
    {
        (Name, Bytes, IsShared) = (name, bytes, isShared || file is null);
        if (file is not null)
            Descriptor = Open(file);
        else
            fixed (byte* text = "guest-ram\0"u8)
                Descriptor = (int)Sys.Call(Nr.memfd_create, (long)text, MFD_CLOEXEC);
        long at = Descriptor < 0 ? Descriptor : file is null || Sys.Call(Nr.lseek, Descriptor, 0, SEEK_END) < (long)bytes ? Sys.Call(Nr.ftruncate, Descriptor, (long)bytes) : 0;
        if (at >= 0)
            at = Sys.Call(Nr.mmap, 0, (long)bytes, Linux.PROT_READ | Linux.PROT_WRITE, (IsShared ? Linux.MAP_SHARED : Linux.MAP_PRIVATE) | Linux.MAP_NORESERVE, Descriptor, 0);
        if (Sys.IsError(at) && file is not null)
            throw new EngineException($"{name}: {file} cannot be mapped (errno {-at}): give a file or folder that may be written, on a file system with room for {bytes >> 20} MiB");
        if (Sys.IsError(at))
            throw new EngineException($"no {bytes >> 20} MiB for {name} (errno {-at}): give the machine less with -m, or raise the limits of this process");
        Host = (byte*)at;
        HasCode = new uint[bytes >> PageBits];
    }

    private static int Open(string file)
    {
        const int mode = 0x180; // rw for the owner
        int flags = Linux.O_RDWR | Linux.O_CLOEXEC | (Directory.Exists(file) ? O_TMPFILE : Linux.O_CREAT);
        fixed (byte* path = Encoding.UTF8.GetBytes(file + "\0"))
            return (int)Sys.Call(Nr.openat, Linux.AT_FDCWD, (long)path, flags, mode);
    }

    /// <summary>As told.</summary>
    public string Name { get; }

    /// <summary>Size.</summary>
    public ulong Bytes { get; }

    /// <summary>Where it lies in this process.</summary>
    public byte* Host { get; }

    /// <summary>What is mapped from <see cref="Descriptor"/> is this memory.</summary>
    public bool IsShared { get; }

    /// <summary>Maps a page a second time, over what is at an address. Only if <see cref="IsShared"/>.</summary>
    /// <param name="offset">Of the page in the block.</param>
    /// <param name="at">Where to.</param>
    /// <returns>False when the host refuses.</returns>
    public bool TryMapPage(ulong offset, byte* at) =>
        !Sys.IsError(Sys.Call(Nr.mmap, (long)at, 1 << PageBits, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_SHARED | Linux.MAP_FIXED, Descriptor, (long)offset));

    /// <summary>The memfd behind it.</summary>
    public int Descriptor { get; }

    /// <summary>
    /// A word for each page (4096 bytes), a bit for each vCPU that translated code from it; not 0: writes are reported to
    /// <see cref="PhysicalMemory.CodeWritten"/>. Changed by interlocked operations only.
    /// </summary>
    public uint[] HasCode { get; }

    /// <summary>A byte for each page, set when this process writes it otherwise than as a translated vCPU; null when nobody asks.</summary>
    public byte[]? WriteMarks { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Sys.Call(Nr.munmap, (long)Host, (long)Bytes);
        Sys.Call(Nr.close, Descriptor);
    }
}
