namespace Suite.Cli;

/// <summary>How the guest is watched (-watchdog).</summary>
/// <param name="Time">How long it may go without a system call.</param>
/// <param name="Aborts">It is then ended by SIGABRT.</param>
public sealed record WatchdogOptions(TimeSpan Time, bool Aborts);
