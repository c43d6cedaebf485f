using Suite.Host;

namespace Suite.LinuxUser.Tracing;

/// <summary>What a tracer knows of one thread it traces. Used under the lock of <see cref="Tracees"/>.</summary>
internal sealed unsafe class TraceeRecord(int tid, int process, int owner)
{
    public int Tid { get; } = tid;

    /// <summary>The thread of this process that traces it: the only one from which the kernel takes requests.</summary>
    public int Owner { get; } = owner;

    /// <summary>Status of a stop that another thread has waited for and that the owner has to look at; 0 for none.</summary>
    public int Handed;

    /// <summary>Id of the thread's process.</summary>
    public int Process { get; } = process;

    /// <summary>PTRACE_O_... the guest has set.</summary>
    public uint Options { get; set; }

    /// <summary>The guest has opened the process' memory for writing.</summary>
    public bool IsMemoryOpen { get; set; }

    /// <summary>The guest used PTRACE_SEIZE, or its tracee's maker was traced so.</summary>
    public bool IsSeized { get; set; }

    /// <summary>Not a process of an emulator of this kind: every stop is the kernel's own, and so are its registers.</summary>
    public bool IsNative { get; set; }

    /// <summary>Attached by the kernel when its maker made it; its first stop there comes before it runs guest code.</summary>
    public bool IsNewborn { get; set; }

    /// <summary>A thread of the runtime's, made while its process started: nothing to the guest.</summary>
    public bool IsRuntime { get; set; }

    /// <summary>PTRACE_LISTEN is in force.</summary>
    public bool IsListening { get; set; }

    /// <summary>It has stopped by itself since its program was started, so <see cref="Block"/> is known.</summary>
    public bool IsAnnounced => Block != 0;

    /// <summary>It is in a stop that the guest may see.</summary>
    public bool IsStopped { get; set; }

    /// <summary>Address of its block; 0 when not known.</summary>
    public ulong Block { get; set; }

    /// <summary>Waits at the block for an answer, and not somewhere else.</summary>
    public bool IsAtBlock { get; set; }

    /// <summary>The block as it was when the thread stopped.</summary>
    public TraceBlock Stop;

    /// <summary>What wait reports of this stop.</summary>
    public int Status { get; set; }

    /// <summary>For PTRACE_GETEVENTMSG.</summary>
    public ulong Message { get; set; }

    /// <summary>How it was last told to run.</summary>
    public TraceCommand LastCommand { get; set; } = TraceCommand.Continue;

    /// <summary>The tracer has data breakpoints in the thread's debug registers.</summary>
    public bool HasWatchpoints { get; set; }

    /// <summary>
    /// What DR6 tells of the last trap: slots that were hit, and a step. Kept here, since the real register also tells of traps that are the emulator's.
    /// </summary>
    public ulong Hits { get; set; }

    /// <summary>DR0 to DR3.</summary>
    public ulong[] DebugAddresses { get; } = new ulong[TraceBlock.MostBreakpoints];

    /// <summary>Slots with breakpoints on execution; the thread itself is told of them with the next answer.</summary>
    public uint BreakpointSlots { get; set; }

    /// <summary>Bits of DR7 that switch those on: the real register does not have them.</summary>
    public ulong HiddenControl { get; set; }

    private bool _hitsAreOld;

    /// <summary>A trap has come: what DR6 told of an earlier one is gone.</summary>
    public void Hit(ulong bits)
    {
        Hits = bits | (_hitsAreOld ? 0 : Hits);
        _hitsAreOld = false;
    }

    /// <summary>The thread executes another program: its debug registers are empty (flush_ptrace_hw_breakpoint).</summary>
    public void ForgetDebug()
    {
        (HasWatchpoints, Hits, BreakpointSlots, HiddenControl) = (false, 0, 0, 0);
        Array.Clear(DebugAddresses);
    }

    /// <summary>Status of a thread that has ended by exit(2).</summary>
    public int? EndStatus { get; set; }

    private const uint AlwaysOnHost = Ptrace.O_TRACEEXEC, PassedToHost = Ptrace.O_TRACEFORK | Ptrace.O_TRACEVFORK | Ptrace.O_TRACECLONE | Ptrace.O_EXITKILL;

    /// <summary>The options the host's kernel is given. exec is always reported, or the kernel would send a SIGTRAP before anyone can take it.</summary>
    public uint HostOptions => IsNative ? Options : AlwaysOnHost | (Options & PassedToHost);

