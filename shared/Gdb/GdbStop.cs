namespace Suite.Gdb;

/// <summary>What a stop is about.</summary>
public enum GdbStopKind
{
    /// <summary>A signal arrived; also the end of a step (SIGTRAP), and the answer to an interrupt (SIGINT).</summary>
    Signal,

    /// <summary>A breakpoint of <see cref="IGdbTarget.InsertPoint"/>; the program counter is at it.</summary>
    Breakpoint,

    /// <summary>A value was written that is watched for writing; <see cref="GdbStop.Value"/> is the address.</summary>
    WriteWatch,

    /// <summary>A watched value was read.</summary>
    ReadWatch,

    /// <summary>A watched value was read or written.</summary>
    AccessWatch,

    /// <summary>A caught system call is about to be made; <see cref="GdbStop.Value"/> is its number.</summary>
    CallEntry,

    /// <summary>A caught system call was made.</summary>
    CallReturn,

    /// <summary><see cref="GdbStop.Other"/> is the first thread of a new process.</summary>
    Fork,

    /// <inheritdoc cref="Fork"/>
    Vfork,

    /// <summary>The child of a vfork has its own program, or has ended.</summary>
    VforkDone,

    /// <summary>The process runs another program: <see cref="GdbStop.Path"/>.</summary>
    Exec,

    /// <summary>The process has ended with a status (<see cref="GdbStop.Value"/>).</summary>
    Exited,

    /// <summary>The process was ended by a signal.</summary>
    Killed,
}

/// <summary>Why the target is stopped.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Thread">To whom.</param>
public sealed record GdbStop(GdbStopKind Kind, GdbThreadId Thread)
{
    /// <summary>SIGTRAP, as the protocol numbers it.</summary>
    public const int Trap = 5;

    /// <summary>The signal, as the protocol numbers it (include/gdb/signals.def of gdb).</summary>
    public int Signal { get; init; } = Trap;

    /// <summary>Address, number or status, see <see cref="GdbStopKind"/>.</summary>
    public ulong Value { get; init; }

    /// <summary>The new process.</summary>
    public GdbThreadId Other { get; init; }

    /// <summary>The new program, as bytes.</summary>
    public byte[] Path { get; init; } = [];

    /// <summary>True when the process is gone.</summary>
    public bool IsEnd => Kind is GdbStopKind.Exited or GdbStopKind.Killed;
}
