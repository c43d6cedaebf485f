namespace Suite.Machines;

/// <summary>Something that happened to a machine, as QMP's events tell it.</summary>
/// <param name="Name">QMP's name: STOP, RESUME, RESET...</param>
/// <param name="Data">Members of the event's data: strings, numbers, booleans, and arrays of such members as objects.</param>
public sealed record MachineEvent(string Name, params (string Key, object Value)[] Data)
{
    /// <summary>An event that says who asked for it.</summary>
    public static MachineEvent Caused(string name, StopCause cause) =>
        new(name, ("guest", RunStateNames.IsByGuest(cause)), ("reason", RunStateNames.Text(cause)));
}
