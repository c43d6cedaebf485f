using System.Buffers.Binary;
using Suite.Devices.Core;
using Suite.Devices.Pci;

namespace Suite.Devices.Net;

/// <summary>
/// An Intel 82540EM gigabit card (PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual, 317453): descriptor rings, EEPROM,
/// PHY, checksum and segmentation offload, interrupt throttling. The cable is always a gigabit one.
/// </summary>
public sealed class E1000 : PciFunction, IBusDevice, INetReceiver
{
    // Register offsets (manual, table 13-2).
    private const int Ctrl = 0x0000, StatusReg = 0x0008, Eecd = 0x0010, Eerd = 0x0014, Mdic = 0x0020, Icr = 0x00C0, Itr = 0x00C4, Ics = 0x00C8, Ims = 0x00D0,
        Imc = 0x00D8, Rctl = 0x0100, Tctl = 0x0400, Rdbal = 0x2800, Rdbah = 0x2804, Rdlen = 0x2808, Rdh = 0x2810, Rdt = 0x2818, Tdbal = 0x3800, Tdbah = 0x3804,
        Tdlen = 0x3808, Tdh = 0x3810, Tdt = 0x3818, Rxcsum = 0x5000, Statistics = 0x4000, StatisticsEnd = 0x4100, Mta = 0x5200, MtaEnd = 0x5400, Ral = 0x5400,
        RalEnd = 0x5480, Vfta = 0x5600, VftaEnd = 0x5800, RegistersEnd = 0x6000, BarBytes = 0x20000, IoBytes = 0x40;

    // Registers that only keep what is written.
    private static readonly (string Name, int Offset, uint Reset)[] Plain =
    [
        ("CTRL_EXT", 0x0018, 0), ("FCAL", 0x0028, 0), ("FCAH", 0x002C, 0), ("FCT", 0x0030, 0), ("VET", 0x0038, 0x8100), ("FCTTV", 0x0170, 0), ("TXCW", 0x0178, 0),
        ("TIPG", 0x0410, 0), ("AIT", 0x0458, 0), ("LEDCTL", 0x0E00, 0x0602), ("PBA", 0x1000, 0x00100030), ("FCRTL", 0x2160, 0), ("FCRTH", 0x2168, 0), ("RDTR", 0x2820, 0),
        ("RXDCTL", 0x2828, 0), ("RADV", 0x282C, 0), ("RSRPD", 0x2C00, 0), ("TIDV", 0x3820, 0), ("TXDCTL", 0x3828, 0), ("TADV", 0x382C, 0), ("TSPMT", 0x3830, 0),
        ("WUC", 0x5800, 0), ("WUFC", 0x5808, 0), ("MANC", 0x5820, 0), ("SWSM", 0x5B50, 0),
    ];

    private const uint CtrlReset = 1 << 26, CtrlLinkUp = 1 << 6, StatusValue = 0x783, StatusLink = 2;
    private const uint IntTxDone = 1, IntTxEmpty = 2, IntLink = 4, IntRxLow = 0x10, IntRxOverrun = 0x40, IntRx = 0x80, IntMdio = 0x200, IntAsserted = 1u << 31;
    private const uint RctlEnable = 2, RctlUnicast = 8, RctlMulticast = 0x10, RctlLong = 0x20, RctlBroadcast = 0x8000, RctlStrip = 1 << 26, TctlEnable = 2;
    private const int DescriptorBytes = 16, MacBytes = 6, SmallestFrame = 60, LargestFrame = 1522, LargestLongFrame = 16384, CrcBytes = 4;
    private const byte RxDone = 1, RxEnd = 2, RxIgnoreChecksum = 4, RxTcpChecked = 0x20, RxIpChecked = 0x40, TxDoneBit = 1;

