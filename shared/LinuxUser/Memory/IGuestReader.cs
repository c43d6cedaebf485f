namespace Suite.LinuxUser.Memory;

/// <summary>Reads the guest's memory without ever faulting.</summary>
public interface IGuestReader
{
    /// <summary>Copies guest bytes from <paramref name="address"/>; false, with undefined contents, when any of them is not readable.</summary>
    bool TryRead(ulong address, Span<byte> into);
}
