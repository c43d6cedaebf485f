using Suite.Devices.Core;
using static Suite.Devices.Ide.AtaRegisters;

namespace Suite.Devices.Ide;

/// <summary>A cable with up to two drives: the command block of eight ports, and the control port.</summary>
public sealed class IdeChannel : IBusDevice
{
    private const int Drives = 2, Data = 0, StatusOrCommand = 7;

    private readonly IdeDrive?[] _drives = new IdeDrive?[Drives];
    private readonly DeviceState _state;
    private readonly string _name;
    private readonly IrqLine _irq;
    private readonly Register _selected, _control, _interrupt;

    internal IdeChannel(DeviceState state, string name, IrqLine irq)
    {
        (_state, _name, _irq) = (state, name, irq);
        _selected = state.Register($"{name} selected", 1);
        _control = state.Register($"{name} control", 8);
        _interrupt = state.Register($"{name} interrupt", 1);
        ControlPort = new Control(this);
    }

    /// <summary>The port of alternate status and device control.</summary>
    public IBusDevice ControlPort { get; }

    /// <summary>The drives; null where none is.</summary>
    public IReadOnlyList<IdeDrive?> Attached => _drives;

    internal BusMaster? Master { get; set; }

    private IdeDrive? Selected => _drives[_selected.Int];

    private bool HasDrives => _drives[0] is not null || _drives[1] is not null;

    /// <summary>Puts a drive on the cable, before the machine runs.</summary>
    /// <param name="unit">0 for the first ("master"), 1 for the second ("slave").</param>
    /// <param name="drive">The drive.</param>
    /// <exception cref="InvalidOperationException">The place is taken.</exception>
    public void Attach(int unit, IdeDrive drive)
    {
        if (_drives[unit] is not null)
            throw new InvalidOperationException($"{_name}: unit {unit} is taken");
        _drives[unit] = drive;
        drive.Join(this, _state, $"{_name} unit {unit}");
    }

    public ulong Read(ulong offset, int size)
    {
        if (offset == Data)
            return Selected?.ReadData(size) ?? 0;
        ulong value = 0;
        for (int i = 0; i < size; i++)
            value |= (ulong)ReadRegister((int)offset + i) << (8 * i);
        return value;
    }

    public void Write(ulong offset, int size, ulong value)
    {
        if (offset == Data)
        {
            Selected?.WriteData(value, size);
            return;
        }

        for (int i = 0; i < size; i++)
            WriteRegister((int)offset + i, (byte)(value >> (8 * i)));
    }

    internal void Reset()
    {
        foreach (IdeDrive? drive in _drives)
            drive?.Reset();
        Settle();
    }

    internal void Settle() => _irq.Set(_interrupt.IsSet && !_control.Has(ControlNoInterrupt));

    // A drive wants the host's attention; only the selected one has the wire.
    internal void Raise(IdeDrive drive)
    {
        if (drive != Selected)
            return;
        _interrupt.IsSet = true;
        Master?.Interrupted();
        Settle();
    }

    internal void TryDma(IdeDrive drive)
    {
        if (Master is { IsActive: true } master && drive == Selected)
            drive.RunDma(master);
    }

    internal void MasterStarted()
    {
        if (Selected is { WantsDma: true } drive)
            TryDma(drive);
    }

    private byte ReadRegister(int offset)
    {
        if (!HasDrives || Selected is not { } drive)
            return 0;
        byte value = drive.ReadRegister(offset, _control.Has(ControlHighOrder));
        if (offset == StatusOrCommand)
        {
            _interrupt.IsSet = false;
            Settle();
        }

        return value;
    }

    private void WriteRegister(int offset, byte value)
    {
        const int device = 6;
        _control.Set(ControlHighOrder, false);
        if (offset != StatusOrCommand)
        {
            if (offset == device)
                _selected.IsSet = (value & DeviceSecond) != 0;
            foreach (IdeDrive? drive in _drives)
                drive?.WriteRegister(offset, value);
            return;
        }

        _interrupt.IsSet = false;
        Settle();
        const byte diagnose = 0x90;
        if (value == diagnose)
        {
            _selected.IsSet = false;
            _drives[1]?.Execute(value);
            _drives[0]?.Execute(value);
        }
        else
        {
            Selected?.Execute(value);
        }
    }

    private void WriteControl(byte value)
    {
        bool wasReset = _control.Has(ControlReset);
        _control.Value = value;
        if (wasReset && (value & ControlReset) == 0)
        {
            _selected.IsSet = false;
            _interrupt.IsSet = false;
            foreach (IdeDrive? drive in _drives)
                drive?.Reset();
        }

        Settle();
    }

    private sealed class Control(IdeChannel channel) : IBusDevice
    {
        public ulong Read(ulong offset, int size)
        {
            if (channel.Selected is not { } drive)
                return 0;
            return channel._control.Has(ControlReset) ? StatusBusy : drive.Status;
        }

        public void Write(ulong offset, int size, ulong value) => channel.WriteControl((byte)value);
    }
}
