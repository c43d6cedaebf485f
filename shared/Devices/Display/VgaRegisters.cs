using Suite.Devices.Core;

namespace Suite.Devices.Display;

/// <summary>
/// The registers of a VGA (IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem") with Bochs' VBE extension (Bochs VBE display API): what
/// is in them and which ports reach them.
/// </summary>
internal sealed class VgaRegisters : IBusDevice
{
    // VBE registers.
    public const int VbeId = 0, VbeWidth = 1, VbeHeight = 2, VbeDepth = 3, VbeEnable = 4, VbeBank = 5, VbeVirtualWidth = 6, VbeVirtualHeight = 7, VbeX = 8, VbeY = 9,
        VbeMemory = 10, VbeRegisters = 11;

    public const int VbeEnabled = 1, VbeCapabilities = 2, VbeDac8 = 0x20, VbeLinear = 0x40, VbeKeep = 0x80;

    private const int MostPixels = 4096, BankBits = 16;
    private const ushort VbeFirstId = 0xB0C0, VbeLastId = 0xB0C5;
    private const byte MiscColour = 1, ProtectedCrtc = 0x80;

    private readonly VirtualClock _clock;
    private readonly int _memoryBytes;
    private readonly Register _sequencerIndex, _graphicsIndex, _crtcIndex, _attributeIndex, _isAttributeData, _misc, _feature, _dacMask, _dacRead, _dacWrite, _dacPart, _dacIsReading,
        _vbeIndex;
    private readonly Register[] _vbe;

    public VgaRegisters(DeviceState state, VirtualClock clock, int memoryBytes)
    {
        (_clock, _memoryBytes) = (clock, memoryBytes);
        Sequencer = state.Bytes("sequencer", 8);
        Graphics = state.Bytes("graphics controller", 16);
        Attribute = state.Bytes("attribute controller", 32);
        Crtc = state.Bytes("CRT controller", 256);
        Palette = state.Bytes("palette", 768);
        (_sequencerIndex, _graphicsIndex, _crtcIndex) = (state.Register("sequencer index", 3), state.Register("graphics index", 4), state.Register("CRTC index", 8));
        (_attributeIndex, _isAttributeData) = (state.Register("attribute index", 6), state.Register("attribute flip-flop", 1));
        (_misc, _feature) = (state.Register("miscellaneous output", 8), state.Register("feature control", 8));
        (_dacMask, _dacRead, _dacWrite) = (state.Register("DAC mask", 8, reset: 0xFF), state.Register("DAC read index", 8), state.Register("DAC write index", 8));
        (_dacPart, _dacIsReading) = (state.Register("DAC component", 2), state.Register("DAC reads", 1));
        _vbeIndex = state.Register("VBE index", 16);
        _vbe = state.RegisterArray("VBE", VbeRegisters, 16);
    }

    public byte[] Sequencer { get; }

    public byte[] Graphics { get; }

    public byte[] Attribute { get; }

    public byte[] Crtc { get; }

    /// <summary>Red, green, blue of each colour; 6 bits, or 8 with <see cref="VbeDac8"/>.</summary>
    public byte[] Palette { get; }

    public byte DacMask => _dacMask.Byte;

    /// <summary>A program set a VBE mode.</summary>
    public bool IsVbe => _vbe[VbeEnable].Has(VbeEnabled);

    public bool IsDac8 => _vbe[VbeEnable].Has(VbeDac8);

    /// <summary>Display is on: the attribute controller has its palette, the sequencer its clock.</summary>
    public bool IsOn => _attributeIndex.Has(0x20) && (Sequencer[1] & 0x20) == 0;

    /// <summary>Where the banked window begins.</summary>
    public int BankOffset => IsVbe ? _vbe[VbeBank].Int << BankBits : 0;

    /// <summary>Called when the way memory is seen through the window may have changed.</summary>
    public Action? WindowChanged { get; set; }