    private readonly INetBackend _backend;
    private readonly Register?[] _registers = new Register?[RegistersEnd / 4];
    private readonly Register _ctrl, _icr, _ims, _itr, _rctl, _tctl, _rdbal, _rdbah, _rdlen, _rdh, _rdt, _tdbal, _tdbah, _tdlen, _tdh, _tdt, _rxcsum, _mdic, _link, _ioAddress, _nextInterrupt;
    private readonly byte[] _mta, _ral, _vfta, _statistics, _mac;
    private readonly E1000Eeprom _eeprom;
    private readonly E1000Phy _phy;
    private readonly E1000Transmitter _transmitter;
    private readonly ClockTimer _throttle;
    private readonly VirtualClock _clock;
    private readonly byte[] _received = new byte[LargestLongFrame + CrcBytes];

    /// <summary>A card.</summary>
    /// <param name="name">As `info qtree` shows it.</param>
    /// <param name="backend">The other end of the cable.</param>
    /// <param name="mac">Its address, 6 bytes.</param>
    /// <param name="clock">The machine's time, for throttling interrupts.</param>
    public E1000(string name, INetBackend backend, ReadOnlySpan<byte> mac, VirtualClock clock)
        : base(name, new PciIdentity(0x8086, 0x100E, 0x020000, Revision: 3, InterruptPin: 1))
    {
        (_backend, _mac, _clock) = (backend, mac.ToArray(), clock);
        _ctrl = Declare("CTRL", Ctrl);
        _mdic = Declare("MDIC", Mdic);
        _icr = State.Register("ICR", 32);
        _itr = Declare("ITR", Itr);
        _ims = State.Register("IMS", 32);
        _rctl = Declare("RCTL", Rctl);
        _tctl = Declare("TCTL", Tctl);
        (_rdbal, _rdbah, _rdlen, _rdh, _rdt) = (Declare("RDBAL", Rdbal), Declare("RDBAH", Rdbah), Declare("RDLEN", Rdlen), Declare("RDH", Rdh), Declare("RDT", Rdt));
        (_tdbal, _tdbah, _tdlen, _tdh, _tdt) = (Declare("TDBAL", Tdbal), Declare("TDBAH", Tdbah), Declare("TDLEN", Tdlen), Declare("TDH", Tdh), Declare("TDT", Tdt));
        _rxcsum = Declare("RXCSUM", Rxcsum);
        foreach ((string register, int offset, uint reset) in Plain)
            Declare(register, offset, reset);
        _mta = State.Bytes("MTA", MtaEnd - Mta);
        _ral = State.Bytes("RAL", RalEnd - Ral);
        _vfta = State.Bytes("VFTA", VftaEnd - Vfta);
        _statistics = State.Bytes("statistics", StatisticsEnd - Statistics);
        _link = State.KeptRegister("link", 1, 1);
        _ioAddress = State.Register("IOADDR", 32);
        _nextInterrupt = State.Register("next interrupt", 63);
        _throttle = State.Timer("interrupt throttle", clock, UpdateInterrupt);
        _eeprom = new E1000Eeprom(State, mac);
        _phy = new E1000Phy(State);
        _transmitter = new E1000Transmitter(State, Dma, frame => SendFrame(frame));
        AddMemoryBar(0, BarBytes, this);
        AddIoBar(1, IoBytes, new IoWindow(this));
        backend.Receiver = this;
    }

    /// <inheritdoc/>
    public bool CanReceive => IsBusMaster && _link.IsSet && _rctl.Has(RctlEnable) && FreeDescriptors > 0;

    private int RxCount => _rdlen.Int / DescriptorBytes;

    private int FreeDescriptors => RxCount == 0 || _rdh.Int >= RxCount ? 0 : (_rdt.Int - _rdh.Int + RxCount) % RxCount;

    /// <summary>Plugs the cable in or out (`set_link`).</summary>
    public void SetLink(bool up)
    {
        _link.IsSet = up;
        _phy.SetLink(up);
        Raise(IntLink);
    }

    /// <inheritdoc/>
    public ulong Read(ulong offset, int size)
    {
        int at = (int)offset & ~3;
        return ReadRegister(at) >> (8 * ((int)offset & 3));
    }

