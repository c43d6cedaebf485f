using Suite.Devices.Core;

namespace Suite.Devices.Intc;

/// <summary>
/// One 8259A interrupt controller (Intel 8259A data sheet, order number 231468), with the edge/level register that PIIX3 has beside it. Ports:
/// 0 takes ICW1, OCW2 and OCW3 and reads IRR or ISR; 1 takes ICW2 to ICW4 and the mask. Two of them make a PC's pair (<see cref="PicPair"/>).
/// </summary>
public sealed class Pic8259 : Device, IBusDevice
{
    private const int Inputs = 8;

    // What port 1 expects next.
    private const int Mask = 0, Icw2 = 1, Icw3 = 2, Icw4 = 3;

    private readonly Register _irr, _isr, _imr, _elcr, _levels, _vector, _step, _needsIcw4, _single, _autoEoi, _rotateOnAutoEoi, _readIsr, _poll,
        _specialMask, _nested, _lowest, _cascade;

    private readonly IrqLine _output;

    /// <summary>A controller whose INT pin drives a line.</summary>
    /// <param name="name">"pic0" for the master.</param>
    /// <param name="output">INT.</param>
    public Pic8259(string name, IrqLine output)
        : base(name)
    {
        _output = output;
        _irr = State.Register("IRR", Inputs);
        _isr = State.Register("ISR", Inputs);
        _imr = State.Register("IMR", Inputs);
        _elcr = State.Register("ELCR", Inputs);
        _levels = State.KeptRegister("levels", Inputs);
        _vector = State.Register("ICW2", Inputs);
        _cascade = State.Register("ICW3", Inputs);
        _step = State.Register("initialisation step", 2);
        _needsIcw4 = State.Register("IC4", 1);
        _single = State.Register("SNGL", 1);
        _autoEoi = State.Register("AEOI", 1);
        _nested = State.Register("SFNM", 1);
        _rotateOnAutoEoi = State.Register("rotate in AEOI mode", 1);
        _readIsr = State.Register("RIS", 1);
        _poll = State.Register("P", 1);
        _specialMask = State.Register("SMM", 1);
        _lowest = State.Register("lowest priority", 3, reset: 7);
    }

    /// <summary>Level-triggered inputs, as ports 4D0h and 4D1h set them.</summary>
    public byte EdgeLevel
    {
        get => _elcr.Byte;
        set
        {
            _elcr.Value = value;
            Update();
        }
    }

    /// <summary>True while an interrupt waits that the CPU has not taken.</summary>
    public bool IsRequesting => Pending() >= 0;

    /// <summary>An input changes.</summary>
    public void SetInput(int input, bool high)
    {
        uint bit = 1u << input;
        if (high && (_elcr.Has(bit) || !_levels.Has(bit)))
            _irr.Set(bit, true);
        else if (!high)
            _irr.Set(bit, false); // an edge's request ends with its level: the data sheet's spurious interrupt 7
        _levels.Set(bit, high);
        Update();
    }

    /// <summary>INTA: the CPU takes the interrupt. The result is its vector; that of input 7 when the request has gone meanwhile.</summary>
    /// <param name="input">Which input it was.</param>
    public byte Acknowledge(out int input)
    {
        input = Pending();
        if (input < 0)
        {
            input = Inputs - 1;
            return Vector(input);
        }

        uint bit = 1u << input;
        if (!_elcr.Has(bit))
            _irr.Set(bit, false);
        if (!_autoEoi.IsSet)
            _isr.Set(bit, true);
        else if (_rotateOnAutoEoi.IsSet)
            _lowest.Value = (ulong)input;
        Update();
        return Vector(input);
    }

    public ulong Read(ulong offset, int size)
    {
        if (_poll.IsSet)
        {
            _poll.IsSet = false;
            if (!IsRequesting)
                return 0;
            Acknowledge(out int input);
            return 0x80u | (uint)input;
        }

        return offset == 1 ? _imr.Value : _readIsr.IsSet ? _isr.Value : _irr.Value;
    }

    public void Write(ulong offset, int size, ulong value)
    {
        const int IsIcw1 = 0x10, IsOcw3 = 0x08;
        if (offset == 1)
            WriteData((byte)value);
        else if ((value & IsIcw1) != 0)
            Initialise((byte)value);
        else if ((value & IsOcw3) != 0)
            Command3((byte)value);
        else
            Command2((byte)value);
        Update();
    }

    protected override void Settle() => Update();

    private byte Vector(int input) => (byte)((_vector.Byte & 0xF8) | input);

    // ICW1 clears the mask and what was latched; levels that stand keep standing.
    private void Initialise(byte icw1)
    {
        byte elcr = _elcr.Byte;
        State.Reset();
        _elcr.Value = elcr;
        _irr.Value = (ulong)(_levels.Byte & elcr);
        _needsIcw4.IsSet = (icw1 & 1) != 0;
        _single.IsSet = (icw1 & 2) != 0;
        _step.Value = Icw2;
    }

    private void WriteData(byte value)
    {
        switch (_step.Int)
        {
            case Icw2:
                _vector.Value = value;
                _step.Value = (ulong)(!_single.IsSet ? Icw3 : _needsIcw4.IsSet ? Icw4 : Mask);
                break;
            case Icw3:
                _cascade.Value = value;
                _step.Value = (ulong)(_needsIcw4.IsSet ? Icw4 : Mask);
                break;
            case Icw4:
                _autoEoi.IsSet = (value & 2) != 0;
                _nested.IsSet = (value & 0x10) != 0;
                _step.Value = Mask;
                break;
            default:
                _imr.Value = value;
                break;
        }
    }

    private void Command3(byte value)
    {
        if ((value & 4) != 0)
            _poll.IsSet = true;
        if ((value & 2) != 0)
            _readIsr.IsSet = (value & 1) != 0;
        if ((value & 0x40) != 0)
            _specialMask.IsSet = (value & 0x20) != 0;
    }

    // R, SL, EOI in bits 7 to 5; the level in bits 2 to 0.
    private void Command2(byte value)
    {
        int level = value & 7;
        switch (value >> 5)
        {
            case 0:
                _rotateOnAutoEoi.IsSet = false;
                break;
            case 4:
                _rotateOnAutoEoi.IsSet = true;
                break;
            case 1 or 5:
                if (Highest(_isr.Byte) is >= 0 and var served)
                {
                    _isr.Set(1u << served, false);
                    if (value >> 5 == 5)
                        _lowest.Value = (ulong)served;
                }

                break;
            case 3 or 7:
                _isr.Set(1u << level, false);
                if (value >> 5 == 7)
                    _lowest.Value = (ulong)level;
                break;
            case 6:
                _lowest.Value = (ulong)level;
                break;
        }
    }

    private void Update() => _output.Set(IsRequesting);

    // The input to be served next, or -1.
    private int Pending()
    {
        int wanted = Highest(_irr.Byte & ~_imr.Byte);
        if (wanted < 0)
            return -1;
        int blocking = _isr.Byte;
        if (_specialMask.IsSet)
            blocking &= ~_imr.Byte;
        if (_nested.IsSet)
            blocking &= ~_cascade.Byte; // a slave in service may interrupt again
        int served = Highest(blocking);
        return served >= 0 && Rank(served) <= Rank(wanted) ? -1 : wanted;
    }

    private int Rank(int input) => (input - _lowest.Int - 1) & 7;

    private int Highest(int inputs)
    {
        for (int rank = 0; rank < Inputs; rank++)
        {
            int input = (_lowest.Int + 1 + rank) & 7;
            if ((inputs >> input & 1) != 0)
                return input;
        }

        return -1;
    }
}
