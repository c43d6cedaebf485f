using Suite.Devices.Core;
using Suite.PcBios;

namespace Suite.Machines.X86.Boards;

/// <summary>
/// Power management of a board without chipset (ACPI 6.5, "hardware-reduced ACPI", 4.8.3.7, and the generic event device, 5.6.9): sleep control,
/// sleep status and reset in three bytes, and four bytes that tell what has happened.
/// </summary>
/// <param name="happened">The interrupt, an edge.</param>
/// <param name="off">The guest powers off.</param>
/// <param name="reset">The guest resets the machine.</param>
internal sealed class MicrovmPower : Device, IBusDevice
{
    /// <summary>Bytes of the power registers, and of the event register.</summary>
    public const int PowerLength = 3, EventLength = 4;

    private const int SleepControl = 0, ResetRegister = 2;
    private const byte SleepEnable = 0x20, ResetValue = 0x42;

    private readonly IrqLine _happened;
    private readonly Action _off, _reset;
    private readonly Register _event;

    public MicrovmPower(IrqLine happened, Action off, Action reset)
        : base("ged")
    {
        (_happened, _off, _reset) = (happened, off, reset);
        _event = State.Register("events", 32);
        Events = new EventRegister(this);
    }

    /// <summary>The event register.</summary>
    public IBusDevice Events { get; }

    /// <summary>Presses the power button.</summary>
    public void PressPowerButton()
    {
        _event.Set(PcDescription.MicrovmPowerButtonEvent, true);
        _happened.Pulse();
    }

    public ulong Read(ulong offset, int size) => 0;

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset == SleepControl && (value & SleepEnable) != 0)
            _off();
        else if (offset == ResetRegister && value == ResetValue)
            _reset();
    }

    private sealed class EventRegister(MicrovmPower power) : IBusDevice
    {
        public ulong Read(ulong offset, int size)
        {
            ulong events = power._event.Value;
            power._event.Value = 0;
            return events;
        }

        public void Write(ulong offset, int size, ulong value)
        {
        }
    }
}
