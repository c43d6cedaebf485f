using System.Numerics;
using Suite.Devices.Core;
using Suite.Devices.Pci;

namespace Suite.Devices.Display;

/// <summary>
/// The standard display adapter of a virtual PC (1234:1111): a VGA with Bochs' VBE extension, a linear frame buffer in BAR 0 and its registers in BAR 2.
/// The memory is given from outside, so that whoever runs the guest can map it where the guest put BAR 0.
/// </summary>
public sealed unsafe class Vga : PciFunction, IDisplaySource
{
    private const int MemoryBar = 0, RegisterBar = 2, RegisterBytes = 4096;
    private const int FirstPort = 0x3B0, PortCount = 0x30, VbePort = 0x1CE, VbePorts = 4;
    private const ulong LegacyWindow = 0xA0000;

    private readonly byte* _memory;
    private readonly int _length;
    private readonly VgaRegisters _registers;
    private readonly VgaWindow _window;
    private readonly VgaRenderer _renderer;
    private Bus? _legacyBus;
    private int? _plain;
    private bool _wasOn;

    /// <summary>An adapter.</summary>
    /// <param name="memory">Video memory.</param>
    /// <param name="length">Its length: a power of two, 256 KiB or more; 16 MiB is usual.</param>
    /// <param name="clock">The machine's time, for the retrace bits.</param>
    /// <param name="frameBufferMoved">Called with where BAR 0 lies now; null for nowhere.</param>
    /// <param name="rom">The VGA BIOS; empty for none.</param>
    /// <param name="edid">What the monitor tells of itself, at the start of BAR 2; empty for nothing.</param>
    public Vga(byte* memory, int length, VirtualClock clock, Action<ulong?> frameBufferMoved, byte[] rom, byte[] edid)
        : base("VGA", new PciIdentity(0x1234, 0x1111, 0x030000, Revision: 2))
    {
        const int least = 256 << 10;
        if (!BitOperations.IsPow2(length) || length < least)
            throw new ArgumentOutOfRangeException(nameof(length), "video memory is a power of two, 256 KiB or more");
        _memory = memory;
        _length = length;
        _registers = new VgaRegisters(State, clock, length) { WindowChanged = FollowWindow, Cleared = Clear };
        _window = new VgaWindow(State, _registers, memory, length);
        _renderer = new VgaRenderer(_registers, memory, length);
        AddRamBar(MemoryBar, (ulong)length, frameBufferMoved);
        AddMemoryBar(RegisterBar, RegisterBytes, new RegisterWindow(_registers, edid), widest: 2);
        if (rom.Length != 0)
            AddRom(rom);
    }

    /// <summary>
    /// Called when the 64 KiB at A0000h become plain memory, with the offset into video memory, or (null) cease to be. Whoever runs the guest may map
    /// them meanwhile; the device behaves the same if nobody does.
    /// </summary>
    public Action<int?>? PlainWindowChanged { get; set; }

    /// <summary>Tells what the guest writes to video memory, so that only that is rendered again; null when nobody can tell.</summary>
    public IWriteLog? WriteLog
    {
        set => _renderer.Pages = _window.Pages = value is null ? null : new VideoPages(value, _length);
    }

    /// <summary>Ports 3B0h to 3DFh and 1CEh to 1D1h, memory A0000h to BFFFFh.</summary>
    public void AttachLegacy(Bus io, Bus memory)
    {
        io.Attach(_registers, Name, FirstPort, PortCount);
        io.Attach(new VbeWindow(_registers), Name, VbePort, VbePorts, widest: 2);
        memory.Attach(_window, Name, LegacyWindow, VgaWindow.Bytes, widest: 8).Defer(0, VgaWindow.Bytes);
        _legacyBus = memory;
    }

    /// <inheritdoc/>
    public void Render(Surface surface)
    {
        _legacyBus?.Settle();
        _renderer.Render(surface);
    }

    /// <inheritdoc/>
    public bool TryReadText(TextScreen screen)
    {
        _legacyBus?.Settle();
        return _renderer.TryReadText(screen);
    }

    /// <inheritdoc/>
    protected override void OnFunctionReset()
    {
        _registers.Reset();
        if (_wasOn) // at power-on it is zero, and clearing it would cost a page fault for each of its pages
            Clear(_length);
        _wasOn = true;
    }

    /// <inheritdoc/>
    protected override void OnFunctionSettle()
    {
        FollowWindow();
        _renderer.Pages?.TouchAll();
    }

    private void Clear(int bytes)
    {
        new Span<byte>(_memory, bytes).Clear();
        _renderer.Pages?.TouchAll();
    }

    private void FollowWindow()
    {
        int? plain = _window.PlainOffset;
        if (plain == _plain)
            return;
        _plain = plain;
        PlainWindowChanged?.Invoke(plain);
    }

    // 1CEh is the index; the data is at 1CFh, and at 1D0h for those who want it aligned.
    private sealed class VbeWindow(VgaRegisters registers) : IBusDevice
    {
        public ulong Read(ulong offset, int size) => offset == 0 ? registers.ReadVbeIndex() : registers.ReadVbeData();

        public void Write(ulong offset, int size, ulong value)
        {
            if (offset == 0)
                registers.WriteVbeIndex((ushort)value);
            else
                registers.WriteVbeData((ushort)value);
        }
    }

    // BAR 2: the monitor's EDID, the ports from 3C0h at 400h, VBE registers as words at 500h, extensions at 600h (their size; byte order, always little).
    private sealed class RegisterWindow(VgaRegisters registers, byte[] edid) : IBusDevice
    {
        private const ulong Ports = 0x400, PortsEnd = 0x420, Vbe = 0x500, VbeEnd = Vbe + 2 * VgaRegisters.VbeRegisters, Extensions = 0x600, ByteOrder = 0x604, FirstMapped = 0x3C0 - FirstPort;

        public ulong Read(ulong offset, int size) => offset switch
        {
            >= Ports and < PortsEnd => ReadPorts(offset - Ports + FirstMapped, size),
            >= Vbe and < VbeEnd when size == 2 => registers.ReadVbe((int)(offset - Vbe) / 2),
            Extensions => 8,
            < Ports => ReadEdid(offset, size),
            ByteOrder or ByteOrder + 2 => 0x1E1E,
            _ => 0,
        };

        public void Write(ulong offset, int size, ulong value)
        {
            if (offset is >= Ports and < PortsEnd)
            {
                for (int i = 0; i < size; i++)
                    registers.Write(offset - Ports + FirstMapped + (ulong)i, 1, value >> (8 * i) & 0xFF);
            }
            else if (offset is >= Vbe and < VbeEnd && size == 2)
            {
                registers.WriteVbe((int)(offset - Vbe) / 2, (ushort)value);
            }
        }

        private ulong ReadEdid(ulong offset, int size)
        {
            ulong value = 0;
            for (int i = 0; i < size && offset + (ulong)i < (ulong)edid.Length; i++)
                value |= (ulong)edid[offset + (ulong)i] << (8 * i);
            return value;
        }

        private ulong ReadPorts(ulong port, int size)
        {
            ulong value = 0;
            for (int i = 0; i < size; i++)
                value |= registers.Read(port + (ulong)i, 1) << (8 * i);
            return value;
        }
    }
}
