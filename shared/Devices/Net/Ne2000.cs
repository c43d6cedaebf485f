using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Devices.Pci;

namespace Suite.Devices.Net;

/// <summary>A Novell NE2000 on an ISA bus: 32 ports and an interrupt.</summary>
public sealed class Ne2000Isa : Device
{
    private readonly Ne2000 _card;

    /// <summary>A card.</summary>
    /// <param name="name">As `info qtree` shows it.</param>
    /// <param name="backend">The other end of the cable.</param>
    /// <param name="mac">Its address, 6 bytes.</param>
    /// <param name="irq">Its interrupt.</param>
    public Ne2000Isa(string name, INetBackend backend, ReadOnlySpan<byte> mac, IrqLine irq)
        : base(name) => _card = new Ne2000(State, backend, mac, irq.Set);

    /// <summary>Takes its ports; usual are 300h, 280h, 320h, 340h, 360h.</summary>
    public void Attach(Bus io, ushort port) => io.Attach(_card, Name, port, Ne2000.Ports, widest: 4);

    /// <inheritdoc/>
    protected override void OnReset() => _card.Reset();

    /// <inheritdoc/>
    protected override void Settle() => _card.Settle();
}

/// <summary>The same card on a PCI bus, as Realtek's RTL8029AS has it.</summary>
public sealed class Ne2000Pci : PciFunction
{
    private const int BarPorts = 256;

    private readonly Ne2000 _card;

    /// <summary>A card.</summary>
    /// <param name="name">As `info qtree` shows it.</param>
    /// <param name="backend">The other end of the cable.</param>
    /// <param name="mac">Its address, 6 bytes.</param>
    public Ne2000Pci(string name, INetBackend backend, ReadOnlySpan<byte> mac)
        : base(name, new PciIdentity(0x10EC, 0x8029, 0x020000, InterruptPin: 1))
    {
        _card = new Ne2000(State, backend, mac, SetInterrupt);
        AddIoBar(0, BarPorts, _card);
    }

    /// <inheritdoc/>
    protected override void OnFunctionReset() => _card.Reset();

    /// <inheritdoc/>
    protected override void OnFunctionSettle() => _card.Settle();
}

/// <summary>
/// The NE2000's registers: a National Semiconductor DP8390 (data sheet, July 1993) with its packet memory behind a data port.
/// </summary>
internal sealed class Ne2000 : IBusDevice, INetReceiver
{
    public const int Ports = 32;

    private const int DataPort = 0x10, ResetPort = 0x18, MacBytes = 6;
    private const int MemoryStart = 0x4000, MemoryEnd = 0xC000, PromBytes = 32, PageBits = 8, HeaderBytes = 4, CrcBytes = 4, SmallestFrame = 60, LargestFrame = 1514;
    private const byte CrStop = 1, CrStart = 2, CrTransmit = 4, CrDma = 0x18, CrNoDma = 0x20;
    private const byte IsrReceived = 1, IsrTransmitted = 2, IsrOverwrite = 0x10, IsrDmaDone = 0x40, IsrReset = 0x80, IsrCauses = 0x7F;
    private const byte RcrBroadcast = 4, RcrMulticast = 8, RcrPromiscuous = 0x10, TsrSent = 1, TcrLoopback = 6, DcrWords = 1, RsrReceived = 1, RsrGroup = 0x20;

    private readonly INetBackend _backend;
    private readonly Action<bool> _interrupt;
    private readonly byte[] _mac, _memory, _address, _multicast;
    private readonly Register _cr, _isr, _imr, _rcr, _tcr, _dcr, _pstart, _pstop, _bnry, _curr, _tpsr, _tbcr, _rsar, _rbcr, _tsr, _rsr;

