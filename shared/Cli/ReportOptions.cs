namespace Suite.Cli;

/// <summary>How crash reports are wanted (-report).</summary>
/// <param name="Off">No reports.</param>
/// <param name="Json">As JSON; as text otherwise.</param>
/// <param name="AllCalls">Every system call is recorded: generated code makes none itself, which is slower.</param>
/// <param name="Path">File to append to, %p in it is the process id; null for standard error.</param>
public sealed record ReportOptions(bool Off, bool Json, bool AllCalls, string? Path)
{
    /// <summary>Text on standard error.</summary>
    public static ReportOptions Default { get; } = new(false, false, false, null);
}
