using Suite.Devices.Core;

namespace Suite.Devices.Input;

/// <summary>
/// The PC's keyboard controller with a PS/2 keyboard and mouse (IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device
/// Controller"): data at port 60h, status and commands at 64h. Its output port holds A20 and the CPU's reset.
/// </summary>
public sealed class I8042 : Device, IBusDevice
{
    private const byte OutputFull = 1, SystemFlag = 4, CommandLast = 8, NotInhibited = 0x10, FromMouse = 0x20;
    private const byte KeyboardIrq = 1, MouseIrq = 2, ModeSystem = 4, KeyboardOff = 0x10, MouseOff = 0x20, Translate = 0x40;
    private const byte ResetPin = 1, A20Pin = 2, KeyboardIrqPin = 0x10, MouseIrqPin = 0x20;

    private readonly IrqLine _keyboardIrq, _mouseIrq;
    private readonly Action<bool> _setA20;
    private readonly Action _resetCpu;
    private readonly Register _mode, _output, _full, _fromMouse, _command, _commandLast, _a20, _break;
    private readonly byte[] _memory;
    private readonly Ps2Keyboard _keyboard;
    private readonly Ps2Mouse _mouse;

    /// <summary>A controller.</summary>
    /// <param name="keyboardIrq">IRQ 1.</param>
    /// <param name="mouseIrq">IRQ 12.</param>
    /// <param name="setA20">Called when the guest opens or closes address line 20.</param>
    /// <param name="resetCpu">Called when it pulses the reset line.</param>
    public I8042(IrqLine keyboardIrq, IrqLine mouseIrq, Action<bool> setA20, Action resetCpu)
        : base("i8042")
    {
        (_keyboardIrq, _mouseIrq, _setA20, _resetCpu) = (keyboardIrq, mouseIrq, setA20, resetCpu);
        _mode = State.Register("command byte", 8, reset: KeyboardIrq | MouseIrq | ModeSystem | Translate);
        _output = State.Register("output buffer", 8);
        _full = State.Register("output is full", 1);
        _fromMouse = State.Register("output is the mouse's", 1);
        _command = State.Register("command that waits for data", 8);
        _commandLast = State.Register("last write was a command", 1);
        _a20 = State.Register("A20", 1, reset: 1);
        _break = State.Register("F0h was translated", 1);
        _memory = State.Bytes("memory", 32);
        _keyboard = new Ps2Keyboard(State);
        _mouse = new Ps2Mouse(State);
    }

    /// <summary>Ports 60h and 64h.</summary>
    public void Attach(Bus io)
    {
        io.Attach(this, Name, 0x60, 1);
        io.Attach(new StatusPort(this), Name, 0x64, 1);
    }

    /// <summary>A key goes down or up; the code is set 2's.</summary>
    public void Key(byte code, bool isExtended, bool isPressed)
    {
        _keyboard.Key(code, isExtended, isPressed);
        Fill();
    }

    /// <summary>The mouse is moved or clicked; see <see cref="Ps2Mouse.Move"/>.</summary>
    public void Mouse(int x, int y, int z, int buttons)
    {
        _mouse.Move(x, y, z, buttons);
        Fill();
    }

    public ulong Read(ulong offset, int size)
    {
        byte value = _output.Byte;
        (_full.IsSet, _fromMouse.IsSet) = (false, false);
        _keyboardIrq.Set(false);
        _mouseIrq.Set(false);
        Fill();
        return value;
    }

    public void Write(ulong offset, int size, ulong value)
    {
        byte command = _command.Byte;
        (_command.Value, _commandLast.IsSet) = (0, false);
        WriteData(command, (byte)value);
        Fill();
    }

    protected override void Settle()
    {
        _setA20(_a20.IsSet);
        UpdateIrqs();
    }

    private void WriteData(byte command, byte value)
    {
        switch (command)
        {
            case >= 0x60 and <= 0x7F:
                if (command == 0x60)
                    _mode.Value = value;
                else
                    _memory[command & 31] = value;
                break;
            case 0xD1:
                WriteOutputPort(value);
                break;
            case 0xD2:
                Put(value, fromMouse: false);
                break;
            case 0xD3:
                Put(value, fromMouse: true);
                break;
            case 0xD4:
                _mode.Set(MouseOff, false);
                _mouse.Receive(value);
                break;
            default:
                _mode.Set(KeyboardOff, false);
                _keyboard.Receive(value);
                break;
        }
    }

