namespace Suite.Machines;

/// <summary>What a machine is doing; the names are QMP's (qapi/run-state.json).</summary>
public enum RunState
{
    /// <summary>Built, never started (-S).</summary>
    Prelaunch,

    Running,

    /// <summary>Stopped by the user.</summary>
    Paused,

    /// <summary>Stopped by a debugger.</summary>
    Debug,

    /// <summary>A snapshot is being written.</summary>
    SaveVm,

    /// <summary>A snapshot is being read.</summary>
    RestoreVm,

    /// <summary>Powered off, and kept because of -no-shutdown.</summary>
    Shutdown,

    /// <summary>The guest's kernel has panicked, and the machine is kept.</summary>
    GuestPanicked,

    /// <summary>The accelerator failed.</summary>
    InternalError,
}

/// <summary>Why a machine is reset or ends; QMP's ShutdownCause.</summary>
public enum StopCause
{
    HostQmpQuit,
    HostQmpSystemReset,
    HostSignal,
    HostUi,
    GuestShutdown,
    GuestReset,
    GuestPanic,
}

/// <summary>What happens when a guest says that it has panicked.</summary>
public enum PanicAction
{
    /// <summary>The machine stops and is kept.</summary>
    Pause,

    /// <summary>The machine ends.</summary>
    Shutdown,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>Names on the wire.</summary>
public static class RunStateNames
{
    /// <summary>As query-status and `info status` show it.</summary>
    public static string Text(RunState state) => state switch
    {
        RunState.Prelaunch => "prelaunch",
        RunState.Running => "running",
        RunState.Paused => "paused",
        RunState.Debug => "debug",
        RunState.SaveVm => "save-vm",
        RunState.RestoreVm => "restore-vm",
        RunState.Shutdown => "shutdown",
        RunState.GuestPanicked => "guest-panicked",
        _ => "internal-error",
    };

    /// <summary>As SHUTDOWN and RESET events show it.</summary>
    public static string Text(StopCause cause) => cause switch
    {
        StopCause.HostQmpQuit => "host-qmp-quit",
        StopCause.HostQmpSystemReset => "host-qmp-system-reset",
        StopCause.HostSignal => "host-signal",
        StopCause.HostUi => "host-ui",
        StopCause.GuestShutdown => "guest-shutdown",
        StopCause.GuestReset => "guest-reset",
        _ => "guest-panic",
    };

    /// <summary>True when the guest asked for it, not the host.</summary>
    public static bool IsByGuest(StopCause cause) => cause is StopCause.GuestShutdown or StopCause.GuestReset or StopCause.GuestPanic;
}
