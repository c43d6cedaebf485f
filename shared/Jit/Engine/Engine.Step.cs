using Suite.Jit.Runtime;

namespace Suite.Jit;

// What debuggers ask for: one instruction, and stopping at an address. Nothing is written into guest memory for either.
public sealed unsafe partial class Engine
{
    private HashSet<ulong>? _breakpoints;
    private Dictionary<ulong, int>? _steps;

    // Isolated blocks of the current generation by guest address.
    private Dictionary<ulong, int> Steps => _steps ??= [];

    /// <summary>
    /// Executes the instruction at <see cref="VcpuState.Pc"/>, also if it is a breakpoint. <see cref="ExitReason.Stepped"/>: it is done, and Pc is the next one's.
    /// A system call or special instruction is left to the caller as by <see cref="Run"/>, and a fault is a fault. <see cref="ExitReason.Interrupt"/>: a signal
    /// came first. One repetition of a repeated string instruction is one step, as it is with the processor's trap flag.
    /// A guest that has the trap flag set itself gets its trap.
    /// </summary>
    public ExitReason Step(VcpuState* s)
    {
        if ((s->Flags & TrapFlag) != 0)
            return StepTraced(s);
        s->Pc |= SegmentOf(s);
        ExitReason reason = StepCode(s);
        s->Pc = AddressOf(s->Pc);
        return reason;
    }

    private ExitReason StepCode(VcpuState* s)
    {
        while (true)
        {
            s->Epoch = Volatile.Read(ref *_region.StopWord) & ~1u;
            byte* host = FindStep(s->Pc, out bool repeats);
            if (host == null)
                return ExitReason.FetchFault;
            s->Held = s->Epoch | 1;
            ExitReason? reason = StepFrom(s, host, repeats);
            s->Held = 0;
            if (reason is { } known)
                return known;
        }
    }

    /// <summary>
    /// Makes <see cref="Run"/> return <see cref="ExitReason.Breakpoint"/> where it comes to an address. Only for an engine made with
    /// <see cref="EngineOptions.ColdEntries"/> 0: the first tier knows no breakpoints.
    /// </summary>
    /// <returns>False when it was set already.</returns>
    public bool SetBreakpoint(ulong pc)
    {
        if (_cold is not null)
            throw new InvalidOperationException("breakpoints need an engine without a first tier");
        using (_gate.Hold())
        {
            if (!(_breakpoints ??= []).Add(pc))
                return false;
            Invalidate(pc, 1);
            return true;
        }
    }

    /// <summary>Takes a breakpoint away.</summary>
    /// <returns>False when there was none.</returns>
    public bool ClearBreakpoint(ulong pc)
    {
        using (_gate.Hold())
        {
            if (_breakpoints is null || !_breakpoints.Remove(pc))
                return false;
            if (_breakpoints.Count == 0)
                _breakpoints = null;
            Invalidate(pc, 1);
            return true;
        }
    }

    /// <summary>True where <see cref="Run"/> stops.</summary>
    public bool IsBreakpoint(ulong pc)
    {
        using (_gate.Hold())
            return _breakpoints is { } set && set.Contains(pc);
    }

    /// <summary>Takes all breakpoints away.</summary>
    public void ClearBreakpoints()
    {
        using (_gate.Hold())
        {
            if (_breakpoints is not { } all)
                return;
            _breakpoints = null;
            foreach (ulong pc in all)
                Invalidate(pc, 1);
        }
    }

    // With the guest's own trap flag a run is one instruction long; a breakpoint at it is out of the way meanwhile.
    private ExitReason StepTraced(VcpuState* s)
    {
        ulong pc = s->Pc;
        bool cleared = ClearBreakpoint(pc);
        ExitReason reason = Run(s);
        if (cleared)
            SetBreakpoint(pc);
        return reason;
    }

    private byte* FindStep(ulong pc, out bool repeats)
    {
        using (_gate.Hold())
        {
            byte* host = Steps.TryGetValue(pc, out int index) ? _region.Base + _current.Blocks[index].HostStart : Translate(pc, ThunkKind.None, isolated: true);
            repeats = host != null && _current.Blocks[_steps![pc]].Repeats;
            return host;
        }
    }

    // Null: look Pc up and try again.
    private ExitReason? StepFrom(VcpuState* s, byte* host, bool repeats)
    {
        ulong start = s->Pc;
        byte* stepped = host;
        if (repeats)
            EnterTraced(s, host);
        else
            _stubs.Enter(host);

        while (s->Reason is ExitReason.Fault or ExitReason.Interrupt)
        {
            if (s->HostPc == 0 && s->Pending == 0)
                return null;
            bool isOwnTrap = s->Reason == ExitReason.Fault && (s->Flags & TrapFlag) == 0 && IsTraceTrap(s);
            bool isRepetition = repeats && isOwnTrap && s->HostPc == (ulong)stepped; // also behind a check, where one instruction is not told from the other
            stepped = (byte*)s->HostPc;
            if (isRepetition)
                return s->Reason = ExitReason.Stepped;
            if (MakePrecise(s) == Precision.Step)
                ResumeAt(s, stepped);
            else if (isOwnTrap || (s->Reason == ExitReason.Interrupt && s->Pc != start))
                return s->Reason = ExitReason.Stepped;
            else
                return s->Reason;
        }

        switch (s->Reason)
        {
            case ExitReason.IndirectMiss:
                s->Pc = s->Scratch[2];
                return s->Reason = ExitReason.Stepped;
            case ExitReason.StaleCode:
                DropBlock(s);
                return null;
            case ExitReason.Syscall or ExitReason.SyscallFault:
                s->Pc = s->Gpr[1];
                return s->Reason;
            default:
                return s->Reason;
        }
    }

    // A block of its own for a breakpoint: all it does is leave.
    private void EmitBreakpoint(ulong pc)
    {
        _builder.BeginInsn();
        _builder.Hot.Jmp(_builder.ColdExit(ExitReason.Breakpoint, 0, pc));
        _builder.EndInsn(1, InsnKind.Copy);
    }
}
