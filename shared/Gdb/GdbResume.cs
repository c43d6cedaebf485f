namespace Suite.Gdb;

/// <summary>How a thread goes on.</summary>
public enum GdbResumeKind
{
    /// <summary>It stays where it is.</summary>
    Stay,

    /// <summary>It runs.</summary>
    Continue,

    /// <summary>It executes one instruction.</summary>
    Step,

    /// <summary>It steps until it leaves a range of addresses.</summary>
    RangeStep,
}

/// <summary>What a thread is to do.</summary>
/// <param name="Thread">The thread.</param>
/// <param name="Kind">How it goes on.</param>
/// <param name="Signal">The signal it goes on with, as the protocol numbers it; 0 for none: the one it stopped with is dropped then.</param>
/// <param name="Start">First address of the range.</param>
/// <param name="End">First address behind the range.</param>
public readonly record struct GdbResume(GdbThreadId Thread, GdbResumeKind Kind, int Signal = 0, ulong Start = 0, ulong End = 0);
