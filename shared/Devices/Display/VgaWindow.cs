using System.Runtime.CompilerServices;
using Suite.Devices.Core;

namespace Suite.Devices.Display;

/// <summary>
/// The window at A0000h through which programs reach a VGA's planes, with its read and write modes. Byte <c>n</c> of plane <c>p</c> is byte
/// <c>4n + p</c> of the memory, so that 256-colour modes lie there as they are seen.
/// </summary>
internal sealed unsafe class VgaWindow : IBusDevice
{
    public const int Bytes = 0x20000;

    private readonly VgaRegisters _registers;
    private readonly byte* _memory;
    private readonly uint _mask;
    private readonly Register _latches;

    /// <summary>Is told what is written here; null when nobody asks.</summary>
    public VideoPages? Pages { get; set; }

    /// <summary>A window onto memory whose length is a power of two.</summary>
    public VgaWindow(DeviceState state, VgaRegisters registers, byte* memory, int length)
    {
        _registers = registers;
        _memory = memory;
        _mask = (uint)length - 1;
        _latches = state.Register("latches", 32);
    }

    /// <summary>Where the memory that shows at A0000h (64 KiB) begins, when it is plain memory there; null when accesses mean more than that.</summary>
    public int? PlainOffset
    {
        get
        {
            byte[] graphics = _registers.Graphics, sequencer = _registers.Sequencer;
            bool isPlain = (sequencer[4] & 8) != 0 && sequencer[2] == 0x0F && (graphics[6] >> 2 & 3) == 1;
            return isPlain ? _registers.BankOffset : null;
        }
    }

    public ulong Read(ulong offset, int size)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
            value |= (ulong)ReadByte((uint)offset + (uint)i) << (8 * i);
        return value;
    }

    public void Write(ulong offset, int size, ulong value)
    {
        for (int i = 0; i < size; i++)
            WriteByte((uint)offset + (uint)i, (byte)(value >> (8 * i)));
    }

    // Which part of the 128 KiB answers (graphics controller, register 6).
    private bool TryTranslate(ref uint address)
    {
        const uint window = 0x10000, monochrome = 0x10000, colour = 0x18000, small = 0x8000;
        switch (_registers.Graphics[6] >> 2 & 3)
        {
            case 0:
                return true;
            case 1:
                if (address >= window)
                    return false;
                address += (uint)_registers.BankOffset;
                return true;
            case 2:
                address -= monochrome;
                return address < small;
            default:
                address -= colour;
                return address < small;
        }
    }

    private byte ReadByte(uint address)
    {
        if (!TryTranslate(ref address))
            return 0xFF;
        byte[] graphics = _registers.Graphics;
        if ((_registers.Sequencer[4] & 8) != 0)
            return _memory[address & _mask];
        if ((graphics[5] & 0x10) != 0)
        {
            uint plane = (graphics[4] & 2u) | (address & 1);
            return _memory[(((address & ~1u) << 1) | plane) & _mask];
        }

        uint latched = Cell(address);
        _latches.Value = latched;
        if ((graphics[5] & 8) == 0)
            return (byte)(latched >> (8 * (graphics[4] & 3)));
        uint different = (latched ^ Spread(graphics[2])) & Spread(graphics[7]);
        different |= different >> 16;
        different |= different >> 8;
        return (byte)~different;
    }

    private void WriteByte(uint address, byte value)
    {
        if (!TryTranslate(ref address))
            return;
        byte[] graphics = _registers.Graphics;
        int enabled = _registers.Sequencer[2];
        if ((_registers.Sequencer[4] & 8) != 0)
        {
            if ((enabled >> (int)(address & 3) & 1) != 0)
                Store(address, value);
            return;
        }

        if ((graphics[5] & 0x10) != 0)
        {
            uint plane = (graphics[4] & 2u) | (address & 1);
            if ((enabled >> (int)plane & 1) != 0)
                Store(((address & ~1u) << 1) | plane, value);
            return;
        }

        uint data, bits = graphics[8] * 0x01010101u;
        uint latches = (uint)_latches.Value;
        switch (graphics[5] & 3)
        {
            case 0:
                uint setReset = Spread(graphics[1]);
                data = (Rotate(value) * 0x01010101u & ~setReset) | (Spread(graphics[0]) & setReset);
                data = (Combine(data, latches) & bits) | (latches & ~bits);
                break;
            case 1:
                data = latches;
                break;
            case 2:
                data = (Combine(Spread(value), latches) & bits) | (latches & ~bits);
                break;
            default:
                bits &= Rotate(value) * 0x01010101u;
                data = (Spread(graphics[0]) & bits) | (latches & ~bits);
                break;
        }

        uint planes = Spread((byte)enabled);
        ref uint cell = ref Unsafe.AsRef<uint>(_memory + (address * 4 & _mask));
        cell = (cell & ~planes) | (data & planes);
        Pages?.Touch(address * 4 & _mask);
    }

    private void Store(uint at, byte value)
    {
        _memory[at & _mask] = value;
        Pages?.Touch(at & _mask);
    }

    private uint Cell(uint address) => *(uint*)(_memory + (address * 4 & _mask));

    private byte Rotate(byte value)
    {
        int by = _registers.Graphics[3] & 7;
        return (byte)(value >> by | value << (8 - by));
    }

    private uint Combine(uint data, uint latches) => (_registers.Graphics[3] >> 3 & 3) switch
    {
        0 => data,
        1 => data & latches,
        2 => data | latches,
        _ => data ^ latches,
    };

    // Bit n becomes the byte of plane n.
    private static uint Spread(byte planes) => ((planes & 1) != 0 ? 0xFFu : 0) | ((planes & 2) != 0 ? 0xFF00u : 0) | ((planes & 4) != 0 ? 0xFF0000u : 0) | ((planes & 8) != 0 ? 0xFF000000u : 0);
}
