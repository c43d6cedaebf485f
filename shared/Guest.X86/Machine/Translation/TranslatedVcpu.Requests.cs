using Suite.Jit.Memory;

namespace Suite.Guest.X86.Machine.Translation;

// What other threads ask of the vCPU.
public sealed unsafe partial class TranslatedVcpu
{
    // What other processors' messages ask for, in one word so that none is lost between two looks: nothing, a start (its vector), INIT, or INIT and then a start.
    private const int NoMessage = -1, InitMessage = 0x100, InitAndStart = 0x200;

    private volatile bool _kicked, _nmi;
    private int _message = NoMessage;
    private HashSet<ulong> _breakpoints = [], _breakpointPages = [];
    private bool _waitsForStartUp, _singleStep, _isDebugged;

    /// <summary>True when <see cref="Run"/> would not come back at once with <see cref="TranslatedExit.Halted"/>.</summary>
    public bool HasWork => _kicked || _nmi || Volatile.Read(ref _message) != NoMessage || (IsLineHigh && (_area->Cpu.Rflags & X86Cpu.FlagIf) != 0) || (_area->Cpu.Halted == 0 && !_waitsForStartUp);

    /// <summary>Makes <see cref="Run"/> return soon. From any thread.</summary>
    public void Kick()
    {
        _kicked = true;
        _area->ExitRequest = 1;
    }

    /// <summary>The level of the interrupt pin. From any thread.</summary>
    public void SetInterrupt(bool level)
    {
        Volatile.Write(ref _area->InterruptLine, level ? 1u : 0u);
        if (level)
            _area->ExitRequest = 1;
    }

    private bool IsLineHigh => Volatile.Read(ref _area->InterruptLine) != 0;

    /// <summary>A non-maskable interrupt. From any thread.</summary>
    public void RaiseNmi()
    {
        _nmi = true;
        _area->ExitRequest = 1;
    }

    /// <summary>INIT: the processor waits for a start-up message, but for the first, which begins anew. From any thread.</summary>
    public void RaiseInit()
    {
        Interlocked.Exchange(ref _message, InitMessage);
        _area->ExitRequest = 1;
    }

    /// <summary>A start-up message; one that does not wait for it takes no notice. From any thread.</summary>
    public void StartUp(byte vector)
    {
        int before;
        do
            before = Volatile.Read(ref _message);
        while (Interlocked.CompareExchange(ref _message, before >= InitMessage ? InitAndStart + vector : vector, before) != before);
        _area->ExitRequest = 1;
    }

    /// <summary>The processor waits for a start-up message, for snapshots. While it is parked.</summary>
    public bool WaitsForStartUp
    {
        get => _waitsForStartUp;
        set => _waitsForStartUp = value;
    }

    /// <summary>The processor waits for a start-up message: application processors after power-on.</summary>
    public void WaitForStartUp() => _waitsForStartUp = true;

    /// <summary>State as after power-on.</summary>
    public void Reset()
    {
        (_nmi, _message, _waitsForStartUp) = (false, NoMessage, _index != 0);
        _modeIsKnown = false;
        Core.Reset();
        TlbFlush(withGlobal: true);
    }

    /// <summary>The state was replaced from outside (a snapshot, a debugger, a boot loader): nothing that was derived from it is true any more.</summary>
    public void StateChanged()
    {
        _modeIsKnown = false;
        Core.StateChanged(); // which flushes both TLBs
    }

    /// <summary>
    /// Debugging from outside. Pages with breakpoints, and everything while data is watched, are executed one instruction at a time; the rest is translated.
    /// </summary>
    /// <param name="singleStep">Come back after one instruction.</param>
    /// <param name="breakpoints">Linear addresses.</param>
    /// <param name="watchpoints">Data; <see cref="X86Core.WatchHit"/> tells which it was.</param>
    public void SetDebug(bool singleStep, IReadOnlyList<ulong> breakpoints, IReadOnlyList<Watchpoint> watchpoints)
    {
        _singleStep = singleStep;
        (_breakpoints, _breakpointPages) = ([.. breakpoints], [.. breakpoints.Select(b => b & ~PageMask)]);
        (Core.Watchpoints, Core.WatchHit) = (watchpoints, null);
        _isDebugged = singleStep || breakpoints.Count + watchpoints.Count > 0;
        if (breakpoints.Count != 0)
            DropAll(); // nothing may lead into the pages of breakpoints without asking
    }

    // A breakpoint where the run begins is the one it stopped at before.
    private bool AtDebugStop(bool hasRun)
    {
        if (hasRun)
            return _singleStep || Core.WatchHit is not null || _breakpoints.Contains(LinearRip);
        Core.WatchHit = null;
        return false;
    }

    private bool StepsForDebugger() => _singleStep || Core.Watchpoints.Count != 0 || _breakpointPages.Contains(LinearRip & ~PageMask);

    private ulong LinearRip => Mode.Is64 ? _area->Cpu.Rip : (uint)(_area->Cpu.Seg(SegmentName.Cs).Base + _area->Cpu.Rip);

    // Taken before an instruction of the core's, which may be the one that forbids interrupts again.
    private bool IsInterruptDue => IsLineHigh && (_area->Cpu.Rflags & X86Cpu.FlagIf) != 0;

    // Whoever asks for something sets ExitRequest last; an interrupt that waits for IF is looked at again after every exit.
    private bool HasRequest => (Volatile.Read(ref _area->ExitRequest) | Volatile.Read(ref _area->InterruptLine) | _area->Cpu.Halted) != 0 || _nmi || _waitsForStartUp || Core.IsShutDown;

    // Null: go on.
    private TranslatedExit? TakeRequests()
    {
        _area->ExitRequest = 0;
        Thread.MemoryBarrier();
        if (_kicked)
        {
            _kicked = false;
            _area->ExitRequest = 1; // what else is asked for is for the next run
            return TranslatedExit.Kicked;
        }

        if (_mapChanged)
            TakeMapChange();
        while (_writtenElsewhere.TryDequeue(out (RamBlock Block, ulong Offset, int Length) written))
            TakeWrite(written.Block, written.Offset, written.Length);
        while (_droppedWrites.TryDequeue(out ulong hostPage))
            DropWrites(hostPage);
        X86Cpu* cpu = &_area->Cpu;
        int message = Interlocked.Exchange(ref _message, NoMessage);
        if (message >= InitMessage)
            TakeInit();
        if (_waitsForStartUp)
        {
            if (message is NoMessage or InitMessage)
                return TranslatedExit.Halted;
            _waitsForStartUp = false;
            Core.StartUp((byte)message);
            _modeIsKnown = false;
        }

        if (Core.IsShutDown)
            return TranslatedExit.Shutdown;
        if (_nmi && cpu->NmiBlocked == 0 && cpu->InterruptShadow == 0)
        {
            _nmi = false;
            _modeIsKnown = false;
            Core.DeliverNmi();
        }
        else if (IsLineHigh && Core.CanInterrupt && _platform.AcknowledgeInterrupt(_index) is var vector and >= 0)
        {
            _modeIsKnown = false;
            Core.Interrupt(vector);
        }

        return cpu->Halted != 0 ? TranslatedExit.Halted : null;
    }

    private void TakeInit()
    {
        Core.Init();
        _modeIsKnown = false;
        _waitsForStartUp = _index != 0;
    }
}
