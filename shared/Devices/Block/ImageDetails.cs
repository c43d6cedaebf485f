namespace Suite.Devices.Block;

/// <summary>What monitors tell of an image beside its name and size.</summary>
/// <param name="FileBytes">Bytes of the host's disk it takes.</param>
/// <param name="ClusterSize">Bytes that are allocated at once; 0: it has no clusters.</param>
/// <param name="Backing">The image it stands on, by its name in the header; null for none.</param>
/// <param name="BackingFormat">That one's format; null when it is not said.</param>
/// <param name="Depth">Images below it.</param>
public sealed record ImageDetails(long FileBytes, int ClusterSize = 0, string? Backing = null, string? BackingFormat = null, int Depth = 0)
{
    /// <summary>Of an image that has nothing to tell.</summary>
    public static ImageDetails Plain { get; } = new(0);
}