    private void WriteCommand(byte command)
    {
        const byte TestPassed = 0x55, NoError = 0;
        _commandLast.IsSet = true;
        switch (command)
        {
            case >= 0x20 and <= 0x3F:
                Put(command == 0x20 ? _mode.Byte : _memory[command & 31], fromMouse: false);
                break;
            case (>= 0x60 and <= 0x7F) or 0xD1 or 0xD2 or 0xD3 or 0xD4:
                _command.Value = command;
                break;
            case 0xA7 or 0xA8:
                _mode.Set(MouseOff, command == 0xA7);
                break;
            case 0xA9 or 0xAB:
                Put(NoError, fromMouse: false);
                break;
            case 0xAA:
                _mode.Set(ModeSystem, true);
                Put(TestPassed, fromMouse: false);
                break;
            case 0xAD or 0xAE:
                _mode.Set(KeyboardOff, command == 0xAD);
                break;
            case 0xC0:
                Put(0x80, fromMouse: false); // keyboard not locked
                break;
            case 0xD0:
                Put((byte)(ResetPin | (_a20.IsSet ? A20Pin : 0) | (_keyboardIrq.IsHigh ? KeyboardIrqPin : 0) | (_mouseIrq.IsHigh ? MouseIrqPin : 0)), fromMouse: false);
                break;
            case 0xDD or 0xDF:
                SetA20(command == 0xDF);
                break;
            case >= 0xF0:
                if ((command & ResetPin) == 0)
                    _resetCpu(); // the low bits name pins to pulse low
                break;
        }

        Fill();
    }

    private void WriteOutputPort(byte value)
    {
        SetA20((value & A20Pin) != 0);
        if ((value & ResetPin) == 0)
            _resetCpu();
    }

    private void SetA20(bool open)
    {
        _a20.IsSet = open;
        _setA20(open);
    }

    private void Put(byte value, bool fromMouse)
    {
        (_output.Value, _full.IsSet, _fromMouse.IsSet) = (value, true, fromMouse);
        UpdateIrqs();
    }

    // One byte at a time: the next comes when the guest has read the last.
    private void Fill()
    {
        while (!_full.IsSet)
        {
            if (!_keyboard.Output.IsEmpty && !_mode.Has(KeyboardOff))
                PutScanCode(_keyboard.Output.Take());
            else if (!_mouse.Output.IsEmpty && !_mode.Has(MouseOff))
                Put(_mouse.Output.Take(), fromMouse: true);
            else
                return;
        }
    }

    private void PutScanCode(byte code)
    {
        const byte Break = 0xF0, BreakBit = 0x80;
        if (!_mode.Has(Translate))
        {
            Put(code, fromMouse: false);
        }
        else if (code == Break)
        {
            _break.IsSet = true;
        }
        else
        {
            Put((byte)(ScanCodes.ToSet1(code) | (_break.IsSet ? BreakBit : 0)), fromMouse: false);
            _break.IsSet = false;
        }
    }

    private void UpdateIrqs()
    {
        _keyboardIrq.Set(_full.IsSet && !_fromMouse.IsSet && _mode.Has(KeyboardIrq));
        _mouseIrq.Set(_full.IsSet && _fromMouse.IsSet && _mode.Has(MouseIrq));
    }

    private sealed class StatusPort(I8042 controller) : IBusDevice
    {
        public ulong Read(ulong offset, int size) => (ulong)(NotInhibited | (controller._full.IsSet ? OutputFull : 0) | (controller._fromMouse.IsSet ? FromMouse : 0)
            | (controller._mode.Has(ModeSystem) ? SystemFlag : 0) | (controller._commandLast.IsSet ? CommandLast : 0));

        public void Write(ulong offset, int size, ulong value) => controller.WriteCommand((byte)value);
    }
}