    /// <summary>Called when a VBE mode is set that starts black: how many bytes.</summary>
    public Action<int>? Cleared { get; set; }

    public int Vbe(int register) => _vbe[register].Int;

    /// <summary>Bytes of a row in a VBE mode; planar with 4 bits.</summary>
    public int VbeRowBytes => Vbe(VbeDepth) == 4 ? Vbe(VbeVirtualWidth) / 2 : Vbe(VbeVirtualWidth) * ((Vbe(VbeDepth) + 7) / 8);

    public void Reset() => _vbe[VbeId].Value = VbeLastId;

    /// <summary>Ports 3B0h to 3DFh; the offset counts from 3B0h.</summary>
    public ulong Read(ulong offset, int size)
    {
        int port = 0x3B0 + (int)offset;
        if (IsAbsent(port))
            return 0xFF;
        switch (port)
        {
            case 0x3C0:
                return _isAttributeData.IsSet ? 0 : _attributeIndex.Value;
            case 0x3C1:
                return Attribute[_attributeIndex.Int & 0x1F];
            case 0x3C2:
                return 0x10; // a colour monitor answers
            case 0x3C4:
                return _sequencerIndex.Value;
            case 0x3C5:
                return Sequencer[_sequencerIndex.Int];
            case 0x3C6:
                return _dacMask.Value;
            case 0x3C7:
                return _dacIsReading.IsSet ? 3UL : 0;
            case 0x3C8:
                return _dacWrite.Value;
            case 0x3C9:
                byte component = Palette[_dacRead.Int * 3 + _dacPart.Int];
                NextComponent(_dacRead);
                return component;
            case 0x3CA:
                return _feature.Value;
            case 0x3CC:
                return _misc.Value;
            case 0x3CE:
                return _graphicsIndex.Value;
            case 0x3CF:
                return Graphics[_graphicsIndex.Int];
            case 0x3B4 or 0x3D4:
                return _crtcIndex.Value;
            case 0x3B5 or 0x3D5:
                return Crtc[_crtcIndex.Int];
            case 0x3BA or 0x3DA:
                _isAttributeData.IsSet = false;
                return Retrace();
            default:
                return 0;
        }
    }

    /// <inheritdoc/>
    public void Write(ulong offset, int size, ulong value)
    {
        int port = 0x3B0 + (int)offset;
        byte b = (byte)value;
        if (IsAbsent(port))
            return;
        switch (port)
        {
            case 0x3C0:
                WriteAttribute(b);
                break;
            case 0x3C2:
                _misc.Value = b;
                break;
            case 0x3C4:
                _sequencerIndex.Value = b;
                break;
            case 0x3C5:
                Sequencer[_sequencerIndex.Int] = (byte)(b & SequencerMask(_sequencerIndex.Int));
                WindowChanged?.Invoke();
                break;
            case 0x3C6:
                _dacMask.Value = b;
                break;
            case 0x3C7:
                (_dacRead.Value, _dacPart.Value, _dacIsReading.IsSet) = (b, 0, true);
                break;
            case 0x3C8:
                (_dacWrite.Value, _dacPart.Value, _dacIsReading.IsSet) = (b, 0, false);
                break;
            case 0x3C9:
                Palette[_dacWrite.Int * 3 + _dacPart.Int] = (byte)(b & (IsDac8 ? 0xFF : 0x3F));
                NextComponent(_dacWrite);
                break;
            case 0x3CE:
                _graphicsIndex.Value = b;
                break;
            case 0x3CF:
                Graphics[_graphicsIndex.Int] = (byte)(b & GraphicsMask(_graphicsIndex.Int));
                WindowChanged?.Invoke();
                break;
            case 0x3B4 or 0x3D4:
                _crtcIndex.Value = b;
                break;
            case 0x3B5 or 0x3D5:
                WriteCrtc(_crtcIndex.Int, b);
                break;
            case 0x3BA or 0x3DA:
                _feature.Value = b;
                break;
        }
    }