    public Ne2000(DeviceState state, INetBackend backend, ReadOnlySpan<byte> mac, Action<bool> interrupt)
    {
        (_backend, _mac, _interrupt) = (backend, mac.ToArray(), interrupt);
        _cr = state.Register("CR", 8, reset: CrStop | CrNoDma);
        _isr = state.Register("ISR", 8, reset: IsrReset);
        (_imr, _rcr, _tcr, _dcr) = (state.Register("IMR", 8), state.Register("RCR", 8), state.Register("TCR", 8), state.Register("DCR", 8));
        (_pstart, _pstop, _bnry, _curr) = (state.Register("PSTART", 8), state.Register("PSTOP", 8), state.Register("BNRY", 8), state.Register("CURR", 8));
        (_tpsr, _tbcr) = (state.Register("TPSR", 8), state.Register("TBCR", 16));
        (_rsar, _rbcr) = (state.Register("RSAR", 16), state.Register("RBCR", 16));
        (_tsr, _rsr) = (state.Register("TSR", 8), state.Register("RSR", 8));
        _memory = state.Bytes("packet memory", MemoryEnd - MemoryStart);
        _address = state.Bytes("PAR", MacBytes);
        _multicast = state.Bytes("MAR", 8);
        backend.Receiver = this;
    }

    /// <inheritdoc/>
    public bool CanReceive => IsRunning && !IsFull(LargestFrame);

    private bool IsRunning => (_cr.Byte & (CrStop | CrStart)) == CrStart;

    private bool IsRingSane => _pstart.Value << PageBits >= MemoryStart && _pstop.Value << PageBits <= MemoryEnd && _pstart.Value < _pstop.Value
        && _curr.Value >= _pstart.Value && _curr.Value < _pstop.Value;

    // Frames the driver has not read: a driver that acknowledges after a few would wait for the next one, which does not come while the ring is full.
    private bool HasUnread
    {
        get
        {
            int next = _bnry.Int + 1 == _pstop.Int ? _pstart.Int : _bnry.Int + 1;
            return IsRunning && IsRingSane && _curr.Int != next && _curr.Value != _bnry.Value;
        }
    }

    public void Reset() => _mac.CopyTo(_address, 0);

    public void Settle()
    {
        Update();
        _backend.ReceiverReady();
    }

    /// <inheritdoc/>
    public ulong Read(ulong offset, int size)
    {
        int port = (int)offset & Ports - 1;
        switch (port)
        {
            case >= ResetPort:
                _cr.Value = CrStop | CrNoDma;
                _isr.Value = IsrReset;
                Update();
                return 0;
            case >= DataPort:
                return ReadData(size);
        }

        ulong value = 0;
        for (int i = 0; i < size; i++)
            value |= (ulong)ReadRegister(port + i) << (8 * i);
        return value;
    }

