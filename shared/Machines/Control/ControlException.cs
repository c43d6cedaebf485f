namespace Suite.Machines.Control;

/// <summary>A monitor command cannot be done; the message is for the user.</summary>
/// <param name="message">Why.</param>
/// <param name="isNotFound">A device of that name does not exist (QMP's DeviceNotFound).</param>
public sealed class ControlException(string message, bool isNotFound = false) : Exception(message)
{
    public bool IsNotFound { get; } = isNotFound;
}
