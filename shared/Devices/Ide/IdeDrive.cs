using Suite.Devices.Core;
using static Suite.Devices.Ide.AtaRegisters;

namespace Suite.Devices.Ide;

/// <summary>
/// What disks and packet devices on an IDE cable have in common: the task file, the data buffer between drive and data port, and the protocol
/// of its transfers (ATA/ATAPI-7 volume 2, T13 1532D). Everything a command does is done when its last register is written.
/// </summary>
public abstract class IdeDrive
{
    /// <summary>Bytes of the buffer between medium and host.</summary>
    protected const int BufferLength = 0x10000;

    private Register _features = null!, _error = null!, _device = null!, _status = null!, _position = null!, _end = null!, _dmaWanted = null!;
    private IdeChannel _channel = null!;

    /// <summary>The number of sectors, and the command's parameters; the byte written before is in the upper half (48-bit commands).</summary>
    protected Register Count { get; private set; } = null!;

    /// <summary>LBA bits 0 to 7, or the sector.</summary>
    protected Register Low { get; private set; } = null!;

    /// <summary>LBA bits 8 to 15, or the cylinder's low byte.</summary>
    protected Register Mid { get; private set; } = null!;

    /// <summary>LBA bits 16 to 23, or the cylinder's high byte.</summary>
    protected Register High { get; private set; } = null!;

    /// <summary>The device register: LBA flag, head.</summary>
    protected byte DeviceByte => _device.Byte;

    /// <summary>The features register.</summary>
    protected byte Features => _features.Byte;

    /// <summary>The data on its way between medium and host.</summary>
    protected byte[] Buffer { get; private set; } = [];

    /// <summary>What the guest reads as status.</summary>
    internal byte Status => _status.Byte;

    /// <summary>A command waits for its data to be moved by the bus master.</summary>
    internal bool WantsDma => _dmaWanted.IsSet;

    internal void Join(IdeChannel channel, DeviceState state, string name)
    {
        _channel = channel;
        _features = state.Register($"{name} features", 8);
        _error = state.Register($"{name} error", 8, reset: DiagnosticPassed);
        Count = state.Register($"{name} count", 16);
        Low = state.Register($"{name} LBA low", 16);
        Mid = state.Register($"{name} LBA mid", 16);
        High = state.Register($"{name} LBA high", 16);
        _device = state.Register($"{name} device", 8);
        _status = state.Register($"{name} status", 8);
        _position = state.Register($"{name} buffer position", 17);
        _end = state.Register($"{name} buffer end", 17);
        _dmaWanted = state.Register($"{name} waits for DMA", 1);
        Buffer = state.Bytes($"{name} buffer", BufferLength);
        Declare(state, name);
    }

    /// <summary>Power-on or a reset by software: the registers say which kind of device this is.</summary>
    internal void Reset()
    {
        EndTransfer();
        _dmaWanted.IsSet = false;
        _error.Value = DiagnosticPassed;
        _device.Value = 0;
        OnReset();
        ShowSignature();
    }

    internal ulong ReadData(int size)
    {
        if ((Status & StatusDataRequest) == 0 || !IsToHost)
            return 0;
        ulong value = 0;
        for (int i = 0; i < size && _position.Int + i < _end.Int; i++)
            value |= (ulong)Buffer[_position.Int + i] << (8 * i);
        Advance(size);
        return value;
    }

    internal void WriteData(ulong value, int size)
    {
        if ((Status & StatusDataRequest) == 0 || IsToHost)
            return;
        for (int i = 0; i < size && _position.Int + i < _end.Int; i++)
            Buffer[_position.Int + i] = (byte)(value >> (8 * i));
        Advance(size);
    }

    internal byte ReadRegister(int offset, bool highOrder) => offset switch
    {
        1 => _error.Byte,
        2 => Part(Count, highOrder),
        3 => Part(Low, highOrder),
        4 => Part(Mid, highOrder),
        5 => Part(High, highOrder),
        6 => (byte)(_device.Byte | DeviceFixed),
        _ => Status,
    };

    internal void WriteRegister(int offset, byte value)
    {
        switch (offset)
        {
            case 1:
                _features.Value = value;
                break;
            case 2:
                Push(Count, value);
                break;
            case 3:
                Push(Low, value);
                break;
            case 4:
                Push(Mid, value);
                break;
            case 5:
                Push(High, value);
                break;
            case 6:
                _device.Value = value;
                break;
        }
    }