    public ushort ReadVbeIndex() => (ushort)_vbeIndex.Value;

    public void WriteVbeIndex(ushort value) => _vbeIndex.Value = value;

    public ushort ReadVbeData() => ReadVbe(_vbeIndex.Int);

    public void WriteVbeData(ushort value) => WriteVbe(_vbeIndex.Int, value);

    public ushort ReadVbe(int register)
    {
        const int deepest = 32;
        if (register == VbeMemory)
            return (ushort)(_memoryBytes >> BankBits);
        if (register >= VbeRegisters)
            return 0;
        if (_vbe[VbeEnable].Has(VbeCapabilities) && register is VbeWidth or VbeHeight or VbeDepth)
            return register == VbeDepth ? (ushort)deepest : (ushort)MostPixels;
        return (ushort)_vbe[register].Value;
    }

    public void WriteVbe(int register, ushort value)
    {
        switch (register)
        {
            case VbeId when value is >= VbeFirstId and <= VbeLastId:
            case VbeBank when value << BankBits < _memoryBytes:
                _vbe[register].Value = value;
                break;
            case VbeWidth when value is > 0 and <= MostPixels:
                _vbe[register].Value = value & ~7u;
                Fit();
                break;
            case VbeHeight when value is > 0 and <= MostPixels:
            case VbeDepth when value is 0 or 4 or 8 or 15 or 16 or 24 or 32:
                _vbe[register].Value = value == 0 ? 8u : value;
                Fit();
                break;
            case VbeVirtualWidth or VbeX or VbeY:
                _vbe[register].Value = value;
                Fit();
                break;
            case VbeEnable:
                SetVbe(value);
                break;
        }

        WindowChanged?.Invoke();
    }

    private static int SequencerMask(int index) => index switch { 0 => 3, 1 => 0x3D, 2 => 0x0F, 3 => 0x3F, 4 => 0x0E, 7 => 0xFF, _ => 0 };

    private static int GraphicsMask(int index) => index switch { 0 or 1 or 2 or 7 => 0x0F, 3 => 0x1F, 4 => 3, 5 => 0x7B, 6 => 0x0F, 8 => 0xFF, _ => 0 };

    // The CRT controller answers at 3Bxh for monochrome, at 3Dxh for colour.
    private bool IsAbsent(int port) => _misc.Has(MiscColour) ? port < 0x3C0 : port >= 0x3D0;

    private void NextComponent(Register index)
    {
        const int components = 3;
        _dacPart.Value++;
        if (_dacPart.Int < components)
            return;
        _dacPart.Value = 0;
        index.Value++;
    }

    private void WriteAttribute(byte value)
    {
        if (!_isAttributeData.IsSet)
        {
            _attributeIndex.Value = value;
        }
        else
        {
            int index = _attributeIndex.Int & 0x1F;
            int mask = index switch { < 16 => 0x3F, 16 => 0xEF, 17 => 0xFF, 18 => 0x3F, 19 => 0x0F, 20 => 0x0F, _ => 0 };
            // While the palette drives the display it cannot be written.
            if (index >= 16 || !_attributeIndex.Has(0x20))
                Attribute[index] = (byte)(value & mask);
        }

        _isAttributeData.IsSet = !_isAttributeData.IsSet;
    }

    private void WriteCrtc(int index, byte value)
    {
        const int last = 0x18, protectRegister = 0x11, overflow = 7, lineCompareBit = 0x10;
        if (index > last)
            return;
        if ((Crtc[protectRegister] & ProtectedCrtc) != 0 && index <= overflow)
        {
            if (index == overflow)
                Crtc[overflow] = (byte)((Crtc[overflow] & ~lineCompareBit) | (value & lineCompareBit));
            return;
        }

        Crtc[index] = value;
    }

