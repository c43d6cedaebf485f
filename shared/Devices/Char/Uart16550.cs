using Suite.Devices.Core;

namespace Suite.Devices.Char;

/// <summary>
/// A 16550A UART (National Semiconductor PC16550D data sheet, June 1995): eight byte-wide registers. Characters take no time on the line: what is
/// written is sent at once, and the transmitter is always empty.
/// </summary>
public sealed class Uart16550 : Device, IBusDevice, ICharReceiver
{
    private const int FifoSize = 16;

    // Register numbers; 0 and 1 are the divisor while DLAB is set.
    private const int Data = 0, InterruptEnable = 1, InterruptIdentity = 2, LineControl = 3, ModemControl = 4, LineStatus = 5, ModemStatus = 6, Scratch = 7;

    private const uint IerReceived = 1, IerTransmitted = 2, IerLine = 4, IerModem = 8;
    private const uint IirNone = 1, IirModem = 0, IirTransmitted = 2, IirReceived = 4, IirLine = 6, IirTimeout = 0xC, IirFifo = 0xC0;
    private const uint LcrDivisor = 0x80, FcrEnable = 1, FcrClearReceive = 2, FcrClearTransmit = 4;
    private const uint LsrReady = 1, LsrOverrun = 2, LsrBreak = 0x10, LsrEmpty = 0x60, LsrErrors = 0x1E, LsrFifoError = 0x80;
    private const uint McrDtr = 1, McrRts = 2, McrOut1 = 4, McrOut2 = 8, McrLoop = 0x10;
    private const uint MsrDeltas = 0x0F, MsrCts = 0x10, MsrDsr = 0x20, MsrRing = 0x40, MsrCarrier = 0x80;

    private readonly IrqLine _irq;
    private readonly IChardev? _line;
    private readonly Register _ier, _fcr, _lcr, _mcr, _lsr, _msr, _scr, _divisor, _transmitted, _count, _first;
    private readonly byte[] _fifo;

    /// <summary>A UART.</summary>
    /// <param name="name">"serial0" and so on.</param>
    /// <param name="irq">INTR.</param>
    /// <param name="line">The other end; null for nothing.</param>
    public Uart16550(string name, IrqLine irq, IChardev? line)
        : base(name)
    {
        (_irq, _line) = (irq, line);
        _ier = State.Register("IER", 4);
        _fcr = State.Register("FCR", 8);
        _lcr = State.Register("LCR", 8);
        _mcr = State.Register("MCR", 5);
        _lsr = State.Register("LSR", 8, reset: LsrEmpty);
        _msr = State.Register("MSR", 8, reset: MsrCts | MsrDsr | MsrCarrier);
        _scr = State.Register("SCR", 8);
        _divisor = State.Register("DL", 16, reset: 12);
        _transmitted = State.Register("THRE interrupt", 1);
        _count = State.Register("characters", 5);
        _first = State.Register("first character", 4);
        _fifo = State.Bytes("receiver FIFO", FifoSize);
        if (line is not null)
            line.Receiver = this;
    }

    private bool HasFifo => _fcr.Has(FcrEnable);

    private bool IsLooped => _mcr.Has(McrLoop);

    private int Capacity => HasFifo ? FifoSize : 1;