    /// <summary>Puts <see cref="HostOptions"/> in force.</summary>
    public void ApplyOptions() => Sys.Call(Nr.ptrace, Ptrace.SETOPTIONS, Tid, 0, HostOptions);

    /// <summary>Lets the thread go on where it is, with a signal of the host's.</summary>
    public void Go(int signal)
    {
        (IsStopped, IsAtBlock, IsListening) = (false, false, false);
        Sys.Call(Nr.ptrace, Ptrace.CONT, Tid, 0, signal);
    }

    /// <summary>Answers a thread that has stopped by itself, and lets it go on.</summary>
    public long Resume(TraceCommand command, int signal)
    {
        if (IsAtBlock)
            Answer(command, signal);
        (LastCommand, _hitsAreOld) = (command, true);
        int hostSignal = IsAtBlock ? 0 : signal;
        (IsStopped, IsAtBlock, IsListening) = (false, false, false);
        return Sys.Call(Nr.ptrace, command == TraceCommand.Detach ? Ptrace.DETACH : Ptrace.CONT, Tid, 0, hostSignal);
    }

    private void Answer(TraceCommand command, int signal)
    {
        (Stop.Command, Stop.Injected, Stop.Tracer, Stop.TracerUser) = (command, signal, Owner, (int)Sys.Call(Nr.getuid));
        Stop.Options = Options | (IsSeized ? TraceBlock.Seized : 0) | (IsMemoryOpen ? TraceBlock.MemoryOpen : 0);
        Stop.BreakpointSlots = BreakpointSlots;
        for (int i = 0; i < TraceBlock.MostBreakpoints; i++)
            Stop.Breakpoints[i] = DebugAddresses[i];
        fixed (TraceBlock* stop = &Stop)
        {
            byte* first = (byte*)&stop->Command, end = (byte*)&stop->RegsetCount;
            TracedMemory.TryWrite(Tid, Block + (ulong)(first - (byte*)stop), new ReadOnlySpan<byte>(first, (int)(end - first)));
            if ((stop->Dirty & TraceBlock.DirtyMask) != 0)
                TracedMemory.TryWrite(Tid, Block + (ulong)((byte*)&stop->SignalMask - (byte*)stop), new ReadOnlySpan<byte>(&stop->SignalMask, sizeof(ulong)));
            if ((stop->Dirty & TraceBlock.DirtySiginfo) != 0)
                TracedMemory.TryWrite(Tid, Block + (ulong)(stop->Siginfo - (byte*)stop), new ReadOnlySpan<byte>(stop->Siginfo, 128));
        }
    }

    /// <summary>Reads the block; false when it is not one.</summary>
    public bool ReadBlock()
    {
        fixed (TraceBlock* stop = &Stop)
            return TracedMemory.TryRead(Tid, Block, new Span<byte>(stop, sizeof(TraceBlock))) && stop->Signature == TraceBlock.Mark;
    }

    /// <summary>Place of a register set in the block, or -1.</summary>
    public int FindRegset(uint type)
    {
        for (int i = 0; i < Math.Min(Stop.RegsetCount, TraceBlock.MostRegsets); i++)
            if (Stop.RegsetType[i] == type)
                return i;
        return -1;
    }

    /// <summary>Bytes of a register set.</summary>
    public int RegsetSize(int set) => Stop.RegsetSize[set];

    /// <summary>Reads a part of a register set.</summary>
    public bool ReadRegset(int set, int offset, Span<byte> into) => TracedMemory.TryRead(Tid, Block + (ulong)(Stop.RegsetOffset[set] + offset), into);

    /// <summary>Changes a part of a register set.</summary>
    public bool WriteRegset(int set, int offset, ReadOnlySpan<byte> from)
    {
        if (!IsAtBlock || !TracedMemory.TryWrite(Tid, Block + (ulong)(Stop.RegsetOffset[set] + offset), from))
            return false;
        Stop.Dirty |= 1u << set;
        return true;
    }

    /// <summary>Notes that the guest wrote to the thread's memory.</summary>
    public void Written(ulong address)
    {
        if (Stop.WrittenCount < TraceBlock.MostWritten)
            Stop.Written[Stop.WrittenCount] = address;
        Stop.WrittenCount++;
    }
}
