using Suite.Devices.Block;
using Suite.Devices.Core;

namespace Suite.Devices.Misc;

/// <summary>
/// A NOR flash memory of eight bits with Intel's command set (JEDEC CFI, command set 0001h; Intel 28F128J3 data sheet): firmware and its variables. While the
/// array is shown the board maps its bytes as memory that is only read; in the other modes every access comes here.
/// </summary>
public sealed unsafe class ParallelFlash : Device, IBusDevice
{
    /// <summary>Bytes that are erased at once.</summary>
    public const int BlockBytes = 4096;

    private const byte ReadArray = 0xFF, ReadId = 0x90, Query = 0x98, ReadStatus = 0x70, ClearStatus = 0x50, Program = 0x40, OtherProgram = 0x10, Erase = 0x20, Lock = 0x60, WriteBuffer = 0xE8,
        Confirm = 0xD0, LockBlock = 0x01;

    private const ulong Ready = 0x80, EraseFailed = 0x20, ProgramFailed = 0x10;
    private const byte IntelId = 0x89, DeviceId = 0x18;
    private const int BufferBits = 8, QueryStart = 0x10;

    // What the next write is.
    private const int Command = 0, Data = 1, EraseConfirm = 2, LockConfirm = 3, Count = 4, BufferData = 5, BufferConfirm = 6;

    private readonly IBlockDevice _medium;
    private readonly byte* _contents;
    private readonly int _length;
    private readonly Action<bool> _showArray;
    private readonly Action<ulong, int> _changed;
    private readonly Register _mode, _status, _step, _left;
    private bool _isShown = true;

    /// <summary>A flash memory.</summary>
    /// <param name="name">As `info qtree` shows it.</param>
    /// <param name="medium">Where its contents are kept.</param>
    /// <param name="contents">They, as guests read them; as long as the medium.</param>
    /// <param name="showArray">Maps the contents (true), or lets every access come here.</param>
    /// <param name="changed">Bytes of the contents are different now: their offset and number.</param>
    public ParallelFlash(string name, IBlockDevice medium, byte* contents, Action<bool> showArray, Action<ulong, int> changed)
        : base(name)
    {
        (_medium, _length, _showArray, _changed) = (medium, (int)medium.Length, showArray, changed);
        _contents = contents;
        _mode = State.Register("mode", 8, ReadArray);
        _status = State.Register("status", 8);
        _step = State.Register("step", 3);
        _left = State.Register("left", 16);
    }

    /// <inheritdoc/>
    public ulong Read(ulong offset, int size)
    {
        ulong value = 0;
        for (int i = size - 1; i >= 0; i--)
            value = value << 8 | ReadByte((int)offset + i);
        return value;
    }

    /// <inheritdoc/>
    public void Write(ulong offset, int size, ulong value)
    {
        switch (_step.Int)
        {
            case Data:
                Store((int)offset, size, value);
                _step.Value = Command;
                break;
            case BufferData:
                Store((int)offset, size, value);
                _step.Value = _left.Value == 0 ? (ulong)BufferConfirm : BufferData;
                _left.Value--;
                break;
            case EraseConfirm when (byte)value == Confirm:
                EraseBlock((int)offset);
                _step.Value = Command;
                break;
            case LockConfirm when (byte)value is Confirm or LockBlock:
            case BufferConfirm when (byte)value == Confirm:
                _status.Value |= Ready;
                _step.Value = Command;
                break;
            case Count:
                (_left.Value, _step.Value) = ((byte)value, BufferData);
                break;
            case EraseConfirm or LockConfirm or BufferConfirm:
                if ((byte)value != ReadArray)
                    _status.Value |= Ready | EraseFailed | ProgramFailed; // no such sequence of commands
                Enter(ReadArray, Command);
                break;
            default:
                Begin((byte)value);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void Settle()
    {
        bool shows = _mode.Byte == ReadArray;
        if (shows == _isShown)
            return;
        _isShown = shows;
        _showArray(shows);
    }

    private void Begin(byte command)
    {
        switch (command)
        {
            case Program or OtherProgram:
                Enter(ReadStatus, Data);
                break;
            case Erase:
                Enter(ReadStatus, EraseConfirm);
                break;
            case Lock:
                Enter(ReadStatus, LockConfirm);
                break;
            case WriteBuffer:
                _status.Value |= Ready;
                Enter(ReadStatus, Count);
                break;
            case ReadId or Query or ReadStatus:
                Enter(command, Command);
                break;
            default:
                if (command == ClearStatus)
                    _status.Value = 0;
                Enter(ReadArray, Command);
                break;
        }
    }

    private void Enter(byte mode, int step)
    {
        (_mode.Value, _step.Value) = (mode, (ulong)step);
        Settle();
    }

    private byte ReadByte(int offset) => _mode.Byte switch
    {
        ReadArray => offset < _length ? _contents[offset] : (byte)0xFF,
        ReadId => (offset & 0xFF) switch { 0 => IntelId, 1 => DeviceId, _ => 0 },
        Query => QueryByte(offset & 0xFF),
        _ => _status.Byte,
    };

    // JEDEC JEP137 and JESD68: identification, voltages and times, geometry.
    private byte QueryByte(int at)
    {
        int blocks = _length / BlockBytes - 1, blockUnits = BlockBytes >> 8;
        ReadOnlySpan<byte> table =
        [
            (byte)'Q', (byte)'R', (byte)'Y', 1, 0, 0x31, 0, 0, 0, 0, 0,
            0x45, 0x55, 0, 0, 7, 7, 10, 0, 4, 4, 4, 0,
            (byte)int.Log2(_length), 0, 0, BufferBits, 0, 1, (byte)blocks, (byte)(blocks >> 8), (byte)blockUnits, (byte)(blockUnits >> 8),
        ];
        return at >= QueryStart && at - QueryStart < table.Length ? table[at - QueryStart] : (byte)0;
    }

    // Programming clears bits; only erasing sets them.
    private void Store(int offset, int size, ulong value)
    {
        _status.Value |= Ready;
        if (_medium.IsReadOnly || offset + size > _length)
        {
            _status.Value |= ProgramFailed;
            return;
        }

        for (int i = 0; i < size; i++)
            _contents[offset + i] &= (byte)(value >> 8 * i);
        Keep(offset, size, ProgramFailed);
    }

    private void EraseBlock(int offset)
    {
        int start = offset & -BlockBytes;
        _status.Value |= Ready;
        if (_medium.IsReadOnly || start + BlockBytes > _length)
        {
            _status.Value |= EraseFailed;
            return;
        }

        new Span<byte>(_contents + start, BlockBytes).Fill(0xFF);
        Keep(start, BlockBytes, EraseFailed);
    }

    // Whole sectors, as images have them.
    private void Keep(int offset, int length, ulong failure)
    {
        const int sector = IBlockDevice.SectorSize;
        _changed((ulong)offset, length);
        int start = offset & -sector, end = (offset + length + sector - 1) & -sector;
        try
        {
            _medium.Write(start, new ReadOnlySpan<byte>(_contents + start, end - start));
        }
        catch (IOException)
        {
            _status.Value |= failure;
        }
    }
}