    /// <inheritdoc/>
    public int Room => IsLooped ? 0 : Capacity - _count.Int;

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            Arrive(b);
        Update();
    }

    /// <inheritdoc/>
    public void Break()
    {
        _lsr.Set(LsrBreak, true);
        Arrive(0);
        Update();
    }

    public ulong Read(ulong offset, int size)
    {
        bool divisor = _lcr.Has(LcrDivisor);
        switch ((int)offset)
        {
            case Data when divisor:
                return _divisor.Value & 0xFF;
            case InterruptEnable when divisor:
                return _divisor.Value >> 8;
            case Data:
                byte received = Take();
                Update();
                _line?.ReceiverReady();
                return received;
            case InterruptEnable:
                return _ier.Value;
            case InterruptIdentity:
                uint identity = Identity();
                if (identity == IirTransmitted)
                {
                    _transmitted.IsSet = false;
                    Update();
                }

                return identity | (HasFifo ? IirFifo : 0);
            case LineControl:
                return _lcr.Value;
            case ModemControl:
                return _mcr.Value;
            case LineStatus:
                ulong status = _lsr.Value;
                _lsr.Set(LsrErrors | LsrFifoError, false);
                Update();
                return status;
            case ModemStatus:
                ulong modem = _msr.Value;
                _msr.Set(MsrDeltas, false);
                Update();
                return modem;
            default:
                return _scr.Value;
        }
    }

    public void Write(ulong offset, int size, ulong value)
    {
        bool divisor = _lcr.Has(LcrDivisor);
        switch ((int)offset)
        {
            case Data when divisor:
                _divisor.Value = (_divisor.Value & 0xFF00) | value;
                break;
            case InterruptEnable when divisor:
                _divisor.Value = (_divisor.Value & 0xFF) | value << 8;
                break;
            case Data:
                Send((byte)value);
                break;
            case InterruptEnable:
                // Enabling it while the transmitter is empty, which it always is, interrupts at once.
                if ((value & IerTransmitted) != 0 && !_ier.Has(IerTransmitted))
                    _transmitted.IsSet = true;
                _ier.Value = value;
                break;
            case InterruptIdentity:
                WriteFifoControl((uint)value);
                _line?.ReceiverReady();
                break;
            case LineControl:
                _lcr.Value = value;
                break;
            case ModemControl:
                _mcr.Value = value;
                UpdateModem();
                _line?.ReceiverReady();
                break;
            case Scratch:
                _scr.Value = value;
                break;
        }

        Update();
    }

    protected override void Settle() => Update();

    private void Send(byte value)
    {
        _transmitted.IsSet = true;
        if (IsLooped)
            Arrive(value);
        else
            _line?.Write([value]);
    }

    private void Arrive(byte value)
    {
        if (_count.Int == Capacity)
        {
            _lsr.Set(LsrOverrun, true);
            if (HasFifo)
                return;
            _count.Value--; // without FIFO the new character replaces the old one
        }

        _fifo[(_first.Int + _count.Int) % FifoSize] = value;
        _count.Value++;
        _lsr.Set(LsrReady, true);
    }

    private byte Take()
    {
        if (_count.Int == 0)
            return 0;
        byte value = _fifo[_first.Int];
        _first.Value++;
        _count.Value--;
        _lsr.Set(LsrReady, _count.Int != 0);
        return value;
    }

    private void WriteFifoControl(uint value)
    {
        bool toggled = (value & FcrEnable) != (_fcr.Value & FcrEnable);
        if (toggled || (value & FcrClearReceive) != 0)
        {
            (_count.Value, _first.Value) = (0, 0);
            _lsr.Set(LsrReady, false);
        }

        if (toggled || (value & FcrClearTransmit) != 0)
            _transmitted.IsSet = true;
        _fcr.Value = (value & FcrEnable) == 0 ? 0 : value & ~(FcrClearReceive | FcrClearTransmit);
    }

    // In loop mode the modem's outputs are its inputs.
    private void UpdateModem()
    {
        uint now = MsrCts | MsrDsr | MsrCarrier;
        if (IsLooped)
            now = (_mcr.Has(McrRts) ? MsrCts : 0) | (_mcr.Has(McrDtr) ? MsrDsr : 0) | (_mcr.Has(McrOut1) ? MsrRing : 0) | (_mcr.Has(McrOut2) ? MsrCarrier : 0);
        uint changed = (now ^ (uint)_msr.Value) & ~MsrDeltas;
        uint deltas = changed >> 4;
        const uint RingDelta = 4;
        if ((now & MsrRing) != 0)
            deltas &= ~RingDelta; // only the end of ringing counts
        _msr.Value = now | (_msr.Value & MsrDeltas) | deltas;
    }

    private uint Identity()
    {
        int trigger = !HasFifo ? 1 : ((int)_fcr.Value >> 6) switch { 0 => 1, 1 => 4, 2 => 8, _ => 14 };
        if (_ier.Has(IerLine) && _lsr.Has(LsrErrors))
            return IirLine;
        if (_ier.Has(IerReceived) && _count.Int >= trigger)
            return IirReceived;
        if (_ier.Has(IerReceived) && _count.Int != 0)
            return IirTimeout; // characters take no time: nothing will follow soon
        if (_ier.Has(IerTransmitted) && _transmitted.IsSet)
            return IirTransmitted;
        return _ier.Has(IerModem) && _msr.Has(MsrDeltas) ? IirModem : IirNone;
    }

    // On the boards of old OUT2 gates the interrupt; QEMU's does not, and kernels that were only ever run there never set it.
    private void Update() => _irq.Set(Identity() != IirNone);
}
