namespace Suite.Devices.Intc;

// The registers as the processor sees them: a page of memory (xAPIC) or MSRs (x2APIC).
public sealed partial class LocalApic
{
    /// <summary>MSRs: the base address, the timer's deadline, the x2APIC's first and last.</summary>
    public const uint BaseMsr = 0x1B, DeadlineMsr = 0x6E0, FirstX2Msr = 0x800, LastX2Msr = 0x8FF;

    private const ulong BaseFirst = 0x100, BaseX2Apic = 0x400, BaseEnable = 0x800, BaseReserved = ~((1UL << 52) - 1) | 0x2FF;

    private uint X2Ldr => (uint)(_hardwareId >> 4) << 16 | 1u << (_hardwareId & 15);

    public ulong Read(ulong offset, int size)
    {
        if (!IsEnabled || IsX2Apic)
            return ulong.MaxValue;
        return (offset & 15) == 0 ? ReadRegister((int)offset >> 4) : 0;
    }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, out ulong value)
    {
        value = 0;
        if ((int)(offset >> 4) is not (IdRegister or Version or Tpr or Ldr or Dfr or Svr or IcrLow or IcrHigh))
            return false;
        value = Read(offset, sizeof(uint));
        return true;
    }

    public void Write(ulong offset, int size, ulong value)
    {
        if (!IsEnabled || IsX2Apic || (offset & 15) != 0)
            return;
        int number = (int)offset >> 4;
        switch (number)
        {
            case IdRegister:
                byte before = Id;
                _id.Value = value >> 24;
                _bus.MoveId(before, Id, this);
                break;
            case Ldr:
                _ldr.Value = value & 0xFF000000;
                break;
            case Dfr:
                _dfr.Value = value | 0x0FFFFFFF;
                break;
            case IcrLow:
                _icr.Value = (_icr.Value & 0xFFFFFFFF_00000000) | (uint)value;
                SendIpi((uint)(_icr.Value >> 56), toAll: _icr.Value >> 56 == 0xFF);
                break;
            case IcrHigh:
                _icr.Value = (uint)_icr.Value | value << 32;
                break;
            default:
                if (!WriteRegister(number, value))
                    Error(IllegalRegister);
                break;
        }
    }

    /// <summary>Reads one of its MSRs; false for others, and for those that do not exist now (#GP).</summary>
    public bool TryReadMsr(uint msr, out ulong value)
    {
        value = 0;
        if (msr == BaseMsr)
        {
            value = _base.Value;
            return true;
        }

        if (msr == DeadlineMsr)
        {
            value = _timer.TscDeadline;
            return true;
        }

        if (msr is < FirstX2Msr or > LastX2Msr || !IsX2Apic)
            return false;
        int number = (int)(msr - FirstX2Msr);
        switch (number)
        {
            case IcrLow:
                value = _icr.Value;
                return true;
            case IdRegister:
                value = _hardwareId;
                return true;
            case Ldr:
                value = X2Ldr;
                return true;
            case Dfr or IcrHigh or Apr or Eoi or SelfIpi:
                return false;
            default:
                value = ReadRegister(number);
                return IsRegister(number);
        }
    }

    /// <summary>Writes one of its MSRs; false for others, and for values it refuses (#GP).</summary>
    public bool TryWriteMsr(uint msr, ulong value)
    {
        if (msr == BaseMsr)
            return TryWriteBase(value);
        if (msr == DeadlineMsr)
        {
            _timer.SetTscDeadline(value);
            return true;
        }

        if (msr is < FirstX2Msr or > LastX2Msr || !IsX2Apic)
            return false;
        int number = (int)(msr - FirstX2Msr);
        if (number == IcrLow)
        {
            const ulong reserved = 0xFFF32000;
            if ((value & reserved) != 0)
                return false;
            _icr.Value = value;
            SendIpi((uint)(value >> 32), toAll: value >> 32 == uint.MaxValue);
            return true;
        }

        ulong allowed = number switch
        {
            Tpr or SelfIpi => 0xFF,
            Eoi or Esr => 0,
            Svr => 0x3FF,
            >= LvtStart and < LvtStart + LvtCount => 0x7F7FF,
            InitialCount => uint.MaxValue,
            DivideConfiguration => 0xB,
            _ => 0,
        };
        if ((value & ~allowed) != 0 || number is Ldr or Dfr or IcrHigh or IdRegister)
            return false;
        if (number != SelfIpi)
            return WriteRegister(number, value);
        Accept((byte)value, isLevel: false);
        return true;
    }

    private static bool IsRegister(int number) => number is IdRegister or Version or Tpr or Apr or Ppr or Eoi or Ldr or Dfr or Svr
        or (>= IsrStart and < Esr) or Esr or IcrLow or IcrHigh or (>= LvtStart and < LvtStart + LvtCount) or InitialCount or CurrentCount or DivideConfiguration;

    private ulong ReadRegister(int number)
    {
        switch (number)
        {
            case IdRegister:
                return _id.Value << 24;
            case Version:
                return VersionValue;
            case Tpr:
                return _tpr.Value;
            case Ppr or Apr:
                return (ulong)ProcessorPriority;
            case Ldr:
                return _ldr.Value;
            case Dfr:
                return _dfr.Value;
            case Svr:
                return _svr.Value;
            case >= IsrStart and < TmrStart:
                return _isr.Part(number - IsrStart);
            case >= TmrStart and < IrrStart:
                return _tmr.Part(number - TmrStart);
            case >= IrrStart and < Esr:
                return _irr.Part(number - IrrStart);
            case Esr:
                return _esr.Value;
            case IcrLow:
                return (uint)_icr.Value;
            case IcrHigh:
                return _icr.Value >> 32;
            case >= LvtStart and < LvtStart + LvtCount:
                return _lvt[number - LvtStart].Value;
            case InitialCount:
                return _timer.Initial;
            case CurrentCount:
                return _timer.Current;
            case DivideConfiguration:
                return _timer.Divide;
            default:
                if (!IsRegister(number))
                    Error(IllegalRegister);
                return 0;
        }
    }

    // False for registers that do not exist, or cannot be written.
    private bool WriteRegister(int number, ulong value)
    {
        switch (number)
        {
            case Tpr:
                _tpr.Value = value;
                Update();
                return true;
            case Eoi:
                EndOfInterrupt();
                return true;
            case Svr:
                _svr.Value = value & 0x3FF;
                if (!_svr.Has(SoftwareEnable))
                    foreach (Core.Register lvt in _lvt)
                        lvt.Set(Masked, true);
                _timer.Arm();
                Update();
                return true;
            case Esr:
                (_esr.Value, _errors.Value) = (_errors.Value, 0);
                return true;
            case >= LvtStart and < LvtStart + LvtCount:
                WriteLvt(number - LvtStart, value);
                return true;
            case InitialCount:
                _timer.SetInitial(value);
                return true;
            case DivideConfiguration:
                _timer.SetDivide(value);
                return true;
            default:
                return false;
        }
    }

    private void WriteLvt(int entry, ulong value)
    {
        ulong writable = entry switch
        {
            LvtTimer => 0x700FF,
            LvtLint0 or LvtLint1 => 0x1A7FF,
            LvtError => 0x100FF,
            _ => 0x107FF,
        };
        Core.Register lvt = _lvt[entry];
        int before = lvt.Int;
        lvt.Value = (value & writable) | (lvt.Value & LvtRemoteIrr);
        if (!_svr.Has(SoftwareEnable))
            lvt.Set(Masked, true); // as long as it is disabled by software, masks cannot be cleared
        if (entry == LvtTimer)
            _timer.ModeChanged(before);
        else if (entry == LvtLint0)
            Update();
    }

    private bool TryWriteBase(ulong value)
    {
        bool enable = (value & BaseEnable) != 0, x2 = (value & BaseX2Apic) != 0;
        // Into x2APIC mode only from xAPIC mode, out of it only by switching the APIC off (SDM, section 11.12.5).
        if ((value & BaseReserved) != 0 || (x2 && !enable) || (x2 && !IsEnabled) || (!x2 && enable && IsX2Apic))
            return false;
        bool wasEnabled = IsEnabled;
        byte idBefore = Id;
        _base.Value = (value & ~BaseFirst) | (_isFirst ? BaseFirst : 0);
        if (wasEnabled && !enable)
            ForgetAll();
        if (x2)
            _id.Value = _hardwareId;
        _bus.MoveId(idBefore, Id, this);
        Update();
        return true;
    }

    // Switched off and on again, an APIC is as after power-on.
    private void ForgetAll()
    {
        (ulong apicBase, ulong waits) = (_base.Value, _waits.Value);
        State.Reset();
        (_base.Value, _waits.Value) = (apicBase, waits);
    }

    private void SendIpi(uint destination, bool toAll)
    {
        const uint logical = 0x800, assert = 0x4000, level = 0x8000;
        uint command = (uint)_icr.Value;
        int mode = (int)command >> 8 & 7, shorthand = (int)command >> 18 & 3;
        byte vector = (byte)command;
        _icr.Value &= ~0x1000UL; // delivered at once
        if (mode == ApicBus.InitMode && (command & (level | assert)) == level)
            return; // INIT level de-assert: nothing to arbitrate
        if (mode is ApicBus.Fixed or ApicBus.LowestPriority && vector < FirstLegalVector)
        {
            Error(SendIllegal);
            return;
        }

        bool isLevel = false; // messages between processors are edges
        switch (shorthand)
        {
            case 0:
                _bus.Send(destination, toAll, (command & logical) != 0, mode, vector, isLevel);
                break;
            case 1:
                Receive(mode, vector, isLevel);
                break;
            case 2:
                _bus.Send(0, toAll: true, isLogical: false, mode, vector, isLevel);
                break;
            default:
                _bus.SendToAllBut(this, mode, vector, isLevel);
                break;
        }
    }
}
