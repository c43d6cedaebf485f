namespace Suite.Devices.Core;

/// <summary>Which pages of a device's memory were written, where whoever runs the vCPUs can tell at little cost. Under the machine's lock.</summary>
public interface IWriteLog
{
    /// <summary>Sets to 1 the bytes of pages (of 4096 bytes) that were written since the last call; at the first call, those of all.</summary>
    void Take(Span<byte> pages);
}
