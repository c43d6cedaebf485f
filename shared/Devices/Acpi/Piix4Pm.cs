using Suite.Devices.Core;
using Suite.Devices.Pci;

namespace Suite.Devices.Acpi;

/// <summary>
/// The power management function of PIIX4 (Intel 82371AB data sheet, order number 290562, chapter 7): ACPI registers and an SMBus host at ports the
/// firmware chooses, the SMI command port at B2h, and the general-purpose events guests of such a PC expect at AFE0h.
/// </summary>
public sealed class Piix4Pm : PciFunction, IBusDevice
{
    /// <summary>Where the general-purpose events are, and which values of the SMI command port switch ACPI mode on and off.</summary>
    public const int GeneralEventsPort = 0xAFE0, SmiCommandPort = 0xB2, AcpiEnable = 0xF1, AcpiDisable = 0xF0;

    private const int PmBase = 0x40, DeviceActivityB = 0x58, PmEnable = 0x80, SmbusBase = 0x90, SmbusEnable = 0xD2;
    private const int PortsLength = 64, BaseMask = 0xFFC0;

    private readonly AcpiPowerControl _acpi;
    private readonly BusRange _ports, _smbusPorts;
    private readonly Register _command, _commandData;

    /// <summary>A power management function.</summary>
    /// <param name="clock">The machine's time.</param>
    /// <param name="io">The ports.</param>
    /// <param name="sci">IRQ 9.</param>
    /// <param name="request">Called when the guest puts the machine to sleep or off.</param>
    public Piix4Pm(VirtualClock clock, Bus io, IrqLine sci, Action<PowerRequest> request)
        : base("PIIX4-PM", new PciIdentity(0x8086, 0x7113, 0x068000, Revision: 3, InterruptPin: 1))
    {
        _acpi = new AcpiPowerControl(State, clock, sci, request);
        SmbusHost smbus = new(State);
        _command = State.Register("APMC", 8);
        _commandData = State.Register("APMS", 8);
        SetConfig16(PciRegisters.Status, PciRegisters.StatusMediumDevsel | PciRegisters.StatusFastBackToBack);
        for (int offset = PciRegisters.HeaderEnd; offset < PciRegisters.Length; offset++)
            SetWritable(offset, 0xFF, 1);
        SetWritable(PmBase, BaseMask, 2);
        SetWritable(SmbusBase, BaseMask, 2);
        const uint systemManagementDone = 0x02000000; // APMC_EN: firmware finds nothing to set up, as there is no system management mode
        SetConfig32(PmBase, 1);
        SetConfig32(DeviceActivityB, systemManagementDone);
        SetConfig8(0x5F, 0x90);
        SetConfig8(0x63, 0x60);
        SetConfig8(0x67, 0x98); // devices the chip decodes: parallel and serial ports
        SetConfig32(SmbusBase, 0xB101);
        SetConfig8(SmbusEnable, 0x09);
        _ports = io.Declare(this, "acpi", PortsLength, widest: 4);
        _smbusPorts = io.Declare(smbus, "smbus", PortsLength, widest: 1);
        io.Attach(_acpi.GeneralEvents, "acpi-gpe0", GeneralEventsPort, 4);
        io.Attach(new CommandPorts(this), "apm", SmiCommandPort, 2);
    }

    /// <summary>Presses the power button: a guest that listens shuts down.</summary>
    public void PressPowerButton() => _acpi.PressPowerButton();

    /// <summary>The machine wakes from <see cref="PowerRequest.Sleep"/>.</summary>
    public void WakeUp() => _acpi.WakeUp();

    /// <summary>A general-purpose event (0 to 15) happens.</summary>
    public void RaiseEvent(int number) => _acpi.RaiseEvent(number);

    ulong IBusDevice.Read(ulong offset, int size) => _acpi.Read((int)offset, size);

    void IBusDevice.Write(ulong offset, int size, ulong value) => _acpi.Write((int)offset, size, value);

    /// <inheritdoc/>
    protected override void OnConfigurationWritten(int offset, int size)
    {
        if (offset >= PciRegisters.HeaderEnd)
            MapPorts();
    }

    /// <inheritdoc/>
    protected override void OnFunctionSettle()
    {
        MapPorts();
        _acpi.Update();
    }

    private void MapPorts()
    {
        Place(_ports, PmBase, PmEnable);
        Place(_smbusPorts, SmbusBase, SmbusEnable);
    }

    private void Place(BusRange range, int register, int enable)
    {
        ulong start = (ulong)(Config16(register) & BaseMask);
        bool wanted = (Config8(enable) & 1) != 0 && start != 0;
        if (wanted && !(range.IsMapped && range.Start == start))
            range.MapAt(start);
        else if (!wanted)
            range.Unmap();
    }

    private sealed class CommandPorts(Piix4Pm pm) : IBusDevice
    {
        public ulong Read(ulong offset, int size) => (offset == 0 ? pm._command : pm._commandData).Value;

        public void Write(ulong offset, int size, ulong value)
        {
            (offset == 0 ? pm._command : pm._commandData).Value = value;
            if (offset == 0 && value is AcpiEnable or AcpiDisable)
                pm._acpi.SetAcpiMode(value == AcpiEnable);
        }
    }
}
