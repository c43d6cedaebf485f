namespace Suite.Devices.Char;

/// <summary>The host's side of a serial line or console: a terminal, a file, a socket. What arrives is handed on under the machine's lock.</summary>
public interface IChardev
{
    /// <summary>Sends what the guest wrote. What cannot be sent at once is kept or dropped; the guest is never blocked.</summary>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Whoever takes what arrives; set by the device at its other end.</summary>
    ICharReceiver? Receiver { get; set; }

    /// <summary>Somebody is at the host's side.</summary>
    bool IsOpen => true;

    /// <summary>The receiver has room again after it had too little.</summary>
    void ReceiverReady()
    {
    }
}

/// <summary>The device's side.</summary>
public interface ICharReceiver
{
    /// <summary>Bytes the device can take now; more stay with the host until <see cref="Receive"/> has made room.</summary>
    int Room { get; }

    /// <summary>Takes bytes, at most <see cref="Room"/>.</summary>
    void Receive(ReadOnlySpan<byte> bytes);

    /// <summary>Somebody connected to the host's side (a socket).</summary>
    void Opened()
    {
    }

    /// <summary>Nobody is connected to the host's side any more.</summary>
    void Closed()
    {
    }

    /// <summary>The line was broken for at least a character's time.</summary>
    void Break()
    {
    }
}
