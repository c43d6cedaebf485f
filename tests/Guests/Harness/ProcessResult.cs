using System.Text;

namespace Suite.Guests;

/// <summary>How a process ended, what it printed, and what it cost.</summary>
/// <param name="WaitStatus">The status word of wait4.</param>
/// <param name="TimedOut">It was killed because its time was over.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="ErrorOutput">Its standard error.</param>
/// <param name="WallSeconds">From before the spawn to the moment its end was noticed.</param>
/// <param name="CpuSeconds">User plus system time of it and of the children it waited for.</param>
public sealed record ProcessResult(int WaitStatus, bool TimedOut, byte[] Output, byte[] ErrorOutput, double WallSeconds, double CpuSeconds)
{
    /// <summary>Exit status, or -1 when a signal ended it.</summary>
    public int ExitCode => (WaitStatus & 0x7f) == 0 && !TimedOut ? (WaitStatus >> 8) & 0xff : -1;

    /// <summary>The signal that ended it, or 0.</summary>
    public int Signal => WaitStatus & 0x7f;

    /// <summary>"exit 3", "signal 11" or "timeout".</summary>
    public string End => TimedOut ? "timeout" : Signal != 0 ? $"signal {Signal}" : $"exit {ExitCode}";

    /// <summary>Standard output as text, bytes kept one to one.</summary>
    public string Text => Encoding.Latin1.GetString(Output);

    /// <summary>Standard error as text, bytes kept one to one.</summary>
    public string ErrorText => Encoding.Latin1.GetString(ErrorOutput);
}
