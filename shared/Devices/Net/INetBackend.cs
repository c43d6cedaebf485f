namespace Suite.Devices.Net;

/// <summary>The host's side of a network card: user-mode network, tap, nothing. Frames are Ethernet frames without preamble and checksum. Called under the machine's lock.</summary>
public interface INetBackend
{
    /// <summary>As `info network` shows it.</summary>
    string Description { get; }

    /// <summary>The card at the other end; set by the card.</summary>
    INetReceiver? Receiver { get; set; }

    /// <summary>Sends a frame of 14 bytes or more. What cannot be sent is lost, as on a wire.</summary>
    void Send(ReadOnlySpan<byte> frame);

    /// <summary>TCP segments larger than a frame are taken as they are: cutting them up for a wire can be left out.</summary>
    bool TakesLargeSegments => false;

    /// <summary>The card can take frames again after <see cref="INetReceiver.CanReceive"/> was false.</summary>
    void ReceiverReady()
    {
    }
}

/// <summary>A network card as its back end sees it.</summary>
public interface INetReceiver
{
    /// <summary>True when a frame would find a buffer now; a back end that can wait does.</summary>
    bool CanReceive { get; }

    /// <summary>Takes a frame, or drops it.</summary>
    void Receive(ReadOnlySpan<byte> frame);
}