    /// <inheritdoc/>
    public void Write(ulong offset, int size, ulong value)
    {
        if (size == 4 && (offset & 3) == 0)
            WriteRegister((int)offset, (uint)value);
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> frame)
    {
        if (!CanReceive || frame.Length < MacBytes || frame.Length > (_rctl.Has(RctlLong) ? LargestLongFrame : LargestFrame) || !IsForUs(frame))
            return;
        int length = Math.Max(frame.Length, SmallestFrame);
        frame.CopyTo(_received);
        _received.AsSpan(frame.Length, length - frame.Length + CrcBytes).Clear();
        byte checks = Checks(frame);
        if (!_rctl.Has(RctlStrip))
            length += CrcBytes; // drivers do not look at it
        int buffer = BufferBytes;
        if ((length + buffer - 1) / buffer > FreeDescriptors)
        {
            Raise(IntRxOverrun);
            return;
        }

        ulong ring = _rdbal.Value | _rdbah.Value << 32;
        Span<byte> descriptor = stackalloc byte[DescriptorBytes];
        for (int done = 0; done < length;)
        {
            ulong at = ring + (ulong)(_rdh.Int * DescriptorBytes);
            int part = Math.Min(length - done, buffer);
            if (!Dma.TryRead(at, descriptor))
                return;
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(descriptor);
            if (address != 0)
                Dma.TryWrite(address, _received.AsSpan(done, part));
            done += part;
            bool isLast = done == length;
            BinaryPrimitives.WriteUInt16LittleEndian(descriptor[8..], (ushort)part);
            BinaryPrimitives.WriteUInt16LittleEndian(descriptor[10..], 0);
            descriptor[12] = (byte)(RxDone | (isLast ? RxEnd | checks : 0));
            (descriptor[13], descriptor[14], descriptor[15]) = (0, 0, 0);
            Dma.TryWrite(at, descriptor);
            _rdh.Value = (ulong)((_rdh.Int + 1) % RxCount);
        }

        Count(0x74, 1); // GPRC
        Count(0xD0, 1); // TPR
        Count(0x88, (uint)length); // GORCL
        Count(0xC0, (uint)length); // TORL
        int threshold = RxCount >> (1 + ((int)_rctl.Value >> 8 & 3));
        Raise(IntRx | (FreeDescriptors <= threshold ? IntRxLow : 0));
    }

    /// <inheritdoc/>
    protected override void OnFunctionReset()
    {
        _mac.CopyTo(_ral, 0);
        _ral[7] = 0x80; // address valid
        _eeprom.Reset(_mac);
        _phy.SetLink(_link.IsSet);
    }

    /// <inheritdoc/>
    protected override void OnFunctionSettle()
    {
        UpdateInterrupt();
        _backend.ReceiverReady();
    }

    private Register Declare(string name, int offset, uint reset = 0) => _registers[offset / 4] = State.Register(name, 32, reset);

    private ulong ReadRegister(int offset)
    {
        switch (offset)
        {
            case StatusReg:
                return StatusValue & ~(_link.IsSet ? 0 : StatusLink);
            case Eecd:
                return _eeprom.ReadControl();
            case Eerd:
                return _eeprom.ReadResult();
            case Icr:
                ulong cause = _icr.Value | (_icr.Has(_ims.Value) ? IntAsserted : 0);
                _icr.Value = 0;
                UpdateInterrupt();
                return cause;
            case Ics:
                return _icr.Value;
            case Ims or Imc:
                return _ims.Value;
            case >= Statistics and < StatisticsEnd:
                uint count = BinaryPrimitives.ReadUInt32LittleEndian(_statistics.AsSpan(offset - Statistics));
                _statistics.AsSpan(offset - Statistics, 4).Clear(); // cleared by reading
                return count;
            case >= Mta and < MtaEnd:
                return BinaryPrimitives.ReadUInt32LittleEndian(_mta.AsSpan(offset - Mta));
            case >= Ral and < RalEnd:
                return BinaryPrimitives.ReadUInt32LittleEndian(_ral.AsSpan(offset - Ral));
            case >= Vfta and < VftaEnd:
                return BinaryPrimitives.ReadUInt32LittleEndian(_vfta.AsSpan(offset - Vfta));
            default:
                return offset < RegistersEnd ? _registers[offset / 4]?.Value ?? 0 : 0;
        }
    }