    /// <inheritdoc/>
    public void Write(ulong offset, int size, ulong value)
    {
        int port = (int)offset & Ports - 1;
        if (port >= ResetPort)
            return;
        if (port >= DataPort)
        {
            WriteData(size, value);
            return;
        }

        for (int i = 0; i < size; i++)
            WriteRegister(port + i, (byte)(value >> (8 * i)));
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> frame)
    {
        if (!IsRunning || !IsRingSane || frame.Length is < MacBytes or > LargestFrame || !IsForUs(frame))
            return;
        if (IsFull(frame.Length))
        {
            _isr.Set(IsrOverwrite, true);
            Update();
            return;
        }

        int length = Math.Max(frame.Length, SmallestFrame) + HeaderBytes, start = _pstart.Int << PageBits, stop = _pstop.Int << PageBits;
        int at = _curr.Int << PageBits, next = at + ((length + CrcBytes + 255) & ~255); // the checksum is stored too, but not counted
        if (next >= stop)
            next -= stop - start;
        Span<byte> header = [(byte)(RsrReceived | ((frame[0] & 1) != 0 ? RsrGroup : 0)), (byte)(next >> PageBits), 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)length);
        _rsr.Value = header[0];
        Store(header, ref at, start, stop);
        Store(frame, ref at, start, stop);
        Span<byte> padding = stackalloc byte[SmallestFrame];
        padding.Clear();
        if (frame.Length < SmallestFrame)
            Store(padding[frame.Length..], ref at, start, stop);
        _curr.Value = (ulong)(next >> PageBits);
        _isr.Set(IsrReceived, true);
        Update();
    }

    private void Store(ReadOnlySpan<byte> bytes, ref int at, int start, int stop)
    {
        while (!bytes.IsEmpty)
        {
            int part = Math.Min(bytes.Length, stop - at);
            bytes[..part].CopyTo(_memory.AsSpan(at - MemoryStart));
            bytes = bytes[part..];
            at += part;
            if (at == stop)
                at = start;
        }
    }

    // The ring is full when the pages up to the boundary do not hold the frame.
    private bool IsFull(int length)
    {
        if (!IsRingSane)
            return true;
        int pages = _pstop.Int - _pstart.Int, free = (_bnry.Int - _curr.Int + pages) % pages;
        if (free == 0)
            free = pages;
        return free << PageBits < length + HeaderBytes + CrcBytes + (1 << PageBits);
    }

    private bool IsForUs(ReadOnlySpan<byte> frame)
    {
        const byte group = 1;
        if (_rcr.Has(RcrPromiscuous))
            return true;
        if ((frame[0] & group) == 0)
            return frame[..MacBytes].SequenceEqual(_address);
        if (!frame[..MacBytes].ContainsAnyExcept((byte)0xFF))
            return _rcr.Has(RcrBroadcast);
        int hash = (int)(Crc(frame[..MacBytes]) >> 26);
        return _rcr.Has(RcrMulticast) && (_multicast[hash >> 3] & 1 << (hash & 7)) != 0;
    }

    // The Ethernet checksum, highest bit first, as the multicast filter takes it.
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        const uint polynomial = 0x04C11DB7;
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                bool carry = (crc >> 31 ^ (uint)(b >> bit & 1)) != 0;
                crc = crc << 1 ^ (carry ? polynomial : 0);
            }
        }

        return crc;
    }

    private byte ReadRegister(int register)
    {
        const byte realtek0 = 0x50, realtek1 = 0x43;
        int page = _cr.Int >> 6;
        return (page, register) switch
        {
            (_, 0) => _cr.Byte,
            (0, 3) => _bnry.Byte,
            (0, 4) => _tsr.Byte,
            (0, 7) => _isr.Byte,
            (0, 8) => (byte)_rsar.Value,
            (0, 9) => (byte)(_rsar.Value >> 8),
            (0, 10) => realtek0,
            (0, 11) => realtek1,
            (0, 12) => _rsr.Byte,
            (1, >= 1 and <= 6) => _address[register - 1],
            (1, 7) => _curr.Byte,
            (1, >= 8 and < 16) => _multicast[register - 8],
            (2, 1) => _pstart.Byte,
            (2, 2) => _pstop.Byte,
            (2, 4) => _tpsr.Byte,
            (2, 12) => _rcr.Byte,
            (2, 13) => _tcr.Byte,
            (2, 14) => _dcr.Byte,
            (2, 15) => _imr.Byte,
            _ => 0,
        };
    }

    private void WriteRegister(int register, byte value)
    {
        switch (_cr.Int >> 6, register)
        {
            case (_, 0):
                Command(value);
                break;
            case (0, 1):
                _pstart.Value = value;
                break;
            case (0, 2):
                _pstop.Value = value;
                break;
            case (0, 3):
                _bnry.Value = value;
                _backend.ReceiverReady();
                break;
            case (0, 4):
                _tpsr.Value = value;
                break;
            case (0, 5):
                _tbcr.Value = (_tbcr.Value & 0xFF00) | value;
                break;
            case (0, 6):
                _tbcr.Value = (_tbcr.Value & 0xFF) | (ulong)value << 8;
                break;
            case (0, 7):
                _isr.Value &= (ulong)~(value & IsrCauses);
                _isr.Set(IsrReceived, _isr.Has(IsrReceived) || HasUnread);
                Update();
                break;
            case (0, 8):
                _rsar.Value = (_rsar.Value & 0xFF00) | value;
                break;
            case (0, 9):
                _rsar.Value = (_rsar.Value & 0xFF) | (ulong)value << 8;
                break;
            case (0, 10):
                _rbcr.Value = (_rbcr.Value & 0xFF00) | value;
                break;
            case (0, 11):
                _rbcr.Value = (_rbcr.Value & 0xFF) | (ulong)value << 8;
                break;
            case (0, 12):
                _rcr.Value = value;
                break;
            case (0, 13):
                _tcr.Value = value;
                break;
            case (0, 14):
                _dcr.Value = value;
                break;
            case (0, 15):
                _imr.Value = value;
                Update();
                break;
            case (1, >= 1 and <= 6):
                _address[register - 1] = value;
                break;
            case (1, 7):
                _curr.Value = value;
                break;
            case (1, >= 8 and < 16):
                _multicast[register - 8] = value;
                break;
        }
    }

    private void Command(byte value)
    {
        _cr.Value = value;
        if ((value & CrStop) != 0)
        {
            _isr.Set(IsrReset, true);
            Update();
            return;
        }

        _isr.Set(IsrReset, false);
        if ((value & CrDma) != 0 && _rbcr.Value == 0)
            _isr.Set(IsrDmaDone, true);
        if ((value & CrTransmit) != 0)
            Transmit();
        Update();
        if ((value & CrStart) != 0)
            _backend.ReceiverReady();
    }

    private void Transmit()
    {
        int start = _tpsr.Int << PageBits, length = _tbcr.Int;
        bool isLooped = (_tcr.Byte & TcrLoopback) != 0;
        if (!isLooped && start >= MemoryStart && start + length <= MemoryEnd && length <= LargestFrame)
            _backend.Send(_memory.AsSpan(start - MemoryStart, length));
        _tsr.Value = TsrSent;
        _isr.Set(IsrTransmitted, true);
        _cr.Set(CrTransmit, false);
    }

    private ulong ReadData(int size)
    {
        ulong value = 0;
        for (int i = 0; i < Width(size); i++)
            value |= (ulong)ReadMemory(_rsar.Int + i) << (8 * i);
        Advance(Width(size));
        return value;
    }

    private void WriteData(int size, ulong value)
    {
        if (_rbcr.Value == 0)
            return;
        for (int i = 0; i < Width(size); i++)
            if (_rsar.Int + i is >= MemoryStart and < MemoryEnd and var at)
                _memory[at - MemoryStart] = (byte)(value >> (8 * i));
        Advance(Width(size));
    }

    // A card set to words moves two bytes even when only one is looked at, one set to bytes moves one even when the bus is wider.
    private int Width(int size) => _dcr.Has(DcrWords) ? Math.Max(size, 2) : 1;

    // The address PROM holds each byte twice, and 57h twice at its end.
    private byte ReadMemory(int at) => at switch
    {
        < PromBytes => at / 2 < MacBytes ? _mac[at / 2] : at / 2 is 14 or 15 ? (byte)0x57 : (byte)0,
        >= MemoryStart and < MemoryEnd => _memory[at - MemoryStart],
        _ => 0xFF,
    };

    private void Advance(int bytes)
    {
        _rsar.Value += (ulong)bytes;
        if (_rsar.Value == _pstop.Value << PageBits && _pstop.Value != 0)
            _rsar.Value = _pstart.Value << PageBits;
        _rbcr.Value -= (ulong)Math.Min(bytes, _rbcr.Int);
        if (_rbcr.Value != 0)
            return;
        _isr.Set(IsrDmaDone, true);
        Update();
    }

    private void Update() => _interrupt((_isr.Value & _imr.Value & IsrCauses) != 0);
}
