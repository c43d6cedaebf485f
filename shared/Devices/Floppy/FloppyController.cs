using Suite.Devices.Block;
using Suite.Devices.Core;
using Suite.Devices.Dma;

namespace Suite.Devices.Floppy;

/// <summary>
/// The 82077AA floppy disk controller (Intel 82077AA data sheet, order number 290166) in AT mode, with two drives, DMA channel 2 and IRQ 6.
/// Disks turn infinitely fast: a command is done when its last byte is written, or when the DMA controller lets it run.
/// </summary>
public sealed partial class FloppyController : Device, IBusDevice
{
    private const int Drives = 2, Sector = IBlockDevice.SectorSize, DmaChannel = 2, MostBytes = 16;

    // Registers, from 3F0h on; 3F6h is the IDE's.
    private const int StatusA = 0, StatusB = 1, DigitalOutput = 2, TapeDrive = 3, MainStatus = 4, Fifo = 5, DigitalInput = 7;

    // What the FIFO is for: the bytes of a command; data of a sector, to or from the host; results.
    private const int Command = 0, DataToHost = 1, DataFromHost = 2, Result = 3;

    private const ulong DorNotReset = 4, DorDma = 8, MsrRequest = 0x80, MsrToHost = 0x40, MsrNonDma = 0x20, MsrBusy = 0x10;

    private readonly IrqLine _irq;
    private readonly Dma8237 _dma;
    private readonly FloppyDrive[] _drives = new FloppyDrive[Drives];
    private readonly Register _dor, _tdr, _rate, _phase, _count, _expected, _at, _interrupt, _resetSense, _status0, _seekDone, _specify, _noDma, _configuration,
        _perpendicular, _lock, _waitsForDma, _cylinder, _head, _sectorNumber, _endOfTrack, _multiTrack, _kind, _position;

    private readonly byte[] _bytes, _sector;

    /// <summary>A controller.</summary>
    /// <param name="irq">IRQ 6.</param>
    /// <param name="dma">Channel 2 of it is used.</param>
    /// <param name="first">The medium in drive A; null for none.</param>
    /// <param name="second">The medium in drive B.</param>
    public FloppyController(IrqLine irq, Dma8237 dma, IBlockDevice? first, IBlockDevice? second)
        : base("fdc")
    {
        (_irq, _dma) = (irq, dma);
        _dor = State.Register("DOR", 8, reset: DorNotReset | DorDma);
        _tdr = State.Register("TDR", 8);
        _rate = State.Register("data rate", 2);
        _phase = State.Register("phase", 2);
        _count = State.Register("bytes taken", 5);
        _expected = State.Register("bytes expected", 5);
        _at = State.Register("result given", 5);
        _interrupt = State.Register("interrupt", 1);
        _resetSense = State.Register("drives to be sensed after reset", 3);
        _status0 = State.Register("ST0", 8);
        _seekDone = State.Register("ST0 is for SENSE INTERRUPT", 1);
        _specify = State.Register("SPECIFY", 16);
        _noDma = State.Register("ND", 1);
        _configuration = State.Register("CONFIGURE", 8, reset: 0x20);
        _perpendicular = State.Register("PERPENDICULAR MODE", 8);
        _lock = State.Register("LOCK", 1);
        _waitsForDma = State.Register("waits for DMA", 1);
        _cylinder = State.Register("C", 8);
        _head = State.Register("H", 1);
        _sectorNumber = State.Register("R", 8);
        _endOfTrack = State.Register("EOT", 8);
        _multiTrack = State.Register("MT", 1);
        _kind = State.Register("transfer", 2);
        _position = State.Register("byte of the sector", 10);
        _bytes = State.Bytes("command", MostBytes);
        _sector = State.Bytes("sector", Sector);
        _drives = [new FloppyDrive(State, "drive A", first), new FloppyDrive(State, "drive B", second)];
        dma.WhenReady(DmaChannel, () =>
        {
            if (_waitsForDma.IsSet)
                RunDma();
        });
    }

    /// <summary>Drives A and B.</summary>
    public IReadOnlyList<FloppyDrive> Both => _drives;

    /// <summary>Called when reading or writing a medium fails.</summary>
    public Action<IOException>? Failed { get; set; }

    /// <summary>Ports 3F0h to 3F5h and 3F7h.</summary>
    public void Attach(Bus io)
    {
        io.Attach(this, Name, 0x3F0, 6);
        io.Attach(new InputPort(this), Name, 0x3F7, 1);
    }

