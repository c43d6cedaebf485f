namespace Suite.Devices.Net;

/// <summary>A cable that leads nowhere (`-netdev none`, or a card without a back end).</summary>
public sealed class NullNetwork : INetBackend
{
    /// <inheritdoc/>
    public string Description => "none";

    /// <inheritdoc/>
    public INetReceiver? Receiver { get; set; }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
    }
}
