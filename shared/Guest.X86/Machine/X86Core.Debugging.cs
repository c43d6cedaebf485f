using Iced.Intel;

namespace Suite.Guest.X86.Machine;

/// <summary>Debug registers, breakpoints and single step (Intel SDM volume 3, chapter 18).</summary>
public sealed unsafe partial class X86Core
{
    private const ulong DrEnabled = 0xFF, DrLocal = 0x155, DrGeneralDetect = 1 << 13, DrFixed7 = 0x400, DrFixed6 = 0xFFFF_0FF0;

    private const ulong DrDetected = 1 << 13, DrSingleStep = 1 << 14, DrTaskSwitch = 1 << 15;

    // What holds interrupts back, and the second also traps: see X86Cpu.InterruptShadow.
    private const byte ShadowOfSti = 1, ShadowOfStack = 2;

    // Kinds of breakpoints in DR7.
    private const int BreakOnCode = 0, BreakOnWrite = 1, BreakOnPort = 2, BreakOnData = 3;

    /// <summary>When TF makes the instruction just done trap.</summary>
    private enum StepRule
    {
        /// <summary>When TF was set before it.</summary>
        Before,

        /// <summary>syscall and sysret: when TF is set behind it.</summary>
        After,

        /// <summary>Interrupts clear TF and are not stepped; loads of SS hold traps back.</summary>
        Never,
    }

    private StepRule _stepRule;

    // Bits for DR6 of traps that wait for the end of the instruction.
    private ulong _pendingDebug;

    // iret has just set RF: it is for the instruction that follows.
    private bool _resumeSet;

    // Looked at for each access.
    private Watchpoint[] _watchpoints = [];

    /// <summary>True while every instruction has to be looked at, before (<see cref="CheckCodeBreakpoint"/>) and behind (<see cref="EndInstruction"/>): TF, or a breakpoint of DR7.</summary>
    public bool IsWatched => (_cpu->Rflags & X86Cpu.FlagTf) != 0 || (_cpu->Dr[7] & DrEnabled) != 0;

    /// <summary>
    /// Before an instruction, while <see cref="IsWatched"/>: delivers #DB if a breakpoint is on it. True when it did, and Rip is elsewhere.
    /// </summary>
    public bool CheckCodeBreakpoint()
    {
        if ((_cpu->Rflags & X86Cpu.FlagRf) != 0 || (_cpu->Dr[7] & DrEnabled) == 0)
            return false;
        ulong linear = _cpu->Is64 ? _cpu->Rip : (uint)(_cpu->Seg(SegmentName.Cs).Base + _cpu->Rip);
        ulong hit = 0;
        for (int i = 0; i < 4; i++)
            if (IsEnabled(i) && KindOf(i) == BreakOnCode && _cpu->Dr[i] == linear)
                hit |= 1UL << i;
        if (hit == 0)
            return false;
        NoteDebug(hit);
        RaiseFault(X86Vector.Debug);
        return true;
    }

    /// <summary>What a debugger outside the machine watches: accesses of instructions that are executed one by one.</summary>
    public IReadOnlyList<Watchpoint> Watchpoints
    {
        get => _watchpoints;
        set => _watchpoints = [.. value];
    }

    /// <summary>The first watchpoint that was hit since it was set to null.</summary>
    public ulong? WatchHit { get; set; }

    // Every access is looked at, for the guest's debug registers or the debugger outside.
    private bool WatchesData => (_cpu->Dr[7] & DrEnabled) != 0 || _watchpoints.Length != 0;

    /// <summary>Notes a data access; a breakpoint that it hits is delivered by <see cref="EndInstruction"/>.</summary>
    public void CheckDataBreakpoint(ulong linear, int size, bool write)
    {
        foreach (Watchpoint watch in _watchpoints)
            if ((write || watch.OnRead) && linear < watch.Address + (ulong)watch.Length && watch.Address < linear + (ulong)size)
                WatchHit ??= watch.Address;
        for (int i = 0; i < 4; i++)
        {
            int kind = KindOf(i);
            if (IsEnabled(i) && (kind == BreakOnData || (kind == BreakOnWrite && write)) && Overlaps(i, linear, size))
                _pendingDebug |= 1UL << i;
        }
    }