    private void WriteRegister(int offset, uint value)
    {
        switch (offset)
        {
            case Ctrl:
                _ctrl.Value = value & ~CtrlReset;
                if ((value & CtrlReset) != 0)
                    SoftReset();
                break;
            case Eecd:
                _eeprom.WriteControl(value);
                break;
            case Eerd:
                _eeprom.StartRead(value);
                break;
            case Mdic:
                _mdic.Value = _phy.Access(value, out bool wantsInterrupt);
                Raise((wantsInterrupt ? IntMdio : 0) | (_phy.TakeLinkChange() ? IntLink : 0));
                break;
            case Icr:
                _icr.Value &= ~(ulong)value;
                UpdateInterrupt();
                break;
            case Ics:
                Raise(value);
                break;
            case Ims:
                _ims.Value |= value;
                UpdateInterrupt();
                break;
            case Imc:
                _ims.Value &= ~(ulong)value;
                UpdateInterrupt();
                break;
            case Rdt:
                _rdt.Value = value & 0xFFFF;
                _backend.ReceiverReady();
                break;
            case Rctl:
                _rctl.Value = value;
                _backend.ReceiverReady();
                break;
            case Tdt:
                _tdt.Value = value & 0xFFFF;
                Transmit();
                break;
            case Tctl:
                _tctl.Value = value;
                Transmit();
                break;
            case Rdh or Tdh:
                _registers[offset / 4]!.Value = value & 0xFFFF;
                break;
            case Rdlen or Tdlen:
                _registers[offset / 4]!.Value = value & 0xFFF80;
                break;
            case >= Mta and < MtaEnd:
                BinaryPrimitives.WriteUInt32LittleEndian(_mta.AsSpan(offset - Mta), value);
                break;
            case >= Ral and < RalEnd:
                BinaryPrimitives.WriteUInt32LittleEndian(_ral.AsSpan(offset - Ral), value);
                break;
            case >= Vfta and < VftaEnd:
                BinaryPrimitives.WriteUInt32LittleEndian(_vfta.AsSpan(offset - Vfta), value);
                break;
            default:
                if (offset < RegistersEnd && _registers[offset / 4] is { } register)
                    register.Value = value;
                break;
        }
    }

    // CTRL.RST: registers as after power-on, but for what configuration space and the EEPROM hold.
    private void SoftReset()
    {
        foreach (Register? register in _registers)
            if (register is not null)
                register.Value = register.ResetValue;
        (_icr.Value, _ims.Value, _nextInterrupt.Value) = (0, 0, 0);
        _throttle.Cancel();
        _transmitter.Reset();
        Array.Clear(_mta);
        Array.Clear(_ral);
        OnFunctionReset();
        _ctrl.Value = CtrlLinkUp;
        UpdateInterrupt();
    }

    private void Transmit()
    {
        int count = _tdlen.Int / DescriptorBytes;
        if (!_tctl.Has(TctlEnable) || !IsBusMaster || _tdh.Int >= count || _tdt.Int >= count || _tdh.Value == _tdt.Value)
            return;
        ulong ring = _tdbal.Value | _tdbah.Value << 32;
        Span<byte> descriptor = stackalloc byte[DescriptorBytes];
        uint cause = IntTxEmpty;
        for (int left = count; left > 0 && _tdh.Value != _tdt.Value; left--)
        {
            ulong at = ring + (ulong)(_tdh.Int * DescriptorBytes);
            if (!Dma.TryRead(at, descriptor))
                break;
            if (_transmitter.Process(descriptor))
            {
                descriptor[12] |= TxDoneBit;
                Dma.TryWrite(at + 12, descriptor.Slice(12, 1));
                cause |= IntTxDone;
            }

            _tdh.Value = (ulong)((_tdh.Int + 1) % count);
        }

        Raise(cause);
    }

    private void SendFrame(ReadOnlySpan<byte> frame)
    {
        Count(0x80, 1); // GPTC
        Count(0xD4, 1); // TPT
        Count(0x90, (uint)frame.Length); // GOTCL
        Count(0xC8, (uint)frame.Length); // TOTL
        if (_link.IsSet)
            _backend.Send(frame);
    }

