using Suite.Devices.Core;

namespace Suite.Devices.Intc;

/// <summary>
/// A processor's local APIC (Intel SDM volume 3, chapter 11): xAPIC registers in a page of memory, x2APIC registers as MSRs. The board
/// leads a processor's accesses to its own one.
/// </summary>
public sealed partial class LocalApic : Device, IBusDevice, ILockFreeReads
{
    /// <summary>Where its page is after reset, and how long it is.</summary>
    public const ulong UsualBase = 0xFEE00000, Length = 0x1000;

    // Register numbers: offset / 16 in the page, and MSR - 800h.
    private const int IdRegister = 0x02, Version = 0x03, Tpr = 0x08, Apr = 0x09, Ppr = 0x0A, Eoi = 0x0B, Ldr = 0x0D, Dfr = 0x0E, Svr = 0x0F,
        IsrStart = 0x10, TmrStart = 0x18, IrrStart = 0x20, Esr = 0x28, IcrLow = 0x30, IcrHigh = 0x31, LvtStart = 0x32, InitialCount = 0x38,
        CurrentCount = 0x39, DivideConfiguration = 0x3E, SelfIpi = 0x3F;

    // Entries of the local vector table.
    private const int LvtTimer = 0, LvtLint0 = 3, LvtLint1 = 4, LvtError = 5, LvtCount = 6;

    private const ulong VersionValue = 0x14 | (LvtCount - 1) << 16;
    private const ulong Masked = 0x10000, LevelTriggered = 0x8000, LvtRemoteIrr = 0x4000, SoftwareEnable = 0x100;
    private const ulong SendIllegal = 0x20, ReceiveIllegal = 0x40, IllegalRegister = 0x80;
    private const int FirstLegalVector = 16;

    private readonly ApicBus _bus;
    private readonly IApicCpu _cpu;
    private readonly bool _isFirst;
    private readonly byte _hardwareId;
    private readonly Register _id, _base, _tpr, _ldr, _dfr, _svr, _esr, _errors, _icr, _waits;
    private readonly Register[] _lvt = new Register[LvtCount];
    private readonly VectorSet _irr, _isr, _tmr;
    private readonly ApicTimer _timer;
    private bool _requesting;

    /// <summary>A local APIC.</summary>
    /// <param name="bus">What connects it.</param>
    /// <param name="id">Its APIC id.</param>
    /// <param name="isFirst">It is the bootstrap processor's.</param>
    /// <param name="clock">The machine's time.</param>
    /// <param name="cpu">Its processor.</param>
    public LocalApic(ApicBus bus, byte id, bool isFirst, VirtualClock clock, IApicCpu cpu)
        : base($"apic{id}")
    {
        (_bus, _cpu, _isFirst, _hardwareId) = (bus, cpu, isFirst, id);
        _id = State.Register("ID", 8, reset: id);
        _base = State.Register("IA32_APIC_BASE", 64, reset: UsualBase | BaseEnable | (isFirst ? BaseFirst : 0));
        _tpr = State.Register("TPR", 8);
        _ldr = State.Register("LDR", 32);
        _dfr = State.Register("DFR", 32, reset: uint.MaxValue);
        _svr = State.Register("SVR", 10, reset: 0xFF);
        _esr = State.Register("ESR", 8);
        _errors = State.Register("errors not latched", 8);
        _icr = State.Register("ICR", 64);
        _waits = State.Register("waits for start-up", 1, reset: isFirst ? 0u : 1);
        // The first processor's LINT0 leads the PIC through from the beginning, as firmware would set it up.
        for (int i = 0; i < LvtCount; i++)
            _lvt[i] = State.Register($"LVT{i}", 19, reset: i == LvtLint0 && isFirst ? (ulong)ApicBus.ExtInt << 8 : Masked);
        _irr = new VectorSet(State, "IRR");
        _isr = new VectorSet(State, "ISR");
        _tmr = new VectorSet(State, "TMR");
        _timer = new ApicTimer(State, clock, cpu, _lvt[LvtTimer], () => RaiseLocal(LvtTimer));
        bus.Connect(this);
    }

    /// <summary>Its APIC id.</summary>
    public byte Id => _id.Byte;

    /// <summary>The address of its page.</summary>
    public ulong Base => _base.Value & ~0xFFFUL;

    /// <summary>The processor has it on; without, the PIC's interrupts go straight to the processor.</summary>
    public bool IsEnabled => _base.Has(BaseEnable);

    /// <summary>Its registers are MSRs, and there is no page.</summary>
    public bool IsX2Apic => _base.Has(BaseX2Apic);

    /// <summary>The processor waits for a start-up message.</summary>
    public bool WaitsForStartUp => _waits.IsSet;

    /// <summary>CR8: the upper half of the task priority.</summary>
    public ulong TaskPriority
    {
        get => _tpr.Value >> 4;
        set
        {
            _tpr.Value = value << 4;
            Update();
        }
    }

