namespace Suite.Gdb;

/// <summary>A thread of a process, or all (-1) or any (0) of them, as thread-ids of the protocol say.</summary>
public readonly record struct GdbThreadId(int Process, int Thread)
{
    /// <summary>Stands for every process or thread.</summary>
    public const int All = -1;

    /// <summary>Stands for an arbitrary process or thread.</summary>
    public const int Any = 0;

    /// <summary>Every thread.</summary>
    public static GdbThreadId Everything => new(All, All);

    /// <summary>True when this is, or stands for, the thread given.</summary>
    public bool Covers(GdbThreadId thread) => (Process <= 0 || Process == thread.Process) && (Thread <= 0 || Thread == thread.Thread);
}
