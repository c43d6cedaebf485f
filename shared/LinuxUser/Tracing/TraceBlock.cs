using System.Runtime.InteropServices;

namespace Suite.LinuxUser.Tracing;

/// <summary>Why a traced thread stopped, as it tells the emulator of its tracer.</summary>
public enum StopKind
{
    None,

    /// <summary>A signal is about to act; what the tracer gives back acts instead.</summary>
    Signal,
    CallEntry,
    CallExit,

    /// <summary>First stop of a thread or process that is traced from its start.</summary>
    Birth,

    /// <summary>A program was loaded (exec).</summary>
    Program,

    /// <summary>The thread has made a thread or process; <see cref="TraceBlock.Message"/> is its id.</summary>
    ForkMade,
    CloneMade,
    VforkDone,

    /// <summary>A seccomp filter wants the tracer's word; <see cref="TraceBlock.Message"/> is the filter's data.</summary>
    Filtered,

    /// <summary>PTRACE_INTERRUPT, or the end of a group stop.</summary>
    Interrupted,

    /// <summary>Not a stop: the thread is about to stop with its group by <see cref="TraceBlock.Signal"/>, by means of a SIGSTOP to itself.</summary>
    Group,

    /// <summary>Not a stop: the thread is about to end, with status <see cref="TraceBlock.Message"/>.</summary>
    Ending,
}

/// <summary>How a stopped thread shall go on.</summary>
public enum TraceCommand
{
    /// <summary>No tracer answered: the thread is not traced any more.</summary>
    None,
    Continue,
    Call,
    Step,
    Emulate,
    EmulateStep,
    Detach,
}

/// <summary>
/// What a stopped thread shows its tracer and gets back from it. It lies in the memory of the traced process; the tracer's emulator reads and
/// writes it there. Registers lie behind it, in the order and with the sizes of <see cref="Abi.ILinuxAbi.Regsets"/> (docs/adr/012).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TraceBlock
{
    /// <summary>What rax holds at the trap of a stop, and <see cref="Signature"/> in memory.</summary>
    public const ulong Mark = 0x7E5A_91C3_5355_4954;

    public const int MostRegsets = 8, MostWritten = 16, MostBreakpoints = 4;

    /// <summary>Bits of <see cref="Dirty"/> above those of the register sets.</summary>
    public const uint DirtyMask = 1u << 30, DirtySiginfo = 1u << 31;

    public ulong Signature;
    public StopKind Kind;

    /// <summary>The signal of a signal's or group's stop.</summary>
    public int Signal;
    public ulong Message;
    public ulong SignalMask;

    /// <summary>The host's siginfo.</summary>
    public fixed byte Siginfo[128];

    public ulong Pc, StackPointer;
    public long CallNumber, CallResult;
    public fixed ulong Arguments[6];

    /// <summary>Where translated code lies: a data breakpoint hit elsewhere is the emulator's doing.</summary>
    public ulong CodeStart, CodeEnd;

    /// <summary>Slots of the debug registers whose breakpoint on execution this stop is for.</summary>
    public uint HitSlots;

    /// <summary>The thread's seccomp filters, as <see cref="Seccomp.SeccompImage.Encode"/> makes them; 0 bytes for none.</summary>
    public ulong Filters;
    public int FilterBytes;

    // The answer.
    public TraceCommand Command;

    /// <summary>The signal to act, or 0.</summary>
    public int Injected;

    /// <summary>Register sets that the tracer has changed, by place.</summary>
    public uint Dirty;

    /// <summary>PTRACE_O_... in force, and <see cref="Seized"/>.</summary>
    public uint Options;

    /// <summary>Number of addresses in <see cref="Written"/>; more than fit: anything may have been written.</summary>
    public int WrittenCount;

    /// <summary>Id of the thread that traces.</summary>
    public int Tracer;

    /// <summary>Its real user, who has sent the signals it makes up.</summary>
    public int TracerUser;

    /// <summary>Addresses the tracer has written to: code translated from there is stale.</summary>
    public fixed ulong Written[MostWritten];

    /// <summary>Breakpoints on execution: by slot of the debug registers, those of <see cref="BreakpointSlots"/>.</summary>
    public fixed ulong Breakpoints[MostBreakpoints];
    public uint BreakpointSlots;

    public int RegsetCount;
    public fixed uint RegsetType[MostRegsets];
    public fixed int RegsetSize[MostRegsets];
    public fixed int RegsetOffset[MostRegsets];

    /// <summary>In <see cref="Options"/>: attached by PTRACE_SEIZE.</summary>
    public const uint Seized = 1u << 31;

    /// <summary>In <see cref="Options"/>: the tracer may write to the memory by other ways than ptrace(2), at any stop.</summary>
    public const uint MemoryOpen = 1u << 30;
}
