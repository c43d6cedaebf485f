using System.Buffers.Binary;
using Suite.Devices.Core;

namespace Suite.Devices.Net;

/// <summary>The 64-word Microwire EEPROM of an 82540EM (manual, section 5.6 and 13.4.3): read bit by bit through EECD, or through EERD.</summary>
internal sealed class E1000Eeprom
{
    private const int Words = 64, ChecksumWord = 63;
    private const ushort ChecksumTotal = 0xBABA;
    private const uint Clock = 1, Select = 2, DataIn = 4, DataOut = 8, Request = 0x40, Grant = 0x80, Present = 0x100, Kept = Clock | Select | DataIn | 0x30 | Request;
    private const int CommandBits = 9, ReadOpcode = 6;

    private readonly byte[] _words;
    private readonly Register _control, _shift, _bits, _position, _isReading, _result;

    public E1000Eeprom(DeviceState state, ReadOnlySpan<byte> mac)
    {
        _words = state.KeptBytes("EEPROM", Words * 2);
        _control = state.Register("EECD", 32);
        _shift = state.Register("EEPROM shift register", 9);
        _bits = state.Register("EEPROM bits in", 5);
        _position = state.Register("EEPROM bit out", 11);
        _isReading = state.Register("EEPROM reads", 1);
        _result = state.Register("EERD", 32);
        Reset(mac);
    }

    /// <summary>Contents as made at the factory.</summary>
    public void Reset(ReadOnlySpan<byte> mac)
    {
        Array.Clear(_words);
        mac.CopyTo(_words);
        SetWord(0x0A, 0x4408);
        SetWord(0x0B, 0x1100);
        SetWord(0x0C, 0x1AF4);
        SetWord(0x0D, 0x100E);
        SetWord(0x0E, 0x8086);
        SetWord(0x0F, 0x3040);
        SetWord(0x21, 0x7863);
        int sum = 0;
        for (int i = 0; i < ChecksumWord; i++)
            sum += Word(i);
        SetWord(ChecksumWord, (ushort)(ChecksumTotal - sum));
    }

    public ulong ReadControl()
    {
        bool output = !_isReading.IsSet || (Word(_position.Int >> 4 & Words - 1) >> (15 - (_position.Int & 15)) & 1) != 0;
        return _control.Value | Present | (_control.Has(Request) ? Grant : 0) | (output ? DataOut : 0);
    }

    // A command is a start bit, two of opcode and six of address; after it the word comes out, highest bit first, and then the next one.
    public void WriteControl(uint value)
    {
        bool wasHigh = _control.Has(Clock), isHigh = (value & Clock) != 0;
        bool wasSelected = _control.Has(Select);
        _control.Value = value & Kept;
        if ((value & Select) == 0)
            return;
        if (!wasSelected)
            (_shift.Value, _bits.Value, _isReading.IsSet) = (0, 0, false);
        if (wasHigh && !isHigh)
        {
            _position.Value++;
        }
        else if (!wasHigh && isHigh && !_isReading.IsSet)
        {
            _shift.Value = _shift.Value << 1 | ((value & DataIn) != 0 ? 1u : 0);
            if (_shift.Value != 0)
                _bits.Value++;
            if (_bits.Int != CommandBits)
                return;
            if (_shift.Int >> 6 == ReadOpcode)
            {
                _isReading.IsSet = true;
                _position.Value = (ulong)((_shift.Int & Words - 1) * 16 - 1);
            }

            _bits.Value = 0;
        }
    }

    public void StartRead(uint value)
    {
        const uint start = 1, done = 0x10;
        int word = (int)(value >> 8 & 0xFF);
        _result.Value = (value & start) == 0 ? value : (value & 0xFF00) | done | (uint)(word < Words ? Word(word) : 0xFFFF) << 16;
    }

    public ulong ReadResult() => _result.Value;

    private ushort Word(int index) => BinaryPrimitives.ReadUInt16LittleEndian(_words.AsSpan(index * 2));

    private void SetWord(int index, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_words.AsSpan(index * 2), value);
}

/// <summary>The PHY (IEEE 802.3 clause 22; Marvell 88E1011 for the rest): a gigabit link that is negotiated at once.</summary>
internal sealed class E1000Phy
{
    private const int Registers = 32, Control = 0, Status = 1, SpecificStatus = 17, Address = 1;
    private const ushort ControlReset = 0x8000, ControlRestart = 0x0200, StatusLink = 0x0004, StatusNegotiated = 0x0020, SpecificLink = 0x0400;
    private const uint OpWrite = 1, OpRead = 2, Ready = 1 << 28, InterruptEnable = 1 << 29, Error = 1 << 30;

    private static readonly (int Register, ushort Value)[] Defaults =
    [
        (Control, 0x1140), (Status, 0x7949 | StatusNegotiated), (2, 0x0141), (3, 0x0C20), (4, 0x0DE1), (5, 0x45E1), (6, 0x0001), (9, 0x0E00), (10, 0x3C00), (15, 0x3000),
        (16, 0x0360), (SpecificStatus, 0xA800), (20, 0x0D60),
    ];

    private readonly Register[] _registers;
    private bool _hasChanged;

    public E1000Phy(DeviceState state)
    {
        _registers = new Register[Registers];
        for (int i = 0; i < Registers; i++)
            _registers[i] = state.Register($"PHY {i}", 16, Array.Find(Defaults, d => d.Register == i).Value);
    }

    public void SetLink(bool up)
    {
        _registers[Status].Set(StatusLink, up);
        _registers[SpecificStatus].Set(SpecificLink, up);
    }

    /// <summary>Negotiation was started again, and is done.</summary>
    public bool TakeLinkChange()
    {
        bool changed = _hasChanged;
        _hasChanged = false;
        return changed;
    }

    /// <summary>A write of MDIC; its new value.</summary>
    public uint Access(uint value, out bool wantsInterrupt)
    {
        wantsInterrupt = (value & InterruptEnable) != 0;
        int register = (int)(value >> 16 & 31);
        uint operation = value >> 26 & 3;
        if ((value >> 21 & 31) != Address || operation is not (OpWrite or OpRead))
            return value | Ready | Error;
        if (operation == OpRead)
            return (value & 0xFFFF0000) | Ready | (uint)_registers[register].Value;
        Write(register, (ushort)value);
        return value | Ready;
    }

    private void Write(int register, ushort value)
    {
        switch (register)
        {
            case Control:
                _hasChanged = (value & (ControlReset | ControlRestart)) != 0;
                _registers[Control].Value = (ulong)(value & ~(ControlReset | ControlRestart));
                break;
            case Status or 2 or 3 or 5 or 10 or 15 or SpecificStatus:
                break; // read-only
            default:
                _registers[register].Value = value;
                break;
        }
    }
}
