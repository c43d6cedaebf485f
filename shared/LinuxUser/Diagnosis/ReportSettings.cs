namespace Suite.LinuxUser.Diagnosis;

/// <summary>How crash reports are written.</summary>
public enum ReportFormat
{
    /// <summary>Not at all.</summary>
    Off,

    /// <summary>For people.</summary>
    Text,

    /// <summary>One JSON object in one line.</summary>
    Json,
}

/// <summary>What the user wants of crash reports (-report).</summary>
/// <param name="Format">Whether and how.</param>
/// <param name="Path">File the report is appended to, %p in it is the process id; null for standard error.</param>
public sealed record ReportSettings(ReportFormat Format, string? Path);
