namespace Suite.Devices.Core;

/// <summary>A message-signalled interrupt that is sent again and again, prepared by whoever runs the vCPUs. Under the machine's lock.</summary>
public interface IMessageLine : IDisposable
{
    /// <summary>The write that it is.</summary>
    (ulong Address, uint Data) Message { get; }

    /// <summary>Sends it; false when the line has been closed meanwhile.</summary>
    bool TrySend();
}