    public ulong Read(ulong offset, int size)
    {
        const ulong interruptBit = 0x80, secondDrive = 0x20;
        switch ((int)offset)
        {
            case StatusA:
                return (_interrupt.IsSet ? interruptBit : 0) | 0x40; // no second drive wired at the connector
            case StatusB:
                return 0xC0 | (_dor.Value & 1) * secondDrive | (_dor.Value >> 4 & 3);
            case DigitalOutput:
                return _dor.Value;
            case TapeDrive:
                return _tdr.Value;
            case MainStatus:
                return Status();
            case Fifo:
                return ReadFifo();
            default:
                return 0xFF;
        }
    }

    public void Write(ulong offset, int size, ulong value)
    {
        const ulong softReset = 0x80;
        switch ((int)offset)
        {
            case DigitalOutput:
                WriteDigitalOutput(value);
                break;
            case TapeDrive:
                _tdr.Value = value & 3;
                break;
            case MainStatus:
                _rate.Value = value;
                if ((value & softReset) != 0)
                    ResetController();
                break;
            case Fifo when _dor.Has(DorNotReset):
                WriteFifo((byte)value);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void Settle() => UpdateIrq();

    private FloppyDrive? Selected => (_dor.Int & 3) < Drives ? _drives[_dor.Int & 3] : null;

    private ulong Status()
    {
        if (!_dor.Has(DorNotReset))
            return 0;
        ulong busy = _count.Value != 0 || _phase.Int != Command ? MsrBusy : 0;
        return _phase.Int switch
        {
            Result => MsrRequest | MsrToHost | busy,
            DataToHost => _waitsForDma.IsSet ? busy : MsrRequest | MsrToHost | MsrNonDma | busy,
            DataFromHost => _waitsForDma.IsSet ? busy : MsrRequest | MsrNonDma | busy,
            _ => MsrRequest | busy,
        };
    }

    private void WriteDigitalOutput(ulong value)
    {
        bool wasReset = !_dor.Has(DorNotReset);
        _dor.Value = value;
        if (wasReset && _dor.Has(DorNotReset))
            ResetController();
        else if (!_dor.Has(DorNotReset))
            Lower();
        UpdateIrq();
    }

    // All four drives there could be report that they are ready, one SENSE INTERRUPT each.
    private void ResetController()
    {
        const int drivesPolled = 4;
        (_phase.Value, _count.Value, _waitsForDma.Value, _seekDone.Value) = (Command, 0, 0, 0);
        if (!_lock.IsSet)
            _configuration.Value = _configuration.ResetValue;
        _perpendicular.Value = 0;
        _resetSense.Value = drivesPolled;
        Raise();
    }

    private void Raise()
    {
        _interrupt.IsSet = true;
        UpdateIrq();
    }

    private void Lower()
    {
        _interrupt.IsSet = false;
        UpdateIrq();
    }

    private void UpdateIrq() => _irq.Set(_interrupt.IsSet && _dor.Has(DorDma));

    private byte ReadFifo()
    {
        switch (_phase.Int)
        {
            case Result:
                Lower();
                byte value = _bytes[_at.Int];
                _at.Value++;
                if (_at.Value == _expected.Value)
                    (_phase.Value, _count.Value) = (Command, 0);
                return value;
            case DataToHost when !_waitsForDma.IsSet:
                byte data = _sector[_position.Int];
                Step();
                return data;
            default:
                return 0;
        }
    }

    private void WriteFifo(byte value)
    {
        switch (_phase.Int)
        {
            case Command:
                _bytes[_count.Int] = value;
                if (_count.Int == 0)
                    _expected.Value = (ulong)LengthOf(value);
                _count.Value++;
                if (_count.Value == _expected.Value)
                    Execute();
                break;
            case DataFromHost when !_waitsForDma.IsSet:
                _sector[_position.Int] = value;
                Step();
                break;
        }
    }

    private void Results(params ReadOnlySpan<byte> results)
    {
        results.CopyTo(_bytes);
        (_phase.Value, _expected.Value, _at.Value) = (Result, (ulong)results.Length, 0);
    }

    private void NoResults() => (_phase.Value, _count.Value) = (Command, 0);

    private sealed class InputPort(FloppyController controller) : IBusDevice
    {
        public ulong Read(ulong offset, int size)
        {
            const ulong changed = 0x80;
            FloppyDrive? drive = controller.Selected;
            bool motor = (controller._dor.Int >> 4 >> (controller._dor.Int & 3) & 1) != 0;
            return motor && drive is { IsChanged: true } ? changed : 0;
        }

        public void Write(ulong offset, int size, ulong value) => controller._rate.Value = value;
    }
}