    /// <summary>The priority of what the processor does: interrupts of its class and below wait.</summary>
    public int ProcessorPriority
    {
        get
        {
            int task = _tpr.Int, served = Math.Max(_isr.Highest, 0) & 0xF0;
            return (task & 0xF0) >= served ? task : served;
        }
    }

    internal bool TakesInterrupts => IsEnabled && _svr.Has(SoftwareEnable);

    // The PIC is heard through LINT0 as ExtINT, or directly when the APIC is off.
    private bool HearsPic => _bus.HasPic && (!IsEnabled || (_lvt[LvtLint0].Value & (Masked | 0x700)) == (ulong)ApicBus.ExtInt << 8);

    /// <summary>The processor takes an interrupt: its vector, or -1 when there is none any more.</summary>
    public int Acknowledge()
    {
        int vector = Deliverable();
        if (vector >= 0)
        {
            _irr.Remove(vector);
            _isr.Add(vector);
        }
        else if (_bus.PicLevel && HearsPic)
        {
            vector = _bus.AcknowledgePic();
        }

        Update();
        return vector;
    }

    /// <summary>INIT, as it comes from another processor, or from a board that resets the processor alone.</summary>
    public void Init()
    {
        (ulong id, ulong apicBase) = (_id.Value, _base.Value);
        State.Reset();
        (_id.Value, _base.Value) = (id, apicBase);
        _cpu.Init();
        Update();
    }

    internal void Lint0Changed()
    {
        int mode = (int)_lvt[LvtLint0].Value >> 8 & 7;
        if (_bus.PicLevel && IsEnabled && mode != ApicBus.ExtInt)
            RaiseLocal(LvtLint0);
        Update();
    }

    internal void PulseLint1()
    {
        if (IsEnabled)
            RaiseLocal(LvtLint1);
        else if (_isFirst)
            _cpu.Nmi();
    }

    internal void Receive(int mode, byte vector, bool isLevel)
    {
        if (!IsEnabled)
            return;
        switch (mode)
        {
            case ApicBus.Fixed:
                Accept(vector, isLevel);
                break;
            case ApicBus.NmiMode:
                _cpu.Nmi();
                break;
            case ApicBus.InitMode:
                Init();
                break;
            case ApicBus.StartUpMode when _waits.IsSet:
                _waits.IsSet = false;
                _cpu.StartUp(vector);
                break;
        }
    }

    internal bool Matches(uint destination, bool isLogical)
    {
        if (!isLogical)
            return destination == (IsX2Apic ? _hardwareId : Id);
        if (IsX2Apic)
            return destination >> 16 == X2Ldr >> 16 && (destination & X2Ldr & 0xFFFF) != 0;
        uint own = (uint)_ldr.Value >> 24;
        const uint flat = 0xF;
        if (_dfr.Value >> 28 == flat)
            return (destination & own) != 0;
        uint cluster = destination >> 4 & 0xF;
        return (cluster == own >> 4 || cluster == 0xF) && (destination & own & 0xF) != 0;
    }

    /// <inheritdoc/>
    protected override void Settle()
    {
        _bus.MoveId(_hardwareId, Id, this);
        _timer.Arm();
        _requesting = false;
        _cpu.SetInterrupt(false);
        Update();
    }

    private void Accept(byte vector, bool isLevel)
    {
        if (!TakesInterrupts)
            return;
        if (vector < FirstLegalVector)
        {
            Error(ReceiveIllegal);
            return;
        }

        _irr.Add(vector);
        if (isLevel)
            _tmr.Add(vector);
        else
            _tmr.Remove(vector);
        Update();
    }

    private void RaiseLocal(int entry)
    {
        Register lvt = _lvt[entry];
        if (lvt.Has(Masked))
            return;
        int mode = lvt.Int >> 8 & 7;
        if (entry is LvtTimer or LvtError)
            mode = ApicBus.Fixed; // these have no delivery mode
        if (mode == ApicBus.NmiMode)
            _cpu.Nmi();
        else if (mode == ApicBus.Fixed)
            Accept(lvt.Byte, isLevel: entry == LvtLint0 && lvt.Has(LevelTriggered));
    }

    // Known errors do not interrupt again: the error entry's own vector may be illegal.
    private void Error(ulong bit)
    {
        if (_errors.Has(bit))
            return;
        _errors.Set(bit, true);
        RaiseLocal(LvtError);
    }

    private void EndOfInterrupt()
    {
        int vector = _isr.Highest;
        if (vector < 0)
            return;
        _isr.Remove(vector);
        if (_tmr.Has(vector))
            _bus.EndOfInterrupt((byte)vector);
        Update();
    }

    private int Deliverable()
    {
        int vector = TakesInterrupts ? _irr.Highest : -1;
        return vector >= 0 && vector >> 4 > ProcessorPriority >> 4 ? vector : -1;
    }

    private void Update()
    {
        bool requesting = Deliverable() >= 0 || (_bus.PicLevel && HearsPic);
        if (requesting == _requesting)
            return;
        _requesting = requesting;
        _cpu.SetInterrupt(requesting);
    }
}