    /// <summary>
    /// After an instruction that completed and before which <see cref="IsWatched"/> was true: delivers the debug traps that are due, and clears RF.
    /// </summary>
    /// <param name="stepped">TF before the instruction.</param>
    /// <returns>True when a trap was delivered.</returns>
    public bool EndInstruction(bool stepped)
    {
        bool trap = _stepRule switch
        {
            StepRule.Before => stepped,
            StepRule.After => (_cpu->Rflags & X86Cpu.FlagTf) != 0,
            _ => false,
        };
        _stepRule = StepRule.Before;
        if (!_resumeSet)
            _cpu->Rflags &= ~X86Cpu.FlagRf;
        _resumeSet = false;
        if (trap)
            _pendingDebug |= DrSingleStep;
        // Behind a load of SS traps wait for the end of the next instruction.
        if (_pendingDebug == 0 || _cpu->InterruptShadow == ShadowOfStack)
            return false;
        DeliverPendingDebug();
        return true;
    }

    private void DeliverPendingDebug()
    {
        NoteDebug(_pendingDebug);
        _pendingDebug = 0;
        RaiseFault(X86Vector.Debug);
    }

    // The four breakpoint bits show the latest event; the others stay until software clears them.
    private void NoteDebug(ulong bits) => _cpu->Dr[6] = (_cpu->Dr[6] & ~0xFUL) | bits | DrFixed6;

    private bool IsEnabled(int i) => (_cpu->Dr[7] >> (2 * i) & 3) != 0;

    private int KindOf(int i) => (int)(_cpu->Dr[7] >> (16 + 4 * i) & 3);

    private bool Overlaps(int i, ulong linear, int size)
    {
        const int eight = 2;
        int code = (int)(_cpu->Dr[7] >> (18 + 4 * i) & 3);
        ulong length = code == eight ? 8UL : (ulong)code + 1;
        ulong start = _cpu->Dr[i] & ~(length - 1);
        return linear < start + length && start < linear + (ulong)size;
    }

    private void CheckPortBreakpoint(ushort port, int size)
    {
        if ((_cpu->Cr4 & X86Cpu.Cr4De) == 0)
            return;
        for (int i = 0; i < 4; i++)
            if (IsEnabled(i) && KindOf(i) == BreakOnPort && Overlaps(i, port, size))
                _pendingDebug |= 1UL << i;
    }

    private void MoveFromDebug(in Instruction insn)
    {
        int number = DebugNumber(insn.Op1Register);
        SetRegister(insn.Op0Register, _cpu->Dr[number]);
    }

    private void MoveToDebug(in Instruction insn)
    {
        int number = DebugNumber(insn.Op0Register);
        ulong value = GetRegister(insn.Op1Register);
        if (number >= 6 && value >> 32 != 0)
            throw Protection(0);
        _cpu->Dr[number] = number switch
        {
            6 => (value & 0xE00F) | DrFixed6,
            7 => (value & 0xFFFF_23FF) | DrFixed7,
            _ => value,
        };
    }

    // Which register is meant, after the checks common to both directions.
    private int DebugNumber(Register register)
    {
        int number = register - Register.DR0;
        if (number is 4 or 5)
        {
            if ((_cpu->Cr4 & X86Cpu.Cr4De) != 0)
                throw Undefined();
            number += 2;
        }

        if (number > 7)
            throw Undefined();
        RequireKernel();
        if ((_cpu->Dr[7] & DrGeneralDetect) != 0)
        {
            NoteDebug(DrDetected | (_cpu->Dr[6] & 0xF));
            throw new X86Fault(X86Vector.Debug);
        }

        return number;
    }
}
