namespace Suite.Gdb;

/// <summary>Kinds of breakpoints and watchpoints, numbered as in the Z packets.</summary>
public enum GdbPoint
{
    /// <summary>Breakpoint.</summary>
    Software,

    /// <summary>Breakpoint in hardware.</summary>
    Hardware,

    /// <summary>Stop behind a write.</summary>
    Write,

    /// <summary>Stop behind a read.</summary>
    Read,

    /// <summary>Stop behind either.</summary>
    Access,
}

/// <summary>Events a debugger wants to hear of.</summary>
[Flags]
public enum GdbEvents
{
    /// <summary>None but signals and points.</summary>
    None,

    /// <summary>fork.</summary>
    Fork = 1,

    /// <summary>vfork and its end.</summary>
    Vfork = 2,

    /// <summary>exec.</summary>
    Exec = 4,
}

/// <summary>
/// What is debugged. Everything but <see cref="Interrupt"/> is called while all threads are stopped. Addresses, lengths and names come from the
/// debugger and may be anything.
/// </summary>
public interface IGdbTarget
{
    /// <summary>Registers.</summary>
    GdbDescription Description { get; }

    /// <summary>The live threads of all processes.</summary>
    IReadOnlyList<GdbThreadId> Threads { get; }

    /// <summary>The thread's name; null when it has none.</summary>
    string? ThreadName(GdbThreadId thread);

    /// <summary>All registers, in the order of <see cref="GdbDescription.Registers"/>. False when there is no such thread.</summary>
    bool ReadRegisters(GdbThreadId thread, Span<byte> all);

    /// <summary>Sets all registers. False when a value is impossible.</summary>
    bool WriteRegisters(GdbThreadId thread, ReadOnlySpan<byte> all);

    /// <summary>Reads memory of a process.</summary>
    /// <returns>Bytes read: fewer than asked for, or none, when the rest cannot be read.</returns>
    int ReadMemory(int process, ulong address, Span<byte> into);

    /// <summary>Writes memory of a process, whatever its protection.</summary>
    bool WriteMemory(int process, ulong address, ReadOnlySpan<byte> data);

    /// <summary>True when points of this kind can be had.</summary>
    bool Offers(GdbPoint kind);

    /// <summary>Sets a point; one that is set stays so.</summary>
    /// <param name="process">In which process.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="address">Where.</param>
    /// <param name="length">Bytes that are watched; of no account for breakpoints.</param>
    bool InsertPoint(int process, GdbPoint kind, ulong address, int length);

    /// <summary>Takes a point away; one that is not set stays so.</summary>
    bool RemovePoint(int process, GdbPoint kind, ulong address, int length);

    /// <summary>Lets threads go on; those not listed stay. The next stop is told by <see cref="GdbSession.Stopped"/>.</summary>
    /// <param name="actions">At most one for a thread.</param>
    void Resume(IReadOnlyList<GdbResume> actions);

    /// <summary>Stops the running target soon.</summary>
    void Interrupt();

    /// <summary>Ends a process at once.</summary>
    void Kill(int process);

    /// <summary>True for a process that may be let go although none of its threads is known: a child that was told of and is not followed.</summary>
    bool MayDetach(int process);

    /// <summary>Lets a process run without a debugger. False when there is no such process.</summary>
    bool Detach(int process);

    /// <summary>An object of qXfer (auxv, exec-file, siginfo); null when there is none.</summary>
    byte[]? ReadObject(string name, string annex, GdbThreadId thread);

    /// <summary>Changes an object of qXfer (siginfo).</summary>
    bool WriteObject(string name, int offset, ReadOnlySpan<byte> data, GdbThreadId thread);

    /// <summary>QPassSignals: signals that go to the program without a stop, as the protocol numbers them.</summary>
    void SetPassedSignals(IReadOnlyList<int> signals);

    /// <summary>QCatchSyscalls: null for none; empty for all.</summary>
    void SetCaughtCalls(IReadOnlyList<int>? numbers);

    /// <summary>Which events are told; the others pass unseen.</summary>
    GdbEvents Events { get; set; }

    /// <summary>Files as the target sees them; null when there are none.</summary>
    IGdbFiles? Files { get; }

    /// <summary>A monitor command; the result is text for the user.</summary>
    string Monitor(string command);
}