    internal void Execute(byte command)
    {
        const byte deviceReset = 0x08, diagnose = 0x90;
        if ((Status & (StatusBusy | StatusDataRequest)) != 0 && command != deviceReset)
            return;
        EndTransfer();
        _dmaWanted.IsSet = false;
        if (command == diagnose)
        {
            ShowSignature();
            _error.Value = DiagnosticPassed;
            Complete();
            return;
        }

        _error.Value = 0;
        _status.Value = StatusReady | StatusSeekDone;
        OnCommand(command);
    }

    internal abstract void RunDma(BusMaster master);

    /// <summary>Declares what a kind of drive has beyond the task file.</summary>
    protected abstract void Declare(DeviceState state, string name);

    /// <summary>What a reset does beyond the task file.</summary>
    protected abstract void OnReset();

    /// <summary>A command was given; status is ready, without error.</summary>
    protected abstract void OnCommand(byte command);

    /// <summary>The host has taken or given all bytes of the buffer that were asked for.</summary>
    protected abstract void OnBufferDone();

    /// <summary>Data goes from the drive to the host.</summary>
    protected abstract bool IsToHost { get; }

    /// <summary>Puts what the device is into the registers: 1, 1, 0, 0 for a disk.</summary>
    protected abstract void ShowSignature();

    /// <summary>A text of an identification: two characters in each word, the first in its high byte, padded with blanks.</summary>
    protected static void PutText(Span<byte> words, ReadOnlySpan<char> text)
    {
        for (int i = 0; i < words.Length; i++)
            words[i ^ 1] = i < text.Length && text[i] is >= ' ' and <= '~' ? (byte)text[i] : (byte)' ';
    }

    /// <summary>A word of an identification.</summary>
    protected static void PutWord(Span<byte> bytes, int word, int value) => (bytes[word * 2], bytes[word * 2 + 1]) = ((byte)value, (byte)(value >> 8));

    /// <summary>Sets the registers of a signature, and the status.</summary>
    protected void SetSignature(byte mid, byte high, byte status) =>
        (Count.Value, Low.Value, Mid.Value, High.Value, _status.Value) = (1, 1, mid, high, status);

    /// <summary>A command has ended well.</summary>
    protected void Complete()
    {
        if (_status.Has(StatusDataRequest))
            EndTransfer();
        _channel.Raise(this);
    }

    /// <summary>A command has ended with an error.</summary>
    protected void Fail(byte error)
    {
        EndTransfer();
        _dmaWanted.IsSet = false;
        _error.Value = error;
        _status.Set(StatusError, true);
        _channel.Raise(this);
    }

    /// <summary>Asks the host to move bytes of the buffer through the data port.</summary>
    protected void RequestData(int start, int end, bool interrupt)
    {
        (_position.Value, _end.Value) = ((ulong)start, (ulong)end);
        _status.Set(StatusDataRequest, true);
        if (interrupt)
            _channel.Raise(this);
    }

    /// <summary>Where in the buffer the host is.</summary>
    protected int Position => _position.Int;

    /// <summary>No data is on its way.</summary>
    protected void EndTransfer()
    {
        (_position.Value, _end.Value) = (0, 0);
        _status.Set(StatusDataRequest, false);
    }

    /// <summary>The command's data is to be moved by the bus master, now or when the guest starts it.</summary>
    protected void RequestDma()
    {
        _dmaWanted.IsSet = true;
        _status.Set(StatusDataRequest, true);
        _channel.TryDma(this);
    }

    /// <summary>The bus master has moved the data.</summary>
    protected void EndDma()
    {
        _dmaWanted.IsSet = false;
        _status.Set(StatusDataRequest, false);
    }

    private static byte Part(Register register, bool highOrder) => (byte)(highOrder ? register.Value >> 8 : register.Value);

    private static void Push(Register register, byte value) => register.Value = register.Value << 8 | value;

    private void Advance(int size)
    {
        _position.Value = (ulong)Math.Min(_position.Int + size, _end.Int);
        if (_position.Value == _end.Value && !WantsDma)
            OnBufferDone();
    }
}
