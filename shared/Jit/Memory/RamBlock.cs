using Suite.Host;

namespace Suite.Jit.Memory;

/// <summary>A piece of a machine's memory, zeroed, on shared pages of its own; where a guest sees it is decided by <see cref="PhysicalMemory.Map"/>.</summary>
public sealed unsafe class RamBlock : IDisposable
{
    internal const int PageBits = 12;

    private const int MFD_CLOEXEC = 1;

    /// <summary>Reserves memory; the host provides pages when they are touched.</summary>
    /// <param name="name">For `info mtree` and snapshots.</param>
    /// <param name="bytes">A multiple of 4096.</param>
    /// <exception cref="EngineException">The host has no room.</exception>
    public RamBlock(string name, ulong bytes)
    {
        (Name, Bytes) = (name, bytes);
        fixed (byte* text = "guest-ram\0"u8)
            Descriptor = (int)Sys.Call(Nr.memfd_create, (long)text, MFD_CLOEXEC);
        long at = Descriptor < 0 ? Descriptor : Sys.Call(Nr.ftruncate, Descriptor, (long)bytes);
        if (at >= 0)
            at = Sys.Call(Nr.mmap, 0, (long)bytes, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_SHARED | Linux.MAP_NORESERVE, Descriptor, 0);
        if (Sys.IsError(at))
            throw new EngineException($"no {bytes >> 20} MiB for {name} (errno {-at}): give the machine less with -m, or raise the limits of this process");
        Host = (byte*)at;
        HasCode = new uint[bytes >> PageBits];
    }

    /// <summary>As told.</summary>
    public string Name { get; }

    /// <summary>Size.</summary>
    public ulong Bytes { get; }

    /// <summary>Where it lies in this process.</summary>
    public byte* Host { get; }

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
