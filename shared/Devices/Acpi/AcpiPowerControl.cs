using Suite.Devices.Core;

namespace Suite.Devices.Acpi;

/// <summary>What a guest's power management asks of the machine.</summary>
public enum PowerRequest
{
    /// <summary>S5: off.</summary>
    Off,

    /// <summary>S3: sleep, memory kept.</summary>
    Sleep,

    /// <summary>S4: off, the guest has saved itself to its disk.</summary>
    Hibernate,
}

/// <summary>
/// The fixed hardware of ACPI that a power management function has (ACPI Specification 6.4, section 4.8): PM1 event and control registers, the
/// 24-bit timer, general-purpose events, and the system control interrupt.
/// </summary>
internal sealed class AcpiPowerControl
{
    public const int TimerFrequency = 3_579_545;

    private const int EventStatus = 0, EventEnable = 2, Control = 4, Timer = 8;
    private const int TimerMask = 0xFFFFFF, TimerToggle = 0x800000;
    private const ulong TimerStatus = 1, GlobalStatus = 0x20, PowerButton = 0x100, Clock = 0x400, Wake = 0x8000;
    private const ulong Interrupting = TimerStatus | GlobalStatus | PowerButton | Clock;
    private const ulong SciEnable = 1, SleepEnable = 0x2000, ControlKept = 0x1C07;

    private readonly VirtualClock _clock;
    private readonly IrqLine _sci;
    private readonly Action<PowerRequest> _request;
    private readonly Register _status, _enable, _control, _toggleSeen, _gpeStatus, _gpeEnable;
    private readonly ClockTimer _toggle;

    public AcpiPowerControl(DeviceState state, VirtualClock clock, IrqLine sci, Action<PowerRequest> request)
    {
        (_clock, _sci, _request) = (clock, sci, request);
        _status = state.Register("PM1_STS", 16);
        _enable = state.Register("PM1_EN", 16);
        _control = state.Register("PM1_CNT", 16);
        _toggleSeen = state.Register("timer ticks at which TMR_STS is set", 64, reset: TimerToggle);
        _gpeStatus = state.Register("GPE0_STS", 16);
        _gpeEnable = state.Register("GPE0_EN", 16);
        _toggle = state.Timer("timer carry", clock, Update);
    }

    /// <summary>The four bytes of the general-purpose event block: status, enable.</summary>
    public IBusDevice GeneralEvents => new EventPorts(this);

    private long Ticks => VirtualClock.Ticks(_clock.Now, TimerFrequency);

    public ulong Read(int offset, int size)
    {
        ulong value = offset switch
        {
            < EventEnable => Status() >> (8 * offset),
            < Control => _enable.Value >> (8 * (offset - EventEnable)),
            < Timer => _control.Value >> (8 * (offset - Control)),
            < Timer + 4 => (ulong)(Ticks & TimerMask) >> (8 * (offset - Timer)),
            _ => 0,
        };
        return offset == EventStatus && size == 4 ? value | _enable.Value << 16 : value;
    }

    public void Write(int offset, int size, ulong value)
    {
        // Registers are 16 bits wide; bytes are merged into what is there, and status bits are cleared by ones.
        int shift = 8 * (offset & 1);
        ulong mask = (size == 1 ? 0xFFul : 0xFFFF) << shift;
        switch (offset & ~1)
        {
            case EventStatus:
                ClearStatus((value << shift) & mask);
                if (size == 4)
                    _enable.Value = value >> 16;
                break;
            case EventEnable:
                _enable.Value = (_enable.Value & ~mask) | ((value << shift) & mask);
                break;
            case Control:
                WriteControl((_control.Value & ~mask) | ((value << shift) & mask));
                break;
        }

        Update();
    }

    /// <summary>The guest's handshake with firmware through the SMI command port: power management is the guest's, or the firmware's.</summary>
    public void SetAcpiMode(bool isOn)
    {
        _control.Set(SciEnable, isOn);
        Update();
    }

    /// <summary>Presses the power button. Nothing happens in a guest that does not listen.</summary>
    public void PressPowerButton()
    {
        if (_enable.Has(PowerButton))
            _status.Set(PowerButton, true);
        Update();
    }

    /// <summary>The machine wakes from S3.</summary>
    public void WakeUp()
    {
        _status.Set(Wake, true);
        Update();
    }

    /// <summary>A general-purpose event happens.</summary>
    public void RaiseEvent(int number)
    {
        _gpeStatus.Set(1u << number, true);
        Update();
    }

    /// <summary>Makes the interrupt follow the registers, and waits for the timer if it is to interrupt.</summary>
    public void Update()
    {
        ulong status = Status();
        _sci.Set((status & _enable.Value & Interrupting) != 0 || (_gpeStatus.Value & _gpeEnable.Value) != 0);
        if (_enable.Has(TimerStatus) && (status & TimerStatus) == 0)
            _toggle.Set(VirtualClock.TimeOf((long)_toggleSeen.Value, TimerFrequency));
        else
            _toggle.Cancel();
    }

    // The timer's status is set when its top bit changes.
    private ulong Status() => _status.Value | (Ticks >= (long)_toggleSeen.Value ? TimerStatus : 0);

    private void ClearStatus(ulong ones)
    {
        _status.Set(ones, false);
        if ((ones & TimerStatus) != 0 && Ticks >= (long)_toggleSeen.Value)
            _toggleSeen.Value = (ulong)((Ticks + TimerToggle) & ~(TimerToggle - 1L));
    }

    private void WriteControl(ulong value)
    {
        const int typeShift = 10, typeMask = 7, typeOff = 0, typeSleep = 1;
        _control.Value = value & ControlKept;
        if ((value & SleepEnable) == 0)
            return;
        _request((int)(value >> typeShift & typeMask) switch
        {
            typeOff => PowerRequest.Off,
            typeSleep => PowerRequest.Sleep,
            _ => PowerRequest.Hibernate,
        });
    }

    private sealed class EventPorts(AcpiPowerControl control) : IBusDevice
    {
        public ulong Read(ulong offset, int size) => (offset < 2 ? control._gpeStatus : control._gpeEnable).Value >> (8 * ((int)offset & 1));

        public void Write(ulong offset, int size, ulong value)
        {
            int shift = 8 * ((int)offset & 1);
            if (offset < 2)
                control._gpeStatus.Set(value << shift, false);
            else
                control._gpeEnable.Value = (control._gpeEnable.Value & ~(0xFFul << shift)) | value << shift;
            control.Update();
        }
    }
}