    private void Count(int statistic, uint by)
    {
        Span<byte> counter = _statistics.AsSpan(statistic, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(counter, BinaryPrimitives.ReadUInt32LittleEndian(counter) + by);
    }

    private int BufferBytes
    {
        get
        {
            int size = (int)_rctl.Value >> 16 & 3;
            bool isExtended = _rctl.Has(1 << 25);
            return isExtended && size != 0 ? 32768 >> size : 2048 >> size;
        }
    }

    // Which checksums the card vouches for.
    private byte Checks(ReadOnlySpan<byte> frame)
    {
        const int ether = 14;
        const uint checkIp = 0x100, checkTcp = 0x200;
        if (!_rxcsum.Has(checkIp | checkTcp) || frame.Length < ether + UserNetwork.IpBytes || frame[12] != 8 || frame[13] != 0)
            return RxIgnoreChecksum;
        ReadOnlySpan<byte> ip = frame[ether..];
        int header = (ip[0] & 15) * 4, length = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        if (ip[0] >> 4 != 4 || header < UserNetwork.IpBytes || length < header || length > ip.Length || InternetChecksum.Of(ip[..header]) != 0)
            return RxIgnoreChecksum;
        bool isFragment = (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x3FFF) != 0;
        uint from = BinaryPrimitives.ReadUInt32BigEndian(ip[12..]), to = BinaryPrimitives.ReadUInt32BigEndian(ip[16..]);
        bool isChecked = _rxcsum.Has(checkTcp) && !isFragment && ip[9] is UserNetwork.Tcp or UserNetwork.Udp && UserNetwork.Checksum(from, to, ip[9], ip[header..length]) == 0;
        return (byte)(RxIpChecked | (isChecked ? RxTcpChecked : 0));
    }

    private bool IsForUs(ReadOnlySpan<byte> frame)
    {
        const byte group = 1, valid = 0x80;
        if ((frame[0] & group) != 0)
        {
            if (_rctl.Has(RctlMulticast) || (_rctl.Has(RctlBroadcast) && !frame[..MacBytes].ContainsAnyExcept((byte)0xFF)))
                return true;
            int shift = ((int)_rctl.Value >> 12 & 3) switch { 0 => 4, 1 => 3, 2 => 2, _ => 0 };
            int hash = (frame[5] << 8 | frame[4]) >> shift & 0xFFF;
            return (_mta[hash >> 3] & 1 << (hash & 7)) != 0;
        }

        if (_rctl.Has(RctlUnicast))
            return true;
        for (int i = 0; i < _ral.Length; i += 8)
            if ((_ral[i + 7] & valid) != 0 && frame[..MacBytes].SequenceEqual(_ral.AsSpan(i, MacBytes)))
                return true;
        return false;
    }

    private void Raise(uint cause)
    {
        _icr.Value |= cause;
        UpdateInterrupt();
    }

    // Between two interrupts at least the throttle's time passes (units of 256 ns).
    private void UpdateInterrupt()
    {
        const long unit = 256;
        bool wanted = _icr.Has(_ims.Value);
        if (!wanted)
        {
            SetInterrupt(false);
            return;
        }

        if (_throttle.IsRunning)
            return;
        if (_itr.Value != 0 && _clock.Now < (long)_nextInterrupt.Value)
        {
            _throttle.Set((long)_nextInterrupt.Value);
            return;
        }

        _nextInterrupt.Value = (ulong)(_clock.Now + (long)(_itr.Value & 0xFFFF) * unit);
        SetInterrupt(true);
    }

    // IOADDR and IODATA: registers through two ports.
    private sealed class IoWindow(E1000 card) : IBusDevice
    {
        private const ulong Address = 0, Data = 4;

        public ulong Read(ulong offset, int size) => offset switch
        {
            Address => card._ioAddress.Value,
            Data when card._ioAddress.Value < RegistersEnd => card.ReadRegister(card._ioAddress.Int & ~3),
            _ => 0,
        };

        public void Write(ulong offset, int size, ulong value)
        {
            if (offset == Address)
                card._ioAddress.Value = value;
            else if (offset == Data && size == 4 && card._ioAddress.Value < RegistersEnd)
                card.WriteRegister(card._ioAddress.Int & ~3, (uint)value);
        }
    }
}
