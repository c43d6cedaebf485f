using Suite.Devices.Core;

namespace Suite.Devices.Input;

/// <summary>
/// A PS/2 keyboard: the commands of the "IBM Personal System/2 Hardware Interface Technical Reference", keyboard section. Keys come in as set 2
/// scan codes (E0h before extended ones, F0h before releases); sets 1 and 3 can be chosen, and what set 1 needs is translated by the controller.
/// </summary>
internal sealed class Ps2Keyboard(DeviceState state)
{
    private const byte Acknowledge = 0xFA, Resend = 0xFE, SelfTestPassed = 0xAA, Echo = 0xEE;
    private const byte SetLeds = 0xED, SetScanCodes = 0xF0, Identify = 0xF2, SetRate = 0xF3, Enable = 0xF4, Disable = 0xF5, Defaults = 0xF6, Reset = 0xFF,
        FirstAllKeys = 0xF7, LastAllKeys = 0xFA, FirstKey = 0xFB, LastKey = 0xFD;

    private readonly Register _command = state.Register("keyboard command", 8), _leds = state.Register("keyboard LEDs", 3), _set = state.Register("scan code set", 2, reset: 2),
        _disabled = state.Register("keyboard scans not", 1);

    /// <summary>What the keyboard sends.</summary>
    public Ps2Queue Output { get; } = new(state, "keyboard");

    /// <summary>Scroll, num and caps lock in bits 0 to 2.</summary>
    public int Leds => _leds.Int;

    /// <summary>A key is pressed or released: its code in set 2 without prefixes, and whether E0h comes first.</summary>
    public void Key(byte code, bool isExtended, bool isPressed)
    {
        const byte Extended = 0xE0, Break = 0xF0;
        const int Longest = 3;
        if (_disabled.IsSet || !Output.HasRoom(Longest))
            return;
        if (isExtended)
            Output.Add(Extended);
        if (!isPressed)
            Output.Add(Break);
        Output.Add(code);
    }

    /// <summary>A byte from the controller.</summary>
    public void Receive(byte value)
    {
        byte command = _command.Byte;
        _command.Value = 0;
        switch (command)
        {
            case SetLeds when value < SetLeds:
                _leds.Value = value;
                Output.Add(Acknowledge);
                return;
            case SetScanCodes when value <= 3:
                Output.Add(Acknowledge);
                if (value == 0)
                    Output.Add(_set.Byte);
                else
                    _set.Value = value;
                return;
            case SetRate when value < 0x80:
                Output.Add(Acknowledge);
                return;
            case >= FirstKey and <= LastKey when value < 0x80:
                Output.Add(Acknowledge);
                return;
            default:
                Command(value);
                return;
        }
    }

    private void Command(byte value)
    {
        switch (value)
        {
            case SetLeds or SetScanCodes or SetRate or (>= FirstKey and <= LastKey):
                _command.Value = value;
                Output.Add(Acknowledge);
                break;
            case Echo:
                Output.Add(Echo);
                break;
            case Identify:
                Output.Add(Acknowledge);
                Output.Add(0xAB);
                Output.Add(0x83);
                break;
            case Enable or Disable or Defaults:
                Output.Clear();
                _disabled.IsSet = value == Disable;
                if (value != Enable)
                    _set.Value = 2;
                Output.Add(Acknowledge);
                break;
            case Reset:
                Output.Clear();
                (_leds.Value, _set.Value, _disabled.IsSet) = (0, 2, false);
                Output.Add(Acknowledge);
                Output.Add(SelfTestPassed);
                break;
            case >= FirstAllKeys and <= LastAllKeys:
                Output.Add(Acknowledge);
                break;
            default:
                Output.Add(Resend);
                break;
        }
    }
}
