namespace Suite.Host;

/// <summary>An eventfd: a counter that a descriptor stands for, which is readable while it is not zero. Does not block.</summary>
public sealed unsafe class EventDescriptor : IDisposable
{
    private const int EFD_CLOEXEC = 0x80000, EFD_NONBLOCK = 0x800;

    /// <summary>A counter of zero.</summary>
    public EventDescriptor() => Descriptor = (int)Sys.Call(Nr.eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);

    /// <summary>The descriptor; negative (an error number) when the process has none left.</summary>
    public int Descriptor { get; }

    /// <summary>Counts one more. From any thread.</summary>
    public void Signal()
    {
        ulong one = 1;
        Sys.Call(Nr.write, Descriptor, (long)&one, sizeof(ulong));
    }

    /// <summary>Sets the counter back; false when it was zero.</summary>
    public bool TryTake()
    {
        ulong count;
        return Sys.Call(Nr.read, Descriptor, (long)&count, sizeof(ulong)) == sizeof(ulong);
    }

    /// <inheritdoc/>
    public void Dispose() => Sys.Call(Nr.close, Descriptor);
}