    // The beam's position follows from the time: 70 frames a second, 449 lines of which 400 are seen.
    private ulong Retrace()
    {
        const long frame = VirtualClock.Second / 70, lines = 449, seen = 400, retraceStart = 412, retraceEnd = 414, blankShare = 5;
        long inFrame = _clock.Now % frame, line = inFrame * lines / frame;
        long lineTime = frame / lines, inLine = inFrame % lineTime;
        bool isBlank = line >= seen || inLine > lineTime - lineTime / blankShare;
        bool isRetrace = line is >= retraceStart and <= retraceEnd;
        return (isBlank ? 1UL : 0) | (isRetrace ? 8UL : 0);
    }

    private void SetVbe(ushort value)
    {
        bool wasOn = IsVbe;
        bool isOn = (value & VbeEnabled) != 0;
        if (isOn && !wasOn)
        {
            _vbe[VbeVirtualWidth].Value = _vbe[VbeWidth].Value;
            (_vbe[VbeX].Value, _vbe[VbeY].Value) = (0, 0);
            Fit();
            _vbe[VbeEnable].Value = value;
            if ((value & VbeKeep) == 0)
                Cleared?.Invoke(Math.Min(VbeRowBytes * Vbe(VbeHeight), _memoryBytes));
            MatchVga();
        }

        if (!isOn)
            _vbe[VbeBank].Value = 0;
        _vbe[VbeEnable].Value = value;
    }

    // VGA registers as the mode wants them, for programs that use the banked window.
    private void MatchVga()
    {
        int height = Vbe(VbeHeight) - 1;
        Graphics[6] = (byte)((Graphics[6] & ~0x0C) | 0x05);
        Crtc[0x17] |= 3;
        Crtc[0x13] = (byte)(VbeRowBytes / 8);
        Crtc[0x01] = (byte)(Vbe(VbeWidth) / 8 - 1);
        Crtc[0x12] = (byte)height;
        Crtc[0x07] = (byte)((Crtc[0x07] & ~0x42) | (height >> 7 & 2) | (height >> 3 & 0x40));
        Crtc[0x09] &= 0x60;
        Crtc[0x18] = 0xFF;
        Crtc[0x07] |= 0x10;
        Crtc[0x09] |= 0x40;
        if (Vbe(VbeDepth) == 4)
        {
            Graphics[5] &= unchecked((byte)~0x60);
            Sequencer[4] &= unchecked((byte)~8);
        }
        else
        {
            Graphics[5] = (byte)((Graphics[5] & ~0x60) | 0x40);
            Sequencer[4] |= 8;
            Sequencer[2] = 0x0F;
        }
    }

    // What is shown must lie in the memory.
    private void Fit()
    {
        int width = Vbe(VbeWidth), depth = Vbe(VbeDepth);
        if (width == 0 || depth == 0 || Vbe(VbeHeight) == 0)
            return;
        int virtualWidth = Math.Clamp(Vbe(VbeVirtualWidth), width, MostPixels * 2);
        int row = depth == 4 ? virtualWidth / 2 : virtualWidth * ((depth + 7) / 8);
        if ((long)row * Vbe(VbeHeight) > _memoryBytes)
        {
            virtualWidth = width;
            row = depth == 4 ? width / 2 : width * ((depth + 7) / 8);
            _vbe[VbeHeight].Value = (ulong)Math.Min(Vbe(VbeHeight), _memoryBytes / row);
        }

        _vbe[VbeVirtualWidth].Value = (ulong)virtualWidth;
        _vbe[VbeVirtualHeight].Value = (ulong)Math.Min(_memoryBytes / row, ushort.MaxValue);
        _vbe[VbeX].Value = (ulong)Math.Clamp(Vbe(VbeX), 0, virtualWidth - width);
        _vbe[VbeY].Value = (ulong)Math.Clamp(Vbe(VbeY), 0, Math.Max(Vbe(VbeVirtualHeight) - Vbe(VbeHeight), 0));
    }
}
