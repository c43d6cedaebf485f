using Suite.Devices.Core;

namespace Suite.Devices.Input;

/// <summary>
/// A PS/2 mouse with a wheel: standard packets of three bytes, four after the sample rates 200, 100, 80 were set in turn (the IntelliMouse
/// knock), with five buttons after 200, 200, 80.
/// </summary>
internal sealed class Ps2Mouse(DeviceState state)
{
    private const byte Acknowledge = 0xFA, Resend = 0xFE, SelfTestPassed = 0xAA;
    private const byte Scaling1 = 0xE6, Scaling2 = 0xE7, SetResolution = 0xE8, Status = 0xE9, StreamMode = 0xEA, ReadData = 0xEB, ResetWrap = 0xEC,
        WrapMode = 0xEE, RemoteMode = 0xF0, Identify = 0xF2, SetRate = 0xF3, Enable = 0xF4, Disable = 0xF5, Defaults = 0xF6, Reset = 0xFF;

    private const byte Standard = 0, Wheel = 3, FiveButtons = 4;
    private const int Largest = 255;

    private readonly Register _command = state.Register("mouse command", 8), _id = state.Register("mouse id", 8), _rate = state.Register("mouse rate", 8, reset: 100),
        _knock = state.Register("mouse rates before", 16), _resolution = state.Register("mouse resolution", 2, reset: 2), _doubled = state.Register("mouse scaling 2:1", 1),
        _remote = state.Register("mouse remote mode", 1), _wrap = state.Register("mouse wrap mode", 1), _reports = state.Register("mouse reports", 1),
        _buttons = state.Register("mouse buttons", 5), _x = state.Register("mouse x", 32), _y = state.Register("mouse y", 32), _z = state.Register("mouse wheel", 32);

    /// <summary>What the mouse sends.</summary>
    public Ps2Queue Output { get; } = new(state, "mouse");

    /// <summary>The mouse was moved; counts to the right, up, and of the wheel towards the user.</summary>
    /// <param name="x">To the right.</param>
    /// <param name="y">Up.</param>
    /// <param name="z">The wheel.</param>
    /// <param name="buttons">Left, right, middle, 4th, 5th in bits 0 to 4.</param>
    public void Move(int x, int y, int z, int buttons)
    {
        (_x.Value, _y.Value, _z.Value) = ((uint)((int)_x.Value + x), (uint)((int)_y.Value + y), (uint)((int)_z.Value + z));
        _buttons.Value = (ulong)buttons;
        if (_reports.IsSet && !_remote.IsSet)
            SendPacket();
    }

    /// <summary>A byte from the controller.</summary>
    public void Receive(byte value)
    {
        if (_wrap.IsSet && value is not (ResetWrap or Reset))
        {
            Output.Add(value);
            return;
        }

        byte command = _command.Byte;
        _command.Value = 0;
        switch (command)
        {
            case SetRate:
                _knock.Value = _knock.Value << 8 | _rate.Value;
                _rate.Value = value;
                NoteKnock();
                Output.Add(Acknowledge);
                break;
            case SetResolution:
                _resolution.Value = value;
                Output.Add(Acknowledge);
                break;
            default:
                Command(value);
                break;
        }
    }

    private void Command(byte value)
    {
        switch (value)
        {
            case SetRate or SetResolution:
                _command.Value = value;
                break;
            case Scaling1 or Scaling2:
                _doubled.IsSet = value == Scaling2;
                break;
            case StreamMode or RemoteMode:
                _remote.IsSet = value == RemoteMode;
                break;
            case WrapMode or ResetWrap:
                _wrap.IsSet = value == WrapMode;
                break;
            case Enable or Disable:
                _reports.IsSet = value == Enable;
                break;
            case Defaults:
                SetDefaults();
                break;
            case Reset:
                SetDefaults();
                _id.Value = Standard;
                Output.Clear();
                break;
            case Status or ReadData or Identify:
                break;
            default:
                Output.Add(Resend);
                return;
        }

        Output.Add(Acknowledge);
        Answer(value);
    }

    private void Answer(byte command)
    {
        switch (command)
        {
            case Reset:
                Output.Add(SelfTestPassed);
                Output.Add(Standard);
                break;
            case Identify:
                Output.Add(_id.Byte);
                break;
            case ReadData:
                SendPacket();
                break;
            case Status:
                Output.Add((byte)((_remote.IsSet ? 0x40 : 0) | (_reports.IsSet ? 0x20 : 0) | (_doubled.IsSet ? 0x10 : 0)
                    | (_buttons.Int & 1) << 2 | (_buttons.Int & 4) >> 1 | (_buttons.Int & 2) >> 1));
                Output.Add(_resolution.Byte);
                Output.Add(_rate.Byte);
                break;
        }
    }

    private void SetDefaults() => (_rate.Value, _resolution.Value, _doubled.IsSet, _reports.IsSet, _remote.IsSet, _wrap.IsSet) = (100, 2, false, false, false, false);

    private void NoteKnock()
    {
        _id.Value = (_knock.Value, _rate.Int) switch
        {
            (200 << 8 | 100, 80) => Wheel,
            (200 << 8 | 200, 80) when _id.Byte == Wheel => FiveButtons,
            _ => _id.Value,
        };
    }

    // What does not fit into one packet stays for the next.
    private void SendPacket()
    {
        const int PacketBytes = 4, AlwaysOne = 8;
        if (!Output.HasRoom(PacketBytes))
            return;
        int x = Math.Clamp((int)_x.Value, -Largest - 1, Largest), y = Math.Clamp((int)_y.Value, -Largest - 1, Largest), z = Math.Clamp((int)_z.Value, -8, 7);
        (_x.Value, _y.Value, _z.Value) = ((uint)((int)_x.Value - x), (uint)((int)_y.Value - y), (uint)((int)_z.Value - z));
        Output.Add((byte)((_buttons.Int & 7) | AlwaysOne | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0)));
        Output.Add((byte)x);
        Output.Add((byte)y);
        if (_id.Byte == Wheel)
            Output.Add((byte)z);
        else if (_id.Byte == FiveButtons)
            Output.Add((byte)((z & 15) | (_buttons.Int & 0x18) << 1));
    }
}
